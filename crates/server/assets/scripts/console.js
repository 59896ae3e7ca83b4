// The one script that pages name. It looks at what a page holds and fetches only the modules for that; every
// page and form works without it.
const wanted = [
  ["[data-drop]", () => import("./drop.js")],
  ["[data-copy]", () => import("./copy.js")],
  ["[data-filter]", () => import("./filter.js")],
  ["[data-import]", () => import("./import.js")],
  ["[data-live]", () => import("./live.js")],
  ["[data-typed]", () => import("./typed.js")],
  ["[popover].menu", () => import("./menus.js")],
  ["a[data-dialog]", () => import("./dialogs.js")],
];

async function enhance(root) {
  for (const [selector, load] of wanted) {
    if (root.querySelector(selector)) (await load()).enhance(root);
  }
}

// A press that takes a while says so and cannot be pressed twice; the width stays what it was.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.dataset.busy) return;
  button.style.minInlineSize = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  button.lastChild.textContent = button.dataset.busy;
  const form = event.target;
  form.addEventListener("submit", (again) => again.preventDefault());
});
// Coming back by the Back button shows the page as it was left: undo that.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector('[aria-busy="true"]')) location.reload();
});

document.querySelectorAll("[data-toast]").forEach((toast) => {
  toast.classList.add("is-floating");
  let left = setTimeout(() => toast.remove(), 5000);
  const hold = () => clearTimeout(left);
  const go = () => { left = setTimeout(() => toast.remove(), 5000); };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", go);
});

document.querySelectorAll("select[data-submits]").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});
document.querySelectorAll("[data-submits-button]").forEach((button) => { button.hidden = true; });

enhance(document);
if (document.documentElement.dataset.shortcuts !== "off") import("./shortcuts.js");

export { enhance };
