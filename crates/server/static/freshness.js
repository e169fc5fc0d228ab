// Maximum age of the checks on a shared page, in milliseconds. An age is negative after the clock
// was set back; the checks are then repeated.

// While the page is visible.
const CHECK_EVERY_MS = 60_000;
// When the page becomes visible again.
const RETURN_AFTER_MS = 10_000;
const JUST_NOW_MS = 2 * 60_000;

/** Whether to check again. `isReturning` if the page has just become visible. */
export const isDue = (age, isReturning = false) => age < 0 || age >= (isReturning ? RETURN_AFTER_MS : CHECK_EVERY_MS);

/** Whether the page may show "just now" for a check of this age. */
export const isJustNow = (age) => age >= 0 && age <= JUST_NOW_MS;

/** Whether every request of a check got a response. */
export const isAnswered = (verdicts) => !verdicts.some(({ code }) => code === "unanswered");
