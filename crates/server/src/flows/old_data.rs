//! The sentence about jobs with old data, which the shared page, `tenure verify` and the result of
//! a verified token have in common.

use credential::OldJob;

use crate::i18n::{Text, isolated};

/// Maximum number of jobs named in the sentence; the others are counted.
const MAX_JOBS: usize = 3;

/// How the sentence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// As HTML, with each name isolated.
    Html,
    /// As plain text.
    Plain,
}

impl TextFormat {
    /// Returns the text of `key` with names, and with values in words of this server.
    fn fill(self, text: &Text, key: &str, names: &[(&'static str, &str)], values: &[(&'static str, String)]) -> String {
        let values: Vec<(&'static str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self {
            Self::Html => text.markup(key, names, &values),
            Self::Plain => text.with(key, &[names, values.as_slice()].concat()),
        }
    }
}

/// Returns which jobs have old data, and what to ask `name` for; empty without jobs.
///
/// A job whose planned end has passed may have ended then, earlier or later: the sentence says that
/// its end is not confirmed, not that it goes on (D-396).
pub fn sentence(jobs: &[OldJob], partner: &str, name: &str, text: &Text, format: TextFormat) -> String {
    let about = [("partner", partner), ("name", name)];
    match jobs {
        [] => String::new(),
        [job] => {
            let key = if job.passed_end.is_some() { "verdict-old-data-planned" } else { "verdict-old-data" };
            let [partner, name] = about;
            let organisation = ("organisation", job.organisation.as_str());
            format.fill(text, key, &[partner, name, organisation], &months(job, text))
        }
        jobs => {
            let jobs = ("jobs", list(jobs, text, format));
            match format {
                TextFormat::Html => {
                    let [partner, name] = about.map(|(key, value)| (key, isolated(value)));
                    text.with_markup("verdict-old-data-jobs", &[partner, name, jobs])
                }
                TextFormat::Plain => format.fill(text, "verdict-old-data-jobs", &about, &[jobs]),
            }
        }
    }
}

/// Returns the jobs as a list, like "A after May 2024, B after June 2024 and 2 more".
fn list(jobs: &[OldJob], text: &Text, format: TextFormat) -> String {
    let named = jobs.iter().take(MAX_JOBS).map(|job| {
        let key = if job.passed_end.is_some() { "verdict-old-job-planned" } else { "verdict-old-job" };
        format.fill(text, key, &[("organisation", job.organisation.as_str())], &months(job, text))
    });
    let mut all: Vec<String> = named.collect();
    let more = jobs.len().saturating_sub(MAX_JOBS);
    if more > 0 {
        all.push(text.count("verdict-more-jobs", i64::try_from(more).unwrap_or(i64::MAX)));
    }
    text.list(&all)
}

/// Returns the last month with data, and the planned end if it has passed.
fn months(job: &OldJob, text: &Text) -> Vec<(&'static str, String)> {
    let end = job.passed_end.map(|end| ("end", text.month(end)));
    std::iter::once(("month", text.month(job.data_to))).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(organisation: &str, data_to: &str, passed_end: Option<&str>) -> OldJob {
        let month = |text: &str| text.parse().expect("a month");
        OldJob { organisation: organisation.to_owned(), data_to: month(data_to), passed_end: passed_end.map(month) }
    }

    fn said(jobs: &[OldJob]) -> String {
        let text = Text::default();
        let plain = sentence(jobs, "Acme", "Ada", &text, TextFormat::Plain);
        let html = sentence(jobs, "Acme", "Ada", &text, TextFormat::Html);
        assert_eq!(html.replace("<bdi>", "").replace("</bdi>", ""), plain, "both forms have the same words");
        plain
    }

    #[test]
    fn one_job_goes_on_or_its_planned_end_is_not_confirmed() {
        assert_eq!(said(&[]), "");
        assert_eq!(
            said(&[job("A", "2024-05", None)]),
            "Acme has no data on A after May 2024, so the job may have ended since. Ask Ada for an update."
        );
        assert_eq!(
            said(&[job("A", "2024-05", Some("2025-01"))]),
            "Acme has no data on A after May 2024. Its planned end in January 2025 is not confirmed. \
             Ask Ada for an update."
        );
    }

    #[test]
    fn three_jobs_are_named_and_the_others_counted() {
        let jobs = [
            job("A", "2024-05", None),
            job("B", "2024-06", Some("2024-08")),
            job("C", "2024-07", None),
            job("D", "2024-08", None),
            job("E", "2024-09", None),
        ];
        for (count, list) in [
            (2, "A after May 2024 and B after June 2024 (planned end in August 2024)"),
            (3, "A after May 2024, B after June 2024 (planned end in August 2024) and C after July 2024"),
            (4, "A after May 2024, B after June 2024 (planned end in August 2024), C after July 2024 and 1 more"),
            (5, "A after May 2024, B after June 2024 (planned end in August 2024), C after July 2024 and 2 more"),
        ] {
            let rest = "What happened since is not confirmed. Ask Ada for an update.";
            assert_eq!(said(&jobs[..count]), format!("Acme has no data on {list}. {rest}"));
        }
    }

    #[test]
    fn names_are_isolated_in_html() {
        let jobs = [job("<A>", "2024-05", None), job("B", "2024-06", None)];
        let html = sentence(&jobs, "Acme & Co", "Ada", &Text::default(), TextFormat::Html);
        for part in ["<bdi>Acme &amp; Co</bdi>", "<bdi>&lt;A&gt;</bdi> after", "<bdi>Ada</bdi>"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
