//! `career_history`: who worked where, as what, from when to when, and up to which month that is known.
//!
//! The mission's own page states the members and their rules; partner-api section 5 completes them.

use serde_json::{Value, json};

use crate::asset::NO_ASSETS;
use crate::career::CareerHistory;
use crate::context::Context;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, V1, no_advice};
use crate::fault::{Code, Faults};
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape};
use crate::version::Relation;
use crate::view::Block;
use crate::year_month::YearMonth;

/// The type's declaration.
pub static CAREER_HISTORY: CredentialType = CredentialType {
    name: "career_history",
    redirect_name: "careerHistory",
    write_scope: "write.career_history",
    read_scope: "read.career_history",
    title: "Career history",
    summary: "Where a person worked, as what, from when to when, and up to which month this is known.",
    fields: FIELDS,
    assets: &NO_ASSETS,
    v1: Some(V1 { document_types: &[("none", None)], older: None }),
    batch: BatchMember::One("career_history"),
    rules,
    advice: no_advice,
    headline,
    view,
    compared: &[],
    achievement: None,
    relation,
    sample,
};

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "employment",
        shape: Shape::List { of: &Shape::Object(EMPLOYMENT), least: 1, most: 500 },
        presence: Presence::Required,
        meaning: "The jobs, in any order; jobs may overlap.",
        example: "",
    },
];

const EMPLOYMENT: &[Member] = &[
    Member {
        name: "organisation",
        shape: Shape::Text,
        presence: Presence::Required,
        meaning: "Name of the company or employer.",
        example: r#""Company A""#,
    },
    Member {
        name: "role_classification",
        shape: Shape::Text,
        presence: Presence::Optional,
        meaning: "Category or type of the position held. This or role_title is needed; both are recommended.",
        example: r#""Software Engineer""#,
    },
    Member {
        name: "role_title",
        shape: Shape::Text,
        presence: Presence::Optional,
        meaning: "Official job title for the employment period. This or role_classification is needed; both are recommended.",
        example: r#""Associate Software Engineer""#,
    },
    Member {
        name: "start_date",
        shape: Shape::YearMonth,
        presence: Presence::Required,
        meaning: "Month the employment began, YYYY-MM.",
        example: r#""2020-01""#,
    },
    Member {
        name: "end_date",
        shape: Shape::YearMonth,
        presence: Presence::Nullable,
        meaning: "Month the employment ended, YYYY-MM; null or left out: still employed as of last_processed_month.",
        example: r#""2022-12""#,
    },
    Member {
        name: "last_processed_month",
        shape: Shape::YearMonth,
        presence: Presence::Required,
        meaning: "Most recent month for which employment data was updated, YYYY-MM.",
        example: r#""2023-01""#,
    },
];

fn rules(fields: &Value, path: &Path<'_>, context: &Context<'_>, faults: &mut Faults) {
    let list = Path::Member(path, "employment");
    let latest = YearMonth::latest_on_earth(context.now);
    for (index, job) in fields["employment"].as_array().into_iter().flatten().enumerate() {
        if job.is_object() {
            job_rules(job, &Path::Item(&list, index), latest, faults);
        }
    }
}

fn job_rules(job: &Value, path: &Path<'_>, latest: YearMonth, faults: &mut Faults) {
    if job.get("role_title").is_none() && job.get("role_classification").is_none() {
        faults.add(path, Code::OneOfMissing, || {
            "A job needs role_title or role_classification; send both if you have both.".to_owned()
        });
    }
    let month = |name: &str| job[name].as_str().and_then(|text| text.parse::<YearMonth>().ok());
    let start = month("start_date");
    for (name, what) in [("end_date", "The end"), ("last_processed_month", "The last processed month")] {
        if let (Some(start), Some(month)) = (start, month(name))
            && month < start
        {
            let message =
                || format!("{what}, {month}, lies before the start, {start}; write {start} or a later month.");
            faults.add(&Path::Member(path, name), Code::DateOrder, message).received(&job[name]);
        }
    }
    if let Some(last) = month("last_processed_month").filter(|last| *last > latest) {
        faults
            .add(&Path::Member(path, "last_processed_month"), Code::DateFuture, || {
                format!(
                    "{last} has not begun anywhere on earth; the latest month that can have been processed is {latest}."
                )
            })
            .received(&job["last_processed_month"]);
    }
}

/// The present or latest job, and how many more.
fn headline(fields: &Value) -> String {
    let Ok(history) = CareerHistory::from_fields(fields) else { return String::new() };
    let latest =
        history.employment.iter().max_by_key(|job| (job.end_date.is_none(), job.known_until(), job.start_date));
    let Some(latest) = latest else { return history.full_name };
    let job = format!("{} at {}", latest.role(), latest.organisation);
    match history.employment.len() {
        1 => job,
        2 => format!("{job}, and one earlier job"),
        more => format!("{job}, and {} earlier jobs", more - 1),
    }
}

/// A career says everything that its partner knows, so a newer one covers what it repeats. Fields that cannot be read are
/// never replaced.
fn relation(newer: &Value, older: &Value) -> Relation {
    match (CareerHistory::from_fields(newer), CareerHistory::from_fields(older)) {
        (Ok(newer), Ok(older)) => newer.relation_to(&older),
        _ => Relation::Other,
    }
}

fn view(fields: &Value) -> Vec<Block> {
    CareerHistory::from_fields(fields).ok().map(Block::Career).into_iter().collect()
}

/// The sample of the mission's page.
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

    /// A headline over jobs given as title, start and end.
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
    }
}
