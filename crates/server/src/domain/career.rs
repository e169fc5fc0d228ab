//! The arithmetic of a career: spans, lanes, gaps, and experience that counts no month twice.

use credential::{CareerHistory, Employment, YearMonth};

/// One job, and who attests it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Who attests it: the partner's name.
    pub attester: String,
    /// What is attested.
    pub employment: Employment,
    /// Which lane it is drawn in, from 0; jobs in one lane never overlap.
    pub lane: usize,
}

impl Job {
    /// First month.
    pub fn start(&self) -> YearMonth {
        self.employment.start_date
    }

    /// Last month that is known, included.
    pub fn last(&self) -> YearMonth {
        self.employment.known_until().max(self.start())
    }

    /// Whether it goes on as far as anyone knows.
    pub fn is_open(&self) -> bool {
        self.employment.end_date.is_none()
    }

    /// How many months it lasted, the first and the last included.
    pub fn months(&self) -> i32 {
        self.last().months_since(self.start()) + 1
    }
}

/// Months that no job covers, between two that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First month without a job.
    pub start: YearMonth,
    /// How many.
    pub months: i32,
}

/// Several career histories seen as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Career {
    /// All jobs, by start.
    pub jobs: Vec<Job>,
    /// How many lanes they need.
    pub lanes: usize,
    /// What no job covers.
    pub gaps: Vec<Gap>,
    /// Months covered by at least one job.
    pub total_months: i32,
}

impl Career {
    /// One career from what several attesters say.
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
        let lanes = assign_lanes(&mut jobs);
        let (gaps, total_months) = cover(&jobs);
        Self { jobs, lanes, gaps, total_months }
    }

    /// First month of the first job.
    pub fn start(&self) -> Option<YearMonth> {
        self.jobs.first().map(Job::start)
    }

    /// Last known month of all jobs.
    pub fn last(&self) -> Option<YearMonth> {
        self.jobs.iter().map(Job::last).max()
    }
}

/// Gives each job the lowest lane that is free (greedy interval colouring, which needs no more lanes than jobs overlap).
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

/// Walks along the jobs, which are sorted by start: what is covered, and what is not.
fn cover(jobs: &[Job]) -> (Vec<Gap>, i32) {
    let mut gaps = Vec::new();
    let mut total = 0;
    let mut covered: Option<YearMonth> = None;
    for job in jobs {
        let from = match covered {
            Some(last) if job.start() <= last => last.plus_months(1),
            Some(last) => {
                let months = job.start().months_since(last) - 1;
                if months > 0 {
                    gaps.push(Gap { start: last.plus_months(1), months });
                }
                job.start()
            }
            None => job.start(),
        };
        total += (job.last().months_since(from) + 1).max(0);
        covered = Some(covered.map_or(job.last(), |last| last.max(job.last())));
    }
    (gaps, total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(text: &str) -> YearMonth {
        text.parse().expect("a month")
    }

    fn career(jobs: &[(&str, Option<&str>, &str)]) -> Career {
        let employment = jobs
            .iter()
            .map(|(start, end, last)| Employment {
                organisation: "A".to_owned(),
                role_classification: None,
                role_title: Some("B".to_owned()),
                start_date: month(start),
                end_date: end.map(month),
                last_processed_month: month(last),
            })
            .collect();
        Career::new(&[("Acme".to_owned(), CareerHistory { full_name: "X".to_owned(), employment })])
    }

    #[test]
    fn the_sample_has_one_gap_of_a_month_and_no_month_twice() {
        let career = career(&[("2020-01", Some("2022-12"), "2023-01"), ("2023-02", None, "2024-05")]);
        assert_eq!(career.gaps, [Gap { start: month("2023-01"), months: 1 }]);
        assert_eq!(career.total_months, 36 + 16);
        assert_eq!((career.lanes, career.jobs[1].is_open(), career.jobs[1].months()), (1, true, 16));
    }

    #[test]
    fn parallel_jobs_get_lanes_and_count_once() {
        let career = career(&[
            ("2020-01", Some("2020-12"), "2021-01"),
            ("2020-06", Some("2021-05"), "2021-06"),
            ("2021-01", Some("2021-02"), "2021-03"),
        ]);
        assert_eq!(career.jobs.iter().map(|job| job.lane).collect::<Vec<_>>(), [0, 1, 0]);
        assert_eq!((career.total_months, career.gaps.len()), (17, 0));
    }

    #[test]
    fn touching_jobs_have_no_gap_and_one_month_is_one_month() {
        let career = career(&[("2020-01", Some("2020-01"), "2020-01"), ("2020-02", Some("2020-02"), "2020-02")]);
        assert_eq!((career.total_months, career.gaps.len(), career.lanes), (2, 0, 1));
        assert_eq!(Career::new(&[]).total_months, 0);
    }

    proptest! {
        #[test]
        fn months_are_covered_or_gaps(spans in proptest::collection::vec((0..600i32, 0..120i32), 1..20)) {
            let first = month("1960-01");
            let employment: Vec<Employment> = spans.iter().map(|(start, length)| Employment {
                organisation: "A".to_owned(), role_classification: None, role_title: Some("B".to_owned()),
                start_date: first.plus_months(*start), end_date: Some(first.plus_months(start + length)),
                last_processed_month: first.plus_months(start + length),
            }).collect();
            let career = Career::new(&[("A".to_owned(), CareerHistory { full_name: "X".to_owned(), employment })]);
            let months: Vec<i32> = career.jobs.iter().map(Job::months).collect();
            prop_assert!(career.total_months <= months.iter().sum());
            prop_assert!(career.total_months >= *months.iter().max().expect("a job"));
            let whole = career.last().expect("a job").months_since(career.start().expect("a job")) + 1;
            prop_assert_eq!(career.total_months + career.gaps.iter().map(|gap| gap.months).sum::<i32>(), whole);
            for (index, job) in career.jobs.iter().enumerate() {
                for other in &career.jobs[index + 1..] {
                    prop_assert!(job.lane != other.lane || job.last() < other.start() || other.last() < job.start());
                }
            }
        }
    }
}
