//! Titles that jobs had in earlier versions of a career. An update may give a current job another
//! title, so a reader needs the earlier one.

use crate::career::{CareerHistory, Employment};
use crate::year_month::YearMonth;

/// What an [`EarlierTitle`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TitleKind {
    /// The official title.
    Title,
    /// The category of the position.
    Category,
}

impl TitleKind {
    const ALL: [Self; 2] = [Self::Title, Self::Category];

    fn of(self, job: &Employment) -> Option<&str> {
        match self {
            Self::Title => job.role_title.as_deref(),
            Self::Category => job.role_classification.as_deref(),
        }
    }
}

/// A title or category that a job had before an update changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierTitle {
    /// The job in the newest version.
    pub job: Employment,
    pub kind: TitleKind,
    /// The earlier value; `None` if the job had none.
    pub before: Option<String>,
    /// The last month that was confirmed with the earlier value.
    pub until: YearMonth,
}

impl EarlierTitle {
    /// Returns the title or category in the newest version.
    pub fn now(&self) -> Option<&str> {
        self.kind.of(&self.job)
    }

    /// Returns whether `shown` is the job and shows the title or category that has changed. Parts
    /// of `shown` may be withheld.
    pub fn concerns(&self, shown: &Employment) -> bool {
        self.job.key() == shown.key() && self.now().is_some() && self.kind.of(shown) == self.now()
    }
}

/// Returns the earlier titles and categories of the jobs in the first of `versions`, which are
/// versions of one career, newest first. They are in the order of the jobs, the latest first.
///
/// A change without new months corrects the earlier version, so it is left out.
pub fn earlier_titles(versions: &[CareerHistory]) -> Vec<EarlierTitle> {
    let Some((newest, older)) = versions.split_first() else { return Vec::new() };
    let mut found: Vec<Vec<EarlierTitle>> = newest.employment.iter().map(|_| Vec::new()).collect();
    // Each job of the newest version, in the version that is compared next.
    let mut followed: Vec<&Employment> = newest.employment.iter().collect();
    for version in older {
        let counterparts = counterparts(&followed, &version.employment);
        for (at, before) in counterparts.into_iter().enumerate() {
            let Some(before) = before else { continue };
            found[at].extend(changed(&newest.employment[at], before, followed[at]));
            followed[at] = before;
        }
    }
    found.into_iter().flatten().collect()
}

/// Returns the counterpart of each of `newer` in an older version. Of several jobs with the same
/// organisation and start, those with the same title belong together.
fn counterparts<'a>(newer: &[&Employment], older: &'a [Employment]) -> Vec<Option<&'a Employment>> {
    let mut left: Vec<&Employment> = older.iter().collect();
    let mut found: Vec<Option<&Employment>> = vec![None; newer.len()];
    for is_alike in [true, false] {
        for (job, counterpart) in newer.iter().zip(&mut found).filter(|(_, counterpart)| counterpart.is_none()) {
            let is_it = |known: &&Employment| known.key() == job.key() && (!is_alike || known.role() == job.role());
            *counterpart = left.iter().position(is_it).map(|at| left.remove(at));
        }
    }
    found
}

/// Returns what `after`, the next version of `before`, changed in the title and category of the
/// job that the newest version has as `newest`.
fn changed<'a>(
    newest: &'a Employment,
    before: &'a Employment,
    after: &'a Employment,
) -> impl Iterator<Item = EarlierTitle> + 'a {
    let gains_months = before.has_begun() && before.gains_months_in(after);
    let has_changed =
        move |kind: &TitleKind| gains_months && kind.of(newest).is_some() && kind.of(before) != kind.of(after);
    TitleKind::ALL.into_iter().filter(has_changed).map(move |kind| EarlierTitle {
        job: newest.clone(),
        kind,
        before: kind.of(before).map(str::to_owned),
        until: before.known_until(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns a career of jobs at one employer, with their titles and last processed months.
    fn career(jobs: &[(&str, &str)]) -> CareerHistory {
        let job = |(title, last): &(&str, &str)| json!({ "organisation": "A", "role_title": title, "start_date": "2020-01", "last_processed_month": last });
        let employment: Vec<Value> = jobs.iter().map(job).collect();
        CareerHistory::from_fields(&json!({ "full_name": "Ada", "employment": employment })).expect("a career")
    }

    fn said(versions: &[CareerHistory]) -> Vec<(TitleKind, Option<String>, String)> {
        let found = earlier_titles(versions).into_iter();
        found.map(|title| (title.kind, title.before, title.until.to_string())).collect()
    }

    fn title(before: &str, until: &str) -> (TitleKind, Option<String>, String) {
        (TitleKind::Title, Some(before.to_owned()), until.to_owned())
    }

    #[test]
    fn each_earlier_title_is_found_with_its_last_month() {
        let versions = [
            career(&[("Chief", "2026-09")]),
            career(&[("Lead", "2026-08")]),
            career(&[("Lead", "2026-07")]),
            career(&[("Clerk", "2026-06")]),
            career(&[("Clerk", "2026-05")]),
        ];
        assert_eq!(said(&versions), [title("Lead", "2026-08"), title("Clerk", "2026-06")]);
        assert_eq!(said(&versions[1..3]), []);
        assert_eq!(said(&[]), []);
    }

    #[test]
    fn changes_without_new_months_are_corrections() {
        assert_eq!(said(&[career(&[("Chief", "2026-06")]), career(&[("Clerk", "2026-06")])]), []);
        let mut ended = career(&[("Clerk", "2026-06")]);
        ended.employment[0].end_date = Some("2026-05".parse().expect("a month"));
        assert_eq!(said(&[career(&[("Chief", "2026-07")]), ended]), []);
    }

    #[test]
    fn jobs_from_the_same_start_keep_their_titles_apart() {
        let older = career(&[("Cook", "2026-06"), ("Guard", "2026-06")]);
        assert_eq!(said(&[career(&[("Guard", "2026-07"), ("Cook", "2026-07")]), older.clone()]), []);
        let newer = career(&[("Chief", "2026-07"), ("Cook", "2026-07")]);
        assert_eq!(said(&[newer, older]), [title("Guard", "2026-06")]);
    }

    #[test]
    fn added_and_changed_categories_are_found() {
        let mut newer = career(&[("Clerk", "2026-07")]);
        newer.employment[0].role_classification = Some("Chief Executives".to_owned());
        let older = career(&[("Clerk", "2026-06")]);
        let added = (TitleKind::Category, None, "2026-06".to_owned());
        assert_eq!(said(&[newer.clone(), older.clone()]), [added]);
        let found = earlier_titles(&[newer.clone(), older.clone()]);
        assert!(found[0].concerns(&newer.employment[0]) && !found[0].concerns(&older.employment[0]));
    }

    #[test]
    fn withheld_titles_have_no_earlier_ones() {
        let versions = [career(&[("Chief", "2026-07")]), career(&[("Clerk", "2026-06")])];
        let found = earlier_titles(&versions);
        let mut shown = versions[0].employment[0].clone();
        assert!(found[0].concerns(&shown));
        shown.role_title = None;
        assert!(!found[0].concerns(&shown));
    }
}
