// What a genuine token says of itself that its reader should know first. The rules are those of shared pages
// (web/shared_page/conclusion.rs), which hands over after how many months data is old.
import { say } from "./verdicts.js";

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])/;

/** The first doubt: the key of its sentence, and the values in that. Undefined if there is none. */
export function doubtOf(fields, now) {
  if (fields.awaiting_graduation === true) return { key: "token-awaiting-graduation" };
  const job = oldJob(fields.employment, now);
  if (!job) return undefined;
  const [, year, month] = MONTH.exec(job.last_processed_month);
  const until = say("month-year", { month: say(`month-${Number(month)}`), year });
  return { key: "token-old-data", values: { organisation: String(job.organisation ?? ""), month: until } };
}

/** The job that goes on as far as the data tells and has the oldest data, if that is old. */
function oldJob(jobs, now) {
  if (!Array.isArray(jobs)) return undefined;
  const open = jobs.filter((job) => {
    const dataTo = monthOf(job?.last_processed_month);
    const end = monthOf(job?.end_date);
    return dataTo !== undefined && (end === undefined || end > dataTo);
  });
  const [oldest] = open.sort((one, other) => monthOf(one.last_processed_month) - monthOf(other.last_processed_month));
  // The month is counted where it begins first, at UTC+14.
  const today = new Date(now + 14 * 3_600_000);
  const months = today.getUTCFullYear() * 12 + today.getUTCMonth() + 1;
  return oldest && months - monthOf(oldest.last_processed_month) > Number(say("fresh-months")) ? oldest : undefined;
}

/** A month as a number, so that months can be subtracted. */
function monthOf(text) {
  const [, year, month] = MONTH.exec(typeof text === "string" ? text : "") ?? [];
  return year === undefined ? undefined : Number(year) * 12 + Number(month);
}
