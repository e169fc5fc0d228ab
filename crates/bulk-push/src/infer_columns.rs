//! Infers which column fills which field from the column names that payroll and HR systems use:
//! those in `column_names`.

use unicode_normalization::UnicodeNormalization as _;

pub use crate::column_names::{CREDENTIAL_ID, EMAIL, FAMILY_FIRST, PERSON, REPLACES, WEAK_PERSON};
use crate::column_names::{FAMILY_NAME, FULL_NAME, GIVEN_NAME, MIDDLE_NAME, OTHERS, SHOWN_NAME, more};
use crate::date_pattern::Pattern;
use crate::word_lists::is_in;

/// Normalizes a name: case, spaces, punctuation and the Unicode form are ignored.
pub fn folded(name: &str) -> String {
    name.nfc().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Splits the format of dates off a name, such as in `Start date (dd/mm/yyyy)`.
pub fn split_format(name: &str) -> (&str, Option<String>) {
    let split = name.trim_end().strip_suffix(')').and_then(|name| name.rsplit_once('('));
    let format = split.map(|(name, format)| (name.trim(), format.trim().to_uppercase()));
    match format.filter(|(name, format)| !name.is_empty() && Pattern::parse(format).is_ok()) {
        Some((name, format)) => (name, Some(format)),
        None => (name, None),
    }
}

/// Normalizes the name of a column, without a format of dates.
pub fn folded_name(name: &str) -> String {
    folded(split_format(name).0)
}

/// Returns whether a column called `Organization` may be a department: exports of Workday and
/// Talenta have such columns beside it.
pub fn is_unit(header: &[String], column: usize) -> bool {
    const BESIDE: [&str; 9] = [
        "workdayid",
        "managerworkdayid",
        "worker",
        "workerstatus",
        "workertype",
        "jobposition",
        "joblevel",
        "statusemployee",
        "supervisoryorganization",
    ];
    let name = folded_name(&header[column]);
    let is_beside = |name: &String| BESIDE.contains(&&*folded(name));
    matches!(&*name, "organization" | "organizationname") && header.iter().any(is_beside)
}

/// Returns whether a name is one that a field or the person column may have.
pub fn is_known(name: &str) -> bool {
    let name = folded_name(name);
    let names = OTHERS.iter().flat_map(|(field, others)| std::iter::once(field).chain(others.iter()));
    let lists = [PERSON, CREDENTIAL_ID, EMAIL, FULL_NAME, GIVEN_NAME, MIDDLE_NAME, FAMILY_NAME];
    let fields = more::FIELDS.iter().map(|(_, names)| *names);
    let mut further = fields.chain([more::PERSON, more::FULL_NAME, more::GIVEN_NAME, more::MIDDLE_NAME]);
    !name.is_empty()
        && (names.chain(lists.into_iter().flatten()).any(|known| folded(known) == name)
            || further.any(|list| is_in(list, &name)))
}

/// Adds further names behind the usual ones.
fn with_more(usual: &[&'static str], more: &'static str) -> Vec<&'static str> {
    usual.iter().copied().chain(more.split_whitespace()).collect()
}

/// Returns the names of the person column, the most likely first. The last ones may be others.
pub fn person_names() -> Vec<&'static str> {
    let (last, usual): (Vec<&'static str>, Vec<&'static str>) =
        PERSON.iter().copied().partition(|name| matches!(folded(name).as_str(), "employee" | WEAK_PERSON));
    [with_more(&usual, more::PERSON), last].concat()
}

/// Returns the names that a field may have besides its own, the most likely first.
fn names_of(field: &str) -> Vec<&'static str> {
    let usual = OTHERS.iter().find(|(known, _)| *known == field).map_or(&[][..], |(_, names)| *names);
    let further = more::FIELDS.iter().find(|(known, _)| *known == field).map_or("", |(_, names)| *names);
    with_more(usual, further)
}

/// Returns the column for the first of `names` that exists and is `free`, or the error that two
/// columns have that name.
pub fn column(
    header: &[String],
    names: &[&str],
    free: impl Fn(usize) -> bool,
) -> Result<Option<usize>, DuplicateNameError> {
    for name in names {
        let wanted = folded(name);
        let mut found = (0..header.len()).filter(|column| free(*column) && folded_name(&header[*column]) == wanted);
        match (found.next(), found.next()) {
            (Some(_), Some(second)) => return Err(DuplicateNameError(second)),
            (Some(first), None) => return Ok(Some(first)),
            (None, _) => {}
        }
    }
    Ok(None)
}

