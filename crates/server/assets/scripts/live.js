// Live progress: the server sends the same fragment that the page was made with. When the act has ended, the
// last fragment carries where to go on.
export function enhance(root) {
  root.querySelectorAll("[data-live]").forEach((place) => {
    const source = new EventSource(place.dataset.live);
    source.addEventListener("progress", (event) => { place.innerHTML = event.data; });
    source.addEventListener("end", () => { source.close(); location.reload(); });
  });
}
