// Months of careers, as the API and as pages write them.

// Where it is latest on earth, a month begins 14 hours before it does in UTC.
const LATEST_ON_EARTH_MS = 14 * 60 * 60 * 1000;

/** Returns the month `count` months before the previous one, where it is latest on earth. */
export function monthBefore(count) {
  const now = new Date(Date.now() + LATEST_ON_EARTH_MS);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1 - count)).toISOString().slice(0, 7);
}

/** Returns a month as pages write it. */
export const inWords = (month) =>
  new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${month}-01`));
