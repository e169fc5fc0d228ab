//! The careers of several credentials as one timeline and one list.

use credential::{Block, CareerHistory, EarlierTitle, Employment, TitleKind};

use super::timeline::Timeline;
use crate::flows::credential_view::CredentialView;
use crate::i18n::{Text, isolated, isolated_text};
use store::domain::career::{Career, Disagreement, Job};

/// The careers of several credentials as one timeline and one list.
#[derive(Clone, Debug)]
pub struct CareerView {
    /// The jobs, gaps and totals.
    pub career: Career,
    /// The timeline as SVG; empty while no job has begun.
    pub timeline: String,
    /// Contradictions between attesters.
    pub differences: Vec<Difference>,
    /// Whether other jobs are not shown.
    is_part: bool,
    /// The titles that jobs had in earlier versions, each with the attester.
    earlier_titles: Vec<(String, EarlierTitle)>,
}

/// A contradiction between attesters, in words, as HTML.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The attesters and the employer.
    pub sentence: String,
    /// One sentence for each attester's version.
    pub said: Vec<String>,
}

impl CareerView {
    /// Combines the careers in `shown`; `None` if there are none.
    pub fn new(shown: &[CredentialView], text: &Text) -> Option<Self> {
        Self::numbered(shown, 1, text)
    }

    /// Combines the careers in `shown`, as the `number`th career on its page; `None` if there are
    /// none.
    pub fn numbered(shown: &[CredentialView], number: usize, text: &Text) -> Option<Self> {
        Self::of(&histories(shown), number, text)
    }

    /// Combines the histories of several attesters, as the `number`th career on its page; `None` if
    /// they contain no job.
    pub fn of(histories: &[(String, CareerHistory)], number: usize, text: &Text) -> Option<Self> {
        Self::drawn(Career::new(histories), number, text)
    }

    /// Combines histories of which some jobs are not shown, like [`CareerView::of`]. Nothing is
    /// said about the time between jobs, in which there may be others.
    pub fn of_part(histories: &[(String, CareerHistory)], number: usize, text: &Text) -> Option<Self> {
        let career = Career { gaps: Vec::new(), ..Career::new(histories) };
        Some(Self { is_part: true, ..Self::drawn(career, number, text)? })
    }

    fn drawn(career: Career, number: usize, text: &Text) -> Option<Self> {
        if career.jobs.is_empty() && career.planned.is_empty() {
            return None;
        }
        let timeline = Timeline::new(&career, number, text).map(|timeline| timeline.html()).unwrap_or_default();
        let differences = career.disagreements.iter().map(|found| Difference::new(&career, found, text)).collect();
        Some(Self { career, timeline, differences, is_part: false, earlier_titles: Vec::new() })
    }

    /// Adds titles that jobs attested by `attester` had in earlier versions.
    pub fn add_earlier(&mut self, attester: &str, titles: &[EarlierTitle]) {
        self.earlier_titles.extend(titles.iter().map(|title| (attester.to_owned(), title.clone())));
    }

    /// Returns one sentence for each earlier title or category of `job`, as HTML.
    pub fn earlier_titles(&self, text: &Text, job: &Job) -> Vec<String> {
        let concerned = self
            .earlier_titles
            .iter()
            .filter(|(attester, title)| *attester == job.attester && title.concerns(&job.employment));
        concerned.map(|(_, title)| earlier_title(text, title)).collect()
    }

    /// Returns the total experience in words, with a note if any months overlap. If some jobs are
    /// not shown, it is called that of those shown.
    pub fn total(&self, text: &Text) -> String {
        if self.career.total_months == 0 {
            return text.of("career-total-none");
        }
        let months: i32 = self.career.jobs.iter().map(Job::months).sum();
        let has_overlap = months > self.career.total_months;
        let key = match (self.is_part, has_overlap) {
            (false, false) => "career-total",
            (false, true) => "career-total-overlap",
            (true, false) => "career-total-shown",
            (true, true) => "career-total-shown-overlap",
        };
        text.with(key, &[("duration", &text.duration(self.career.total_months))])
    }

    /// Returns the career of `shown` only, with its contradictions to `others`, which are shown
    /// beside it in the wallet.
    pub fn beside(shown: &CredentialView, others: &[CredentialView], text: &Text) -> Option<Self> {
        let alone = Self::new(std::slice::from_ref(shown), text)?;
        let together = Career::new(&histories(others));
        let concerns = |found: &&Disagreement| found.jobs.iter().any(|at| together.jobs[*at].attester == shown.partner);
        let differences = together.disagreements.iter().filter(concerns);
        let differences = differences.map(|found| Difference::new(&together, found, text)).collect();
        Some(Self { differences, ..alone })
    }
}

fn histories(shown: &[CredentialView]) -> Vec<(String, CareerHistory)> {
    shown.iter().flat_map(|shown| said_by(&shown.partner, &shown.view)).collect()
}

/// Returns the careers among `blocks`, each with its attester.
pub fn said_by(attester: &str, blocks: &[Block]) -> Vec<(String, CareerHistory)> {
    let history = |block: &Block| match block {
        Block::Career(history) => Some((attester.to_owned(), history.clone())),
        _ => None,
    };
    blocks.iter().filter_map(history).collect()
}

