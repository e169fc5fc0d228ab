//! `career_history`: employers, roles, periods, and the last month with data.
//!
//! The mission's page defines the members and their rules; docs/partner-api.md section 5 completes
//! them.

use serde_json::{Value, json};

use crate::asset::NO_ASSETS;
use crate::career::{CareerHistory, Employment};
use crate::context::Context;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, Hint, V1, no_words};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::{Path, fields_pointer};
use crate::relation::Relation;
use crate::schema::{Member, Presence, Shape, is_misspelt};
use crate::view::Block;
use crate::year_month::YearMonth;

/// The declaration of the type.
pub static CAREER_HISTORY: CredentialType = CredentialType {
    name: "career_history",
    redirect_name: "careerHistory",
    write_scope: "write.career_history",
    read_scope: "read.career_history",
    title: "Career history",
    summary: "Jobs: the employer, the role, the start and end, and the month up to which the data is known.",
    fields: FIELDS,
    assets: &NO_ASSETS,
    v1: Some(V1 { document_types: &[("none", None)], older: None }),
    batch: BatchMember::One("career_history"),
    rules,
    advice,
    headline,
    view,
    words: no_words,
    compared: &[],
    achievement: None,
    relation,
    always_shown: &["/full_name"],
    items_apart: &[],
    item_labels: &[("/employment", "Job")],
    last_day: None,
    earlier_metadata: &[
        include_str!("published/career_history.1.json"),
        include_str!("published/career_history.2.json"),
    ],
    sample,
};

/// Maximum number of jobs.
const MAX_JOBS: usize = 500;

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "employment",
        shape: Shape::List { of: &Shape::Object(EMPLOYMENT), least: 1, most: MAX_JOBS },
        presence: Presence::Required,
        label: "Jobs",
        meaning: "The jobs, in any order. Jobs may overlap.",
        example: "",
    },
];

const EMPLOYMENT: &[Member] = &[
    Member {
        name: "organisation",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Employer",
        meaning: "The name of the company or employer.",
        example: r#""Company A""#,
    },
    Member {
        name: "role_classification",
        shape: Shape::Text,
        presence: Presence::Optional,
        label: "Type of role",
        meaning: "The category or type of the position. Either this or role_title is required; both are recommended.",
        example: r#""Software Engineer""#,
    },
    Member {
        name: "role_title",
        shape: Shape::Text,
        presence: Presence::Optional,
        label: "Job title",
        meaning: "The official job title. Either this or role_classification is required; both are recommended.",
        example: r#""Associate Software Engineer""#,
    },
    Member {
        name: "start_date",
        shape: Shape::YearMonth,
        presence: Presence::Required,
        label: "Start",
        meaning: "The month in which the employment began, YYYY-MM. Up to 12 months in the future for a signed contract.",
        example: r#""2020-01""#,
    },
    Member {
        name: "end_date",
        shape: Shape::YearMonth,
        presence: Presence::Nullable,
        label: "End",
        meaning: "The month in which the employment ended, YYYY-MM. Null or left out if the person was still employed as of last_processed_month.",
        example: r#""2022-12""#,
    },
    Member {
        name: "last_processed_month",
        shape: Shape::YearMonth,
        presence: Presence::Required,
        label: "Confirmed to",
        meaning: "The most recent month for which employment data was processed, YYYY-MM.",
        example: r#""2023-01""#,
    },
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    let list = Path::Member(path, "employment");
    let latest = YearMonth::latest_on_earth(context.now);
    for (index, job) in fields["employment"].as_array().into_iter().flatten().enumerate().take(MAX_JOBS) {
        if job.is_object() {
            job_rules(job, &Path::Item(&list, index), latest, field_errors);
        }
    }
}

/// How far ahead a start may be: the contract is already signed.
const MAX_MONTHS_AHEAD: i32 = 12;
/// How far ahead an end may be.
const MAX_YEARS_AHEAD: i32 = 100;

fn job_rules(job: &Node<'_>, path: &Path<'_>, latest: YearMonth, field_errors: &mut FieldErrors) {
    let has_room = field_errors.has_room();
    let is_misspelt = |name| has_room && job.as_object().is_some_and(|object| is_misspelt(name, object, EMPLOYMENT));
    if ["role_title", "role_classification"].iter().all(|name| job.get(name).is_none() && !is_misspelt(name)) {
        field_errors.add(path, Code::AnyOfMissing, || {
            "Either role_title or role_classification is required. Send both if you have both.".to_owned()
        });
    }
    let month = |name: &str| job[name].as_str().and_then(|text| text.parse::<YearMonth>().ok());
    let mut add = |name: &str, code: Code, message: String| {
        field_errors.add(&Path::Member(path, name), code, || message).received(&job[name]);
    };
    let (start, end, last) = (month("start_date"), month("end_date"), month("last_processed_month"));
    if let Some(start) = start.filter(|start| *start > latest.plus_months(MAX_MONTHS_AHEAD)) {
        let furthest = latest.plus_months(MAX_MONTHS_AHEAD);
        add(
            "start_date",
            Code::DateFuture,
            format!("{start} is too far in the future; the latest month allowed is {furthest}."),
        );
    }
    if let Some(end) = end.filter(|end| *end > latest.plus_months(12 * MAX_YEARS_AHEAD)) {
        let message = format!(
            "{end} is more than {MAX_YEARS_AHEAD} years in the future. Leave end_date out if there is no end yet."
        );
        add("end_date", Code::DateRange, message);
    }
    // A job in the future has no processed months. Its last processed month is then the date of the
    // information.
    let begun = start.filter(|start| *start <= latest);
    for (name, what, from, month) in
        [("end_date", "The end", start, end), ("last_processed_month", "The last processed month", begun, last)]
    {
        if let (Some(start), Some(month)) = (from, month)
            && month < start
        {
            let message =
                format!("{what} ({month}) must not be before the start ({start}). Use {start} or a later month.");
            add(name, Code::DateOrder, message);
        }
    }
    if let Some(last) = last.filter(|last| *last > latest) {
        let message = format!("{last} is in the future; the latest month allowed is {latest}.");
        add("last_processed_month", Code::DateFuture, message);
    }
}

