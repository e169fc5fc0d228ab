//! How recent the data on the jobs in a credential is.
//!
//! Pure. It reads claims instead of a [`crate::CareerHistory`], because a presentation may withhold
//! some of them, and other issuers may leave some out.

use serde_json::{Map, Value};

use crate::year_month::YearMonth;

/// Maximum age of the data on a job whose end is not confirmed, in months. Payroll runs monthly or
/// quarterly; a job without data for more than two quarters is doubtful.
pub const FRESH_MONTHS: i32 = 6;

/// How recent the data on the jobs in a credential is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CareerData {
    /// The last month with data on a job that goes on; without such a job, on one that has ended.
    /// `None` if no job has begun.
    pub data_to: Option<YearMonth>,
    /// Whether a job goes on: it has begun, and the data does not reach its end.
    pub goes_on: bool,
    /// The jobs with old data whose end is not confirmed, those with the oldest data first.
    pub old_jobs: Vec<OldJob>,
}

/// A job with old data whose end is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldJob {
    /// The employer; empty if it is not shown.
    pub organisation: String,
    /// The last month with data on it.
    pub data_to: YearMonth,
    /// The end that was planned when the data ended, if that month has passed. The job is then no
    /// longer current by its own plan.
    pub passed_end: Option<YearMonth>,
}

impl CareerData {
    /// Reads the jobs in `claims`. `now` is the current month.
    pub fn of(claims: &Map<String, Value>, now: YearMonth) -> Self {
        let jobs = claims.get("employment").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut old_jobs: Vec<OldJob> = jobs.iter().filter_map(|job| OldJob::of(job, now)).collect();
        old_jobs.sort_by_key(|job| job.data_to);
        // A reader takes the month as that until which the person still worked there. Data on a job
        // that has ended or not begun says nothing about those that go on, and may be newer.
        let (ended, going_on): (Vec<&Value>, Vec<&Value>) =
            jobs.iter().filter(|job| has_begun(job)).partition(|job| has_ended(job));
        let last = |jobs: &[&Value]| jobs.iter().filter_map(|job| data_to(job)).max();
        let current = last(&going_on);
        Self { data_to: current.or_else(|| last(&ended)), goes_on: current.is_some(), old_jobs }
    }
}

impl OldJob {
    /// Returns `job` if its data is older than [`FRESH_MONTHS`] and does not reach its end.
    fn of(job: &Value, now: YearMonth) -> Option<Self> {
        let data_to = data_to(job)?;
        if has_ended(job) || now.months_since(data_to) <= FRESH_MONTHS {
            return None;
        }
        let end = month(job, "end_date");
        let organisation = job["organisation"].as_str().unwrap_or_default().to_owned();
        Some(Self { organisation, data_to, passed_end: end.filter(|end| *end < now) })
    }
}

fn data_to(job: &Value) -> Option<YearMonth> {
    month(job, "last_processed_month")
}

/// Returns whether the data covers a month of `job`.
fn has_begun(job: &Value) -> bool {
    let start = month(job, "start_date");
    data_to(job).is_some_and(|data_to| start.is_none_or(|start| start <= data_to))
}

/// Returns whether the data reaches the end of `job`.
fn has_ended(job: &Value) -> bool {
    month(job, "end_date").is_some_and(|end| data_to(job).is_some_and(|data_to| end <= data_to))
}

