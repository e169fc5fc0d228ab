//! What is wrong with a row before its cells become fields.

use credential::Shape;

use crate::group::{Group, rejected_row};
use crate::leavers::says_left;
use crate::name_text::fault_of_text;
use crate::names::problem;
use crate::people::id_problem;
use crate::plan::Origin;
use crate::rejected_row::RejectedRow;

/// Errors that spreadsheets show instead of the result of a formula.
const FORMULA_ERRORS: [&str; 9] =
    ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"];

impl Group<'_> {
    /// Checks the number of cells and the person column of each row.
    pub fn shape(&self) -> Vec<RejectedRow> {
        let mut rejected = Vec::new();
        let wanted = self.plan.header.len();
        for (index, record) in self.records.iter().enumerate() {
            let (found, column) = (record.cells.len(), record.cells.len().min(wanted).checked_sub(1));
            // Spreadsheets add empty cells at the end.
            let has_more = record.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
            if has_more {
                let message = format!(
                    "This row has {found} cells, but the header has {wanted}. Put cells that contain the separator \
                     in quotes."
                );
                rejected.push(self.at(index, column, rejected_row("row.cells", message)));
            }
            rejected.extend(self.short(index));
            let person = record.cell(self.plan.person);
            if self.plan.form.list.is_some() && person.is_empty() {
                let message = "The person column is empty.".to_owned();
                rejected.push(self.at(index, self.plan.person, rejected_row("person.missing", message)));
            } else if let Some((column, message)) = self.damaged_id(index) {
                rejected.push(self.at(index, Some(column), rejected_row("person.placeholder", message.to_owned())));
            } else if person.chars().any(char::is_control) {
                rejected.push(self.at(index, self.plan.person, RejectedRow::with_control_character()));
            }
            rejected.extend(self.left(index));
            let formula_errors = self.formula_errors(index);
            rejected.extend(self.garbled(index));
            if formula_errors.is_empty()
                && let Some((column, code, message)) = problem(self.plan, self.name_parts, &record.cells)
            {
                rejected.push(self.at(index, Some(column), rejected_row(code, message)));
            }
            rejected.extend(formula_errors);
        }
        rejected
    }

    /// Returns the column whose value is no id, and why.
    fn damaged_id(&self, index: usize) -> Option<(usize, &'static str)> {
        let person = self.plan.person.filter(|_| self.plan.form.list.is_some());
        let columns = [person, self.plan.credential_id, self.plan.replaces];
        columns.into_iter().flatten().find_map(|column| {
            let id = self.records[index].cell(Some(column));
            id_problem(id).filter(|_| !id.is_empty()).map(|message| (column, message))
        })
    }

    /// Refuses a row without an end whose status means that the person left.
    fn left(&self, index: usize) -> Option<RejectedRow> {
        let is_left = self.plan.form.list.is_some() && says_left(self.plan, &self.records[index].cells);
        let message = "A status says that the person left, but the job has no end. Fill in the end.";
        is_left.then(|| self.at(index, self.end_column(), rejected_row("status.left", message.to_owned())))
    }

    /// Refuses a row with fewer cells than the header: the end of a job may be missing.
    fn short(&self, index: usize) -> Option<RejectedRow> {
        let record = &self.records[index];
        let wanted = self.plan.header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        let (found, is_open) = (record.cells.len(), self.open_line == Some(record.row.line));
        if found >= wanted || (self.has_short_rows && !is_open) {
            return None;
        }
        let cure = if is_open {
            "The file ends in this row and may have been cut. Export it again."
        } else {
            "If the program that wrote the file leaves out empty cells at the end of a row, add --allow-short-rows."
        };
        let message = format!("This row has {found} cells, but the header has {wanted}. {cure}");
        Some(self.at(index, None, rejected_row("row.cells", message)))
    }

    /// Refuses errors of formulas in columns that are pushed.
    fn formula_errors(&self, index: usize) -> Vec<RejectedRow> {
        let is_pushed = |column: &usize| {
            let fills = |origin: &Origin| matches!(origin, Origin::Columns(columns) if columns.contains(column));
            self.plan.person == Some(*column) || self.plan.origins.iter().any(fills)
        };
        let is_wrong = |column: &usize| FORMULA_ERRORS.contains(&self.records[index].cell(Some(*column)));
        let columns = (0..self.plan.header.len()).filter(|column| is_wrong(column) && is_pushed(column));
        let message = "This is the error of a spreadsheet's formula. Correct the formula, or empty the cell.";
        columns.map(|column| self.at(index, Some(column), rejected_row("cell.formula", message.to_owned()))).collect()
    }

    /// Refuses text in columns that are pushed if it was decoded with the wrong encoding. Names
    /// have rules of their own.
    fn garbled(&self, index: usize) -> Vec<RejectedRow> {
        let is_text = |shape: Shape| matches!(shape, Shape::Text | Shape::TextOrNumber);
        let targets = self.plan.form.targets.iter().zip(&self.plan.origins);
        let columns = targets.filter_map(|(target, origin)| match origin {
            Origin::Columns(columns) if is_text(target.shape) && target.path != ["full_name"] => Some(columns),
            _ => None,
        });
        let found = columns.flatten().filter_map(|column| {
            let message = fault_of_text(self.records[index].cell(Some(*column)))?;
            Some(self.at(index, Some(*column), rejected_row("text.garbled", message)))
        });
        found.collect()
    }
}
