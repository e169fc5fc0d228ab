//! The mapping file: which columns fill which fields, and how the file is read.

use std::collections::BTreeMap;
use std::path::Path;

use credential::Shape;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::dates::{Dates, Reading};
use crate::error::Error;

/// The field whose value changes with every file.
const MONTH: &str = "last_processed_month";

/// The content of a mapping file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// The column that identifies the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The column with the credential's id. If absent, the id is derived from the person and the
    /// content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// The column with the id of the earlier credential that the row updates. If absent, no row
    /// updates one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The column with the address to mail the link to. If absent, nothing is mailed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The pattern of dates, such as DD/MM/YYYY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// The separator of cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// The encoding, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Rows above the header. If absent, the header is found by its names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u32>,
    /// Whether an end such as `None` or dashes means that there is no end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_end: bool,
    /// Whether a job may start in the future.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_future_start: bool,
    /// Whether rows may have fewer cells than the header.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_short_rows: bool,
    /// Columns that are deliberately not used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Ignored columns that had values of people who left when the mapping was saved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_left: Vec<String>,
    /// Values of statuses that mean that a person is employed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub employed_status: Vec<String>,
    /// Values of statuses that mean that a person left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_status: Vec<String>,
    /// Columns with the end of a job, for rows in which the column for it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_ends: Vec<String>,
    /// Whether names are `family-given`, with a comma, or `as-written`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_order: Option<String>,
    /// The institutions between the partner and the issuer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partner_chain: Vec<String>,
    /// Which column fills a field; several are joined by a space.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Columns>,
    /// Fields with the same value in every row.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, String>,
    /// The values of ignored columns about the employment that did not mean that a person is
    /// employed when the mapping was saved. Others stop the run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ignore_values: BTreeMap<String, Vec<String>>,
    /// The word from which the last processed month was computed. It is saved instead of the month.
    #[serde(skip)]
    pub relative_month: Option<String>,
    /// Columns that the command line ignores. Other ignored columns come from a mapping file.
    #[serde(skip)]
    pub ignored_now: Vec<String>,
    /// Fields whose columns the command line gives.
    #[serde(skip)]
    pub chosen_now: Vec<String>,
}

/// One column or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Columns {
    One(String),
    /// Several, joined by a space.
    Several(Vec<String>),
}

impl Columns {
    /// Parses one column, or several joined by `+`.
    pub fn of(text: &str) -> Self {
        let mut names: Vec<String> = text.split('+').map(|name| name.trim().to_owned()).collect();
        if names.len() == 1 { Self::One(names.remove(0)) } else { Self::Several(names) }
    }

    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

const HEAD: &str = "\
# Which columns go where. Use it with: tenure push FILE --mapping THIS-FILE
# person: the column that says whose row it is. columns: field = \"Column\", or several, joined by a space.
# replaces: the column with the id of the earlier credential that a row updates.
# constants: field = \"value\", the same in every row. date_format: such as \"DD/MM/YYYY\".

";

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

impl Mapping {
    /// Reads a mapping: JSON if the name ends in `.json`, otherwise TOML.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let name = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::Usage(format!("{name} cannot be read: {error}")))?;
        let read = if is_json(path) {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            toml::from_str(&text).map_err(|error| error.to_string())
        };
        read.map_err(|error| Error::Usage(format!("{name} is not a mapping: {}", error.trim_end())))
    }

    /// Computes the last processed month from `this-month` or `last-month`. Refuses an older month
    /// of a mapping file: it is left over from an earlier file, unless the caller gave it now.
    pub fn resolve_month(&mut self, is_given_now: bool, today: Date) -> Result<(), Error> {
        let last = today.first_of_month().saturating_sub(1.month());
        let text = |date: Date| format!("{:04}-{:02}", date.year(), date.month());
        let dates = Dates::new(self.date_format.as_deref(), false, today).map_err(Error::Usage)?;
        let Some(value) = self.constants.get_mut(MONTH) else { return Ok(()) };
        let word = value.to_ascii_lowercase().replace([' ', '_'], "-");
        let month = match &*word {
            "this-month" => today,
            "last-month" => last,
            _ => {
                let month = dates.convert(value, Shape::YearMonth, false, MONTH);
                if !is_given_now && matches!(month, Reading::Date(month) if month.len() == 7 && month < text(last)) {
                    return Err(Error::Usage(format!(
                        "the mapping has {MONTH} = {value}, from an earlier file. Set the month of this file with \
                         --set {MONTH}={}, or write \"last-month\" or \"this-month\" in the mapping",
                        text(last)
                    )));
                }
                return Ok(());
            }
        };
        *value = text(month);
        self.relative_month = Some(word);
        Ok(())
    }

