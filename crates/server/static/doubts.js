// Finds what a reader should know first about a genuine token. The rules are those of shared pages
// (web/shared_page/conclusion.rs), which passes the age in months beyond which data is old.
import { say } from "./verdicts.js";

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])/;

/** Returns the text key and the values of the first doubt; undefined if there is none. */
export function doubtOf(fields, now) {
  if (fields.awaiting_graduation === true) return { key: "token-awaiting-graduation" };
  const job = oldJob(fields.employment, now);
  if (!job) return undefined;
  const [, year, month] = MONTH.exec(job.last_processed_month);
  const until = say("month-year", { month: say(`month-${Number(month)}`), year });
  return { key: "token-old-data", values: { organisation: String(job.organisation ?? ""), month: until } };
}

/** Returns the ongoing job with the oldest data, if that data is old. */
function oldJob(jobs, now) {
  if (!Array.isArray(jobs)) return undefined;
  const open = jobs.filter((job) => {
    const dataTo = monthOf(job?.last_processed_month);
    const end = monthOf(job?.end_date);
    return dataTo !== undefined && (end === undefined || end > dataTo);
  });
  const [oldest] = open.sort((one, other) => monthOf(one.last_processed_month) - monthOf(other.last_processed_month));
  // Uses the earliest time zone, UTC+14, to determine the current month.
  const today = new Date(now + 14 * 3_600_000);
  const months = today.getUTCFullYear() * 12 + today.getUTCMonth() + 1;
  return oldest && months - monthOf(oldest.last_processed_month) > Number(say("fresh-months")) ? oldest : undefined;
}

/** Converts a month to a number, so that months can be subtracted. */
function monthOf(text) {
  const [, year, month] = MONTH.exec(typeof text === "string" ? text : "") ?? [];
  return year === undefined ? undefined : Number(year) * 12 + Number(month);
}
