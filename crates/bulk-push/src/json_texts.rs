//! The checks of the texts of a table, for a body of NDJSON. Programs fill such files from the same
//! systems.

use serde_json::Value;

use crate::infer_columns::folded;
use crate::left_titles::{self, TEXTS};
use crate::misplaced::{has_date_or_number, misplaced};
use crate::name_text::problem_of_name;
use crate::names;
use crate::rejected_row::RejectedRow;
use crate::row_code::RowCode;

/// Returns the problems with the name and with the texts of jobs. `employed` are texts that belong
/// to a job although they look like a remark.
pub fn problems(fields: &Value, employed: &[String]) -> Vec<RejectedRow> {
    let mut found = Vec::new();
    let name = fields.get("full_name").and_then(Value::as_str).unwrap_or_default();
    if let Some((code, message)) = problem_of_full_name(name) {
        found.push(problem("/fields/full_name".to_owned(), name, code, message));
    }
    let jobs = fields.get("employment").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, job) in jobs.iter().enumerate() {
        let is_open = job.get("end_date").is_none_or(Value::is_null);
        let month = job.get("last_processed_month").and_then(Value::as_str).unwrap_or_default();
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<i32>().ok());
        let month = (number(month.get(..4)).unwrap_or(i32::MIN), number(month.get(5..7)).unwrap_or(1));
        for field in TEXTS {
            let text = job.get(field).and_then(Value::as_str).unwrap_or_default();
            let is_told = || employed.iter().any(|known| folded(known) == folded(text));
            let pointer = format!("/fields/employment/{index}/{field}");
            let is_over = left_titles::has_remark(field, text) || left_titles::has_ended(field, text, month);
            if is_open && is_over && !is_told() {
                let message = "This says that the person left, but the job has no end_date. Fill it in, or remove the \
                               remark. If it belongs to the name, add --employed-status with the whole text.";
                found.push(problem(pointer, text, RowCode::StatusLeft, message.to_owned()));
            } else if let Some(what) = misplaced(field, text) {
                let message = format!("This is {what}, and no {}. Write the {0}.", field.replace('_', " "));
                found.push(problem(pointer, text, RowCode::TextGarbled, message));
            }
        }
    }
    found
}

fn problem_of_full_name(name: &str) -> Option<(RowCode, String)> {
    if name.is_empty() {
        return None;
    }
    if names::has_remark(name) || has_date_or_number(name) {
        let message = "The name has a remark, a date or a number. Write the name only. If the person left, give the job \
                       an end_date.";
        return Some((RowCode::NameRemark, message.to_owned()));
    }
    problem_of_name(name, "")
}

fn problem(pointer: String, value: &str, code: RowCode, message: String) -> RejectedRow {
    RejectedRow { pointer, value: value.to_owned(), code: code.as_str().to_owned(), message, ..RejectedRow::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(name: &str, job: &Value) -> Vec<(String, String)> {
        let fields = json!({ "full_name": name, "employment": [job] });
        let employed = ["Packer (left)".to_owned()];
        problems(&fields, &employed).into_iter().map(|found| (found.pointer, found.code)).collect()
    }

    #[test]
    fn remarks_and_dates_in_texts_are_refused() {
        for (field, text, code) in [
            ("role_title", "Driver (left)", "status.left"),
            ("role_title", "Resigned 31/12/2020", "status.left"),
            ("role_title", "Former clerk", "status.left"),
            ("organisation", "Co (former)", "status.left"),
            ("organisation", "Smith &amp; Co", "text.garbled"),
            ("role_title", "2018-01-01", "text.garbled"),
            ("organisation", "cy@x.example", "text.garbled"),
        ] {
            let mut job = json!({ "organisation": "A", "role_title": "Clerk" });
            job[field] = text.into();
            let pointer = format!("/fields/employment/0/{field}");
            assert_eq!(check("Ada Example", &job), [(pointer, code.to_owned())], "{text}");
        }
        let job = json!({ "organisation": "A", "role_title": "Clerk to 03/2020", "last_processed_month": "2020-10" });
        assert_eq!(check("Ada Example", &job).len(), 1, "the end is before the last month");
        let job = json!({ "organisation": "A", "role_title": "Clerk" });
        for (name, code) in [
            ("2018-01-01 Sample", "name.remark"),
            ("Ada Example (Past Employee)", "name.remark"),
            ("Andr&eacute; Example", "name.garbled"),
        ] {
            assert_eq!(check(name, &job), [("/fields/full_name".to_owned(), code.to_owned())], "{name}");
        }
    }

    #[test]
    fn ordinary_texts_and_jobs_with_an_end_are_accepted() {
        for job in [
            json!({ "organisation": "A", "role_title": "Clerk" }),
            json!({ "organisation": "A", "role_title": "Packer (left)", "end_date": null }),
            json!({ "organisation": "Co (former)", "role_title": "Driver (left)", "end_date": "2020-03" }),
            json!({ "organisation": "A", "role_classification": "11-2021" }),
        ] {
            assert!(check("Ada Example", &job).is_empty(), "{job}");
        }
        assert!(problems(&json!({ "full_name": "John Doe", "country": "SG" }), &[]).is_empty());
    }
}
