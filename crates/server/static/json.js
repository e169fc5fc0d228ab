// Parses JSON of strangers. The rules are those of the server, so that both accept the same tokens
// (crates/credential/src/json/count.rs).

// Maximum number of values: objects, lists, texts, numbers, true, false and null.
const MAX_VALUES = 50_000;
const MAX_DEPTH = 127;
// Half of a character beyond U+FFFF, which no valid text contains (RFC 8259, section 8.2).
const HALF_CHARACTER = /\p{Surrogate}/u;

/** The text may be JSON, but it exceeds a limit: "values" or "depth". */
export class TooLarge extends SyntaxError {
  constructor(limit) {
    super(`too many ${limit}`);
    this.limit = limit;
  }
}

/** Returns the number of values that several texts may have together, for `parseJson`. */
export const newBudget = () => ({ left: MAX_VALUES });

/**
 * Parses UTF-8 without a byte order mark. Throws a SyntaxError for other content and for numbers
 * that are too large, and a `TooLarge` for more values than `budget` has left and deep nesting.
 */
export function parseJson(bytes, budget = newBudget()) {
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new SyntaxError("not JSON");
  }
  requireSound(value, budget, 0);
  return value;
}

function requireSound(value, budget, depth) {
  budget.left -= 1;
  if (budget.left < 0) throw new TooLarge("values");
  if (isInvalid(value)) throw new SyntaxError("not JSON of this verifier");
  if (typeof value !== "object" || value === null) return;
  if (depth === MAX_DEPTH) throw new TooLarge("depth");
  if (!Array.isArray(value) && Object.keys(value).some((name) => HALF_CHARACTER.test(name))) {
    throw new SyntaxError("not a text");
  }
  for (const item of Array.isArray(value) ? value : Object.values(value)) requireSound(item, budget, depth + 1);
}

const isInvalid = (value) =>
  typeof value === "string" ? HALF_CHARACTER.test(value) : typeof value === "number" && !Number.isFinite(value);
