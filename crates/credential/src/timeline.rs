//! Combines the career histories of several partners: lanes, gaps, disagreements, and total
//! experience that counts each month once.

use std::collections::HashSet;

use crate::career::{CareerHistory, Employment};
use crate::year_month::YearMonth;

/// A job and its attester.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The name of the partner that attests it.
    pub attester: String,
    /// The attested job.
    pub employment: Employment,
    /// The lane that it is drawn in, from 0. Jobs in one lane never overlap.
    pub lane: usize,
}

impl Job {
    /// Returns the first month.
    pub fn start(&self) -> YearMonth {
        self.employment.start_date
    }

    /// Returns the last confirmed month, inclusive.
    pub fn last(&self) -> YearMonth {
        self.employment.known_until()
    }

    /// Returns whether the job continues as far as known: it has no end, or a planned one.
    pub fn is_open(&self) -> bool {
        self.employment.end_date.is_none() || self.employment.planned_end().is_some()
    }

    /// Returns the number of confirmed months, including the first and the last.
    pub fn months(&self) -> i32 {
        (self.last().months_since(self.start()) + 1).max(0)
    }
}

/// Months without a job, between two jobs. Months in which an earlier job may have continued after
/// its last data are not a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First month without a job.
    pub start: YearMonth,
    /// Number of months.
    pub months: i32,
}

/// Contradicting statements of several attesters about the same time at one employer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The employer, as the first of them spells it.
    pub organisation: String,
    /// Indices of the contradicting jobs in [`Career::jobs`], in order.
    pub jobs: Vec<usize>,
}

/// Several career histories combined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Career {
    /// All jobs that have begun, by start.
    pub jobs: Vec<Job>,
    /// Jobs without a confirmed month, by start. They do not count as experience and are not drawn.
    pub planned: Vec<Job>,
    /// Number of lanes.
    pub lanes: usize,
    /// Times without a job.
    pub gaps: Vec<Gap>,
    /// Months covered by at least one job.
    pub total_months: i32,
    /// Contradictions between attesters, by the first job concerned.
    pub disagreements: Vec<Disagreement>,
}

impl Career {
    /// Combines the career histories of several attesters.
    pub fn new(histories: &[(String, CareerHistory)]) -> Self {
        let mut jobs: Vec<Job> = histories
            .iter()
            .flat_map(|(attester, history)| {
                history.employment.iter().map(|employment| Job {
                    attester: attester.clone(),
                    employment: employment.clone(),
                    lane: 0,
                })
            })
            .collect();
        jobs.sort_by_key(|job| (job.start(), std::cmp::Reverse(job.last())));
        let (mut jobs, planned): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| job.employment.has_begun());
        let lanes = assign_lanes(&mut jobs);
        let (gaps, total_months) = cover(&jobs);
        let disagreements = disagreements(&jobs);
        Self { jobs, planned, lanes, gaps, total_months, disagreements }
    }

    /// Returns all jobs, also those that have not begun, in the order of lists that people read:
    /// see [`Employment::listing_order`].
    pub fn listed(&self) -> Vec<&Job> {
        let mut jobs: Vec<&Job> = self.jobs.iter().chain(&self.planned).collect();
        jobs.sort_by(|one, other| {
            one.employment.listing_order(&other.employment).then_with(|| one.attester.cmp(&other.attester))
        });
        jobs
    }

    /// Returns the first month of the first job.
    pub fn start(&self) -> Option<YearMonth> {
        self.jobs.first().map(Job::start)
    }

    /// Returns the last confirmed month of all jobs.
    pub fn last(&self) -> Option<YearMonth> {
        self.jobs.iter().map(Job::last).max()
    }
}

/// Assigns the lowest free lane to each job and returns the number of lanes. Greedy interval
/// colouring needs no more lanes than there are overlapping jobs.
fn assign_lanes(jobs: &mut [Job]) -> usize {
    let mut ends: Vec<YearMonth> = Vec::new();
    for job in jobs {
        let free = ends.iter().position(|end| *end < job.start());
        job.lane = free.unwrap_or(ends.len());
        match free {
            Some(lane) => ends[lane] = job.last(),
            None => ends.push(job.last()),
        }
    }
    ends.len()
}

