//! What unused columns say about credentials of other types than a career: that they ended, were
//! revoked, or never held.

use crate::employment_words::{is_no, is_valid};
use crate::infer_columns::folded;
use crate::likely_date::earliest;
use crate::plan::Plan;

/// Parts of the names of columns that say that a credential ended.
const REVOKED: [&str; 6] = ["revoked", "withdrawn", "cancelled", "canceled", "suspended", "lapsed"];

/// Parts of the names of columns with the end of a credential's validity.
const EXPIRY: [&str; 13] = [
    "expir",
    "validto",
    "validuntil",
    "validthrough",
    "validtill",
    "gooduntil",
    "lapse",
    "endofvalidity",
    "renewal",
    "renewby",
    "nextdue",
    "recertif",
    "revalidat",
];

/// Parts of the names of columns with the expiry of something else than a study or a test.
const OTHER_PAPERS: [&str; 6] = ["visa", "permit", "passport", "card", "insurance", "contract"];

/// Types that are about such papers.
const ABOUT_PAPERS: [&str; 2] = ["right_to_work", "digital_identity"];

/// Names of columns with the answer whether a person may work.
const WORK_RIGHTS: [&str; 8] = [
    "righttowork",
    "righttoworkcheck",
    "rtw",
    "rtwcheck",
    "workright",
    "workrights",
    "authorisedtowork",
    "authorizedtowork",
];

/// Returns whether a value says that a credential is not valid, or until when. `name` is the folded
/// name of its column.
pub fn is_invalid(plan: &Plan, column: usize, name: &str, value: &str) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let text = folded(value);
    let is_empty = matches!(value, "" | "-") || is_no(&text);
    let kind = plan.form.credential_type.name();
    let is_end = has(&REVOKED) && !is_empty;
    let has_ended = if plan.form.find("expiry_date").is_some() {
        has(&EXPIRY) && !is_empty
    } else {
        // No field takes the date, so only a past one matters.
        let is_about = ABOUT_PAPERS.contains(&kind) || !has(&OTHER_PAPERS);
        is_about && has(&EXPIRY) && is_past(plan, name, value)
    };
    let has_no_right =
        kind == "right_to_work" && WORK_RIGHTS.contains(&name) && (is_no(&text) || matches!(&*text, "none" | "nil"));
    is_end || has_ended || has_no_right || !is_valid(&plan.header[column], value)
}

/// Returns whether a value is a date that may have passed.
pub fn is_past(plan: &Plan, name: &str, value: &str) -> bool {
    let today = (i32::from(plan.today.year()), i32::from(plan.today.month()));
    earliest(value, name).is_some_and(|month| month <= today) && !plan.dates.is_ahead(value)
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(kind: &str, header: &str, value: &str) -> bool {
        let known: Type = kind.parse().expect("a type");
        let form = crate::form::TableForm::of(known);
        let required = form.targets.iter().enumerate().filter(|(_, target)| target.is_required);
        let constants = required.map(|(at, _)| (form.name(at), "x".to_owned())).collect();
        let mapping = Mapping { constants, ..Mapping::default() };
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&mapping, known, vec![header.to_owned()], false, today).expect("whole");
        is_invalid(&plan, 0, &folded(header), value)
    }

    #[test]
    fn missing_and_expired_work_rights_are_found() {
        for (header, value) in [
            ("Right to work", "No"),
            ("Work rights", "None"),
            ("Eligible", "No"),
            ("Permit", "Refused"),
            ("Visa end of validity", "2020-03-31"),
            ("Card valid until", "31/03/2020"),
            ("Cleared", "No"),
            ("Decision", "Rejected"),
        ] {
            assert!(check("right_to_work", header, value), "{header}: {value}");
        }
        for (header, value) in [
            ("Right to work", "Yes"),
            ("Right to work", ""),
            ("Visa", "Skilled Worker"),
            ("Visa", "None"),
            ("Card valid until", "2030-01-31"),
            ("Eligible for rehire", "No"),
            ("Decision", "Accepted"),
        ] {
            assert!(!check("right_to_work", header, value), "{header}: {value}");
        }
    }

    #[test]
    fn other_types_ignore_columns_about_work_rights() {
        assert!(check("education", "Conferred", "No"));
        assert!(!check("education", "Visa expiry", "2020-03-31") && !check("education", "Work rights", "None"));
    }
}
