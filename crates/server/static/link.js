// Hands the request's id from the link's fragment to the server. A browser never sends a fragment by itself, and the
// id goes into a form, not into an address, so that no history or log keeps it.
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
  if (!problem.hidden) return;
  form.elements.content.value = content;
  paste.hidden = true;
  opening.textContent = opening.dataset.text;
  form.submit();
}

// Whoever comes back by the browser's button finds the page as it was before its link was opened.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  form.elements.content.value = "";
  paste.hidden = false;
  opening.textContent = "";
});
// A second link opened in this tab changes nothing but the fragment.
addEventListener("hashchange", open);
open();
