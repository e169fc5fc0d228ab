// Marks a submitted form's button as busy and ignores further submissions until the next page is
// there. The button is not disabled, which would move the focus and leave its value out of the
// form.
const RECOVERS_AFTER_MS = 10_000;
let busy;
let timer;

function recover() {
  clearTimeout(timer);
  busy?.removeAttribute("aria-disabled");
  busy?.removeAttribute("aria-busy");
  busy = undefined;
}

// Bubbles to the window last, so that a script that handles the form itself has prevented it.
addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.getAttribute("method") !== "post") return;
  if (busy) {
    event.preventDefault();
    return;
  }
  busy = event.submitter ?? event.target;
  busy.setAttribute("aria-disabled", "true");
  busy.setAttribute("aria-busy", "true");
  // The response may be a download or lead to another application; then this page stays.
  timer = setTimeout(recover, RECOVERS_AFTER_MS);
});

// With the browser's back button the page reappears as it was left.
addEventListener("pageshow", recover);
