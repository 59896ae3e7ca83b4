// Dropping a file on its field, and saying what was chosen. The content is read only on the server; here only
// the name and the size are looked at, to tell a wrong file before it travels. `data-drop` names the kind of file
// from the table below, or the field that the Key ID in a key's file name belongs into.
const kinds = {
  key: {
    one: "A key is one file, AuthKey_….p8.", limit: 16, what: "a key", not: /\.(cer|crt|der|p12|pfx|mobileprovision)$/i,
    instead: "Drop the file AuthKey_….p8 that App Store Connect gave you once.",
  },
  certificate: {
    one: "A certificate is one file, .cer.", limit: 64, what: "a certificate", not: /\.(p8|p12|pfx|mobileprovision|certSigningRequest|csr)$/i,
    instead: "Drop the .cer that Apple’s website gave you.",
  },
  bundle: {
    one: "Drop them one after the other.", limit: 1024, what: "a certificate or a bundle", not: /\.(p8|mobileprovision|certSigningRequest|csr)$/i,
    instead: "Drop a .p12, a .cer or a .pem.",
  },
  devices: {
    one: "Drop them one after the other.", limit: 2048, what: "a list of devices", not: /\.(p8|p12|pfx|cer|crt|der|mobileprovision|csv|xlsx?|numbers)$/i,
    instead: "Drop a text with tabs, .txt, or a property list, as Apple’s website takes it.",
  },
};

export function enhance(root) {
  root.querySelectorAll("[data-drop]").forEach((box) => {
    const kind = kinds[box.dataset.drop] ?? kinds.key;
    const isKey = kind === kinds.key;
    const input = box.querySelector('input[type="file"]');
    const title = box.querySelector("[data-drop-title]");
    const note = box.querySelector("[data-drop-note]");
    const rest = { title: title.innerHTML, note: note.textContent };
    let depth = 0;

    const over = (on) => {
      box.classList.toggle("is-over", on);
      if (on) title.textContent = "Let go to read the file";
      else if (!input.files.length) title.innerHTML = rest.title;
    };
    box.addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; over(true); });
    box.addEventListener("dragover", (event) => event.preventDefault());
    box.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) { depth = 0; over(false); } });
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      over(false);
      if (event.dataTransfer.files.length !== 1) return tell("wrong", "Drop one file", kind.one);
      input.files = event.dataTransfer.files;
      look();
    });
    input.addEventListener("change", look);

    function tell(state, head, line) {
      box.classList.remove("is-read", "is-wrong");
      if (state) box.classList.add(`is-${state}`);
      title.textContent = head;
      note.textContent = line;
    }

    function look() {
      const file = input.files[0];
      if (!file) { box.classList.remove("is-read", "is-wrong"); title.innerHTML = rest.title; note.textContent = rest.note; return; }
      if (file.size > kind.limit * 1024) return tell("wrong", `${file.name} is too big for ${kind.what}`, `It has ${Math.ceil(file.size / 1024)} KB; at most ${kind.limit} KB fit. ${kind.instead}`);
      if (kind.not.test(file.name)) return tell("wrong", `${file.name} is not ${kind.what}`, kind.instead);
      if (!isKey) return tell("read", file.name, `${file.size} bytes.`);
      const found = /^AuthKey_([A-Z0-9]{10})\b.*\.p8/.exec(file.name);
      const target = found && document.getElementById(box.dataset.drop);
      if (target && (target.value === "" || target.dataset.filled === "yes")) {
        target.value = found[1];
        target.dataset.filled = "yes";
      }
      tell("read", file.name, `${file.size} bytes. ${found ? "The Key ID is in the file name." : "The Key ID is not in the file name: copy it from App Store Connect."}`);
    }
    if (input.files.length) look();
  });
}
