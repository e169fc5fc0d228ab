//! Rows without pay in a file in which others have pay: those people may have left.

use crate::employment_words::words;
use crate::plan::Plan;
use crate::word_lists::{BESIDE_PAY, PAY};

/// Maximum number of lines that are listed.
const LISTED: usize = 5;

/// The columns with pay, and what they say about rows without an end.
#[derive(Debug, Default)]
pub struct Pay {
    columns: Vec<usize>,
    paid: usize,
    unpaid: usize,
    /// The first lines of people without pay.
    lines: Vec<u32>,
}

impl Pay {
    /// Finds the columns among those that no field uses.
    pub fn new(plan: &Plan) -> Self {
        let columns = plan.watched.iter().copied().filter(|column| is_pay(&plan.header[*column])).collect();
        Self { columns, ..Self::default() }
    }

    /// Counts a row without an end. With `is_known`, another column says that the person is
    /// employed, such as on unpaid leave.
    pub fn row(&mut self, line: u32, cells: &[String], is_known: bool) {
        let amounts = self.columns.iter().filter_map(|column| is_paid(cells.get(*column)?));
        match amounts.reduce(|one, other| one || other) {
            Some(true) => self.paid += 1,
            Some(false) if !is_known => {
                self.unpaid += 1;
                if self.lines.len() < LISTED {
                    self.lines.push(line);
                }
            }
            _ => {}
        }
    }

    /// Returns what a person should confirm, if fewer people have no pay than have pay.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        if self.unpaid == 0 || self.unpaid >= self.paid {
            return None;
        }
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", plan.label(*column))).collect();
        let lines: Vec<String> = self.lines.iter().map(u32::to_string).collect();
        let more = if self.unpaid > self.lines.len() { ", ..." } else { "" };
        Some(format!(
            "Warning: rows without an end have no pay, which may mean that people left: {} of {} rows (lines {}{more}). \
             Fill in the end if a person left. Exclude columns that say nothing about the employment: --ignore-column {}",
            self.unpaid,
            self.unpaid + self.paid,
            lines.join(", "),
            names.join(" --ignore-column ")
        ))
    }
}

/// Returns whether a column has the pay of a period, such as `Gross pay`: not a date, a rate, or a
/// part of the pay that may be zero.
fn is_pay(header: &str) -> bool {
    let words = words(header);
    let is_in = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    words.iter().any(|word| is_in(PAY, word)) && !words.iter().any(|word| is_in(BESIDE_PAY, word))
}

/// Returns whether an amount of pay is more than zero; `None` if a cell has none. Accounts write a
/// dash for zero.
fn is_paid(cell: &str) -> Option<bool> {
    let is_other = |character: char| character.is_whitespace() || "$\u{20ac}\u{a3}\u{a5}".contains(character);
    if cell.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some(cell.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
    }
    (cell.trim_matches(is_other) == "-").then_some(false)
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn warning(columns: &str, rows: &[&str], is_known: bool) -> Option<String> {
        let header = format!("Emp ID,Name,Company,Job,Start,Pay period,{columns}");
        let header = header.split(',').map(str::to_owned).collect();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut pay = Pay::new(&plan);
        for (line, row) in (2..).zip(rows) {
            let row = format!("1,Ada,A,Clerk,2015-01,2026-10,{row}");
            pay.row(line, &row.split(',').map(str::to_owned).collect::<Vec<_>>(), is_known);
        }
        pay.warning(&plan)
    }

    #[test]
    fn people_without_pay_are_confirmed() {
        let said = warning("Gross pay,Net pay", &["10,8", "0.00,0", "12,9"], false).expect("unpaid");
        for part in ["1 of 3 rows (lines 3)", "--ignore-column \"Gross pay\" --ignore-column \"Net pay\""] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(warning("Bruttolohn", &["10", "- ", "12"], false).is_none(), "an unknown name");
        assert!(warning("Gross_Pay_USD", &["$10", "$ -", "$12"], false).is_some());
        assert!(warning("Salary", &["1.000\u{a0}\u{20ac}", "0.00\u{a0}\u{20ac}", "2"], false).is_some());
    }

    #[test]
    fn ordinary_columns_are_not_about_missing_pay() {
        for (columns, rows) in [
            ("Gross pay,Net pay", &["10,8", "10,0", "12,9"][..]),
            ("Gross pay", &["10", "", "12"][..]),
            ("Gross pay", &["0", "0", "0"][..]),
            ("Gross pay", &["0", "10"][..]),
            ("Bonus pay", &["10", "0", "12"][..]),
            ("Pay rate", &["10", "0", "12"][..]),
            ("Pay group", &["10", "0", "12"][..]),
            ("Holiday pay", &["10", "0", "12"][..]),
            ("YTD gross", &["10", "0", "12"][..]),
            ("End of month", &["10", "0", "12"][..]),
            ("Hours", &["10", "0", "12"][..]),
        ] {
            assert_eq!(warning(columns, rows, false), None, "{columns}: {rows:?}");
        }
        assert_eq!(warning("Gross pay", &["10", "0", "12"], true), None, "a status says that they are employed");
    }
}
