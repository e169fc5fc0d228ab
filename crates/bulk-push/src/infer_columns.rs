//! Infers which column fills which field from the column names that payroll and HR systems use:
//! ADP, ERPNext, Gusto, KeyPay, MYOB, OrangeHRM, Talenox, Workday, Xero and others.

use unicode_normalization::UnicodeNormalization as _;

/// Names of the column that identifies the person, the most likely first.
pub const PERSON: &[&str] = &[
    "person",
    "person id",
    "person no",
    "person number",
    "personnel number",
    "personnel no",
    "personnel id",
    "employee id",
    "employee no",
    "employee number",
    "employee code",
    "emp id",
    "emp no",
    "emp code",
    "staff id",
    "staff no",
    "staff number",
    "worker id",
    "payroll id",
    "payroll no",
    "payroll number",
    "payroll ref",
    "workday id",
    "associate id",
    "file number",
    "file no",
    "file #",
    "card id",
    "employee card id",
    "emp #",
    "employee #",
    "staff code",
    "worker no",
    "worker number",
    "works number",
    "external id",
    "employee external id",
    "employee",
    "id",
];

/// A person column that was inferred from this name may number the rows instead.
pub const WEAK_PERSON: &str = "id";

/// Names of the column with the credential's id.
pub const CREDENTIAL_ID: &[&str] = &["credential id"];

/// Names of the column with the id of the credential that a row updates.
pub const REPLACES: &[&str] = &["replaces"];

/// Names of the column with the email address.
pub const EMAIL: &[&str] =
    &["email", "email address", "e mail", "mail", "personal email", "private email", "work email"];

/// The name of the column in which ADP writes "Family, Given".
pub const FAMILY_FIRST: &str = "payroll name";

/// Names of a column with the full name.
const FULL_NAME: &[&str] = &[
    "full name",
    "employee name",
    "employee full name",
    "person name",
    "legal name",
    "full legal name",
    "worker name",
    "worker",
];
/// Names of a column with the given name.
const GIVEN_NAME: &[&str] = &[
    "legal first name",
    "given name",
    "given names",
    "first name",
    "first names",
    "first & middle name",
    "first (& middle) name",
    "forename",
    "forenames",
];
/// Names of a column with the middle name.
const MIDDLE_NAME: &[&str] = &[
    "legal middle name",
    "middle name",
    "middle names",
    "middle initial",
    "middle initials",
    "middle",
    "mi",
    "other names",
    "additional names",
    "second name",
    "second given name",
];
/// Names of a column with the family name.
const FAMILY_NAME: &[&str] = &["legal last name", "family name", "last name", "last names", "surname", "co./last name"];

/// Alternative names of fields. A field's own name always matches.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "organisation",
        &[
            "organization",
            "company",
            "company name",
            "employer",
            "employer name",
            "legal entity",
            "business name",
            "entity",
            "company description",
            "legal company name",
            "pay group description",
            "employing entity",
            "organization name",
            "organisation name",
        ],
    ),
    (
        "role_title",
        &[
            "job title",
            "job title description",
            "position title",
            "business title",
            "job profile",
            "position",
            "job",
            "role",
            "occupation",
            "designation",
            "current job title",
        ],
    ),
    (
        "role_classification",
        &[
            "classification",
            "employment classification",
            "job classification",
            "job family",
            "job category",
            "occupation group",
            "job group",
        ],
    ),
    (
        "start_date",
        &[
            "start",
            "date started",
            "start month",
            "hire date",
            "date of joining",
            "joined date",
            "original hire date",
            "employment start date",
            "employee start date",
            "job start date",
            "position start date",
            "date employed",
            "date hired",
            "hired date",
            "date of hire",
            "commencement date",
            "joining date",
            "join date",
            "joined",
            "employment start",
            "from",
            "from date",
            "date from",
            "valid from",
        ],
    ),
    (
        "end_date",
        &[
            "end",
            "date ended",
            "end month",
            "termination date",
            "relieving date",
            "terminated date",
            "date terminated",
            "date of termination",
            "separation date",
            "exit date",
            "date of leaving",
            "last day of service",
            "last day of work",
            "last working day",
            "last day",
            "employment end date",
            "employee end date",
            "job end date",
            "position end date",
            "resignation date",
            "resign date",
            "cessation date",
            "dismissal date",
            "date dismissed",
            "leaving date",
            "leave date",
            "date left",
            "left",
            "finish date",
            "employment end",
            "to",
            "to date",
            "date to",
            "until",
            "valid to",
            "contract end date",
        ],
    ),
    (
        "last_processed_month",
        &[
            "last processed",
            "processed month",
            "last pay period",
            "pay period end date",
            "pay period ending",
            "pay period end",
            "period ending",
            "period end date",
            "period end",
            "last payment date",
            "payroll month",
            "payroll period",
            "pay month",
            "pay period",
            "last paid",
            "last pay date",
            "last payroll",
            "data as of",
            "as of",
        ],
    ),
    ("education_provider", &["provider", "institution", "university", "school"]),
    ("course_name", &["course", "programme", "program", "degree", "qualification"]),
    ("issuer_name", &["issuer", "issued by", "issuing body"]),
    ("issue_date", &["issued", "date issued", "issued on"]),
    (
        "expiry_date",
        &[
            "expires",
            "expires on",
            "expiry",
            "expiration",
            "expiration date",
            "valid until",
            "valid to",
            "valid through",
        ],
    ),
];

