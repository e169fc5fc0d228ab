//! A mapping applied to a header: the options, the mapping file and inferred columns together.

use std::collections::{BTreeMap, HashSet};

use credential::Type;
use jiff::civil::Date;

use crate::dates::Dates;
use crate::employment_words::is_end;
use crate::error::Error;
use crate::form::TableForm;
use crate::infer_columns::{self, folded_name, is_unit};
use crate::mapping::{Columns, Mapping};
pub use crate::resolver::Origin;
use crate::resolver::{HeaderResolver, header_format, label};

/// Values that stand in the column of another field.
#[derive(Debug, Default)]
pub struct ShiftedValues {
    /// Hashes of employer and title in rows in which they are swapped.
    pub swapped: HashSet<(u64, u64)>,
    /// The field and the folded value.
    pub misplaced: HashSet<(&'static str, String)>,
}

/// A mapping applied to a header.
#[derive(Debug)]
pub struct Plan {
    /// The fields that columns can fill.
    pub form: TableForm,
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
    /// Columns with the end of a job, for rows in which the column for it is empty.
    pub other_ends: Vec<usize>,
    /// The columns that are deliberately not used.
    pub ignored: Vec<usize>,
    /// The columns that no field uses and that are not ignored.
    pub watched: Vec<usize>,
    /// The first values of these columns.
    pub samples: BTreeMap<usize, Vec<String>>,
    /// Whether the person column was inferred from a name that may number the rows.
    pub is_weak_person: bool,
    pub today: Date,
    /// Whether only some rows have more cells than the header.
    pub has_odd_cells: bool,
    /// Values that stand in the column of another field.
    pub shifted: ShiftedValues,
    /// The complete mapping: given and inferred.
    pub mapping: Mapping,
}

impl Plan {
    /// Applies a mapping to a header and infers the rest.
    pub fn new(
        mapping: &Mapping,
        credential_type: Type,
        header: Vec<String>,
        mail_links: bool,
        today: Date,
    ) -> Result<Self, Error> {
        let form = TableForm::of(credential_type);
        let mut resolver = HeaderResolver { header: &header, used: vec![false; header.len()] };
        let mut mapping = mapping.clone();
        let ignored: Result<Vec<usize>, Error> = mapping.ignore.iter().map(|name| resolver.named(name)).collect();
        let mut ignored = ignored?;
        let mut origins = resolver.given(&mapping, &form)?;
        resolver.ignore_others(&mut mapping, &mut ignored);
        let persons = infer_columns::person_names();
        let person = resolver.given_or_inferred("--person", mapping.person.as_deref(), &persons)?;
        let credential_id =
            resolver.given_or_inferred("", mapping.credential_id.as_deref(), infer_columns::CREDENTIAL_ID)?;
        let replaces =
            resolver.given_or_inferred("--replaces", mapping.replaces.as_deref(), infer_columns::REPLACES)?;
        let wanted = if mail_links { infer_columns::EMAIL } else { &[] };
        let email = resolver.given_or_inferred("--email", mapping.email.as_deref(), wanted)?;
        if mail_links && email.is_none() {
            let needs = "--mail-links needs a column with email addresses; set --email COLUMN";
            return Err(Error::Usage(needs.to_owned()));
        }
        resolver.infer(&form, &mut origins)?;
        let other_ends = resolver.other_ends(&mapping, &form, &origins)?;
        mapping.date_format = header_format(&form, &header, &origins, mapping.date_format.take())?;
        let dates = Dates::new(mapping.date_format.as_deref(), mapping.empty_end, today).map_err(Error::Usage)?;
        let is_weak = |column: usize| folded_name(&header[column]) == infer_columns::WEAK_PERSON;
        let is_weak_person = mapping.person.is_none() && person.is_some_and(is_weak);
        let mut plan = Self {
            form,
            header,
            person,
            credential_id,
            replaces,
            email,
            dates,
            partner_chain: mapping.partner_chain.clone(),
            origins,
            other_ends,
            ignored,
            watched: Vec::new(),
            samples: BTreeMap::new(),
            is_weak_person,
            today,
            has_odd_cells: false,
            shifted: ShiftedValues::default(),
            mapping,
        };
        plan.is_whole()?;
        plan.watched = plan.unmapped().filter(|column| !plan.ignored.contains(column)).collect();
        plan.mapping = plan.told();
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
        let has_no = |name: &str| self.form.find(name).is_some_and(|at| self.origins[at] == Origin::Nothing);
        if has_no("role_title") && has_no("role_classification") {
            missing.push(
                "  role_title: the title of the job. Set --column role_title=COLUMN, --set role_title=VALUE, or \
                 --column role_classification=COLUMN"
                    .to_owned(),
            );
        }
        if missing.is_empty() {
            return Ok(());
        }
        missing.extend(self.other_problems());
        let columns = self.unused();
        let columns = if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
        Err(Error::Usage(format!(
            "the columns do not provide all fields of a {}:\n{}\nUnused columns: {columns}\n\
             If the header is further down, add --skip-rows COUNT",
            self.form.credential_type,
            missing.join("\n")
        )))
    }

