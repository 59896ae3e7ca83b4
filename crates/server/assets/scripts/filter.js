// Typing in the search of a list hides the rows or boxes of this page that do not match, at once. Sending the form still
// asks the server, which also looks at what is not on this page.
export function enhance(root) {
  root.querySelectorAll("[data-filter]").forEach((input) => {
    const body = document.getElementById(input.dataset.filter);
    const count = document.getElementById(`${input.dataset.filter}-count`);
    if (!body || !count) return;
    const whole = count.textContent;
    // A field that only works with this script is not there without it.
    input.closest("[hidden]")?.removeAttribute("hidden");
    const rows = [...(body.rows ?? body.children)];
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown += 1;
      }
      count.textContent = words.length ? `${shown} of ${rows.length} on this page match` : whole;
    });
  });
}
