"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Not over HTTP from another machine: there, the reader's own keys have to do it.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
setInterval(async () => {
  if (document.hidden) return;
  try {
    const response = await fetch("/");
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const section of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(section.id);
      if (next && next.innerHTML !== section.innerHTML) section.replaceWith(document.adoptNode(next));
    }
  } catch {
    // The issuer has stopped: the page stays as it was.
  }
}, 2000);