    /// Returns the mapping for other files: a month is not part of it.
    fn lasting(&self) -> Self {
        let mut lasting = self.clone();
        match &self.relative_month {
            Some(word) if self.constants.contains_key(MONTH) => {
                lasting.constants.insert(MONTH.to_owned(), word.clone());
            }
            _ => drop(lasting.constants.remove(MONTH)),
        }
        lasting
    }

    /// Returns whether saving the mapping leaves out the last processed month.
    pub fn forgets_the_month(&self) -> bool {
        self.relative_month.is_none() && self.constants.contains_key(MONTH)
    }

    /// Writes the mapping without the last processed month, unless the file exists with other
    /// content.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let (name, saved) = (path.display(), self.lasting());
        let text = if is_json(path) {
            serde_json::to_string_pretty(&saved).map(|text| text + "\n").map_err(|error| error.to_string())
        } else {
            toml::to_string(&saved).map(|text| format!("{HEAD}{text}")).map_err(|error| error.to_string())
        };
        let text = text.map_err(|error| Error::Failed(format!("{name}: {error}")))?;
        if std::fs::read_to_string(path).is_ok_and(|there| there != text) {
            return Err(Error::Usage(format!(
                "{name} exists with different content; save the mapping under another name"
            )));
        }
        std::fs::write(path, text).map_err(|error| Error::Failed(format!("{name} cannot be written: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        jiff::civil::date(2026, 11, 23)
    }

    fn with_month(value: &str) -> Mapping {
        Mapping { constants: BTreeMap::from([(MONTH.to_owned(), value.to_owned())]), ..Mapping::default() }
    }

    #[test]
    fn mappings_round_trip_as_toml_and_json() {
        let folder = tempfile::tempdir().expect("a folder");
        let columns = BTreeMap::from([
            ("full_name".to_owned(), Columns::of("First name+Last name")),
            ("end_date".to_owned(), Columns::of("To")),
        ]);
        let ignore = vec!["Status".to_owned()];
        let mapping = Mapping { person: Some("Emp ID".into()), columns, ignore, empty_end: true, ..Mapping::default() };
        for name in ["mapping.toml", "mapping.json"] {
            let path = folder.path().join(name);
            mapping.save(&path).expect("written");
            assert_eq!(Mapping::load(&path).expect("read"), mapping);
            mapping.save(&path).expect("the same again is fine");
            assert!(matches!(Mapping::default().save(&path), Err(Error::Usage(_))), "another is not written over");
        }
        std::fs::write(folder.path().join("bad.toml"), "persn = \"x\"").expect("written");
        let said = Mapping::load(&folder.path().join("bad.toml")).expect_err("refused");
        assert!(matches!(said, Error::Usage(said) if said.contains("persn") && said.contains("person")));
    }

    #[test]
    fn saved_mappings_never_freeze_the_month() {
        let folder = tempfile::tempdir().expect("a folder");
        for (given, computed, saved) in [
            ("this-month", "2026-11", Some("this-month")),
            ("Last month", "2026-10", Some("last-month")),
            ("2026-10", "2026-10", None),
        ] {
            let mut mapping = with_month(given);
            mapping.resolve_month(true, today()).expect("a month");
            assert_eq!(mapping.constants[MONTH], computed);
            assert_eq!(mapping.forgets_the_month(), saved.is_none());
            let path = folder.path().join(format!("{given}.toml"));
            mapping.save(&path).expect("written");
            let read = Mapping::load(&path).expect("read");
            assert_eq!(read.constants.get(MONTH).map(String::as_str), saved, "{given}");
        }
    }

    #[test]
    fn months_of_an_earlier_file_must_be_set_again() {
        let refused = with_month("09/2026").resolve_month(false, today()).expect_err("an old month");
        let is_named = |said: &str| said.contains("09/2026") && said.contains("--set last_processed_month=2026-10");
        assert!(matches!(refused, Error::Usage(said) if is_named(&said)));
        with_month("2026-10").resolve_month(false, today()).expect("last month is usual");
        with_month("2026-05").resolve_month(true, today()).expect("it was given now");
        Mapping::default().resolve_month(false, today()).expect("there is none");
    }
}
