// A fault that the program did not foresee ends it: WebAssembly traps, and every
// button would stay silent from then on. This says so and offers the way out. It is
// outside the program, because nothing inside runs any more.
(() => {
  let told = false;
  function tell(error) {
    if (told || !(error instanceof WebAssembly.RuntimeError)) return;
    told = true;
    document.getElementById("boot")?.remove();
    const part = (tag, className, text = "") => {
      const element = document.createElement(tag);
      element.className = className;
      element.textContent = text;
      return element;
    };
    const title = part("h2", "dialog__title", "Beckon has stopped on this page");
    title.id = "stopped-title";
    const text = part(
      "p",
      "",
      "This is our fault. What was submitted or saved is kept; what was only typed on this page is not. Reload the page to go on.",
    );
    text.id = "stopped-text";
    const reload = part("button", "btn btn--primary", "Reload the page");
    reload.type = "button";
    reload.addEventListener("click", () => location.reload());
    const [dialog, panel, head, body, foot] = [
      part("dialog", "dialog dialog--sm"),
      part("div", "dialog__panel"),
      part("div", "dialog__head"),
      part("div", "dialog__body"),
      part("div", "dialog__foot"),
    ];
    dialog.setAttribute("role", "alertdialog");
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.setAttribute("aria-describedby", text.id);
    head.append(title);
    body.append(text);
    foot.append(reload);
    panel.append(head, body, foot);
    dialog.append(panel);
    document.body.append(dialog);
    dialog.showModal();
  }
  addEventListener("error", (event) => tell(event.error));
  addEventListener("unhandledrejection", (event) => tell(event.reason));
})();
