
/** Sends what a button is for, and says beside it if that was rejected. */
async function control(button, { method, path, body }) {
  const output = button.closest(".controls").querySelector("output");
  output.textContent = "";
  button.disabled = true;
  try {
    const json = { "Content-Type": "application/json" };
    const { ok, status, value } = await send({
      method,
      path,
      headers: body === undefined ? {} : json,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!ok) output.textContent = value.error_description ?? `The status is ${status}.`;
  } catch {
    output.textContent = "There is no response.";
  }
  button.disabled = false;
  await refresh();
}

/** The fault of a button, with the values of its fields. */
function faultOf(button) {
  const sample = JSON.parse(button.dataset.fault);
  for (const input of button.parentElement.querySelectorAll("[data-part]")) {
    const [kind] = Object.keys(sample);
    const { part } = input.dataset;
    if (part) sample[kind][part] = part === "value" ? jsonOrText(input.value) : input.value;
    else sample[kind] = input.type === "number" ? Number(input.value) : input.value;
  }
  return sample;
}

function jsonOrText(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

for (const button of document.querySelectorAll("button[data-send]:not(#stop)")) {
  button.addEventListener("click", () => control(button, JSON.parse(button.dataset.send)));
}
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", () => {
    const all = button.closest("[data-send]");
    const body = { fault: faultOf(button) };
    const at = all.querySelector("[name=at]").value;
    const requests = all.querySelector("[name=requests]").value;
    if (at) body.at = at;
    if (requests) body.requests = Number(requests);
    control(button, { ...JSON.parse(all.dataset.send), body });
  });
}
document.getElementById("stop")?.addEventListener("click", (event) => {
  const button = event.currentTarget;
  const time = Date.parse(`${document.getElementById("stop-at").value}Z`);
  if (Number.isNaN(time)) {
    button.closest(".controls").querySelector("output").textContent = "Give a date and a time.";
    return;
  }
  control(button, { ...JSON.parse(button.dataset.send), body: { set: Math.floor(time / 1000) } });
});
