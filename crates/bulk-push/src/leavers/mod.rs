//! Finds people who left, but would be pushed as employed because a column was not understood.
//!
//! A column that no field uses may hold the end of a job under an unknown name, or a status. If a
//! row without an end has a date there, or a value that is not known to mean employed, the run
//! stops until the column is mapped or ignored, or the meaning of the value is given. What no rule
//! can tell, such as a column with one other value for few people, is a warning to confirm.

use crate::employment_words::{
    ColumnKind, covers, has_left_in, has_left_remark, is_active, is_disability, is_end, is_former_title, is_no, is_yes,
    says_employed,
};
use crate::ends::{self, END};
use crate::error::Error;
use crate::findings::Findings;
use crate::infer_columns::{folded, is_name_of};
use crate::left_words::is_locked;
use crate::likely_date::earliest;
use crate::plan::{Origin, Plan};
use crate::printable::printable;
use behind::Behind;
use blank_status::BlankStatus;
use codes::{Codes, is_sap_active, is_sap_labelled, is_sap_left};
use divided::Divided;
use pay::Pay;
use service::{in_words, is_too_short};
use sides::Sides;
use survey::Survey;
use validity::{is_invalid, is_past};

mod behind;
mod blank_status;
mod codes;
mod divided;
mod pay;
mod service;
mod sides;
mod survey;
pub mod titles;
mod validity;

/// Maximum number of values of an ignored column that a mapping records.
const RECORDED: usize = 100;

/// A column that no field uses, its kind, and its name without case and punctuation.
type Column = (usize, ColumnKind, String);

/// Looks at the rows of a table.
#[derive(Debug)]
pub struct Leavers {
    columns: Vec<Column>,
    /// Columns about the employment that a mapping file ignores.
    ignored: Vec<Column>,
    /// Columns about the employment that the caller ignores now.
    accepted: Vec<Column>,
    /// Columns that a mapping file ignores although they said that people left.
    settled: Vec<Column>,
    /// Ignored columns with the end of a job.
    ends: Vec<usize>,
    is_needed: bool,
    /// Whether rows are credentials of another type than a career.
    is_other_type: bool,
    findings: Findings,
    survey: Survey,
    codes: Codes,
    pay: Pay,
    blank_status: BlankStatus,
    sides: Sides,
    behind: Behind,
    divided: Divided,
    /// The values of accepted columns that say that a person left.
    overruled: Findings,
}

impl Leavers {
    /// Chooses the columns to look at.
    pub fn new(plan: &Plan) -> Self {
        let end = plan.form.find(END).filter(|_| plan.form.list.is_some());
        let is_needed = end.is_some_and(|end| !matches!(plan.origins[end], Origin::Constant(_)));
        let described = |column: usize| (column, ColumnKind::of(&plan.header[column]), folded(&plan.header[column]));
        let columns = plan.watched.iter().map(|column| described(*column)).collect();
        let is_last = |column: usize| is_end(&plan.header[column]) || is_name_of(END, &plan.header[column]);
        let ends: Vec<usize> = plan.ignored.iter().copied().filter(|column| is_last(*column)).collect();
        let is_about = |(column, kind, _): &Column| {
            !matches!(kind, ColumnKind::Harmless | ColumnKind::Other | ColumnKind::Remark) || ends.contains(column)
        };
        let name = |column: usize| plan.mapping.ignore.get(plan.ignored.iter().position(|at| *at == column)?);
        let is_now = |(column, ..): &Column| name(*column).is_some_and(|name| plan.mapping.ignored_now.contains(name));
        let is_settled = |(column, ..): &Column| {
            name(*column).is_some_and(|name| {
                plan.mapping.ignore_left.contains(name) && !plan.mapping.ignore_values.contains_key(name)
            })
        };
        let about = plan.ignored.iter().map(|column| described(*column)).filter(is_about);
        let (settled, others): (Vec<Column>, Vec<Column>) = about.partition(is_settled);
        let (accepted, ignored) = others.into_iter().partition(is_now);
        let (findings, overruled) = (Findings::default(), Findings::default());
        let is_other_type = plan.form.list.is_none();
        let (survey, codes, pay) = (Survey::default(), Codes::default(), Pay::new(plan));
        Self {
            columns,
            ignored,
            accepted,
            settled,
            ends,
            is_needed,
            is_other_type,
            findings,
            survey,
            codes,
            pay,
            blank_status: BlankStatus::default(),
            sides: Sides::default(),
            behind: Behind::default(),
            divided: Divided::default(),
            overruled,
        }
    }