/// Normalizes a name: case, spaces, punctuation and the Unicode form are ignored.
pub fn folded(name: &str) -> String {
    name.nfc().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns whether a name is one that a field or the person column may have.
pub fn is_known(name: &str) -> bool {
    let name = folded(name);
    let names = OTHERS.iter().flat_map(|(field, others)| std::iter::once(field).chain(others.iter()));
    let lists = [PERSON, CREDENTIAL_ID, EMAIL, FULL_NAME, GIVEN_NAME, MIDDLE_NAME, FAMILY_NAME];
    !name.is_empty() && names.chain(lists.into_iter().flatten()).any(|known| folded(known) == name)
}

/// Returns the column for the first of `names` that exists and is `free`, or the error that two
/// columns have that name.
pub fn column(header: &[String], names: &[&str], free: impl Fn(usize) -> bool) -> Result<Option<usize>, Twice> {
    for name in names {
        let wanted = folded(name);
        let mut found = (0..header.len()).filter(|column| free(*column) && folded(&header[*column]) == wanted);
        match (found.next(), found.next()) {
            (Some(_), Some(second)) => return Err(Twice(second)),
            (Some(first), None) => return Ok(Some(first)),
            (None, _) => {}
        }
    }
    Ok(None)
}

/// A column whose name an earlier column has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice(pub usize);

/// Returns the columns that fill the field `leaf`, whose full path is `path`.
pub fn columns(header: &[String], leaf: &str, path: &str, free: impl Fn(usize) -> bool) -> Result<Vec<usize>, Twice> {
    let others = OTHERS.iter().find(|(name, _)| *name == leaf).map_or(&[][..], |(_, others)| others);
    let one = |names: &[&str]| column(header, names, &free);
    let found = match one(&[path, leaf])? {
        None => one(others)?,
        found => found,
    };
    if found.is_some() || leaf != "full_name" {
        return Ok(found.into_iter().collect());
    }
    if let Some(whole) = one(FULL_NAME)? {
        return Ok(vec![whole]);
    }
    if let (Some(given), Some(family)) = (one(GIVEN_NAME)?, one(FAMILY_NAME)?) {
        return Ok([Some(given), one(MIDDLE_NAME)?, Some(family)].into_iter().flatten().collect());
    }
    Ok(one(&[FAMILY_FIRST, "name"])?.into_iter().collect())
}

/// Returns whether a name is that of a column with a known part of the full name.
pub fn is_known_part(name: &str) -> bool {
    let lists = [FULL_NAME, GIVEN_NAME, MIDDLE_NAME, FAMILY_NAME];
    name != "worker" && lists.into_iter().flatten().any(|known| folded(known) == name)
}

/// Returns whether a name is one that the field may have.
pub fn is_name_of(field: &str, name: &str) -> bool {
    let others = OTHERS.iter().find(|(known, _)| *known == field).map_or(&[][..], |(_, others)| others);
    let name = folded(name);
    std::iter::once(&field).chain(others).any(|known| folded(known) == name)
}

/// Returns a free column with the middle name, if the full name is joined from others without it.
pub fn unused_middle_name(header: &[String], full_name: &[usize], free: impl Fn(usize) -> bool) -> Option<usize> {
    let is = |column: usize, names: &[&str]| names.iter().any(|name| folded(name) == folded(&header[column]));
    let is_split = full_name.iter().any(|column| is(*column, GIVEN_NAME));
    let is_left_out = |column: &usize| !full_name.contains(column) && free(*column) && is(*column, MIDDLE_NAME);
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
        assert_eq!(columns(&header, "start_date", "start_date", |_| true), Err(Twice(4)));
        assert_eq!(columns(&header, "start_date", "start_date", |column| column != 4), Ok(vec![3]));
    }

    #[test]
    fn names_in_either_unicode_form_are_the_same() {
        assert_eq!(folded("Pre\u{301}nom"), folded("Pr\u{e9}nom"));
        assert!(is_known("EMPLOYEE NO.") && is_known("Job Title") && !is_known("IBAN") && !is_known("--"));
    }
}
