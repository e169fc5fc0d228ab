// Opens the browser's print dialogue, which can save a page as PDF. What was registered runs first, so that a page is printed as
// it stands now.
const actions = [];

/** Runs `action` each time before the dialogue opens. */
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
