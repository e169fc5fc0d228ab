//! Combines the mapping file, the options and inferred columns into a mapping from columns to
//! fields, and saves the result.

use std::collections::BTreeMap;
use std::path::Path;

use credential::Type;
use serde::{Deserialize, Serialize};

use crate::dates::Dates;
use crate::error::Error;
use crate::form::Form;
use crate::infer_columns;

/// The content of a mapping file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// The credential type.
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
    /// The institutions between the partner and the issuer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partner_chain: Vec<String>,
    /// Which column fills a field; several are joined by a space.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Columns>,
    /// Fields with the same value in every row.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, String>,
}

/// One column or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Columns {
    /// One.
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

    fn names(&self) -> &[String] {
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

    /// Writes the mapping, unless the file exists with other content.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let name = path.display();
        let text = if is_json(path) {
            serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| error.to_string())
        } else {
            toml::to_string(self).map(|text| format!("{HEAD}{text}")).map_err(|error| error.to_string())
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

/// The source of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// None.
    Nothing,
    /// These columns.
    Columns(Vec<usize>),
    /// The same value in every row.
    Constant(String),
}

/// A mapping applied to a header.
#[derive(Debug)]
pub struct Plan {
    /// The fields that columns can fill.
    pub form: Form,
    /// The names of the columns.
    pub header: Vec<String>,
    /// The column that identifies the person.
    pub person: Option<usize>,
    /// The column with the credential's id.
    pub credential_id: Option<usize>,
    /// The column with the id of the earlier credential that the row updates.
    pub replaces: Option<usize>,
    /// The column with the address to mail the link to.
    pub email: Option<usize>,
    /// The patterns of dates.
    pub dates: Dates,
    /// The institutions between the partner and the issuer.
    pub partner_chain: Vec<String>,
    /// The origin of each target.
    pub origins: Vec<Origin>,
    /// The complete mapping: given and inferred.
    pub mapping: Mapping,
}

impl Plan {
    /// Applies a mapping to a header and infers the rest.
    pub fn new(mapping: &Mapping, credential_type: Type, header: Vec<String>, mail_links: bool) -> Result<Self, Error> {
        let form = Form::of(credential_type);
        let dates = Dates::new(mapping.date_format.as_deref()).map_err(Error::Usage)?;
        let mut resolver = HeaderResolver { header: &header, used: vec![false; header.len()] };
        let mut origins = vec![Origin::Nothing; form.targets.len()];
        for (name, columns) in &mapping.columns {
            let found: Result<Vec<usize>, Error> = columns.names().iter().map(|name| resolver.named(name)).collect();
            origins[target(&form, name)?] = Origin::Columns(found?);
        }
        for (name, value) in &mapping.constants {
            origins[target(&form, name)?] = Origin::Constant(value.clone());
        }
        let person = resolver.given_or_inferred(mapping.person.as_deref(), infer_columns::PERSON)?;
        let credential_id =
            resolver.given_or_inferred(mapping.credential_id.as_deref(), infer_columns::CREDENTIAL_ID)?;
        let replaces = resolver.given_or_inferred(mapping.replaces.as_deref(), infer_columns::REPLACES)?;
        let wanted = if mail_links { infer_columns::EMAIL } else { &[] };
        let email = resolver.given_or_inferred(mapping.email.as_deref(), wanted)?;
        if mail_links && email.is_none() {
            return Err(Error::Usage(
                "--mail-links needs a column with email addresses; set --email COLUMN".to_owned(),
            ));
        }
        for (target, origin) in origins.iter_mut().enumerate().filter(|(_, origin)| **origin == Origin::Nothing) {
            let path = form.targets[target].path.join(".");
            let leaf = form.targets[target].path.last().copied().unwrap_or_default();
            let found = infer_columns::columns(&header, leaf, &path, |column| !resolver.used[column]);
            if !found.is_empty() {
                found.iter().for_each(|column| resolver.used[*column] = true);
                *origin = Origin::Columns(found);
            }
        }
        let partner_chain = mapping.partner_chain.clone();
        let mut plan = Self {
            form,
            header,
            person,
            credential_id,
            replaces,
            email,
            dates,
            partner_chain,
            origins,
            mapping: mapping.clone(),
        };
        plan.is_whole()?;
        plan.mapping = plan.told(mapping);
        Ok(plan)
    }

