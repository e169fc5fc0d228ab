//! Rows without pay in a file in which others have pay: those people may have left.

use crate::employment_words::words;
use crate::plan::Plan;
use crate::word_lists::{BESIDE_PAY, PAY, PAY_NAMES, WHOLE_PAY, is_in};

/// Maximum number of lines that are listed.
const LISTED: usize = 5;

/// Rows with pay from which empty cells of others are rows without pay: a small file may have them
/// for other reasons, and its people are all shown.
const MIN_PAID: usize = 3;

/// The columns with pay, and what they say about rows without an end.
#[derive(Debug, Default)]
pub struct Pay {
    columns: Vec<usize>,
    /// Whether one of them has the whole pay.
    has_whole: bool,
    paid: usize,
    unpaid: People,
    /// People whose cells are empty.
    empty: People,
}

/// The number of people, and the first lines of them.
#[derive(Debug, Default)]
struct People {
    count: usize,
    lines: Vec<u32>,
}

impl People {
    fn add(&mut self, line: u32) {
        self.count += 1;
        if self.lines.len() < LISTED {
            self.lines.push(line);
        }
    }
}

impl Pay {
    /// Finds the columns among those that no field uses.
    pub fn new(plan: &Plan) -> Self {
        let is_one = |column: &usize| is_pay(&plan.header[*column]);
        let columns: Vec<usize> = plan.watched.iter().copied().filter(is_one).collect();
        let is_whole = |column: &usize| words(&plan.header[*column]).iter().any(|word| is_in(WHOLE_PAY, word));
        let has_whole = columns.iter().any(is_whole);
        Self { columns, has_whole, ..Self::default() }
    }

    /// Counts a row without an end. With `is_known`, another column says that the person is
    /// employed, such as on unpaid leave.
    pub fn row(&mut self, line: u32, cells: &[String], is_known: bool) {
        let amounts = self.columns.iter().filter_map(|column| is_paid(cells.get(*column)?));
        match amounts.reduce(|one, other| one || other) {
            Some(true) => self.paid += 1,
            Some(false) if !is_known => self.unpaid.add(line),
            None if !is_known && self.has_whole => self.empty.add(line),
            _ => {}
        }
    }

    /// Returns what a person should confirm, if fewer people have no pay than have pay.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        let empty = Some(&self.empty).filter(|_| self.paid >= MIN_PAID);
        let unpaid = self.unpaid.count + empty.map_or(0, |empty| empty.count);
        if unpaid == 0 || unpaid >= self.paid {
            return None;
        }
        let mut lines = self.unpaid.lines.clone();
        lines.extend(empty.map(|empty| empty.lines.as_slice()).unwrap_or_default());
        lines.sort_unstable();
        lines.truncate(LISTED);
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", plan.label(*column))).collect();
        let more = if unpaid > lines.len() { ", ..." } else { "" };
        let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
        Some(format!(
            "Warning: rows without an end have no pay, which may mean that people left: {unpaid} of {} rows (lines \
             {}{more}). Fill in the end if a person left. Exclude columns that say nothing about the employment: \
             --ignore-column {}",
            unpaid + self.paid,
            lines.join(", "),
            names.join(" --ignore-column ")
        ))
    }
}

/// Returns whether a column has the pay of a period, such as `Gross pay`: not a date, a rate, or a
/// part of the pay that may be zero.
fn is_pay(header: &str) -> bool {
    let words = words(header);
    let is_named = matches!(words.as_slice(), [word] if is_in(PAY_NAMES, word));
    let is_pay = words.iter().any(|word| is_in(PAY, word));
    is_named || (is_pay && !words.iter().any(|word| is_in(BESIDE_PAY, word)))
}

/// Returns whether an amount of pay is more than zero; `None` if a cell has none. Accounts write a
/// dash for zero, and a negative amount is a correction.
fn is_paid(cell: &str) -> Option<bool> {
    let is_other = |character: char| character.is_whitespace() || "$\u{20ac}\u{a3}\u{a5}".contains(character);
    if cell.bytes().any(|byte| byte.is_ascii_digit()) {
        let amount = cell.trim_matches(is_other);
        let is_negative = amount.starts_with(['-', '(', '\u{2212}']) || amount.ends_with('-');
        return Some(!is_negative && cell.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
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
        assert!(warning("Gross pay", &["10", "-10", "12"], false).is_some());
        assert!(warning("Taxable gross", &["10", "0", "12"], false).is_some());
        assert!(warning("Basic", &["10", "0", "12"], false).is_some());
        assert!(warning("Nettolohn", &["10", "(5)", "12"], false).is_some());
        let said = warning("Gross pay", &["10", "", "12", "9", "0"], false).expect("empty");
        assert!(said.contains("2 of 5 rows (lines 3, 6)"), "{said}");
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
            ("Basic training", &["10", "0", "12"][..]),
            ("Salary", &["10", "", "12", "9"][..]),
        ] {
            assert_eq!(warning(columns, rows, false), None, "{columns}: {rows:?}");
        }
        assert_eq!(warning("Gross pay", &["10", "0", "12"], true), None, "a status says that they are employed");
    }
}
