// Sends the request's id from the link's fragment to the server. Browsers never send fragments
// themselves. The id goes into a form, not into an address, so that no history or log contains it.
const form = document.getElementById("open");
const paste = document.getElementById("paste");
const opening = document.getElementById("opening");
const problem = document.getElementById("problem");
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function open() {
  const fragment = location.hash;
  if (!fragment) return;
  const content = new URLSearchParams(fragment.slice(1)).get("content") ?? "";
  history.replaceState(null, "", location.pathname);
  problem.hidden = UUID.test(content);
  if (!problem.hidden) {
    const pasted = form.elements.link;
    pasted.setAttribute("aria-invalid", "true");
    pasted.setAttribute("aria-describedby", "link-help problem");
    pasted.focus();
    return;
  }
  form.elements.content.value = content;
  paste.hidden = true;
  opening.textContent = opening.dataset.text;
  form.submit();
}

// With the browser's back button the page reappears in the state before its link was opened.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  form.elements.content.value = "";
  paste.hidden = false;
  opening.textContent = "";
});
// A second link opened in this tab changes only the fragment.
addEventListener("hashchange", open);
open();