fn month(job: &Value, name: &str) -> Option<YearMonth> {
    job[name].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn month(text: &str) -> YearMonth {
        text.parse().expect("a month")
    }

    /// Returns the data on jobs with these employers, ends and last months of data.
    fn data(jobs: &[(&str, Option<&str>, &str)], now: &str) -> CareerData {
        let job = |(organisation, end, data_to): &(&str, Option<&str>, &str)| json!({ "organisation": organisation, "end_date": end, "last_processed_month": data_to });
        let claims = json!({ "employment": jobs.iter().map(job).collect::<Vec<_>>() });
        CareerData::of(claims.as_object().expect("an object"), month(now))
    }

    #[test]
    fn planned_end_passes_with_the_month_after_it() {
        const JOB: &[(&str, Option<&str>, &str)] = &[("A", Some("2027-03"), "2026-04")];
        for (now, found) in [
            ("2026-10", None),
            ("2026-11", Some(None)),
            ("2027-02", Some(None)),
            ("2027-03", Some(None)),
            ("2027-04", Some(Some("2027-03"))),
            ("2030-01", Some(Some("2027-03"))),
        ] {
            let old = data(JOB, now).old_jobs;
            let ends: Vec<_> = old.iter().map(|job| job.passed_end).collect();
            assert_eq!(ends, found.into_iter().map(|end| end.map(month)).collect::<Vec<_>>(), "{now}");
        }
    }

    #[test]
    fn confirmed_ends_and_recent_data_are_not_old() {
        for (end, data_to, is_old) in [
            (None, "2026-05", false),
            (None, "2026-04", true),
            (Some("2026-06"), "2026-05", false),
            (Some("2022-12"), "2023-01", false),
            (Some("2023-01"), "2023-01", false),
            (Some("2023-02"), "2023-01", true),
        ] {
            let old = data(&[("A", end, data_to)], "2026-11").old_jobs;
            assert_eq!(!old.is_empty(), is_old, "{end:?} {data_to}");
        }
    }

    #[test]
    fn every_old_job_is_listed_and_the_oldest_data_comes_first() {
        let jobs = [("A", None, "2025-02"), ("B", None, "2026-10"), ("C", None, "2024-05"), ("D", None, "2025-02")];
        let found = data(&jobs, "2026-11");
        let old: Vec<&str> = found.old_jobs.iter().map(|job| job.organisation.as_str()).collect();
        assert_eq!((found.data_to, old), (Some(month("2026-10")), vec!["C", "A", "D"]));
        assert_eq!(data(&[], "2026-11"), CareerData::default());
    }

    #[test]
    fn month_of_data_is_that_of_the_jobs_that_go_on() {
        type Dated = (&'static str, Option<&'static str>, &'static str);
        const OPEN: Dated = ("2020-01", None, "2026-07");
        const ENDED: Dated = ("2010-01", Some("2012-03"), "2026-11");
        const PLANNED_END: Dated = ("2020-01", Some("2027-03"), "2026-09");
        const PLANNED: Dated = ("2027-05", None, "2026-11");
        for (jobs, data_to, goes_on) in [
            (vec![OPEN, PLANNED], Some("2026-07"), true),
            (vec![ENDED, OPEN], Some("2026-07"), true),
            (vec![ENDED, OPEN, PLANNED_END], Some("2026-09"), true),
            (vec![PLANNED, ENDED], Some("2026-11"), false),
            (vec![("2010-01", Some("2012-03"), "2012-04"), PLANNED], Some("2012-04"), false),
            (vec![PLANNED], None, false),
        ] {
            let job = |(start, end, data_to): &Dated| json!({ "start_date": start, "end_date": end, "last_processed_month": data_to });
            let claims = json!({ "employment": jobs.iter().map(job).collect::<Vec<_>>() });
            let found = CareerData::of(claims.as_object().expect("an object"), month("2026-11"));
            assert_eq!((found.data_to, found.goes_on), (data_to.map(month), goes_on), "{jobs:?}");
        }
    }

    #[test]
    fn claims_without_jobs_have_no_data() {
        for claims in [
            json!({}),
            json!({ "employment": "A" }),
            json!({ "employment": [null, "A", {}] }),
            json!({ "employment": [{ "last_processed_month": "May 2024" }] }),
        ] {
            let claims = claims.as_object().expect("an object");
            assert_eq!(CareerData::of(claims, month("2026-11")), CareerData::default(), "{claims:?}");
        }
    }
}
