//! Finds the columns of a header: by the names that were given, or by the usual ones.

use crate::column_names::more::ROLES;
use crate::date_pattern::Pattern;
use crate::dates::is_date;
use crate::error::Error;
use crate::form::TableForm;
use crate::infer_columns::{self, DuplicateNameError, folded, folded_name, is_name_of, is_unit, split_format};
use crate::mapping::Mapping;

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

fn target(form: &TableForm, name: &str) -> Result<usize, Error> {
    form.find(name).ok_or_else(|| {
        let (known, names) = (form.credential_type, form.names());
        Error::Usage(format!("a {known} has no field '{name}' that a column can fill. Use one of: {names}"))
    })
}

/// Returns the name of a column, with its number if several columns have that name.
pub fn label(header: &[String], column: usize) -> String {
    let name = &header[column];
    let alike: Vec<usize> = (0..header.len()).filter(|other| folded(&header[*other]) == folded(name)).collect();
    match alike.iter().position(|other| *other == column) {
        Some(position) if alike.len() > 1 && !name.is_empty() => format!("{name}#{}", position + 1),
        _ => name.clone(),
    }
}

/// Finds the columns of a header by their names.
#[derive(Debug)]
pub struct HeaderResolver<'a> {
    pub header: &'a [String],
    /// Which columns are used or ignored.
    pub used: Vec<bool>,
}

impl HeaderResolver<'_> {
    /// Returns the only column with this name: an exact match, or one that ignores case and
    /// punctuation. `Name#2` is the second column with that name.
    pub fn named(&mut self, name: &str) -> Result<usize, Error> {
        let of = |is: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..self.header.len()).filter(|column| is(*column)).collect()
        };
        let labelled = of(&|column| label(self.header, column) == name);
        let exact = of(&|column| self.header[column] == name);
        let found = match (labelled.is_empty(), exact.is_empty()) {
            (false, _) => labelled,
            (true, false) => exact,
            (true, true) => of(&|column| folded(&self.header[column]) == folded(name)),
        };
        match found.as_slice() {
            [one] => {
                self.used[*one] = true;
                Ok(*one)
            }
            [] => {
                Err(Error::Usage(format!("there is no column '{name}'. The columns are: {}", self.header.join(", "))))
            }
            [.., second] => Err(self.twice(DuplicateNameError(*second), "")),
        }
    }

    /// Explains how to choose one of several columns with the same name.
    fn twice(&self, DuplicateNameError(second): DuplicateNameError, target: &str) -> Error {
        let name = &self.header[second];
        let alike = (0..self.header.len()).filter(|column| folded(&self.header[*column]) == folded(name));
        let labels: Vec<String> = alike.map(|column| format!("\"{}\"", label(self.header, column))).collect();
        let option = match target {
            "" => "its number".to_owned(),
            option if option.starts_with("--") => format!("{option} COLUMN"),
            field => format!("--column {field}=COLUMN"),
        };
        Error::Usage(format!(
            "two columns have the name '{name}'. Choose one with {option}: {}; or exclude the others with \
             --ignore-column",
            labels.join(", ")
        ))
    }

    /// Returns the origins that the mapping gives.
    pub fn given(&mut self, mapping: &Mapping, form: &TableForm) -> Result<Vec<Origin>, Error> {
        let mut origins = vec![Origin::Nothing; form.targets.len()];
        for (name, columns) in &mapping.columns {
            let found: Result<Vec<usize>, Error> = columns.names().iter().map(|name| self.named(name)).collect();
            origins[target(form, name)?] = Origin::Columns(found?);
        }
        for (name, value) in &mapping.constants {
            origins[target(form, name)?] = Origin::Constant(value.clone());
        }
        Ok(origins)
    }

    /// Returns the column with the given name, or else the one with the first of `names`.
    pub fn given_or_inferred(
        &mut self,
        option: &str,
        said: Option<&str>,
        names: &[&str],
    ) -> Result<Option<usize>, Error> {
        if let Some(name) = said {
            return self.named(name).map(Some);
        }
        let found = infer_columns::column(self.header, names, |column| !self.used[column]);
        let found = found.map_err(|twice| self.twice(twice, option))?;
        found.iter().for_each(|column| self.used[*column] = true);
        Ok(found)
    }

    /// Infers the origins of the fields that have none.
    pub fn infer(&mut self, form: &TableForm, origins: &mut [Origin]) -> Result<(), Error> {
        for (target, origin) in origins.iter_mut().enumerate().filter(|(_, origin)| **origin == Origin::Nothing) {
            let path = form.targets[target].path.join(".");
            let leaf = form.targets[target].path.last().copied().unwrap_or_default();
            let found = infer_columns::columns(self.header, leaf, &path, |column| !self.used[column]);
            let found = found.map_err(|twice| self.twice(twice, &form.name(target)))?;
            if !found.is_empty() {
                found.iter().for_each(|column| self.used[*column] = true);
                *origin = Origin::Columns(found);
            }
        }
        Ok(())
    }

    /// Ignores the other columns that could be a field, if the caller chose one now.
    pub fn ignore_others(&mut self, mapping: &mut Mapping, ignored: &mut Vec<usize>) {
        for field in TEXTS.iter().filter(|field| mapping.chosen_now.iter().any(|chosen| chosen == *field)) {
            for column in 0..self.header.len() {
                if !self.used[column] && could_be(field, self.header, column) {
                    self.used[column] = true;
                    ignored.push(column);
                    mapping.ignore.push(label(self.header, column));
                }
            }
        }
    }

    /// Returns other columns with the end of a job, such as `Termination date` beside `End date`:
    /// those of the mapping, or, if the end was inferred, those with one of its names.
    pub fn other_ends(&mut self, mapping: &Mapping, form: &TableForm, origins: &[Origin]) -> Result<Vec<usize>, Error> {
        if !mapping.other_ends.is_empty() || mapping.columns.contains_key("end_date") {
            return mapping.other_ends.iter().map(|name| self.named(name)).collect();
        }
        let end = form.find("end_date").filter(|_| form.list.is_some()).map(|target| &origins[target]);
        let Some(Origin::Columns(ends)) = end else { return Ok(Vec::new()) };
        let name = |column: usize| folded_name(&self.header[column]);
        let is_end = |column: &usize| {
            // A contract may be renewed, so its end is not that of the job.
            !self.used[*column]
                && is_name_of("end_date", &self.header[*column])
                && !name(*column).contains("contract")
                && ends.iter().all(|end| name(*end) != name(*column) && !name(*end).contains("contract"))
        };
        let found: Vec<usize> = (0..self.header.len()).filter(is_end).collect();
        found.iter().for_each(|column| self.used[*column] = true);
        Ok(found)
    }
}

