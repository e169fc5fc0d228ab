//! What the header and the rows of a table must be before their cells mean anything.

use crate::error::Error;
use crate::infer_columns::unused_middle_name;
use crate::input::{Merged, RowPosition, Scan};
use crate::plan::Plan;
use crate::printable::printable;
use crate::quoting::malformed;

/// Refuses quotes that would garble the cells of this row or of the following ones.
pub fn is_well_quoted(scan: &Scan, row: RowPosition, raw: &[u8], separator: u8) -> Result<(), Error> {
    let Some((at, why)) = malformed(raw, separator) else { return Ok(()) };
    let before = String::from_utf8_lossy(&raw[..at]);
    let line = row.line.saturating_add(u32::try_from(before.matches('\n').count()).unwrap_or_default());
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    Err(Error::Failed(format!("{}:{line}:{column}: malformed quoting: {why}. Nothing was sent", scan.name())))
}

/// Refuses a cell that may hold another row, because a quote is opened in one row and closed in a
/// later one: it has line breaks and as many separators as the rows that it would join. The program
/// writes the quotes of a sheet itself.
pub fn holds_no_row(scan: &Scan, plan: &Plan, (line, separator): (u32, u8), cells: &[String]) -> Result<(), Error> {
    // Empty cells at the end of the later row are more than the header has.
    let more = cells.len().saturating_sub(plan.header.len());
    let usual = plan.header.len().saturating_sub(1 + more).max(1);
    let needed = if plan.mapping.allow_short_rows { 1 } else { usual };
    let separator = char::from(separator);
    let has_row = |cell: &String| cell.contains(['\n', '\r']) && cell.matches(separator).count() >= needed;
    let Some(column) = cells.iter().position(has_row).filter(|_| !scan.is_sheet) else { return Ok(()) };
    let name = plan.header.get(column).map_or("", String::as_str);
    Err(Error::Failed(format!(
        "{}:{line}: malformed quoting: the cell of the column '{name}' has line breaks and separators and may hold \
         another row, if a quote (\") is opened in one row and closed in a later one. Remove such a quote, or the line \
         breaks in the cell. Nothing was sent",
        scan.name()
    )))
}

/// Refuses a full name that leaves out the middle name, unless that column is ignored.
pub fn is_whole_name(plan: &Plan) -> Result<(), Error> {
    let full_name = plan.columns_of("full_name").unwrap_or_default();
    let is_free = |column: usize| !plan.ignored.contains(&column);
    let Some(middle) = unused_middle_name(&plan.header, full_name, is_free) else { return Ok(()) };
    let name = plan.label(middle);
    Err(Error::Usage(format!(
        "the column '{name}' is not part of full_name. Add it with --column full_name=FIRST+{name}+LAST, or exclude it \
         with --ignore-column \"{name}\""
    )))
}

/// Cleans the name of a column: line breaks, control characters and marks of direction are no part
/// of it.
pub fn clean(name: &str) -> String {
    let name = printable(name).replace('\u{fffd}', " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses cells that a workbook merges over several rows: only the first row has their value.
pub fn has_no_merged_rows(scan: &Scan, plan: &Plan, header_line: u32) -> Result<(), Error> {
    let unused: Vec<usize> = plan.unmapped().collect();
    let is_mapped = |column: &usize| *column < plan.header.len() && !unused.contains(column);
    let is_wrong =
        |merged: &&Merged| merged.last_row > header_line && merged.columns.clone().any(|column| is_mapped(&column));
    match scan.merged.iter().find(is_wrong) {
        Some(merged) => Err(Error::Usage(format!(
            "{}: the cells {} are merged over several rows, so only the first of them has the value. Unmerge them and \
             fill in each row",
            scan.name(),
            merged.range
        ))),
        None => Ok(()),
    }
}

/// Refuses a header that goes on to the end of the file, because its lines end in another way.
pub fn has_line_endings(header: &[u8]) -> Result<(), Error> {
    if !header.contains(&b'\r') {
        return Ok(());
    }
    Err(Error::Failed("lines end with carriage returns only; save the file with common line endings".to_owned()))
}