    /// Checks that every required field has a source.
    fn is_whole(&self) -> Result<(), Error> {
        let mut missing: Vec<String> = Vec::new();
        if self.person.is_none() && self.form.list.is_some() {
            missing.push(
                "  person: the column that identifies the person, such as a payroll number; rows with the same value \
                 become one career. Set --person COLUMN"
                    .to_owned(),
            );
        }
        let lacks = |target: &usize| self.form.targets[*target].is_required && self.origins[*target] == Origin::Nothing;
        missing.extend((0..self.origins.len()).filter(lacks).map(|target| {
            let (name, meaning) = (self.form.name(target), self.form.targets[target].meaning);
            format!("  {name}: {meaning} Set --column {name}=COLUMN or --set {name}=VALUE")
        }));
        if missing.is_empty() {
            return Ok(());
        }
        let columns = self.unused();
        let columns = if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
        Err(Error::Usage(format!(
            "the columns do not provide all fields of a {}:\n{}\nUnused columns: {columns}",
            self.form.credential_type,
            missing.join("\n")
        )))
    }

    /// Returns the columns that no field uses.
    pub fn unused(&self) -> Vec<String> {
        let singles = [self.person, self.credential_id, self.replaces, self.email];
        let is_used = |column: usize| {
            singles.contains(&Some(column))
                || self
                    .origins
                    .iter()
                    .any(|origin| matches!(origin, Origin::Columns(columns) if columns.contains(&column)))
        };
        let unused = self.header.iter().enumerate().filter(|(column, name)| !is_used(*column) && !name.is_empty());
        unused.map(|(_, name)| name.clone()).collect()
    }

    /// Describes each column, one per line.
    pub fn explained(&self) -> String {
        let one = |what: &str, from: &str| format!("  {what:<22}{from}");
        let single = |what: &str, column: Option<usize>| column.map(|column| one(what, &self.header[column]));
        let fields = self.origins.iter().enumerate().filter_map(|(target, origin)| match origin {
            Origin::Nothing => None,
            Origin::Constant(value) => Some(one(&self.form.name(target), &format!("constant {value}"))),
            Origin::Columns(columns) => {
                let names: Vec<&str> = columns.iter().map(|column| &*self.header[*column]).collect();
                Some(one(&self.form.name(target), &names.join(" + ")))
            }
        });
        let singles = [
            ("person", self.person),
            ("credential_id", self.credential_id),
            ("replaces", self.replaces),
            ("email", self.email),
        ];
        let lines = singles.into_iter().filter_map(|(what, column)| single(what, column)).chain(fields);
        lines.collect::<Vec<_>>().join("\n")
    }

    fn told(&self, said: &Mapping) -> Mapping {
        let name = |column: Option<usize>| column.map(|column| self.header[column].clone());
        let mut told = Mapping {
            credential_type: Some(self.form.credential_type.name().to_owned()),
            person: name(self.person),
            credential_id: name(self.credential_id),
            replaces: name(self.replaces),
            email: name(self.email),
            date_format: said.date_format.clone(),
            separator: said.separator,
            partner_chain: said.partner_chain.clone(),
            ..Mapping::default()
        };
        for (target, origin) in self.origins.iter().enumerate() {
            match origin {
                Origin::Nothing => {}
                Origin::Constant(value) => drop(told.constants.insert(self.form.name(target), value.clone())),
                Origin::Columns(columns) => {
                    let mut names: Vec<String> = columns.iter().map(|column| self.header[*column].clone()).collect();
                    let columns =
                        if names.len() == 1 { Columns::One(names.remove(0)) } else { Columns::Several(names) };
                    told.columns.insert(self.form.name(target), columns);
                }
            }
        }
        told
    }
}

fn target(form: &Form, name: &str) -> Result<usize, Error> {
    form.find(name).ok_or_else(|| {
        let (known, names) = (form.credential_type, form.names());
        Error::Usage(format!("a {known} has no field '{name}' that a column can fill. Use one of: {names}"))
    })
}

