//! The careers in several credentials as one picture and one list.

use credential::{Block, CareerHistory};

use super::timeline::Timeline;
use crate::flows::credential_view::CredentialView;
use crate::i18n::Text;
use store::domain::career::{Career, Disagreement, Job};

/// The careers of several credentials as one picture and one list.
#[derive(Clone, Debug)]
pub struct CareerView {
    /// The jobs, gaps and totals.
    pub career: Career,
    /// The picture; empty while no job has begun.
    pub timeline: String,
    /// Where attesters do not say the same.
    pub differences: Vec<Difference>,
}

/// Where attesters do not say the same, in words.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Who, and of which employer.
    pub sentence: String,
    /// What each of them says.
    pub said: Vec<String>,
}

impl CareerView {
    /// Of those of `shown` that hold a career; `None` where none does.
    pub fn new(shown: &[CredentialView], text: &Text) -> Option<Self> {
        Self::numbered(shown, 1, text)
    }

    /// Of those of `shown` that hold a career, as the `number`th career of its page; `None` where none does.
    pub fn numbered(shown: &[CredentialView], number: usize, text: &Text) -> Option<Self> {
        Self::of(&histories(shown), number, text)
    }

    /// Of what several attesters say, as the `number`th career of its page; `None` where nobody says anything.
    pub fn of(histories: &[(String, CareerHistory)], number: usize, text: &Text) -> Option<Self> {
        let career = Career::new(histories);
        if career.jobs.is_empty() && career.planned.is_empty() {
            return None;
        }
        let timeline = Timeline::new(&career, number, text).map(|timeline| timeline.html()).unwrap_or_default();
        let differences = career.disagreements.iter().map(|found| Difference::new(&career, found, text)).collect();
        Some(Self { career, timeline, differences })
    }

    /// Of `shown` alone, with what it says differently from `others`, which stand beside it in the wallet.
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

/// The careers among `blocks`, with who attests them.
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
        let names = match attesters.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, names)) => text.with("names-and", &[("names", &names.join(", ")), ("last", last)]),
            None => String::new(),
        };
        let said = |job: &&Job| {
            let values =
                [("partner", job.attester.as_str()), ("role", job.employment.role()), ("span", &span(text, job))];
            text.with("career-differs-said", &values)
        };
        let sentence = text.with("career-differs", &[("partners", &names), ("organisation", &found.organisation)]);
        Self { sentence, said: jobs.iter().map(said).collect() }
    }
}

/// From when to when a job was, in words.
pub fn span(text: &Text, job: &Job) -> String {
    let (start, last) = (text.month(job.start()), text.month(job.last()));
    let end = job.employment.planned_end().map(|end| text.month(end));
    let values = [("start", start.as_str()), ("last", &last), ("end", end.as_deref().unwrap_or_default())];
    if !job.employment.has_begun() {
        text.with("job-planned", &values)
    } else if end.is_some() {
        text.with("job-open-planned", &values)
    } else if job.is_open() {
        text.with("job-open", &values)
    } else if job.start() == job.last() {
        start
    } else {
        text.with("job-span", &values)
    }
}