/// Returns the gaps between jobs and the number of covered months. The jobs are sorted by start.
///
/// Months after the last data of an open job count neither as covered nor as a gap.
fn cover(jobs: &[Job]) -> (Vec<Gap>, i32) {
    let mut gaps = Vec::new();
    let mut total = 0;
    let mut covered: Option<YearMonth> = None;
    // A job with a planned end may continue until then, and one without an end until today.
    let mut planned: Option<YearMonth> = None;
    let mut continues = false;
    for job in jobs {
        let from = match covered {
            Some(last) if job.start() <= last => last.plus_months(1),
            Some(last) => {
                let last = planned.map_or(last, |planned| planned.max(last));
                let months = job.start().months_since(last) - 1;
                if months > 0 && !continues {
                    gaps.push(Gap { start: last.plus_months(1), months });
                }
                job.start()
            }
            None => job.start(),
        };
        total += (job.last().months_since(from) + 1).max(0);
        covered = Some(covered.map_or(job.last(), |last| last.max(job.last())));
        planned = planned.max(job.employment.planned_end());
        continues |= job.employment.end_date.is_none();
    }
    (gaps, total)
}

/// Finds jobs of different attesters at one employer that overlap and contradict each other. A job
/// is left out if the other attester confirms it with another of its jobs.
fn disagreements(jobs: &[Job]) -> Vec<Disagreement> {
    let employers: Vec<String> = jobs.iter().map(|job| folded_employer(&job.employment.organisation)).collect();
    let same_time = |one: usize, other: usize| {
        jobs[one].start() <= jobs[other].last()
            && jobs[other].start() <= jobs[one].last()
            && jobs[one].attester != jobs[other].attester
            && employers[one] == employers[other]
    };
    // The jobs are sorted by start, so neither a job that starts after another one ends, nor any
    // later job, overlaps it.
    let pairs = || {
        let until = |one: usize| jobs.partition_point(|job| job.start() <= jobs[one].last());
        let pairs = (0..jobs.len()).flat_map(move |one| (one + 1..until(one)).map(move |other| (one, other)));
        pairs.filter(|(one, other)| same_time(*one, *other))
    };
    let mut confirmed: HashSet<(usize, &str)> = HashSet::new();
    for (one, other) in pairs().filter(|(one, other)| !contradict(&jobs[*one], &jobs[*other])) {
        confirmed.extend([(one, jobs[other].attester.as_str()), (other, jobs[one].attester.as_str())]);
    }
    let mut found: Vec<(&str, Disagreement)> = Vec::new();
    for (one, other) in pairs().filter(|(one, other)| contradict(&jobs[*one], &jobs[*other])) {
        let (by_one, by_other) = (jobs[one].attester.as_str(), jobs[other].attester.as_str());
        if confirmed.contains(&(one, by_other)) || confirmed.contains(&(other, by_one)) {
            continue;
        }
        let employer = employers[one].as_str();
        match found.iter_mut().find(|(known, _)| *known == employer) {
            Some((_, known)) => known.jobs.extend([one, other]),
            None => {
                let organisation = jobs[one].employment.organisation.clone();
                found.push((employer, Disagreement { organisation, jobs: vec![one, other] }));
            }
        }
    }
    for (_, disagreement) in &mut found {
        disagreement.jobs.sort_unstable();
        disagreement.jobs.dedup();
    }
    found.into_iter().map(|(_, disagreement)| disagreement).collect()
}

/// Returns whether two statements cannot both be right. A missing value contradicts nothing. Nor
/// does an end after the last month for which the other attester has data.
fn contradict(one: &Job, other: &Job) -> bool {
    let (one, other) = (&one.employment, &other.employment);
    let ends = match (one.end_date, other.end_date) {
        (Some(one), Some(other)) => one != other,
        (Some(end), None) => end < other.last_processed_month,
        (None, Some(end)) => end < one.last_processed_month,
        (None, None) => false,
    };
    let titles = match (&one.role_title, &other.role_title) {
        (Some(one), Some(other)) => folded(one) != folded(other),
        _ => match (&one.role_classification, &other.role_classification) {
            (Some(one), Some(other)) => folded(one) != folded(other),
            _ => false,
        },
    };
    one.start_date != other.start_date || ends || titles
}

/// Legal forms of companies. They are ignored only at the end of a name, and never if nothing else
/// is left.
const COMPANY_FORMS: [&str; 27] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kk",
    "limited",
    "llc",
    "llp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "spa",
    "srl",
];

/// Normalizes case, spaces and punctuation for comparisons.
fn folded(text: &str) -> String {
    // A full stop or an apostrophe is part of a word, other punctuation separates words.
    let kept = text.chars().filter(|c| !matches!(c, '.' | '\'' | '’'));
    let plain: String = kept.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn folded_employer(name: &str) -> String {
    let folded = folded(name);
    let mut words: Vec<&str> = folded.split(' ').collect();
    while words.len() > 1 && words.last().is_some_and(|word| COMPANY_FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests;
