// Menus by keyboard: arrows, Home, End and letters. Opening and Esc are the browser's own (popover).
export function enhance(root) {
  root.querySelectorAll("[popover].menu").forEach((menu) => {
    const items = () => [...menu.querySelectorAll("a, button")];
    menu.addEventListener("toggle", (event) => { if (event.newState === "open") items()[0]?.focus(); });
    menu.addEventListener("keydown", (event) => {
      const all = items();
      const at = all.indexOf(document.activeElement);
      const to = {
        ArrowDown: (at + 1) % all.length,
        ArrowUp: (at + all.length - 1) % all.length,
        Home: 0,
        End: all.length - 1,
      }[event.key] ?? (/^\p{L}$/u.test(event.key) ? next(all, at, event.key) : -1);
      if (to < 0) return;
      event.preventDefault();
      all[to].focus();
    });
  });
}

function next(all, at, letter) {
  for (let step = 1; step <= all.length; step += 1) {
    const index = (at + step) % all.length;
    if (all[index].textContent.trim().toLowerCase().startsWith(letter.toLowerCase())) return index;
  }
  return -1;
}
