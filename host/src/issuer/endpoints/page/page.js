"use strict";
// What a request brings is shown as text, never as HTML.

/** Sends a request, and returns its status and what its response has: JSON if it can be, else text. */
async function send({ method, path, headers, body }) {
  const response = await fetch(path, { method, headers, body, cache: "no-store" });
  const text = await response.text();
  let value = text;
  try {
    value = JSON.parse(text);
  } catch {
    // A fault may bring anything.
  }
  return { ok: response.ok, status: response.status, value };
}

/** Fetches the page again, and puts its live parts in the place of those that differ. */
async function refresh() {
  try {
    const response = await fetch("/", { cache: "no-store" });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next || next.isEqualNode(part)) continue;
      const scrolled = part.querySelector(".scroll")?.scrollTop ?? 0;
      part.replaceWith(document.adoptNode(next));
      const scroll = next.querySelector(".scroll");
      if (scroll) scroll.scrollTop = scrolled;
    }
  } catch {
    // The issuer has stopped: the page stays as it was.
  }
}

/** Copies the text, or selects it. The button says which. */
async function copy(button, text, shown) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Not over HTTP from another machine: there, the reader's own keys have to do it.
    if (shown) getSelection().selectAllChildren(shown);
    button.textContent = shown ? "Selected" : "Not allowed";
  }
  button.disabled = true;
  setTimeout(() => {
    button.textContent = name;
    button.disabled = false;
  }, 1500);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const code = button.closest(".command").querySelector("code");
    copy(button, code.textContent, code);
  });
}
setInterval(() => {
  if (!document.hidden) refresh();
}, 2000);
