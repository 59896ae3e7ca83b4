// Dangerous acts ask for the name. The button looks refused until it fits; the server judges in any case.
export function enhance(root) {
  root.querySelectorAll("[data-typed]").forEach((input) => {
    const button = input.form.querySelector("[data-typed-act]");
    const judge = () => {
      const fits = input.value.trim().normalize("NFC") === input.dataset.typed.normalize("NFC");
      button.toggleAttribute("aria-disabled", false);
      if (!fits) button.setAttribute("aria-disabled", "true");
    };
    input.form.addEventListener("submit", (event) => {
      if (button.getAttribute("aria-disabled") === "true") { event.preventDefault(); input.focus(); }
    });
    input.addEventListener("input", judge);
    judge();
  });
}
