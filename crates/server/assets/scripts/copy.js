// Copy buttons. They are hidden until this runs, for without a script they could do nothing.
const live = document.createElement("p");
live.className = "unseen";
live.setAttribute("role", "status");
document.body.append(live);

export function enhance(root) {
  if (!navigator.clipboard) return;
  root.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy || button.closest("[data-copied-from]").querySelector("code").textContent);
      live.textContent = "Copied";
      const symbol = button.querySelector("use");
      const before = symbol.getAttribute("href");
      symbol.setAttribute("href", before.replace(/#.*/, "#check"));
      setTimeout(() => { symbol.setAttribute("href", before); live.textContent = ""; }, 2000);
    });
  });
}
