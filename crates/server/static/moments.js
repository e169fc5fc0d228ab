// Moments, days and the time left, in words, in the reader's time zone.
const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

const localeOf = (language) => (language === "en" ? "en-GB" : language);

/** Formats a moment, like "Mon 30 Nov, 06:29"; with the year if it is not the current one. */
export function momentInWords(at, now, language, timeZone) {
  const format = (options) => new Intl.DateTimeFormat(localeOf(language), { timeZone, ...options });
  const year = format({ year: "numeric" });
  const withYear = year.format(at) === year.format(now) ? {} : { year: "numeric" };
  const day = format({ weekday: "short", day: "numeric", month: "short", ...withYear }).format(at).replace(",", "");
  const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  return `${day}, ${time}`;
}

/** Formats the day of a moment, like "30 November 2026". */
export function dayInWords(at, language, timeZone) {
  const options = { day: "numeric", month: "long", year: "numeric", timeZone };
  return new Intl.DateTimeFormat(localeOf(language), options).format(at);
}

/**
 * Formats the time left, like "2 days" or "14 minutes", rounded to the nearest number as the server
 * does; `undefined` if it is less than a minute.
 */
export function leftInWords(millis, language) {
  if (millis < MINUTE_MS) return undefined;
  const [count, unit] = roundedLeft(millis / MINUTE_MS);
  return new Intl.NumberFormat(localeOf(language), { style: "unit", unit, unitDisplay: "long" }).format(count);
}

function roundedLeft(minutes) {
  if (Math.round(minutes) < HOUR_MINUTES) return [Math.round(minutes), "minute"];
  const hours = minutes / HOUR_MINUTES;
  if (Math.round(hours) < DAY_HOURS) return [Math.round(hours), "hour"];
  return [Math.round(hours / DAY_HOURS), "day"];
}
