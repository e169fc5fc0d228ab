//! Standard output, for programs and for people.

use std::io::{ErrorKind, Write as _};

use crate::error::Error;

/// Prints `text` and a line ending. Ignores a reader that closes the pipe, such as `head`.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(format!("{}\n", text.trim_end_matches('\n')).as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Formats rows as a table with aligned columns. Control characters become spaces.
pub fn table(rows: &[Vec<String>]) -> String {
    let clean = |cell: &String| cell.replace(char::is_control, " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_columns_and_hide_control_characters() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["person", "status", "reason"]), row(["Zoë\u{1b}", "verified", ""])]);
        assert_eq!(text, "person  status    reason\nZoë     verified");
    }
}
