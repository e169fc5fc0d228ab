// The order of jobs in lists: `Employment::listing_order` in crates/credential/src/career.rs.
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

const isMonth = (value) => typeof value === "string" && MONTH.test(value);

/** Returns whether the issuer's data covers a month of the job. */
export const hasBegun = (job) => job.start_date <= job.last_processed_month;

/** Returns whether the job has an end, be it planned. */
export const hasEnd = (job) => (job.end_date ?? null) !== null;

/** Returns whether `value` is a list of jobs with the months that the order needs. */
export function areJobs(value) {
  const isDated = (job) => isMonth(job?.start_date) && isMonth(job?.last_processed_month);
  const isJob = (job) => isDated(job) && (!hasEnd(job) || isMonth(job.end_date));
  return Array.isArray(value) && value.length > 0 && value.every(isJob);
}

/**
 * Returns jobs as the other pages list them: the one with later data is first, then the one that
 * started later, then by employer and title. A job that has not begun counts from its start.
 */
export function listed(jobs) {
  const keyed = jobs.map((job) => ({ job, newest: recency(job), names: [text(job.organisation), role(job)] }));
  keyed.sort((one, other) => compare(other.newest, one.newest) || compare(one.names, other.names));
  return keyed.map(({ job }) => job);
}

// Months in this format compare as texts.
function recency(job) {
  const { start_date: start, last_processed_month: dataTo } = job;
  const known = hasEnd(job) && job.end_date < dataTo ? job.end_date : dataTo;
  return [known > start ? known : start, start, known];
}

const text = (value) => (typeof value === "string" ? value : "");
const role = (job) => text(job.role_title ?? job.role_classification);

function compare(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  if (at === -1) return 0;
  return one[at] < other[at] ? -1 : 1;
}
