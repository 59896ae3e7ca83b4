// Single keys, never while a field has the focus. They can be switched off in the profile.
const nav = document.querySelector("[data-shortcuts-home]");
const home = nav?.dataset.shortcutsHome;
const places = { o: "", k: "/keys", c: "/certificates", p: "/profiles", b: "/bundle-ids", d: "/devices", a: "/activity" };
let waiting = false;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  if (waiting) {
    waiting = false;
    if (home && event.key in places) { event.preventDefault(); location.assign(home + places[event.key]); }
    return;
  }
  if (event.key === "g") { waiting = true; setTimeout(() => { waiting = false; }, 1500); }
  else if (event.key === "/") {
    const field = document.querySelector('input[type="search"]');
    if (field) { event.preventDefault(); field.focus(); field.select(); }
  } else if (event.key === "n") {
    const link = document.querySelector("a[data-new]");
    if (link) { event.preventDefault(); link.click(); }
  } else if (event.key === "?") { event.preventDefault(); list(); }
});

function list() {
  const dialog = document.createElement("dialog");
  dialog.className = "window";
  dialog.setAttribute("aria-labelledby", "shortcuts-title");
  dialog.innerHTML = `<div class="ask"><header><h1 id="shortcuts-title">Keyboard</h1></header><div class="inner"><dl class="facts">
    <dt><kbd>/</kbd></dt><dd>Search the list</dd><dt><kbd>n</kbd></dt><dd>New: what the page adds</dd>
    <dt><kbd>g</kbd> <kbd>o</kbd></dt><dd>Overview</dd><dt><kbd>g</kbd> <kbd>k</kbd></dt><dd>API keys</dd>
    <dt><kbd>g</kbd> <kbd>c</kbd></dt><dd>Certificates</dd><dt><kbd>g</kbd> <kbd>p</kbd></dt><dd>Profiles</dd>
    <dt><kbd>g</kbd> <kbd>d</kbd></dt><dd>Devices</dd><dt><kbd>g</kbd> <kbd>a</kbd></dt><dd>Activity</dd>
    <dt><kbd>?</kbd></dt><dd>This list</dd></dl></div><footer><form method="dialog"><button class="button">Close</button></form></footer></div>`;
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