    /// Describes columns that need an option too, so that all are named at once.
    fn other_problems(&self) -> Vec<String> {
        let unused: Vec<usize> = self.unmapped().filter(|column| !self.ignored.contains(column)).collect();
        let mut found = Vec::new();
        let has_end = self.form.find("end_date").is_none_or(|end| self.origins[end] != Origin::Nothing);
        if let Some(end) = unused.iter().find(|column| !has_end && is_end(&self.header[**column])) {
            let name = self.label(*end);
            found.push(format!("  end_date: the column '{name}' may have it. Set --column end_date=\"{name}\""));
        }
        let is_employer = |column: &&usize| is_unit(&self.header, **column);
        if let Some(unit) = unused.iter().find(is_employer).filter(|_| self.columns_of("organisation").is_none()) {
            let name = self.label(*unit);
            found.push(format!(
                "  the column '{name}' may be the department. If it is the employer, set --column \
                 organisation=\"{name}\""
            ));
        }
        found
    }

    /// Returns the names of the columns that no field uses.
    pub fn unused(&self) -> Vec<String> {
        self.unmapped().filter(|column| !self.header[*column].is_empty()).map(|column| self.label(column)).collect()
    }

    /// Returns the columns that no field uses, ignored ones included.
    pub fn unmapped(&self) -> impl Iterator<Item = usize> {
        (0..self.header.len()).filter(|column| self.meanings(*column).is_empty())
    }

    /// Returns the names of what a column fills.
    fn meanings(&self, column: usize) -> Vec<String> {
        let singles = [
            ("person", self.person),
            ("credential_id", self.credential_id),
            ("replaces", self.replaces),
            ("email", self.email),
        ];
        let singles =
            singles.into_iter().filter(|(_, single)| *single == Some(column)).map(|(name, _)| name.to_owned());
        let fills = |origin: &Origin| matches!(origin, Origin::Columns(columns) if columns.contains(&column));
        let fields = self.origins.iter().enumerate().filter(|(_, origin)| fills(origin));
        let other_end =
            self.other_ends.contains(&column).then(|| "end_date, where the other column is empty".to_owned());
        singles.chain(fields.map(|(target, _)| self.form.name(target))).chain(other_end).collect()
    }

    /// Returns the name of a column, with its number if several columns have that name.
    pub fn label(&self, column: usize) -> String {
        label(&self.header, column)
    }

