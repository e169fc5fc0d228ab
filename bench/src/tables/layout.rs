//! What all tables share: the section of the report, and the formats of its cells.

use std::fmt::Write as _;

/// A part of the report.
#[derive(Debug)]
pub struct Section {
    /// The name of the markers in the page: `bench:NAME`.
    pub name: &'static str,
    pub table: String,
    /// The picture: its file name in docs/operate/, its alternative text, and the SVG.
    pub picture: Option<(&'static str, &'static str, String)>,
}

/// Formats a number for a table; empty if there is none.
pub fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

/// Returns how many times `below` goes into `above`; `None` if either is missing or `below` is 0.
pub fn ratio(above: Option<f64>, below: Option<f64>) -> Option<f64> {
    Some(above? / below.filter(|below| *below > 0.0)?)
}

/// Formats the processor time per request in microseconds: the server's, and PostgreSQL's if it is
/// used.
pub fn processor(figure: &dyn Fn(&str) -> Option<f64>) -> String {
    match figure("database_us").filter(|database| *database > 0.0) {
        Some(database) => format!("{} + {database:.0}", shown(figure("server_us"), 0)),
        None => shown(figure("server_us"), 0),
    }
}

/// Formats a Markdown table.
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", columns.join(" | "), "--:|".repeat(columns.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
