// Finds what a reader should know first about a genuine token. The rules about jobs are those of
// crates/credential/src/career_data.rs. The page passes the age in months beyond which data is old.
import { say } from "./verdicts.js";

// Maximum number of jobs named in a message; the others are counted.
const MOST_NAMED = 3;
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])/;

/** Returns the text key and the values of the first doubt; undefined if there is none. */
export function doubtOf(fields, now) {
  if (fields.awaiting_graduation === true) return { key: "token-awaiting-graduation" };
  const old = oldDataOf(fields, now);
  return old && { key: `token-${old.key}`, values: old.values };
}

/**
 * Returns the end of the text key and the values of the doubt that data on jobs is old; undefined
 * if none is.
 */
export function oldDataOf(fields, now) {
  const jobs = oldJobs(fields.employment, now);
  if (jobs.length === 0) return undefined;
  const [{ end, ...values }] = jobs;
  if (jobs.length > 1) return { key: "old-data-jobs", values: { jobs: list(jobs) } };
  return end ? { key: "old-data-planned", values: { ...values, end } } : { key: "old-data", values };
}

/**
 * Returns the jobs with old data that does not reach their end, the oldest data first: the
 * organisation, the month of the data, and the planned end if that has passed.
 */
function oldJobs(jobs, now) {
  if (!Array.isArray(jobs)) return [];
  // Uses the earliest time zone, UTC+14, to determine the current month.
  const there = new Date(now + 14 * 3_600_000);
  const today = there.getUTCFullYear() * 12 + there.getUTCMonth() + 1;
  const read = jobs.map((job) => ({ job, dataTo: monthOf(job?.last_processed_month), end: monthOf(job?.end_date) }));
  const old = read.filter(({ dataTo, end }) => today - dataTo > Number(say("fresh-months")) && !(end <= dataTo));
  old.sort((one, other) => one.dataTo - other.dataTo);
  return old.map(({ job, end }) => ({
    organisation: String(job.organisation ?? ""),
    month: inWords(job.last_processed_month),
    end: end < today ? inWords(job.end_date) : undefined,
  }));
}

/** Returns the jobs as a list, of which three are named. There are at least two. */
function list(jobs) {
  const named = jobs.slice(0, MOST_NAMED).map((job) => say(job.end ? "verdict-old-job-planned" : "verdict-old-job", job));
  const more = jobs.length - named.length;
  const last = more > 0 ? say("verdict-more-jobs", { count: more }) : named.pop();
  return say("names-and", { names: named.join(", "), last });
}

function inWords(text) {
  const [, year, month] = MONTH.exec(text);
  return say("month-year", { month: say(`month-${Number(month)}`), year });
}

/** Converts a month to a number, so that months can be subtracted. */
function monthOf(text) {
  const [, year, month] = MONTH.exec(typeof text === "string" ? text : "") ?? [];
  return year === undefined ? undefined : Number(year) * 12 + Number(month);
}