    /// Checks that a column for the end was understood if there is one.
    pub fn header(&self, plan: &Plan) -> Result<(), Error> {
        let is_mapped = plan.columns_of(END).is_some();
        match self.columns.iter().find(|(column, ..)| is_end(&plan.header[*column])) {
            Some((column, ..)) if self.is_needed && !is_mapped => {
                let name = plan.label(*column);
                Err(Error::Usage(format!(
                    "the column '{name}' may say when a job ended, but no column fills {END}, so everybody would be \
                     pushed as employed. Map it with --column {END}=\"{name}\", or exclude it with --ignore-column \
                     \"{name}\""
                )))
            }
            _ => Ok(()),
        }
    }

    /// Looks at a row. [`Leavers::finish`] reports what was found.
    pub fn row(&mut self, plan: &mut Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        if self.is_other_type {
            self.row_of_other_type(plan, line, cells);
            return Ok(());
        }
        if !self.is_needed {
            return Ok(());
        }
        let has_end = ends::has(plan, cells);
        let is_sure = self.is_sure(plan, cells);
        let is_covered = is_sure || self.is_covered(plan, cells);
        self.sides.row(&self.columns, cells);
        self.behind.row(plan, line, cells, has_end || is_sure);
        self.blank_status.row(&self.columns, line, cells, has_end || is_sure);
        if has_end {
            self.survey.add_ended();
            return self.is_not_active(plan, line, cells);
        }
        self.survey.row(&self.columns, cells, is_covered);
        if says_left(plan, cells) {
            return Ok(());
        }
        self.divided.row(plan, &self.columns, line, cells, is_sure);
        let statuses =
            self.columns.iter().filter(|(_, kind, _)| *kind == ColumnKind::Status).map(|(column, ..)| *column);
        self.codes.row(plan, statuses, cells, line);
        let today = (i32::from(plan.today.year()), i32::from(plan.today.month()));
        let says_so = |(column, kind, name): &&Column| {
            let value = cell(*column);
            // Numbers under these names may be anything.
            let is_length = *kind == ColumnKind::Service || matches!(&**name, "service" | "seniority");
            match earliest(value, name) {
                _ if is_told(&plan.mapping.employed_status, value) || is_sap_active(plan, name, value) => false,
                _ if is_sap_labelled(name, value) => false,
                _ if is_sure && (is_disability(name) || is_locked(name, value)) => false,
                // A unit may begin like a month, as in `2 maanden`.
                _ if is_length && in_words(value).is_some() => is_too_short(plan, cells, name, value),
                Some(month) if !matches!(kind, ColumnKind::Harmless | ColumnKind::Remark) => month <= today,
                _ if plan.dates.is_ahead(value) => false,
                _ if *kind == ColumnKind::Service && is_too_short(plan, cells, name, value) => true,
                _ => has_left_in(name, value) || is_sap_left(name, value) || !kind.agrees(name, value),
            }
        };
        let found: Vec<usize> = self.columns.iter().filter(says_so).map(|(column, ..)| *column).collect();
        found.into_iter().for_each(|column| self.findings.add(column, cell(column), line));
        let is_employed = |(column, kind, name): &Column| {
            let is_flag = matches!(kind, ColumnKind::Status | ColumnKind::Positive);
            let value = cell(*column);
            (is_flag && !value.is_empty() && kind.agrees(name, value)) || is_sap_active(plan, name, value)
        };
        self.pay.row(line, cells, self.columns.iter().any(is_employed));
        if is_covered {
            self.survey.add_sure();
        }
        self.ignored_columns(plan, line, cells);
        Ok(())
    }

    /// Looks at a credential of another type than a career.
    fn row_of_other_type(&mut self, plan: &Plan, line: u32, cells: &[String]) {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let is_told_valid = |column: usize| is_told(&plan.mapping.employed_status, cell(column));
        let is_wrong =
            |(column, _, name): &&Column| !is_told_valid(*column) && is_invalid(plan, *column, name, cell(*column));
        let wrong: Vec<usize> = self.columns.iter().filter(is_wrong).map(|(column, ..)| *column).collect();
        wrong.into_iter().for_each(|column| self.findings.add(column, cell(column), line));
    }

