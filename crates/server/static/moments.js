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
 * Formats the time left, like "2 days" or "14 minutes", rounded as the server does; `undefined` if
 * it is less than a minute.
 */
export function leftInWords(millis, language) {
  const minutes = Math.floor(millis / MINUTE_MS);
  if (minutes < 1) return undefined;
  const [count, unit] = roundedLeft(minutes);
  return new Intl.NumberFormat(localeOf(language), { style: "unit", unit, unitDisplay: "long" }).format(count);
}

function roundedLeft(minutes) {
  const hours = Math.floor(minutes / HOUR_MINUTES);
  if (hours < 1) return [minutes, "minute"];
  if (hours < DAY_HOURS) return [hours, "hour"];
  return [Math.floor((hours + DAY_HOURS / 2) / DAY_HOURS), "day"];
}
