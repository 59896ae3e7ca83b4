// Looking, then taking in, without choosing the files twice: the form is sent from here and stays as it is, and what comes
// back stands above it. After a look the box "only look" is open for the next press. Of a folder only signing files travel.
const wanted = /(\.(p12|pfx|cer|crt|der|mobileprovision|provisionprofile|p8|pem|key|zip)|(^|\/)credentials\.json)$/i;
const hidden = /(^|\/)\.[^/]*\//;
const pathOf = (file) => file.webkitRelativePath || file.name;

export function enhance(root) {
  root.querySelectorAll("form[data-import]").forEach((form) => {
    const box = form.querySelector("[data-drop-many]");
    const [files, folder] = form.querySelectorAll('input[type="file"]');
    const [title, note] = [box.querySelector("[data-drop-title]"), box.querySelector("[data-drop-note]")];
    const button = form.querySelector("button[data-busy]");
    const look = form.elements.look;
    const words = () => { button.lastChild.textContent = look.checked ? "Read the files" : "Import"; };

    const chosen = () => [...files.files, ...[...folder.files].filter((file) => wanted.test(pathOf(file)) && !hidden.test(pathOf(file)))];
    const tell = () => {
      const all = chosen();
      box.classList.toggle("is-read", all.length > 0);
      title.textContent = all.length === 1 ? pathOf(all[0]) : `${all.length} files`;
      note.textContent = all.length === 0 ? "None of them is a signing file." : `${Math.ceil(all.reduce((sum, file) => sum + file.size, 0) / 1024)} KB.`;
      look.checked = true;
      words();
    };
    files.addEventListener("change", tell);
    folder.addEventListener("change", tell);
    look.addEventListener("change", words);
    box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("is-over"); });
    box.addEventListener("dragleave", () => box.classList.remove("is-over"));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove("is-over");
      const isFolder = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
      if (isFolder) { title.textContent = "This is a folder"; note.textContent = "Choose it in the field below."; return; }
      files.files = event.dataTransfer.files;
      tell();
    });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.hasAttribute("aria-busy")) return;
      const data = new FormData(form);
      data.delete("file");
      chosen().forEach((file) => data.append("file", file, pathOf(file)));
      button.setAttribute("aria-busy", "true");
      button.lastChild.textContent = button.dataset.busy;
      try {
        const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "text/html" } });
        if (answer.redirected) return location.assign(answer.url);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        show(form, page.querySelector("[data-answer]") ?? page.querySelector("main"), answer.ok);
      } catch {
        form.submit();
      } finally {
        button.removeAttribute("aria-busy");
        words();
      }
    });
  });
}

function show(form, found, ok) {
  const place = document.querySelector("[data-answer]");
  place.replaceChildren(...document.adoptNode(found).childNodes);
  if (ok && place.querySelector("[data-looked]")) {
    form.elements.look.checked = false;
    place.querySelector("[data-again]").textContent = "Press Import to take it in.";
  }
  place.focus();
  place.scrollIntoView({ block: "start" });
}