    /// Returns whether a status says that the person of a row is employed.
    fn is_sure(&self, plan: &Plan, cells: &[String]) -> bool {
        let says_so = |(column, kind, name): &Column| {
            let value = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let is_named = || *kind == ColumnKind::Status && is_told(&plan.mapping.employed_status, value);
            says_employed(*kind, name, value) || is_sap_active(plan, name, value) || is_named()
        };
        self.columns.iter().any(says_so)
    }

    /// Returns whether a status of a row is understood, as `Full time` is beside a column for the
    /// end.
    fn is_covered(&self, plan: &Plan, cells: &[String]) -> bool {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let has_ends = plan.columns_of(END).is_some();
        self.columns.iter().any(|(column, kind, name)| covers(*kind, name, cell(*column), has_ends))
    }

    /// Looks at the ignored columns of a row without an end. New values of a saved mapping stop the
    /// run, and what says plainly that the person left is a warning in each run.
    fn ignored_columns(&mut self, plan: &mut Plan, line: u32, cells: &[String]) {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let ends = &self.ends;
        let is_plain = |plan: &Plan, (column, kind, name): &Column| {
            let value = cell(*column);
            contradicts(*kind, name, value) || (ends.contains(column) && is_past(plan, name, value))
        };
        for column in &self.ignored {
            let (at, kind, name) = column;
            if is_told(&plan.mapping.employed_status, cell(*at)) {
                continue;
            }
            if is_new(plan, *at, *kind, name, cell(*at)) {
                self.findings.add(*at, cell(*at), line);
            } else if is_plain(plan, column) {
                self.overruled.add(*at, cell(*at), line);
            }
        }
        for column in self.settled.iter().chain(&self.accepted) {
            if is_plain(plan, column) {
                self.overruled.add(column.0, cell(column.0), line);
            }
        }
        for (column, kind, name) in &self.accepted {
            record(plan, *column, *kind, name, cell(*column));
        }
    }

    /// Refuses a row that ended before this month, but whose status says that the person is
    /// employed: the end may be that of a contract that was renewed.
    fn is_not_active(&self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let today = format!("{:04}-{:02}", plan.today.year(), plan.today.month());
        let Some(end) = ends::month(plan, cells).filter(|end| *end < today) else { return Ok(()) };
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let is_one = |(column, kind, name): &&Column| {
            let value = cell(*column);
            (is_active(*kind, value) || is_sap_active(plan, name, value)) && !is_told(&plan.mapping.left_status, value)
        };
        let Some((column, ..)) = self.columns.iter().find(is_one) else { return Ok(()) };
        let (name, value) = (plan.label(*column), printable(cell(*column)));
        Err(Error::Usage(format!(
            "line {line}: the column '{name}' says '{value}', but the end is {end}. If the end is that of a contract, \
             exclude its column with --ignore-column; if the person left, correct the status, or exclude it with \
             --ignore-column \"{name}\""
        )))
    }

    /// Reports what was found, and returns a warning about columns that are ignored although they
    /// say that people left.
    pub fn finish(mut self, plan: &mut Plan) -> Result<Option<String>, Error> {
        self.findings.extend(std::mem::take(&mut self.codes).unclear());
        self.findings.extend(std::mem::take(&mut self.divided).found());
        self.findings.keep(|column| !self.sides.has(column));
        if !self.findings.is_empty() {
            return Err(Error::Usage(self.stop(plan)));
        }
        let rows = [self.blank_status.warning(plan), self.behind.warning(plan)];
        let unsure = [self.survey.warning(plan), self.pay.warning(plan)].into_iter().chain(rows);
        let unsure: Vec<String> = unsure.flatten().collect();
        let unsure = (!unsure.is_empty()).then(|| unsure.join("\n"));
        if self.overruled.is_empty() {
            return Ok(unsure);
        }
        for column in self.overruled.columns() {
            let name = plan.ignored.iter().position(|at| *at == column).and_then(|at| plan.mapping.ignore.get(at));
            if let Some(name) = name.filter(|name| !plan.mapping.ignore_left.contains(name)).cloned() {
                plan.mapping.ignore_left.push(name);
            }
        }
        let found = self.overruled.text(plan);
        let warning = format!(
            "Warning: people are pushed as still employed, although an ignored column may say that they left:\n{found}"
        );
        Ok(Some(unsure.map_or_else(|| warning.clone(), |unsure| format!("{warning}\n{unsure}"))))
    }

