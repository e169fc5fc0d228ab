//! Rows that are not people: totals, which are skipped, and headings of sections.

use crate::error::Error;
use crate::infer_columns::folded;
use crate::printable::printable;

/// First cells of rows with totals.
const TOTALS: [&str; 10] =
    ["total", "totals", "grandtotal", "subtotal", "count", "sum", "summe", "gesamt", "totaux", "totale"];

/// Returns whether a row has totals. Refuses headings of sections, such as `Leavers`, because the
/// rows below may not be what they seem.
pub fn is_total(line: u32, columns: usize, cells: &[String]) -> Result<bool, Error> {
    let filled: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let Some((first, others)) = filled.split_first() else { return Ok(false) };
    let name = folded(first);
    let is_word = TOTALS.contains(&name.trim_end_matches(|character: char| character.is_ascii_digit()));
    if (is_word || name.starts_with("total")) && others.iter().all(|cell| is_numeric(cell)) {
        return Ok(true);
    }
    if columns > 2 && (others.is_empty() || name == "grandtotal" || name == "total") {
        return Err(Error::Usage(format!(
            "line {line}: the row has only '{}' and may be the heading of a section, such as of people who left. Remove \
             such rows, or push each section as its own file",
            printable(first)
        )));
    }
    Ok(false)
}

fn is_numeric(cell: &str) -> bool {
    cell.chars().all(|character| !character.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(row: &str) -> Result<bool, String> {
        let cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        is_total(7, cells.len().max(3), &cells).map_err(|stop| stop.to_string())
    }

    #[test]
    fn totals_are_skipped_and_sections_stop() {
        for row in ["Total,,,", "Grand total,1,1,2010-01", "Total: 12,,,", ",Count,12,", "Total employees,,,"] {
            assert_eq!(read(row), Ok(true), "{row}");
        }
        assert_eq!(read("1001,Ada,Example,A"), Ok(false));
        assert_eq!(read(",,,"), Ok(false));
        let said = read("Leavers,,,").expect_err("a section");
        assert!(said.contains("line 7") && said.contains("'Leavers'"), "{said}");
        assert!(read("Total,Ada,A,Clerk").is_err(), "never a person");
    }
}