/// A column whose name an earlier column has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateNameError(pub usize);

/// Returns the names of an end that are clear because one of a start stands beside them, as DATEV
/// writes them. Alone they may be something else.
fn ends_beside(header: &[String]) -> Vec<&'static str> {
    let has = |names: &str| header.iter().any(|name| names.split_whitespace().any(|known| known == folded_name(name)));
    let beside = more::ENDS_BESIDE.into_iter().filter(|(starts, _)| has(starts));
    beside.flat_map(|(_, ends)| ends.split_whitespace()).collect()
}

/// Returns the columns that fill the field `leaf`, whose full path is `path`.
pub fn columns(
    header: &[String],
    leaf: &str,
    path: &str,
    free: impl Fn(usize) -> bool,
) -> Result<Vec<usize>, DuplicateNameError> {
    let is_free = |column: usize| free(column) && !(leaf == "organisation" && is_unit(header, column));
    let one = |names: &[&str]| column(header, names, is_free);
    let found = match one(&[path, leaf])? {
        None => one(&names_of(leaf))?,
        found => found,
    };
    let found = if found.is_none() && leaf == "end_date" { one(&ends_beside(header))? } else { found };
    if found.is_some() || leaf != "full_name" {
        return Ok(found.into_iter().collect());
    }
    if let Some(whole) = one(&with_more(FULL_NAME, more::FULL_NAME))? {
        return Ok(vec![whole]);
    }
    if let (Some(given), Some(family)) = (one(&with_more(GIVEN_NAME, more::GIVEN_NAME))?, one(FAMILY_NAME)?) {
        let middle = one(&with_more(MIDDLE_NAME, more::MIDDLE_NAME))?;
        return Ok([Some(given), middle, Some(family)].into_iter().flatten().collect());
    }
    Ok(one(&with_more(SHOWN_NAME, more::SHOWN_NAME))?.into_iter().collect())
}

/// Returns whether a name is that of a column with a known part of the full name.
pub fn is_known_part(name: &str) -> bool {
    let lists = [FULL_NAME, GIVEN_NAME, MIDDLE_NAME, FAMILY_NAME];
    let further = [more::FULL_NAME, more::GIVEN_NAME, more::MIDDLE_NAME];
    lists.into_iter().flatten().any(|known| folded(known) == name)
        || further.into_iter().flat_map(str::split_whitespace).any(|known| known == name)
}

/// Returns whether a name is one that the field may have.
pub fn is_name_of(field: &str, name: &str) -> bool {
    let name = folded_name(name);
    std::iter::once(field).chain(names_of(field)).any(|known| folded(known) == name)
}

/// Returns whether a name is that of a column with given or middle names.
pub fn is_given_name(name: &str) -> bool {
    let name = folded_name(name);
    let further = [more::GIVEN_NAME, more::MIDDLE_NAME];
    [GIVEN_NAME, MIDDLE_NAME].into_iter().flatten().any(|known| folded(known) == name)
        || further.into_iter().flat_map(str::split_whitespace).any(|known| known == name)
}

