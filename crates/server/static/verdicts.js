// The texts of a page that verifies tokens, and the rows of its results. The texts are in the
// template "words".
import { localMoment } from "./local-time.js";

const words = new Map();
for (const entry of document.getElementById("words").content.querySelectorAll("[data-key]")) {
  words.set(entry.dataset.key, entry);
}

/** Returns the element that contains the text of `key`. */
export const word = (key) => words.get(key);

/** Returns the text of `key`, with `values` inserted. */
export function say(key, values = {}) {
  return word(key).textContent.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Formats a time, like "23 November 2026, 09:05 UTC". */
export function moment(millis) {
  const at = new Date(millis);
  const time = at.toISOString().slice(-13, -8);
  const month = say(`month-${at.getUTCMonth() + 1}`);
  return say("moment", { day: at.getUTCDate(), month, year: at.getUTCFullYear(), time });
}

/**
 * Returns the text of an element, with `values` inserted. Values are isolated, so that their
 * direction does not affect the text around them.
 */
export function phrase(text, values = {}) {
  return text.split(/\{(\w+)\}/).map((part, place) => (place % 2 === 0 ? part : element("bdi", values[part] ?? "")));
}

/** Creates an element with text, which is never parsed as HTML. */
export function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/**
 * Returns the element with the reason of a verdict. Its data attributes contain the cause and
 * level. A code may have other words for a detail.
 */
export function reasonOf({ outcome, code, detail }) {
  const prefix = { passed: "passed", failed: "refused", unchecked: "unchecked" }[outcome];
  const key = `${prefix}-${code}`.replaceAll("_", "-");
  return (detail && word(`${key}-${detail}`)) ?? word(key) ?? word("refused-claim");
}

/**
 * Returns the outcome to show: some failures only raise doubts, for example that a newer version
 * exists.
 */
export function shownOutcome(verdict) {
  return verdict.outcome === "failed" && reasonOf(verdict).dataset.level === "doubtful" ? "doubtful" : verdict.outcome;
}

/** Fills the row of a verdict, and the place that lists the requests made for it. */
export function fillRow(row, verdict, place = row.querySelector("[data-asked]")) {
  const shown = shownOutcome(verdict);
  row.className = `outcome-${shown}`;
  row.querySelector(".outcome").textContent = say(`outcome-${shown}`);
  row.querySelector("[data-reason]").replaceChildren(...phrase(reasonOf(verdict).textContent, verdict.values));
  const asked = verdict.asked.map(({ address, at }) => element("p", say("hire-asked", { address, moment: localMoment(at) }), "asked"));
  place.replaceChildren(...asked);
}
