// How old the checks of a shared page may be. Ages are in milliseconds. They are negative after the clock was set back, and the
// checks are then made again.

// While the page is visible.
const CHECK_EVERY_MS = 60_000;
// After the page was hidden: somebody looks at it now.
const RETURN_AFTER_MS = 10_000;
const JUST_NOW_MS = 2 * 60_000;

/** Whether to check again; `isReturning` if the page became visible right now. */
export const isDue = (age, isReturning = false) => age < 0 || age >= (isReturning ? RETURN_AFTER_MS : CHECK_EVERY_MS);

/** Whether the page may say "just now" of a check. */
export const isJustNow = (age) => age >= 0 && age <= JUST_NOW_MS;

/** Whether everything that was asked for a check had a response. */
export const isAnswered = (verdicts) => !verdicts.some(({ code }) => code === "unanswered");
