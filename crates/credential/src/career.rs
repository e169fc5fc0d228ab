//! Validated career histories: one person's jobs according to one partner, and how two of them
//! relate.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::adds_qualification;
use crate::relation::{Relation, folded, is_same_name};
use crate::year_month::YearMonth;

/// A validated career history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareerHistory {
    /// The person's name according to the partner.
    pub full_name: String,
    /// The jobs, in the partner's order.
    pub employment: Vec<Employment>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employment {
    /// The employer.
    pub organisation: String,
    /// Category of the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_classification: Option<String>,
    /// Official title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_title: Option<String>,
    /// First month.
    pub start_date: YearMonth,
    /// Last month; `None` if still employed as of `last_processed_month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<YearMonth>,
    /// The most recent month for which the partner has data.
    pub last_processed_month: YearMonth,
}

impl CareerHistory {
    /// Deserializes the fields of a submission.
    ///
    /// # Errors
    /// The fields are not those of a career history. Fields from [`crate::Submission::parse_v2`]
    /// always are.
    pub fn from_fields(fields: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(fields)
    }

    /// Returns how this career history, the newer one, relates to `older`.
    pub(crate) fn relation_to(&self, older: &Self) -> Relation {
        let is_at_same_employers = || self.has_counterparts(older, |job| folded(&job.organisation));
        if !is_same_name(&self.full_name, &older.full_name) || !is_at_same_employers() {
            Relation::Other
        } else if !self.has_counterparts(older, Employment::key) {
            Relation::Corrects
        } else if !self.adds_only_later_jobs(older)
            || !self.keeps_the_past(older)
            || adds_qualification(&self.full_name, &older.full_name)
        {
            Relation::Covers
        } else {
            Relation::Continues
        }
    }

    /// Returns whether each job of `older` has a counterpart of its own here: the same `key`, and
    /// data up to the same month or later.
    fn has_counterparts<K: Eq + Hash>(&self, older: &Self, key: impl Fn(&Employment) -> K) -> bool {
        let mut known: HashMap<K, Vec<YearMonth>> = HashMap::new();
        for job in &self.employment {
            known.entry(key(job)).or_default().push(job.last_processed_month);
        }
        known.values_mut().for_each(|months| months.sort_unstable());
        // Jobs with the latest data are matched first, with the latest data that is left.
        let mut jobs: Vec<&Employment> = older.employment.iter().collect();
        jobs.sort_unstable_by_key(|job| Reverse(job.last_processed_month));
        jobs.iter().all(|job| {
            let counterpart = known.get_mut(&key(job)).and_then(Vec::pop);
            counterpart.is_some_and(|month| month >= job.last_processed_month)
        })
    }

    /// Returns whether each job of `older` has a counterpart that adds only later events: see
    /// [`Employment::goes_on_as`].
    fn keeps_the_past(&self, older: &Self) -> bool {
        let mut left: Vec<&Employment> = self.employment.iter().collect();
        // Jobs with the latest data are matched first, with the latest data that is left.
        left.sort_unstable_by_key(|job| job.last_processed_month);
        let mut jobs: Vec<&Employment> = older.employment.iter().collect();
        jobs.sort_unstable_by_key(|job| Reverse(job.last_processed_month));
        jobs.iter().all(|job| {
            let counterpart = left.iter().rposition(|newer| newer.key() == job.key() && job.goes_on_as(newer));
            counterpart.map(|at| left.remove(at)).is_some()
        })
    }

    /// Returns whether each job that `older` lacks is with one of its employers, and starts no
    /// earlier than its data about that employer ends.
    fn adds_only_later_jobs(&self, older: &Self) -> bool {
        let mut counterparts: HashMap<JobKey, usize> = HashMap::new();
        let mut known_until: HashMap<String, YearMonth> = HashMap::new();
        for job in &older.employment {
            *counterparts.entry(job.key()).or_default() += 1;
            let until = known_until.entry(folded(&job.organisation)).or_insert(job.last_processed_month);
            *until = job.last_processed_month.max(*until);
        }
        self.employment.iter().all(|job| match counterparts.get_mut(&job.key()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => known_until.get(&folded(&job.organisation)).is_some_and(|until| job.start_date >= *until),
        })
    }
}

/// Identifies a job across two versions: the organisation and the first month.
type JobKey = (String, YearMonth);

impl Employment {
    /// Returns the key that identifies this job in another version of the same career.
    pub(crate) fn key(&self) -> JobKey {
        (folded(&self.organisation), self.start_date)
    }

    /// Returns whether `newer`, another version of this job, leaves the months of this version
    /// unchanged: a past end stays, a new end is not before the end of the data, a title is not
    /// removed, and a changed title comes with new months of a continuing job.
    fn goes_on_as(&self, newer: &Self) -> bool {
        let keeps_end = match (self.past_end(), newer.end_date) {
            (Some(end), newer) => newer == Some(end),
            (None, Some(end)) => end >= self.last_processed_month,
            (None, None) => true,
        };
        let has_new_months = self.gains_months_in(newer);
        let keeps_text =
            |older: &Option<String>, newer: &Option<String>| older == newer || (has_new_months && newer.is_some());
        keeps_end
            && newer.last_processed_month >= self.last_processed_month
            && keeps_text(&self.role_title, &newer.role_title)
            && keeps_text(&self.role_classification, &newer.role_classification)
    }

    /// Returns the end if the partner's data covers it.
    fn past_end(&self) -> Option<YearMonth> {
        self.end_date.filter(|end| *end <= self.last_processed_month)
    }

    /// Returns whether `newer`, another version of this job, adds months to it.
    pub(crate) fn gains_months_in(&self, newer: &Self) -> bool {
        self.past_end().is_none() && newer.last_processed_month > self.last_processed_month
    }

    /// Returns the title, or the category if there is no title.
    pub fn role(&self) -> &str {
        self.role_title.as_deref().or(self.role_classification.as_deref()).unwrap_or_default()
    }

    /// Returns the last confirmed month: the end of the job or of the partner's data. It is before
    /// the start if no month of the job is confirmed.
    pub fn known_until(&self) -> YearMonth {
        self.end_date.map_or(self.last_processed_month, |end| end.min(self.last_processed_month))
    }

    /// Compares two jobs for lists that people read: the one with later data is first, then the one
    /// that started later. A job that has not begun counts from its start. Employer and title make
    /// the order independent of the partner's.
    pub fn listing_order(&self, other: &Self) -> Ordering {
        let recency = |job: &Self| (job.known_until().max(job.start_date), job.start_date, job.known_until());
        let names = (self.organisation.as_str(), self.role()).cmp(&(other.organisation.as_str(), other.role()));
        recency(other).cmp(&recency(self)).then(names)
    }

    /// Returns whether the partner's data covers a month of the job.
    pub fn has_begun(&self) -> bool {
        self.start_date <= self.last_processed_month
    }

    /// Returns the end if it is after the partner's data: planned, not confirmed.
    pub fn planned_end(&self) -> Option<YearMonth> {
        self.end_date.filter(|end| *end > self.last_processed_month)
    }
}
