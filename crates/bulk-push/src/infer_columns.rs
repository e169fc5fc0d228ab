//! Infers which column fills which field from the column names that payroll and HR systems use.

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
    "employee",
    "id",
];

/// Names of the column with the credential's id.
pub const CREDENTIAL_ID: &[&str] = &["credential id"];

/// Names of the column with the id of the credential that a row updates.
pub const REPLACES: &[&str] = &["replaces"];

/// Names of the column with the email address.
pub const EMAIL: &[&str] =
    &["email", "email address", "e mail", "mail", "personal email", "private email", "work email"];

/// Names of a column with the full name.
const FULL_NAME: &[&str] = &["full name", "employee name", "person name", "legal name", "worker name"];
/// Names of a column with the given name.
const GIVEN_NAME: &[&str] =
    &["given name", "given names", "first name", "first names", "forename", "forenames", "firstname"];
/// Names of a column with the family name.
const FAMILY_NAME: &[&str] = &["family name", "last name", "surname", "lastname"];

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
        ],
    ),
    ("role_title", &["job title", "position title", "position", "job", "role", "occupation", "designation"]),
    (
        "role_classification",
        &["classification", "job classification", "job family", "job category", "occupation group", "job group"],
    ),
    (
        "start_date",
        &[
            "start",
            "date started",
            "start month",
            "hire date",
            "date hired",
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
        ],
    ),
    (
        "last_processed_month",
        &[
            "last processed",
            "processed month",
            "last pay period",
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
    ("expiry_date", &["expires", "expiry", "expiration date", "valid until"]),
];

/// Normalizes a name: case, spaces and punctuation are ignored.
pub fn folded(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the column for the first of `names` that exists and is `free`.
pub fn column(header: &[String], names: &[&str], free: impl Fn(usize) -> bool) -> Option<usize> {
    let is = |column: &usize, name: &str| free(*column) && folded(&header[*column]) == folded(name);
    names.iter().find_map(|name| (0..header.len()).find(|column| is(column, name)))
}

/// Returns the columns that fill the field `leaf`, whose full path is `path`.
pub fn columns(header: &[String], leaf: &str, path: &str, free: impl Fn(usize) -> bool) -> Vec<usize> {
    let others = OTHERS.iter().find(|(name, _)| *name == leaf).map_or(&[][..], |(_, others)| others);
    let one = |names: &[&str]| column(header, names, &free);
    if let Some(found) = one(&[path, leaf]).or_else(|| one(others)) {
        return vec![found];
    }
    if leaf != "full_name" {
        return Vec::new();
    }
    match (one(FULL_NAME), one(GIVEN_NAME), one(FAMILY_NAME)) {
        (Some(whole), ..) => vec![whole],
        (None, Some(given), Some(family)) => vec![given, family],
        _ => one(&["name"]).into_iter().collect(),
    }
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
        assert_eq!(column(&header, PERSON, any), Some(0));
        assert_eq!(column(&header, EMAIL, any), Some(7));
        assert_eq!(
            columns(&header, "full_name", "full_name", any),
            [2, 3],
            "two columns say more than one called Name"
        );
        assert_eq!(columns(&header, "role_title", "role_title", any), [4], "a Title may be Dr");
        assert_eq!(columns(&header, "start_date", "start_date", any), [6]);
        assert_eq!(columns(&header, "start_date", "start_date", |column| column != 6), [0; 0]);
        assert_eq!(columns(&header[..2], "full_name", "full_name", any), [1]);
        assert_eq!(columns(&header, "end_date", "end_date", any), [0; 0]);
    }
}
