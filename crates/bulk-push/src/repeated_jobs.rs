//! Finds rows that repeat a job: exports with a row for each pay period, or with a row twice.

use serde_json::{Map, Value};

/// The fields in which rows of one job differ, from one pay period to the next.
const PERIOD: [&str; 2] = ["last_processed_month", "end_date"];

/// Two rows of one job that cannot both be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContradictionError(pub usize, pub usize);

/// Returns the indices of the jobs that are not repeated by another row, in their order. Of several
/// pay periods of a job, the last one stays.
pub fn distinct(jobs: &[Map<String, Value>]) -> Result<Vec<usize>, ContradictionError> {
    let mut kept: Vec<usize> = Vec::with_capacity(jobs.len());
    for (index, job) in jobs.iter().enumerate() {
        let Some(earlier) = kept.iter_mut().find(|earlier| is_same(&jobs[**earlier], job)) else {
            kept.push(index);
            continue;
        };
        let known = &jobs[*earlier];
        let ends = (known.get(PERIOD[1]), job.get(PERIOD[1]));
        let is_later = match ends {
            (Some(first), Some(second)) if first != second => return Err(ContradictionError(*earlier, index)),
            // The job ended: only a row of the same or an earlier period may not know it yet.
            (Some(_), None) if is_later(job, known) => return Err(ContradictionError(*earlier, index)),
            (None, Some(_)) if is_later(known, job) => return Err(ContradictionError(*earlier, index)),
            (Some(_), None) => false,
            (None, Some(_)) => true,
            _ => is_later(job, known),
        };
        if is_later {
            *earlier = index;
        }
    }
    Ok(kept)
}

/// Returns whether two rows describe one job: the same organisation, title and start, or the same
/// classification if there is no title. Case does not matter.
fn is_same(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let text = |job: &Map<String, Value>, name: &str| job.get(name).and_then(Value::as_str).map(str::to_lowercase);
    let has_title = one.contains_key("role_title") || other.contains_key("role_title");
    let title = if has_title { "role_title" } else { "role_classification" };
    let is_one_job = ["organisation", title, "start_date"].into_iter().all(|name| text(one, name) == text(other, name));
    // Another classification of a job that goes on may be a promotion.
    let is_open = |job: &Map<String, Value>| !job.contains_key(PERIOD[1]);
    let others = |name: &&String| !PERIOD.contains(&name.as_str());
    let mut names = one.keys().chain(other.keys()).filter(others);
    is_one_job && (is_open(one) != is_open(other) || names.all(|name| is_alike(one.get(name), other.get(name))))
}

fn is_alike(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

fn is_later(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let month = |job: &Map<String, Value>| job.get(PERIOD[0]).and_then(Value::as_str).map(str::to_owned);
    month(one) > month(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(rows: &[(&str, Option<&str>, &str)]) -> Result<Vec<usize>, ContradictionError> {
        let job = |(start, end, month): &(&str, Option<&str>, &str)| {
            let mut job = json!({ "organisation": "A", "start_date": start, "last_processed_month": month });
            if let Some(end) = end {
                job["end_date"] = json!(end);
            }
            job.as_object().cloned().expect("an object")
        };
        distinct(&rows.iter().map(job).collect::<Vec<_>>())
    }

    fn kept(rows: &[(&str, Option<&str>, &str)]) -> Vec<usize> {
        read(rows).expect("no contradiction")
    }

    #[test]
    fn repeated_rows_and_periods_become_one_job() {
        let open = ("2019-04", None, "2026-09");
        assert_eq!(kept(&[open, open, open]), [0]);
        assert_eq!(kept(&[open, ("2019-04", None, "2026-10")]), [1], "the last period stays");
        assert_eq!(kept(&[("2019-04", None, "2026-10"), open]), [0]);
        assert_eq!(kept(&[open, ("2019-04", Some("2026-10"), "2026-10")]), [1], "the person left");
    }

    #[test]
    fn different_jobs_stay_apart() {
        let open = ("2019-04", None, "2026-10");
        assert_eq!(kept(&[open, ("2020-05", None, "2026-10")]), [0, 1]);
        assert_eq!(kept(&[("2019-04", Some("2020-01"), "2020-01"), ("2020-02", None, "2026-10")]), [0, 1]);
    }

    #[test]
    fn open_and_closed_rows_of_one_job_merge_or_stop() {
        let (open, closed) = (("2019-04", None, "2026-10"), ("2019-04", Some("2026-10"), "2026-10"));
        assert_eq!((kept(&[open, closed]), kept(&[closed, open])), (vec![1], vec![0]));
        assert_eq!(read(&[("2019-04", Some("2020-01"), "2020-01"), open]), Err(ContradictionError(0, 1)));
        assert_eq!(read(&[open, ("2019-04", Some("2020-01"), "2020-01")]), Err(ContradictionError(0, 1)));
        assert_eq!(read(&[closed, ("2019-04", Some("2020-01"), "2026-10")]), Err(ContradictionError(0, 1)));
        let job = |organisation: &str| {
            let job = json!({ "organisation": organisation, "role_title": "Clerk", "start_date": "2019-04" });
            job.as_object().cloned().expect("an object")
        };
        assert_eq!(distinct(&[job("Acme"), job("ACME")]), Ok(vec![0]));
    }
}
