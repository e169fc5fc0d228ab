// The words of a page that verifies tokens, and the rows of its verdicts. The words are in the template "words".
const words = new Map();
for (const entry of document.getElementById("words").content.querySelectorAll("[data-key]")) {
  words.set(entry.dataset.key, entry);
}

/** The element that holds the text of `key`. */
export const word = (key) => words.get(key);

/** The text of `key`, with `values` in it. */
export function say(key, values = {}) {
  return word(key).textContent.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A time, like "23 November 2026, 09:05 UTC". */
export function moment(millis) {
  const at = new Date(millis);
  const time = at.toISOString().slice(11, 16);
  const month = say(`month-${at.getUTCMonth() + 1}`);
  return say("moment", { day: at.getUTCDate(), month, year: at.getUTCFullYear(), time });
}

/** The text of an element, with `values` in it. A value is isolated, so that its direction changes nothing around it. */
export function phrase(text, values = {}) {
  return text.split(/\{(\w+)\}/).map((part, place) => (place % 2 === 0 ? part : element("bdi", values[part] ?? "")));
}

/** An element with text, which is never read as HTML. */
export function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** The word that gives the reason of a verdict. Its data say what the reason means for the whole. */
export function reasonOf({ outcome, code }) {
  const prefix = { passed: "passed", failed: "refused", unchecked: "unchecked" }[outcome];
  return word(`${prefix}-${code}`.replaceAll("_", "-")) ?? word("refused-claim");
}

/** The outcome that the reader sees: some failures are doubts, such as that a newer version exists. */
export function shownOutcome(verdict) {
  return verdict.outcome === "failed" && reasonOf(verdict).dataset.level === "doubtful" ? "doubtful" : verdict.outcome;
}

/** Puts a verdict into its row. */
export function fillRow(row, verdict) {
  const shown = shownOutcome(verdict);
  row.className = `outcome-${shown}`;
  row.querySelector(".outcome").textContent = say(`outcome-${shown}`);
  row.querySelector("[data-reason]").replaceChildren(...phrase(reasonOf(verdict).textContent, verdict.values));
  const asked = verdict.asked.map(({ address, at }) => element("p", say("hire-asked", { address, moment: moment(at) }), "asked"));
  row.querySelector("[data-asked]").replaceChildren(...asked);
}
