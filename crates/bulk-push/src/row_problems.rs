//! Problems of a row that are found before its cells become fields.

use credential::Shape;

use crate::dates;
use crate::ends::{self, END};
use crate::group::{Group, joined, rejected_row};
use crate::infer_columns::folded;
use crate::leavers::{remark_of_left, says_left};
use crate::left_titles;
use crate::misplaced::misplaced;
use crate::name_text::problem_of_text;
use crate::names::problem;
use crate::people::id_problem;
use crate::plan::Origin;
use crate::rejected_row::RejectedRow;
use crate::row_code::RowCode;
use crate::shifted_values;

/// Errors that spreadsheets show instead of the result of a formula.
const FORMULA_ERRORS: [&str; 9] =
    ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"];

impl Group<'_> {
    /// Checks the number of cells and the person column of each row.
    pub fn shape(&self) -> Vec<RejectedRow> {
        let mut rejected = Vec::new();
        let wanted = self.plan.header.len();
        for (index, record) in self.records.iter().enumerate() {
            if self.repeats_header(&record.cells) {
                let message = "This row repeats the header. Remove it.".to_owned();
                rejected.push(self.at(index, None, rejected_row(RowCode::RowCells, message)));
                continue;
            }
            let (found, column) = (record.cells.len(), record.cells.len().min(wanted).checked_sub(1));
            // Spreadsheets add empty cells at the end.
            let has_more = record.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
            if has_more || (found > wanted && self.plan.has_odd_cells) {
                let message = format!(
                    "This row has {found} cells, but the header has {wanted}. Put cells that contain the separator \
                     in quotes. Remove empty cells at the end that other rows do not have."
                );
                rejected.push(self.at(index, column, rejected_row(RowCode::RowCells, message)));
            }
            rejected.extend(self.short(index));
            let person = record.cell(self.plan.person);
            if self.plan.form.list.is_some() && person.is_empty() {
                let message = "The person column is empty.".to_owned();
                rejected.push(self.at(index, self.plan.person, rejected_row(RowCode::PersonMissing, message)));
            } else if let Some((column, message)) = self.damaged_id(index) {
                rejected.push(self.at(
                    index,
                    Some(column),
                    rejected_row(RowCode::PersonPlaceholder, message.to_owned()),
                ));
            } else if person.chars().any(char::is_control) {
                rejected.push(self.at(index, self.plan.person, RejectedRow::with_control_character()));
            }
            rejected.extend(self.left(index));
            let formula_errors = self.formula_errors(index);
            rejected.extend(self.garbled(index));
            rejected.extend(self.misplaced(index));
            rejected.extend(self.shifted(index));
            rejected.extend(self.too_far(index));
            if formula_errors.is_empty()
                && let Some((column, code, message)) = problem(self.plan, self.name_parts, &record.cells)
            {
                rejected.push(self.at(index, Some(column), rejected_row(code, message)));
            }
            rejected.extend(formula_errors);
        }
        rejected
    }

    /// Returns whether a row has the names of the columns, as files that were put together do.
    fn repeats_header(&self, cells: &[String]) -> bool {
        let named: Vec<usize> =
            (0..self.plan.header.len()).filter(|column| !self.plan.header[*column].is_empty()).collect();
        let is_name =
            |column: &usize| cells.get(*column).is_some_and(|cell| folded(cell) == folded(&self.plan.header[*column]));
        named.len() > 2 && named.iter().all(is_name)
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

    /// Refuses a row without an end whose status, title or organisation says that the person left.
    fn left(&self, index: usize) -> Option<RejectedRow> {
        let cells = &self.records[index].cells;
        if let Some(column) = remark_of_left(self.plan, cells).or_else(|| left_titles::column(self.plan, cells)) {
            let message = "This says that the person left, but the job has no end. Fill in the end, or remove the \
                           remark. If it belongs to the name, add --employed-status with the whole text.";
            return Some(self.at(index, Some(column), rejected_row(RowCode::StatusLeft, message.to_owned())));
        }
        let is_left = self.plan.form.list.is_some() && says_left(self.plan, cells);
        let message = "A status says that the person left, but the job has no end. Fill in the end.";
        is_left.then(|| self.at(index, self.end_column(), rejected_row(RowCode::StatusLeft, message.to_owned())))
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
        Some(self.at(index, None, rejected_row(RowCode::RowCells, message)))
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
        columns
            .map(|column| self.at(index, Some(column), rejected_row(RowCode::CellFormula, message.to_owned())))
            .collect()
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
            let message = problem_of_text(self.records[index].cell(Some(*column)))?;
            Some(self.at(index, Some(*column), rejected_row(RowCode::TextGarbled, message)))
        });
        found.collect()
    }

    /// Refuses texts that are not what their field has, such as a date as a title.
    fn misplaced(&self, index: usize) -> Vec<RejectedRow> {
        let targets = self.plan.form.targets.iter().zip(&self.plan.origins);
        let found = targets.filter_map(|(target, origin)| {
            let Origin::Columns(columns) = origin else { return None };
            let field = target.path.last()?;
            let what = misplaced(field, &joined(&self.records[index], columns))?;
            let message = format!(
                "This is {what}, and no {}. Check that the cells of the row are not shifted. If they are not, choose \
                 another column with --column {field}=COLUMN, or add --set {field}=VALUE.",
                field.replace('_', " ")
            );
            Some(self.at(index, columns.first().copied(), rejected_row(RowCode::TextGarbled, message)))
        });
        found.collect()
    }

    /// Refuses texts that other rows have in another column.
    fn shifted(&self, index: usize) -> Option<RejectedRow> {
        let (plan, cells) = (self.plan, &self.records[index].cells);
        if shifted_values::are_swapped(plan, cells) {
            let message = "The employer and the title seem to be swapped: other rows have each as the other. Correct the \
                           row, or the others.";
            let column = plan.columns_of("organisation").and_then(|columns| columns.first().copied());
            return Some(self.at(index, column, rejected_row(RowCode::TextGarbled, message.to_owned())));
        }
        let column = shifted_values::column(plan, cells)?;
        let message = "Other rows have this value in another column. Check that the cells of the row are not shifted.";
        Some(self.at(index, Some(column), rejected_row(RowCode::TextGarbled, message.to_owned())))
    }

    /// Refuses ends and other dates that may be missing if they lie too far ahead, unless they are
    /// among those that mean that there is none.
    fn too_far(&self, index: usize) -> Vec<RejectedRow> {
        let targets = self.plan.form.targets.iter().zip(&self.plan.origins);
        let found = targets.filter(|(target, _)| dates::is_date(target.shape) && !target.is_required);
        let found = found.filter_map(|(target, origin)| {
            let Origin::Columns(columns) = origin else { return None };
            let record = &self.records[index];
            let is_end = target.is_of_item && target.path == [END];
            let text = if is_end { ends::text(self.plan, &record.cells) } else { joined(record, columns) };
            if !self.plan.dates.is_too_far(&text) {
                return None;
            }
            let mut all = columns.iter().chain(&self.plan.other_ends).copied();
            let column = all.find(|column| record.cell(Some(*column)) == text).or(columns.first().copied());
            let message = "This date lies too far ahead. Correct the year. If there is no date, empty the cell.";
            Some(self.at(index, column, rejected_row(RowCode::DateFuture, message.to_owned())))
        });
        found.collect()
    }
}
