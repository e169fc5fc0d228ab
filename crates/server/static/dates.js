// The dates of a token: since when and until when it is valid. The rules are those of
// crates/credential/src/numeric_date.rs and crates/credential/src/verification/dates.rs.
import { Unanswered } from "./lookup.js";
import { CLOCK_SKEW, isObject, Refusal } from "./sd-jwt.js";
import { parseTime } from "./vc-jwt.js";

// Claims for the start and the end of validity, in VCDM 2.0 and in 1.1. The formats have different
// names for the same dates, and issuers mix them, so all of them count (D-423).
const STARTS = ["validFrom", "issuanceDate"];
const ENDS = ["validUntil", "expirationDate"];
// Claims for the last day of validity: that of our own types, and those of person identification
// data.
const LAST_DAYS = ["expiry_date", "date_of_expiry"];
// The seconds of the years 2001 to 2099.
const [FIRST_PLAUSIBLE, AFTER_PLAUSIBLE] = [1_000_000_000, 4_102_444_800];
// How many of other units of time are a second.
const OTHER_UNITS = [1e3, 1e6, 1e9];
// The first second after the year 9999, which some issuers write for no end.
const NO_END = 253_402_300_800;
const DAY = 86_400;
// A day of the years 1900 to 9999.
const DATE = /^(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}$/;

const isPlausible = (seconds) => seconds >= FIRST_PLAUSIBLE && seconds < AFTER_PLAUSIBLE;

/**
 * Checks that claims are valid at `seconds`. Returns a `code` if the dates are valid but doubtful.
 * A date that is not understood, and that the format does not define, leaves the token unchecked.
 */
export function checkDates(claims, isW3c, seconds) {
  const days = lastDays(claims);
  if (days.some((day) => day !== undefined && isOver(day, seconds))) throw new Refusal("expired");
  const { exp } = checkJwtDates(claims, seconds);
  if (checkTimes(claims, isW3c, seconds).isUnclear) throw new Unanswered("date");
  if (inOtherUnit(exp) !== undefined) return { code: "unit" };
  if (exp > NO_END) return { code: "late" };
  return days.includes(undefined) ? { code: "last_day" } : undefined;
}

/** Checks the dates of a W3C credential (VCDM 2.0, section 4.9). Returns them. */
export function checkTimes(claims, isW3c, seconds) {
  const times = readTimes(claims, isW3c);
  if (times.ends.some((end) => end + CLOCK_SKEW <= seconds)) throw new Refusal("expired");
  if (times.starts.some((start) => start > seconds + CLOCK_SKEW)) throw new Refusal("not_yet_valid");
  return times;
}

/** Checks the dates of a JWT (RFC 7519, sections 4.1.4 to 4.1.6). Returns them. */
export function checkJwtDates(claims, seconds) {
  const dates = jwtDates(claims);
  const { nbf, iat, exp } = dates;
  if (hasPassed(exp, seconds)) throw dated("expired", exp);
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW) throw dated("not_yet_valid", nbf);
  if (iat !== undefined && iat > seconds + CLOCK_SKEW) throw dated("from_the_future", iat);
  return dates;
}

/** Reads NumericDates (RFC 7519, section 2), without their fractions. */
export function jwtDates({ nbf, iat, exp }) {
  const [starts, made, ends] = [nbf, iat, exp].map((date) => {
    if ((date ?? undefined) === undefined) return undefined;
    if (typeof date !== "number") throw new Refusal("claim");
    return Math.trunc(date);
  });
  return { nbf: starts, iat: made, exp: ends };
}

/** Returns the earliest end of validity of claims; undefined if there is none. */
export function endOf(claims) {
  const { exp } = claims;
  const ends = [...readTimes(claims, false).ends, ...(typeof exp === "number" ? [exp] : [])];
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Whether an end has passed, also in another unit than seconds if it is probably in that. */
export function hasPassed(end, seconds) {
  return end !== undefined && (end + CLOCK_SKEW <= seconds || inOtherUnit(end) + CLOCK_SKEW <= seconds);
}

/** Returns a rejection by a date, and says if the date is probably in another unit than seconds. */
export function dated(code, date) {
  return Object.assign(new Refusal(code), inOtherUnit(date) !== undefined && { detail: "unit" });
}

/** Returns the seconds that a date means if it is probably in another unit; else undefined. */
function inOtherUnit(date) {
  return OTHER_UNITS.map((factor) => Math.floor(date / factor)).find(isPlausible);
}

function readTimes(claims, isW3c) {
  const found = { starts: [], ends: [], isUnclear: false };
  for (const body of bodies(claims)) {
    for (const name of [...STARTS, ...ENDS]) {
      const value = body[name] ?? undefined;
      if (value === undefined) continue;
      const isEnd = ENDS.includes(name);
      const isDefined = isW3c && body === claims && [STARTS[0], ENDS[0]].includes(name);
      const seconds = parseTime(value) ?? (isDefined ? undefined : momentOf(value, isEnd));
      if (seconds !== undefined) (isEnd ? found.ends : found.starts).push(seconds);
      else if (isDefined) throw new Refusal("claim");
      // Elsewhere than in a W3C credential this is a claim as any other.
      else if (name !== "issuanceDate") found.isUnclear = true;
    }
  }
  return found;
}

// Returns when a day has ended everywhere on earth, or begun anywhere, which is 50 hours earlier.
function momentOf(value, isEnd) {
  const noon = typeof value === "string" && DATE.test(value) ? parseTime(`${value}T12:00:00Z`) : undefined;
  if (noon === undefined) return undefined;
  return isEnd ? endOnEarth(noon) : endOnEarth(noon) - 50 * 3600;
}

// The claims, and those in a claim `vc`.
const bodies = (claims) => [claims, ...(isObject(claims.vc) ? [claims.vc] : [])];

// Returns the last days of validity among claims and those about the subject of a W3C credential,
// each as the seconds of its noon in UTC. Undefined stands for one that is no day.
function lastDays(claims) {
  const places = bodies(claims).flatMap((body) => {
    const { credentialSubject: subject } = body;
    return [body, Array.isArray(subject) && subject.length === 1 ? subject[0] : subject].filter(isObject);
  });
  const values = places.flatMap((place) => LAST_DAYS.map((name) => place[name] ?? undefined));
  return values.filter((value) => value !== undefined).map(noonOf);
}

// A day, the day of a date with a time, the last day of a month, or the day of a moment in seconds.
function noonOf(value) {
  if (typeof value === "number") return isPlausible(value) ? Math.floor(value / DAY) * DAY + DAY / 2 : undefined;
  if (typeof value !== "string") return undefined;
  const [text] = value.trim().split(/[Tt]/);
  if (DATE.test(text)) return parseTime(`${text}T12:00:00Z`);
  const first = DATE.test(`${text}-01`) ? parseTime(`${text}-01T12:00:00Z`) : undefined;
  return first === undefined ? undefined : endOfMonth(new Date(first * 1000));
}

const endOfMonth = (first) => Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0, 12) / 1000;

// A day has ended in every time zone when it has at UTC-12.
const endOnEarth = (noon) => noon + DAY;

const isOver = (noon, seconds) => endOnEarth(noon) + CLOCK_SKEW <= seconds;
