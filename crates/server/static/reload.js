// Loads a shared page again without losing what its reader was doing: the opened details, the place
// in the page, and the print that they asked for.

// Maximum number of times in a row, so that a page that stays behind does not reload forever.
const MOST_RELOADS = 3;

/** Whether the page was reloaded before it was printed. */
export const wasPrinting = history.state?.isPrinting === true;

const details = () => [...document.querySelectorAll("details")];

/** Reloads the page, unless it did so too often in a row. Returns whether it reloads. */
export function reload(isPrinting) {
  const reloads = history.state?.reloads ?? 0;
  if (reloads >= MOST_RELOADS) return false;
  const opened = details().map(({ open }) => open);
  history.replaceState({ reloads: reloads + 1, opened, top: scrollY, isPrinting }, "");
  location.reload();
  return true;
}

/** Opens the details that were open before the page was reloaded, and returns to the same place. */
export function restoreReader() {
  const { reloads, opened, top } = history.state ?? {};
  if (opened === undefined) return;
  for (const [at, element] of details().entries()) element.open ||= opened[at] === true;
  scrollTo({ top, behavior: "instant" });
  // Not when the reader reloads the page.
  history.replaceState({ reloads }, "");
}

/** Forgets earlier reloads, once the page shows what its link has. */
export function forgetReloads() {
  if (history.state !== null) history.replaceState(null, "");
}