/// Warns about a job that has not begun. Validation ensures that only such jobs start after their
/// last processed month.
fn advice(fields: &Node<'_>, id_pointer: &str) -> Vec<Hint> {
    // Valid months are compared as texts, because every push is checked for this.
    fn month<'a>(job: &'a Node<'_>, name: &str) -> &'a str {
        job[name].as_str().unwrap_or_default()
    }
    let has_begun = |job: &Node<'_>| month(job, "start_date") <= month(job, "last_processed_month");
    let jobs = fields["employment"].as_array().into_iter().flatten();
    let ahead = jobs.enumerate().find(|(_, job)| !has_begun(job));
    let warning = |(index, job): (usize, &Node<'_>)| {
        let pointer = format!("{}/employment/{index}", fields_pointer(id_pointer));
        Hint {
            code: "date.future_start",
            message: format!(
                "The job at {pointer} starts in {}, which is in the future. It is shown as planned and does not count \
                 as experience until you send data for it.",
                month(job, "start_date")
            ),
            pointer,
        }
    };
    ahead.map(warning).into_iter().collect()
}

/// Returns the current or latest job, and the number of earlier ones. Jobs that have not begun are
/// skipped, unless there is no other job.
fn headline(fields: &Value) -> String {
    let Ok(history) = CareerHistory::from_fields(fields) else { return String::new() };
    let begun = history.employment.iter().filter(|job| job.has_begun());
    let latest = begun.clone().max_by_key(|job| (job.end_date.is_none(), job.known_until(), job.start_date));
    let Some(latest) = latest else {
        let first = history.employment.iter().min_by_key(|job| job.start_date);
        let planned =
            |job: &Employment| format!("{} at {}, planned from {}", job.role(), job.organisation, job.start_date);
        return first.map_or(history.full_name.clone(), planned);
    };
    let job = format!("{} at {}", latest.role(), latest.organisation);
    match begun.count() {
        1 => job,
        2 => format!("{job}, and one earlier job"),
        more => format!("{job}, and {} earlier jobs", more - 1),
    }
}

/// Compares two careers. A career contains all jobs that its partner knows, so a newer one can
/// cover an older one. Fields that cannot be parsed are never replaced.
fn relation(newer: &Value, older: &Value) -> Relation {
    match (CareerHistory::from_fields(newer), CareerHistory::from_fields(older)) {
        (Ok(newer), Ok(older)) => newer.relation_to(&older),
        _ => Relation::Other,
    }
}

fn view(fields: &Value) -> Vec<Block> {
    CareerHistory::from_fields(fields).ok().map(Block::Career).into_iter().collect()
}

/// Returns the sample of the mission's page.
fn sample() -> Value {
    json!({
        "credential_id": "fa651300-b91a-49cb-8ee7-cac68b3fdf74",
        "fields": {
            "full_name": "John Doe",
            "employment": [
                {
                    "organisation": "Company A",
                    "role_classification": "Software Engineer",
                    "role_title": "Associate Software Engineer",
                    "start_date": "2020-01",
                    "end_date": "2022-12",
                    "last_processed_month": "2023-01"
                },
                {
                    "organisation": "Company B",
                    "role_classification": "Software Engineer",
                    "role_title": "Senior Software Engineer",
                    "start_date": "2023-02",
                    "last_processed_month": "2024-05"
                }
            ]
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the headline for jobs given as title, start and end.
    fn read(jobs: &[(&str, &str, Option<&str>)]) -> String {
        let job = |(title, start, end): &(&str, &str, Option<&str>)| json!({ "organisation": "A", "role_title": title, "start_date": start, "end_date": end, "last_processed_month": "2024-05" });
        headline(&json!({ "full_name": "John Doe", "employment": jobs.iter().map(job).collect::<Vec<_>>() }))
    }

    #[test]
    fn headline_is_the_present_job_or_the_one_that_ended_last() {
        let (baker, cook, clerk) =
            (("Baker", "2010-01", None), ("Cook", "2015-01", Some("2020-01")), ("Clerk", "2016-01", Some("2019-01")));
        assert_eq!(read(&[clerk]), "Clerk at A");
        assert_eq!(read(&[clerk, cook]), "Cook at A, and one earlier job");
        assert_eq!(read(&[cook, baker, clerk]), "Baker at A, and 2 earlier jobs");
        let planned = ("Manager", "2024-09", None);
        assert_eq!(read(&[planned, cook, clerk]), "Cook at A, and one earlier job");
        assert_eq!(read(&[planned]), "Manager at A, planned from 2024-09");
    }
}