    fn stop(&self, plan: &Plan) -> String {
        let found = self.findings.text(plan);
        let names: Vec<String> = self.findings.columns().map(|column| format!("\"{}\"", plan.label(column))).collect();
        let ignoring = names.iter().map(|name| format!("--ignore-column {name}")).collect::<Vec<_>>().join(" ");
        if self.is_other_type {
            return format!(
                "credentials would be pushed as valid, but columns that no field uses may say otherwise:\n{found}\nMap \
                 such a column with --column FIELD=COLUMN, or remove the rows. If a value means that a credential is \
                 valid, add --employed-status VALUE. Exclude a column that says nothing about validity: {ignoring}"
            );
        }
        format!(
            "people would be pushed as still employed, because no end is given for their job, but other columns may \
             say that they left, or tell some of them from others:\n{found}\nMap the column with the end with \
             --column {END}=COLUMN, or correct the rows. If a value means that the person left, add --left-status \
             VALUE: such rows are refused. If it means that the person is employed, add --employed-status VALUE. \
             Exclude a column that says nothing about the employment: {ignoring}"
        )
    }
}

/// Returns whether a row without an end has a value of which the caller said that it means that the
/// person left.
pub fn says_left(plan: &Plan, cells: &[String]) -> bool {
    let left = &plan.mapping.left_status;
    let is_left = |column: &usize| cells.get(*column).is_some_and(|cell| is_told(left, cell));
    !left.is_empty() && plan.watched.iter().any(is_left) && !ends::has(plan, cells)
}

/// Returns the column of a row without an end whose text has a remark that the person left, as in
/// `Driver (left)` or `Sample Co (former)`.
pub fn remark_of_left(plan: &Plan, cells: &[String]) -> Option<usize> {
    let end = plan.form.find(END).map(|end| &plan.origins[end]);
    if plan.form.list.is_none() || matches!(end, Some(Origin::Constant(_))) || ends::has(plan, cells) {
        return None;
    }
    for field in ["role_title", "role_classification", "organisation"] {
        for column in plan.columns_of(field).unwrap_or_default() {
            let text = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let is_former = field != "organisation" && is_former_title(text);
            if (is_former || has_left_remark(text)) && !is_told(&plan.mapping.employed_status, text) {
                return Some(*column);
            }
        }
    }
    None
}

/// Returns whether a value is one that the caller named. `Yes` and `No` mean something else in each
/// column.
fn is_told(values: &[String], value: &str) -> bool {
    let text = folded(value);
    let is_flag = text.is_empty() || is_yes(&text) || is_no(&text);
    !is_flag && values.iter().any(|known| folded(known) == text)
}

/// Returns whether a value says plainly that the person left.
fn contradicts(kind: ColumnKind, name: &str, value: &str) -> bool {
    let is_flag = kind == ColumnKind::Positive;
    has_left_in(name, value) || (is_flag && (value == "-" || (!value.is_empty() && is_no(&folded(value)))))
}

/// Returns whether a value of an ignored column is not one that the mapping was saved with.
fn is_new(plan: &Plan, column: usize, kind: ColumnKind, name: &str, value: &str) -> bool {
    let ignored = plan.ignored.iter().position(|at| *at == column).and_then(|at| plan.mapping.ignore.get(at));
    match ignored.and_then(|ignored| plan.mapping.ignore_values.get(ignored)) {
        Some(known) if known.len() < RECORDED => {
            let is_known = known.iter().any(|known| folded(known) == folded(value));
            !is_known && (contradicts(kind, name, value) || !kind.agrees(name, value))
        }
        _ => contradicts(kind, name, value),
    }
}

/// Records the values of a status that is ignored now, so that a saved mapping stops at others.
fn record(plan: &mut Plan, column: usize, kind: ColumnKind, name: &str, value: &str) {
    if kind != ColumnKind::Status {
        return;
    }
    let ignored = plan.ignored.iter().position(|at| *at == column).and_then(|at| plan.mapping.ignore.get(at));
    let Some(ignored) = ignored.cloned() else { return };
    let known = plan.mapping.ignore_values.entry(ignored).or_default();
    let is_new = !known.iter().any(|known| folded(known) == folded(value));
    if is_new && known.len() < RECORDED && !kind.agrees(name, value) {
        known.push(printable(value));
    }
}

#[cfg(test)]
mod tests;