    /// Describes what each column means, one per line.
    pub fn explained(&self) -> String {
        let names: Vec<String> = (0..self.header.len()).map(|column| self.label(column)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().clamp(12, 40);
        let line = |name: &str, meaning: &str| format!("  {name:<width$}  {meaning}");
        let columns = names.iter().enumerate().filter(|(_, name)| !name.is_empty()).map(|(column, name)| {
            let meanings = self.meanings(column);
            let samples = self.samples.get(&column).filter(|samples| !samples.is_empty());
            let ignored = samples.map_or_else(String::new, |samples| format!(", with '{}'", samples.join("', '")));
            line(name, &if meanings.is_empty() { format!("ignored{ignored}") } else { meanings.join(", ") })
        });
        let constants = self.origins.iter().enumerate().filter_map(|(target, origin)| match origin {
            Origin::Constant(value) => Some(line("(every row)", &format!("{} = {value}", self.form.name(target)))),
            _ => None,
        });
        columns.chain(constants).collect::<Vec<_>>().join("\n")
    }

    /// Returns the column that fills the field `name`, if columns do.
    pub fn columns_of(&self, name: &str) -> Option<&[usize]> {
        match self.form.find(name).map(|target| &self.origins[target]) {
            Some(Origin::Columns(columns)) => Some(columns),
            _ => None,
        }
    }

    fn told(&self) -> Mapping {
        let name = |column: Option<usize>| column.map(|column| self.label(column));
        let mut told = Mapping {
            credential_type: Some(self.form.credential_type.name().to_owned()),
            person: name(self.person),
            credential_id: name(self.credential_id),
            replaces: name(self.replaces),
            email: name(self.email),
            other_ends: self.other_ends.iter().map(|column| self.label(*column)).collect(),
            columns: BTreeMap::new(),
            constants: BTreeMap::new(),
            ..self.mapping.clone()
        };
        for (target, origin) in self.origins.iter().enumerate() {
            match origin {
                Origin::Nothing => {}
                Origin::Constant(value) => drop(told.constants.insert(self.form.name(target), value.clone())),
                Origin::Columns(columns) => {
                    let mut names: Vec<String> = columns.iter().map(|column| self.label(*column)).collect();
                    let columns =
                        if names.len() == 1 { Columns::One(names.remove(0)) } else { Columns::Several(names) };
                    told.columns.insert(self.form.name(target), columns);
                }
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(mapping: &Mapping, names: &[&str]) -> Result<Plan, String> {
        let header = names.iter().map(|name| (*name).to_owned()).collect();
        let today = jiff::civil::date(2026, 11, 23);
        Plan::new(mapping, Type::default(), header, false, today).map_err(|stop| match stop {
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
        for line in ["  Emp ID        person", "  First name    full_name", "  Email         ignored"] {
            assert!(explained.lines().any(|found| found == line), "{line}: {explained}");
        }
        assert_eq!(
            guessed.mapping.columns["full_name"],
            Columns::Several(vec!["First name".into(), "Last name".into()])
        );
        assert_eq!(guessed.mapping.columns["end_date"], Columns::One("To".into()));
        let again = plan(&guessed.mapping, COLUMNS).expect("whole");
        assert_eq!((again.origins, again.mapping), (guessed.origins, guessed.mapping));
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
        assert!(made.explained().contains("  (every row)   last_processed_month = 2024-05"), "{}", made.explained());
        mapping.person = Some("email".into());
        assert!(plan(&mapping, &["Email", "EMAIL"]).expect_err("which?").contains("two columns have the name 'EMAIL'"));
    }

    #[test]
    fn repeated_names_are_refused_until_one_is_chosen() {
        let header = &["Emp ID", "Name", "Company", "Job", "Start date", "Start date", "Pay period"];
        let said = plan(&Mapping::default(), header).expect_err("which?");
        let parts = ["two columns have the name 'Start date'", "--column start_date=COLUMN", "\"Start date#2\""];
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        let columns = BTreeMap::from([("start_date".to_owned(), Columns::of("Start date#2"))]);
        let chosen = plan(&Mapping { columns, ..Mapping::default() }, header).expect("whole");
        assert_eq!(chosen.columns_of("start_date"), Some(&[5][..]));
        assert_eq!(chosen.mapping.columns["start_date"], Columns::One("Start date#2".into()));
        let ignore = vec!["Start date#2".to_owned()];
        let ignoring = plan(&Mapping { ignore, ..Mapping::default() }, header).expect("whole");
        assert_eq!(ignoring.columns_of("start_date"), Some(&[4][..]));
        assert_eq!(ignoring.ignored, [5]);
    }

    #[test]
    fn missing_titles_and_ends_are_named_together() {
        let header = &["Emp ID", "Name", "Organization", "Job level", "Start", "Sortie", "Last day", "Pay period"];
        let said = plan(&Mapping::default(), header).expect_err("not whole");
        for part in ["--column organisation=\"Organization\"", "--column role_title=COLUMN", "organisation: "] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn formats_in_the_header_are_used() {
        let header =
            &["Emp ID", "Name", "Company", "Job", "Start date (dd/mm/yyyy)", "End date (dd/mm/yyyy)", "Pay period"];
        let found = plan(&Mapping::default(), header).expect("whole");
        assert_eq!((found.columns_of("start_date"), found.columns_of("end_date")), (Some(&[4][..]), Some(&[5][..])));
        assert_eq!(found.mapping.date_format.as_deref(), Some("DD/MM/YYYY"));
        let months = &["Emp ID", "Name", "Company", "Job", "Start date (YYYY-MM-DD)", "Pay period (YYYY-MM)"];
        let found = plan(&Mapping::default(), months).expect("both are read");
        assert!(found.mapping.date_format.is_some_and(|format| format.starts_with("YYYY-MM")));
        let mixed = &["Emp ID", "Name", "Company", "Job", "Start (DD/MM/YYYY)", "Pay period (MM/YYYY)"];
        let said = plan(&Mapping::default(), mixed).expect_err("which?");
        assert!(said.contains("column 'Start (DD/MM/YYYY)' says") && !said.contains("--date-format"), "{said}");
        let other = Mapping { date_format: Some("MM/DD/YYYY".into()), ..Mapping::default() };
        assert!(plan(&other, header).expect_err("which?").contains("--date-format MM/DD/YYYY"));
    }
}