impl Difference {
    fn new(career: &Career, found: &Disagreement, text: &Text) -> Self {
        let jobs: Vec<&Job> = found.jobs.iter().map(|at| &career.jobs[*at]).collect();
        let mut attesters: Vec<&str> = Vec::new();
        for job in &jobs {
            if !attesters.contains(&job.attester.as_str()) {
                attesters.push(&job.attester);
            }
        }
        let names = text.list(&attesters.into_iter().map(isolated).collect::<Vec<_>>());
        let said = |job: &&Job| {
            let names = [("partner", job.attester.as_str()), ("role", job.employment.role())];
            text.markup("career-differs-said", &names, &[("span", &span(text, job))])
        };
        let organisation = isolated(&found.organisation);
        let sentence = text.with_markup("career-differs", &[("partners", names), ("organisation", organisation)]);
        Self { sentence, said: jobs.iter().map(said).collect() }
    }
}

/// Says what the title or category of a job was before, and until when, as HTML.
fn earlier_title(text: &Text, title: &EarlierTitle) -> String {
    let key = match (title.kind, &title.before) {
        (TitleKind::Title, Some(_)) => "job-title-until",
        (TitleKind::Title, None) => "job-title-none-until",
        (TitleKind::Category, Some(_)) => "job-category-until",
        (TitleKind::Category, None) => "job-category-none-until",
    };
    let before = title.before.as_deref().unwrap_or_default();
    text.markup(key, &[("before", before)], &[("month", &text.month(title.until))])
}

/// Describes a job in one line, like "Baker, Company A, Jan 2020 to Dec 2022".
pub(super) fn in_one_line(text: &Text, employment: &Employment) -> String {
    let job = Job { attester: String::new(), employment: employment.clone(), lane: 0 };
    let period =
        period(text, &job, ["detail-job-planned", "detail-job-open-planned", "detail-job-open", "detail-job-span"]);
    let (role, organisation) = (isolated_text(employment.role()), isolated_text(&employment.organisation));
    text.with("detail-job", &[("role", role.as_str()), ("organisation", &organisation), ("period", &period)])
}

/// Describes the period of a job.
pub fn span(text: &Text, job: &Job) -> String {
    period(text, job, ["job-planned", "job-open-planned", "job-open", "job-span"])
}

/// Describes the period of a job with the text of one of the keys: for a job that has not begun,
/// that is open with a planned end, that is open, and that has ended.
fn period(text: &Text, job: &Job, [planned, open_planned, open, ended]: [&str; 4]) -> String {
    let (start, last) = (text.short_month(job.start()), text.short_month(job.last()));
    let end = job.employment.planned_end().map(|end| text.short_month(end));
    let values = [("start", start.as_str()), ("last", &last), ("end", end.as_deref().unwrap_or_default())];
    if !job.employment.has_begun() {
        text.with(planned, &values)
    } else if end.is_some() {
        text.with(open_planned, &values)
    } else if job.is_open() {
        text.with(open, &values)
    } else if job.start() == job.last() {
        start
    } else {
        text.with(ended, &values)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(start: &str, end: &str) -> Value {
        let mut job = json!({ "organisation": "A", "role_title": "B", "start_date": start, "end_date": end });
        job["last_processed_month"] = end.into();
        job
    }

    fn histories(employment: &[Value]) -> [(String, CareerHistory); 1] {
        let fields = json!({ "full_name": "Jane Roe", "employment": employment });
        [("Acme Payroll".to_owned(), CareerHistory::from_fields(&fields).expect("a career"))]
    }

    /// Returns the total of jobs with these first and last months.
    fn total(jobs: &[(&str, &str)]) -> String {
        let employment: Vec<Value> = jobs.iter().map(|(start, end)| job(start, end)).collect();
        let text = Text::default();
        CareerView::of(&histories(&employment), 1, &text).expect("jobs").total(&text)
    }

    #[test]
    fn part_of_a_career_has_no_gaps_and_its_own_total() {
        let (text, with_gap) = (Text::default(), [job("2008-01", "2009-12"), job("2020-01", "2020-12")]);
        let [whole, part] =
            [CareerView::of, CareerView::of_part].map(|view| view(&histories(&with_gap), 1, &text).expect("jobs"));
        assert_eq!((whole.career.gaps.len(), part.career.gaps.len()), (1, 0));
        assert!(whole.timeline.contains("Gap of 10 years from January 2010."), "{}", whole.timeline);
        assert!(!part.timeline.to_lowercase().contains("gap"), "{}", part.timeline);
        assert_eq!(whole.total(&text), "3 years of experience.");
        assert_eq!(part.total(&text), "3 years of experience in the jobs shown.");
        let overlapping = [job("2020-01", "2020-12"), job("2020-07", "2021-06")];
        let part = CareerView::of_part(&histories(&overlapping), 1, &text).expect("jobs");
        assert_eq!(
            part.total(&text),
            "1 year 6 months of experience in the jobs shown. Overlapping months counted once."
        );
    }

    #[test]
    fn planned_job_is_no_experience() {
        let mut planned = job("2027-05", "2026-11");
        planned["end_date"] = Value::Null;
        let text = Text::default();
        let view = CareerView::of(&histories(&[planned]), 1, &text).expect("a job");
        assert_eq!(view.total(&text), "No confirmed months of work yet.");
    }

    #[test]
    fn total_mentions_overlaps_only_if_there_are_any() {
        assert_eq!(total(&[("2020-01", "2020-12"), ("2021-01", "2021-06")]), "1 year 6 months of experience.");
        assert_eq!(
            total(&[("2020-01", "2020-12"), ("2020-07", "2021-06")]),
            "1 year 6 months of experience. Overlapping months counted once."
        );
    }
}
