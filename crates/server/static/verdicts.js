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

/** The word that gives the reason of a verdict. Its data say what the reason means for the whole. */
export function reasonOf({ outcome, code }) {
  const prefix = { passed: "passed", failed: "refused", unchecked: "unchecked" }[outcome];
  return word(`${prefix}-${code}`.replaceAll("_", "-")) ?? word("refused-claim");
}

/** Puts a verdict into its row; `shown` is the outcome that the reader sees. */
export function fillRow(row, verdict, shown) {
  row.className = `outcome-${shown}`;
  row.querySelector(".outcome").textContent = say(`outcome-${shown}`);
  row.querySelector("[data-reason]").textContent = reasonOf(verdict).textContent;
  row.querySelector("[data-asked]").replaceChildren(...verdict.asked.map(({ address, at }) => {
    const line = document.createElement("p");
    line.className = "asked";
    line.textContent = say("hire-asked", { address, moment: moment(at) });
    return line;
  }));
}