struct HeaderResolver<'a> {
    header: &'a [String],
    used: Vec<bool>,
}

impl HeaderResolver<'_> {
    /// Returns the only column with this name: an exact match, or one that ignores case and
    /// punctuation.
    fn named(&mut self, name: &str) -> Result<usize, Error> {
        let of = |is: &dyn Fn(&String) -> bool| -> Vec<usize> {
            self.header.iter().enumerate().filter(|(_, column)| is(column)).map(|(index, _)| index).collect()
        };
        let exact = of(&|column| column == name);
        let found = if exact.is_empty() {
            of(&|column| infer_columns::folded(column) == infer_columns::folded(name))
        } else {
            exact
        };
        match found.as_slice() {
            [one] => {
                self.used[*one] = true;
                Ok(*one)
            }
            [] => {
                Err(Error::Usage(format!("there is no column '{name}'. The columns are: {}", self.header.join(", "))))
            }
            _ => Err(Error::Usage(format!("two columns have the name '{name}'; rename one of them"))),
        }
    }

    fn given_or_inferred(&mut self, said: Option<&str>, names: &[&str]) -> Result<Option<usize>, Error> {
        if let Some(name) = said {
            return self.named(name).map(Some);
        }
        let found = infer_columns::column(self.header, names, |column| !self.used[column]);
        found.iter().for_each(|column| self.used[*column] = true);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn plan(mapping: &Mapping, names: &[&str]) -> Result<Plan, String> {
        Plan::new(mapping, Type::default(), header(names), false).map_err(|stop| match stop {
            Error::Usage(said) | Error::Failed(said) => said,
        })
    }

    const COLUMNS: &[&str] =
        &["Emp ID", "First name", "Last name", "Email", "Company", "Job title", "From", "To", "Pay period"];

    #[test]
    fn common_headers_are_inferred_into_a_reusable_mapping() {
        let guessed = plan(&Mapping::default(), COLUMNS).expect("whole");
        assert_eq!((guessed.person, guessed.email), (Some(0), None), "nobody is mailed by a guess");
        assert_eq!(guessed.unused(), ["Email"]);
        let explained = guessed.explained();
        assert!(explained.contains("  full_name             First name + Last name\n"), "{explained}");
        assert_eq!(
            guessed.mapping.columns["full_name"],
            Columns::Several(vec!["First name".into(), "Last name".into()])
        );
        assert_eq!(guessed.mapping.columns["end_date"], Columns::One("To".into()));
        let again = plan(&guessed.mapping, COLUMNS).expect("whole");
        assert_eq!((again.origins, again.mapping), (guessed.origins, guessed.mapping));
    }

    #[test]
    fn mappings_round_trip_as_toml_and_json() {
        let folder = tempfile::tempdir().expect("a folder");
        let mapping = plan(&Mapping::default(), COLUMNS).expect("whole").mapping;
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
    fn mapping_errors_name_the_column_or_field() {
        let said =
            plan(&Mapping::default(), &["Who", "First name", "Last name", "Company", "Start"]).expect_err("not whole");
        for part in [
            "person: the column that identifies the person",
            "--person COLUMN",
            "last_processed_month",
            "--set last_processed_month=VALUE",
            "Who",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let mut mapping = Mapping { person: Some("Nobody".into()), ..Mapping::default() };
        assert!(plan(&mapping, COLUMNS).expect_err("no such column").contains("there is no column 'Nobody'"));
        mapping.person = Some("emp-id".into());
        mapping.constants.insert("salary".into(), "1".into());
        assert!(plan(&mapping, COLUMNS).expect_err("no such field").contains("no field 'salary'"));
        mapping.constants = BTreeMap::from([("last_processed_month".into(), "2024-05".into())]);
        let made = plan(&mapping, COLUMNS).expect("whole");
        assert_eq!(made.unused(), ["Email", "Pay period"], "a constant goes before a guess");
        mapping.person = Some("email".into());
        assert!(plan(&mapping, &["Email", "EMAIL"]).expect_err("which?").contains("two columns have the name 'email'"));
    }
}
