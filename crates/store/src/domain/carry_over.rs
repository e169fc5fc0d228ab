//! Carries the holder's selection from a credential to its newer version. Pure: no I/O.
//!
//! Never discloses anything that was not selected: ambiguous matches are left out.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use credential::Payload;
use serde_json::Value;

/// Returns the paths in `newer` that correspond to the selected `places` in `older`. Both have the
/// same type, and paths are JSON Pointers.
///
/// A field, or a list that was selected as a whole, keeps its path if `newer` has a value there. A
/// job is matched by its organisation and first month.
pub fn carry_over(older: &Payload, newer: &Payload, places: &BTreeSet<String>) -> BTreeSet<String> {
    let mut carried: BTreeSet<String> = places.iter().filter(|place| is_in(newer, place)).cloned().collect();
    let lists: BTreeSet<&str> = places.iter().filter_map(|place| item(place)).map(|(list, _)| list).collect();
    for list in lists {
        let chosen: BTreeSet<usize> =
            places.iter().filter_map(|place| item(place)).filter(|(of, _)| *of == list).map(|(_, at)| at).collect();
        let (old, new) = (jobs(older, list), jobs(newer, list));
        let old: Vec<(Job, bool)> = old.into_iter().enumerate().map(|(at, job)| (job, chosen.contains(&at))).collect();
        carried.extend(stay_chosen(&old, &new).into_iter().map(|at| format!("{list}/{at}")));
    }
    carried
}

/// Splits the path of a list item into the path of the list and the index.
fn item(place: &str) -> Option<(&str, usize)> {
    let (list, at) = place.rsplit_once('/')?;
    Some((list, at.parse().ok()?))
}

/// Returns whether a path leads to a value. Paths that contain a list index never do.
fn is_in(payload: &Payload, place: &str) -> bool {
    if place.split('/').any(|step| step.bytes().all(|byte| byte.is_ascii_digit()) && !step.is_empty()) {
        return false;
    }
    if place == "/partner_chain" {
        return !payload.partner_chain.is_empty();
    }
    payload.fields.pointer(place).is_some_and(|value| !value.is_null())
}

/// Properties by which a job is recognised in another version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job {
    organisation: String,
    start: String,
    role: [Option<String>; 2],
}

impl Job {
    /// Returns `None` if the item is not a job.
    fn of(item: &Value) -> Option<Self> {
        let text = |name: &str| item[name].as_str().map(str::to_lowercase);
        let role = [text("role_title"), text("role_classification")];
        Some(Self { organisation: text("organisation")?, start: text("start_date")?, role })
    }

    fn key(&self) -> (&str, &str) {
        (&self.organisation, &self.start)
    }
}

/// Returns the items of a list, or nothing if one of them is not a job.
fn jobs(payload: &Payload, list: &str) -> Vec<Job> {
    let items = payload.fields.pointer(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().map(Job::of).collect::<Option<_>>().unwrap_or_default()
}

/// Returns the indexes in `new` of the jobs that were selected in `old`. If organisation and
/// start are ambiguous, the role must match too.
fn stay_chosen(old: &[(Job, bool)], new: &[Job]) -> BTreeSet<usize> {
    let mut positions = unambiguous(old, new, Job::key);
    positions.extend(unambiguous(old, new, |job| job));
    positions
}

/// Returns the indexes of jobs whose key is unambiguous: every old job with that key was selected,
/// and there are no more new jobs with it than old ones.
fn unambiguous<'a, K: Eq + Hash>(
    old: &'a [(Job, bool)],
    new: &'a [Job],
    key: impl Fn(&'a Job) -> K,
) -> BTreeSet<usize> {
    let mut known: HashMap<K, (usize, bool)> = HashMap::new();
    for (job, chosen) in old {
        let (count, all_chosen) = known.entry(key(job)).or_insert((0, true));
        *count += 1;
        *all_chosen &= chosen;
    }
    for job in new {
        if let Some((count, all_chosen)) = known.get_mut(&key(job)) {
            *all_chosen &= *count > 0;
            *count = count.saturating_sub(1);
        }
    }
    let stays = |job: &'a Job| known.get(&key(job)).is_some_and(|(_, chosen)| *chosen);
    new.iter().enumerate().filter(|(_, job)| stays(job)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(employment: &Value) -> Payload {
        let fields = json!({ "full_name": "Ada", "employment": employment, "course_name": "Law", "end": null });
        Payload { fields, partner_chain: vec!["Parent".to_owned()], ..Payload::default() }
    }

    fn job(organisation: &str, start: &str, title: &str) -> Value {
        json!({ "organisation": organisation, "start_date": start, "role_title": title })
    }

    fn carried(older: &Value, newer: &Value, places: &[&str]) -> Vec<String> {
        let places = places.iter().map(|place| (*place).to_owned()).collect();
        carry_over(&payload(older), &payload(newer), &places).into_iter().collect()
    }

    #[test]
    fn fields_and_whole_lists_keep_their_pointers() {
        let jobs = json!([job("A", "2020-01", "x")]);
        let places = ["/course_name", "/employment", "/partner_chain"];
        assert_eq!(carried(&jobs, &json!([job("B", "2021-01", "x")]), &places), places);
        assert_eq!(carried(&jobs, &jobs, &["/gone", "/end", "/course_name/0", "/employment/7"]), Vec::<String>::new());
        let without = Payload { partner_chain: Vec::new(), ..payload(&Value::Null) };
        let places = places.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(carry_over(&payload(&jobs), &without, &places), BTreeSet::from(["/course_name".to_owned()]));
    }

    #[test]
    fn chosen_jobs_are_found_by_organisation_and_start() {
        let older = json!([job("A", "2020-01", "x"), job("B", "2021-01", "x"), job("C", "2022-01", "x")]);
        let newer = json!([job("D", "2023-01", "x"), job("c", "2022-01", "new title"), job("A", "2020-01", "x")]);
        assert_eq!(carried(&older, &newer, &["/employment/0", "/employment/2"]), ["/employment/1", "/employment/2"]);
        assert_eq!(carried(&older, &newer, &["/employment/1"]), Vec::<String>::new(), "it is gone");
        let moved = json!([job("A", "2020-02", "x")]);
        assert_eq!(carried(&older, &moved, &["/employment/0"]), Vec::<String>::new(), "another start, another job");
    }

    #[test]
    fn ambiguous_jobs_are_left_out() {
        let (one, other) = (job("A", "2020-01", "Cook"), job("A", "2020-01", "Baker"));
        let two = json!([one, other]);
        let both = ["/employment/0", "/employment/1"];
        assert_eq!(carried(&two, &json!([other, one]), &["/employment/0"]), ["/employment/1"], "the role decides");
        assert_eq!(
            carried(&two, &json!([other, job("A", "2020-01", "Chef")]), &["/employment/0"]),
            Vec::<String>::new()
        );
        assert_eq!(carried(&two, &json!([other, job("A", "2020-01", "Chef")]), &both), both, "both were chosen");
        assert_eq!(carried(&two, &json!([other]), &both), ["/employment/0"]);
        let three = json!([one, other, job("A", "2020-01", "Chef")]);
        assert_eq!(carried(&two, &three, &both), both, "the third was not there to be chosen");
        assert_eq!(carried(&json!([one]), &json!([one, one]), &["/employment/0"]), Vec::<String>::new());
    }

    #[test]
    fn items_that_are_no_jobs_are_left_out() {
        let scores = json!([{ "skill": "reading" }, { "skill": "writing" }]);
        assert_eq!(carried(&scores, &scores, &["/employment/0", "/employment/1"]), Vec::<String>::new());
    }
}
