// What a shared page shows if its script could not check it. The page may have been changed in
// transit, so the texts are in this script, and no element of the page is needed.
const TITLE = "This page could not be checked";
const SAID = "Your browser could not check this page. Reload it. If that does not help, ask for the link again, or verify the token at ";
const VERIFY = "/verify";
const NOT_CHECKED = "Your browser could not check this.";

/**
 * Replaces the verdict and the results of this site. Returns whether it did: without the Web Crypto
 * API, which needs a secure context, the results of this site stay.
 */
export function showUnchecked() {
  if (globalThis.crypto?.subtle === undefined) return false;
  const verdicts = [...document.querySelectorAll(".verdict")];
  const box = unchecked(verdicts);
  for (const verdict of verdicts) verdict.remove();
  (document.querySelector("main") ?? document.body).prepend(box);
  for (const card of document.querySelectorAll(".checks")) {
    const heading = card.querySelector("h3");
    card.replaceChildren(...(heading ? [heading] : []), made("p", NOT_CHECKED));
    card.dataset.done = "";
  }
  return true;
}

/** Creates the verdict. A failure that this site found remains one, with its reasons. */
function unchecked(verdicts) {
  const failed = verdicts.filter(({ dataset }) => dataset.level === "failed");
  const [box, status, line, sentence] = ["div", "div", "p", "strong"].map((name) => made(name));
  const link = made("a", VERIFY);
  link.href = VERIFY;
  sentence.append(SAID, link, ".");
  line.append(sentence);
  status.setAttribute("role", "status");
  status.append(line, ...failed.flatMap((verdict) => [...verdict.querySelectorAll("[data-reasons]")]));
  box.className = "verdict";
  box.dataset.level = failed.length > 0 ? "failed" : "doubtful";
  box.append(made("h1", TITLE), status);
  return box;
}

function made(name, text = "") {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
