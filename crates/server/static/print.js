// Opens the browser's print dialogue, which can save a page as PDF. Registered actions run first,
// so that the printed page is up to date.
const actions = [];

/** Registers `action` to run each time before the dialogue opens. */
export function beforePrinting(action) {
  actions.push(action);
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await Promise.allSettled(actions.map((action) => action()));
    window.print();
  });
}
