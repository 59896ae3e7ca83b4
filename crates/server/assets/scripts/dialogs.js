// A link to an act opens as a dialog: its page is fetched and the question on it shown here. What the form
// sends and what comes back is the same as on the page.
import { enhance as all } from "./console.js";

export function enhance(root) {
  root.querySelectorAll("a[data-dialog]").forEach((link) => {
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      const ask = await question(link.href);
      if (ask) show(ask, link); else location.assign(link.href);
    });
  });
}

async function question(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".ask");
  } catch {
    return null;
  }
}

function show(ask, opener) {
  const dialog = document.createElement("dialog");
  dialog.className = ask.classList.contains("is-panel") ? "window is-panel" : "window";
  const title = ask.querySelector("h1");
  if (title) { title.id ||= "ask-title"; dialog.setAttribute("aria-labelledby", title.id); }
  dialog.append(document.adoptNode(ask));
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    const leaves = event.target === dialog || event.target.closest("[data-leave]");
    if (leaves) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("close", () => { dialog.remove(); opener.focus(); });
  dialog.showModal();
  all(dialog);
}