/// Returns a free column with the middle name, if the full name is joined from others without it.
pub fn unused_middle_name(header: &[String], full_name: &[usize], free: impl Fn(usize) -> bool) -> Option<usize> {
    let is = |column: usize, names: &[&str]| names.iter().any(|name| folded(name) == folded(&header[column]));
    let (given, middle) = (with_more(GIVEN_NAME, more::GIVEN_NAME), with_more(MIDDLE_NAME, more::MIDDLE_NAME));
    let is_split = full_name.iter().any(|column| is(*column, &given));
    let is_left_out = |column: &usize| !full_name.contains(column) && free(*column) && is(*column, &middle);
    (0..header.len()).find(|column| is_split && is_left_out(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_inferred_from_common_names() {
        let header: Vec<String> =
            ["Employee No.", "Name", "First-Name", "SURNAME", "Job Title", "Title", "Hire date", "E-Mail"]
                .map(Into::into)
                .into();
        let any = |_| true;
        let of = |header: &[String], name| columns(header, name, name, any);
        assert_eq!(column(&header, PERSON, any), Ok(Some(0)));
        assert_eq!(column(&header, EMAIL, any), Ok(Some(7)));
        assert_eq!(of(&header, "full_name"), Ok(vec![2, 3]), "two columns say more than one called Name");
        assert_eq!(of(&header, "role_title"), Ok(vec![4]), "a Title may be Dr");
        assert_eq!(of(&header, "start_date"), Ok(vec![6]));
        assert_eq!(columns(&header, "start_date", "start_date", |column| column != 6), Ok(Vec::new()));
        assert_eq!(of(&header[..2], "full_name"), Ok(vec![1]));
        assert_eq!(of(&header, "end_date"), Ok(Vec::new()));
    }

    #[test]
    fn middle_names_are_joined_and_repeated_names_are_refused() {
        let header: Vec<String> =
            ["Last Name", "Middle Name", "First Name", "Start date", "Start Date"].map(Into::into).into();
        assert_eq!(columns(&header, "full_name", "full_name", |_| true), Ok(vec![2, 1, 0]));
        assert_eq!(columns(&header, "start_date", "start_date", |_| true), Err(DuplicateNameError(4)));
        assert_eq!(columns(&header, "start_date", "start_date", |column| column != 4), Ok(vec![3]));
    }

    #[test]
    fn names_in_either_unicode_form_are_the_same() {
        assert_eq!(folded("Pre\u{301}nom"), folded("Pr\u{e9}nom"));
        assert!(is_known("EMPLOYEE NO.") && is_known("Job Title") && !is_known("IBAN") && !is_known("--"));
    }

    #[test]
    fn formats_are_no_part_of_a_name() {
        assert_eq!(split_format("Start date (dd/mm/yyyy)"), ("Start date", Some("DD/MM/YYYY".to_owned())));
        for name in ["First (& Middle) Name", "Hours (hh:mm)", "(dd/mm/yyyy)", "Salary (AUD)", "Name"] {
            assert_eq!(split_format(name), (name, None), "{name}");
        }
    }

    #[test]
    fn names_in_other_languages_and_systems_are_known() {
        for (name, field) in [
            ("HIRE_DT", "start_date"),
            ("Eintrittsdatum", "start_date"),
            ("EffectiveEndDate", "end_date"),
            ("Date of exit", "end_date"),
            ("LegalEmployerName", "organisation"),
            ("T\u{e4}tigkeit", "role_title"),
            ("Ausge\u{fc}bte T\u{e4}tigkeit", "role_title"),
            ("Gesellschaft", "organisation"),
            ("Einstellungsdatum", "start_date"),
            ("Eintritt", "start_date"),
            ("Entry date", "start_date"),
            ("Employment Leave Date", "end_date"),
        ] {
            assert!(is_name_of(field, name), "{name}");
        }
    }

    #[test]
    fn ends_of_datev_stand_beside_a_start() {
        let header = |names: [&str; 2]| -> Vec<String> { names.map(Into::into).into() };
        let of = |header: &[String]| columns(header, "end_date", "end_date", |_| true);
        assert_eq!(of(&header(["Eintritt", "Austritt"])), Ok(vec![1]));
        assert_eq!(of(&header(["Hire date", "Austritt"])), Ok(Vec::new()));
        assert_eq!(column(&header(["Pers.No.", "Entry"]), PERSON, |_| true), Ok(Some(0)));
    }

    #[test]
    fn organizations_of_workday_may_be_departments() {
        let header = |names: [&str; 3]| -> Vec<String> { names.map(Into::into).into() };
        let of = |header: &[String]| columns(header, "organisation", "organisation", |_| true);
        assert_eq!(of(&header(["Employee ID", "Organization", "Job title"])), Ok(vec![1]));
        assert_eq!(of(&header(["Workday ID", "Organization", "Job title"])), Ok(Vec::new()));
        assert_eq!(of(&header(["Workday ID", "Organization", "Company"])), Ok(vec![2]));
    }

    #[test]
    fn parts_of_a_legal_name_go_before_a_shown_name() {
        let header: Vec<String> = ["Worker", "Legal First Name", "Legal Last Name"].map(Into::into).into();
        assert_eq!(columns(&header, "full_name", "full_name", |_| true), Ok(vec![1, 2]));
        assert_eq!(columns(&header[..1], "full_name", "full_name", |_| true), Ok(vec![0]));
    }
}