/// Fields that several columns may have, which must agree.
pub const TEXTS: [&str; 2] = ["organisation", "role_title"];

/// Returns whether a column could fill one of [`TEXTS`] as well as another.
pub fn could_be(field: &str, header: &[String], column: usize) -> bool {
    // A description of a pay group or the profile of a job is less than a name.
    const DETAILS: [&str; 2] = ["paygroupdescription", "jobprofile"];
    let name = folded_name(&header[column]);
    let is_named = is_name_of(field, &header[column]) || (field == "role_title" && name == "title");
    let is_detail = DETAILS.contains(&&*name) || ROLES.split_whitespace().any(|role| role == name);
    is_named && !is_detail && !(field == "organisation" && is_unit(header, column))
}

/// Formats that are read whatever the format of the file is.
const STANDARD: [&str; 2] = ["YYYY-MM", "YYYY-MM-DD"];

/// Returns the format of dates: the given one, or the one in the names of the columns with dates.
pub fn header_format(
    form: &TableForm,
    header: &[String],
    origins: &[Origin],
    given: Option<String>,
) -> Result<Option<String>, Error> {
    let (mut told, mut told_by) = (given, None);
    for (target, origin) in form.targets.iter().zip(origins) {
        let Origin::Columns(columns) = origin else { continue };
        for column in columns.iter().filter(|_| is_date(target.shape)) {
            let Some(format) = split_format(&header[*column]).1 else { continue };
            match &told {
                Some(told) if STANDARD.contains(&told.as_str()) && STANDARD.contains(&format.as_str()) => {}
                Some(told) if Pattern::parse(told) != Pattern::parse(&format) => {
                    let other = told_by.map_or_else(
                        || format!("--date-format {told}"),
                        |column: usize| format!("{told}, as the column '{}' says", header[column]),
                    );
                    return Err(Error::Usage(format!(
                        "the column '{}' says that its dates are written {format}, which is not {other}. Dates of one \
                         file must have one format",
                        header[*column]
                    )));
                }
                Some(_) => {}
                None => (told, told_by) = (Some(format), Some(*column)),
            }
        }
    }
    Ok(told)
}
