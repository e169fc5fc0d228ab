//! Dates in the lines above the header and below the rows, such as `Payroll October 2020` or
//! `Printed on 31/10/2020`. If the last processed month is set for every row, an earlier date there
//! says that the file is an old one.

use jiff::civil::Date;

use crate::ends::{self, MONTH};
use crate::error::Error;
use crate::likely_date::likely_month;
use crate::misplaced::is_date;
use crate::month_words;
use crate::plan::{Origin, Plan};
use crate::printable::printable;
use crate::word_lists::is_in;

/// Words of a line that says when a report was made, not what it is about.
const MADE: &str = "\
    printed print generated run created exported export downloaded produced extracted erstellt gedruckt druckdatum \
    imprim\u{e9} \u{e9}dit\u{e9} impreso dicetak";

/// Words of a line whose date is about something else than the rows.
const OTHERS: &str = "\
    since seit depuis desde sejak established founded incorporated gegr\u{fc}ndet version rev revision template form \
    copyright act law regulation policy budget registered valid";

/// Maximum number of words of a date, as in `31 de octubre de 2020`.
const LONGEST: usize = 5;

/// Maximum number of lines that are kept, and their length in characters.
const KEPT: usize = 20;
const SHOWN: usize = 80;

/// Lines that are not rows.
#[derive(Debug, Default)]
pub struct SkippedLines {
    /// Their texts, without the separators.
    pub texts: Vec<String>,
}

impl SkippedLines {
    /// Takes the first `count` lines of the start of a file.
    pub fn above(start: &[u8], count: usize, separator: u8) -> Self {
        let text = String::from_utf8_lossy(start);
        let mut found = Self::default();
        for line in text.split('\n').take(count) {
            found.add(line.split(char::from(separator)));
        }
        found
    }

    /// Adds a line.
    pub fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        let filled = cells.map(|cell| cell.trim().trim_matches('"').trim()).filter(|cell| !cell.is_empty());
        let text: String = filled.collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        let is_marked = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
        if text.contains(char::is_alphanumeric) && !is_marked && self.texts.len() < KEPT {
            self.texts.push(printable(&text));
        }
    }

    /// Refuses lines that name an earlier month than the one that is set for every row. Returns a
    /// warning instead if the caller said how many lines are above the header.
    pub fn check(&self, plan: &Plan) -> Result<Option<String>, Error> {
        let Some(Origin::Constant(month)) = plan.form.find(MONTH).map(|at| &plan.origins[at]) else { return Ok(None) };
        let Some(processed) = ends::read(plan, month, MONTH) else { return Ok(None) };
        let has = |line: &String, list: &str| {
            line.split(|end: char| !end.is_alphabetic()).any(|word| is_in(list, &word.to_lowercase()))
        };
        for is_made in [false, true] {
            let lines = self.texts.iter().filter(|line| has(line, MADE) == is_made && !has(line, OTHERS));
            let dated = lines.filter_map(|line| Some((latest(plan, line)?, line)));
            let Some((found, line)) = dated.max_by(|one, other| one.0.cmp(&other.0)) else { continue };
            if found >= processed {
                continue;
            }
            let said = format!(
                "the line '{line}' of the file names {found}, but {MONTH} is {processed}, so people would be confirmed for \
                 months of which the file says nothing. If the file is of {found}, add --set {MONTH}={found}"
            );
            return match plan.mapping.skip_rows {
                Some(_) => Ok(Some(format!("Warning: {said}"))),
                None => Err(Error::Usage(format!(
                    "{said}. Otherwise remove the line, or add --skip-rows COUNT, with which this is a warning"
                ))),
            };
        }
        Ok(None)
    }
}

/// Returns the latest month that a line names.
fn latest(plan: &Plan, line: &str) -> Option<String> {
    let is_mark = |character: char| !character.is_alphanumeric();
    let words = line.split_whitespace().map(|word| word.trim_matches(is_mark));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let starts = 0..words.len();
    let spans = starts.flat_map(|start| (1..=LONGEST.min(words.len() - start)).map(move |length| (start, length)));
    spans.filter_map(|(start, length)| month_of(plan, &words[start..start + length].join(" "))).max()
}

/// Returns the month of a text that is a date with a year of four digits, and nothing else.
fn month_of(plan: &Plan, text: &str) -> Option<String> {
    if let Some(date) = month_words::read(text) {
        return Some(format!("{:04}-{:02}", date.year, date.month));
    }
    let groups: Vec<&str> = text.split(['/', '.', '-']).collect();
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let has_year = groups.iter().any(|group| group.len() == 4);
    // `2020.03` may be a version.
    let is_one = groups.len() == 3 || (groups.len() == 2 && (!text.contains('.') || groups[1].len() == 4));
    if !groups.iter().all(is_number) || !has_year || !is_one || !is_date(text) {
        return None;
    }
    ends::read(plan, text, MONTH).or_else(|| ambiguous(&groups, plan.today)).or_else(|| likely_month(text))
}

/// Returns the later month of a date whose day or month may come first, unless it is in the future.
fn ambiguous(groups: &[&str], today: Date) -> Option<String> {
    let [first, second, year] = groups else { return None };
    let today = format!("{:04}-{:02}", today.year(), today.month());
    let written = |month: &str| {
        let number: u8 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        Some(format!("{year:0>4}-{number:02}")).filter(|month| *month <= today)
    };
    (year.len() == 4).then(|| written(first).max(written(second))).flatten()
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check_with(month: Option<&str>, lines: &[&str]) -> Result<(), String> {
        let header = "Emp ID,Name,Company,Job,Start".to_owned() + if month.is_some() { "" } else { ",Pay period" };
        let constants = month.map(|month| (MONTH.to_owned(), month.to_owned())).into_iter().collect();
        let mapping = Mapping { constants, ..Mapping::default() };
        let today = jiff::civil::date(2026, 11, 23);
        let header = header.split(',').map(str::to_owned).collect();
        let plan = Plan::new(&mapping, Type::default(), header, false, today).expect("whole");
        let mut skipped = SkippedLines::default();
        lines.iter().for_each(|line| skipped.add(line.split(',')));
        skipped.check(&plan).map(drop).map_err(|stop| stop.to_string())
    }

    fn check(lines: &[&str]) -> Result<(), String> {
        check_with(Some("2026-10"), lines)
    }

    #[test]
    fn lines_of_an_old_file_stop() {
        for line in [
            "Payroll October 2020",
            "As of 31/10/2020,,,",
            "Pay period ending 31/10/2020",
            "Pay period ending 10/05/2020",
            "Stand: 31.10.2020",
            "Printed on 31/10/2020",
            "Report date,2020-10-31,,",
            "Payroll 10/2020",
            "Sample Co - 2026-09",
            "Lohnabrechnung Oktober 2020",
            "31 de octubre de 2020",
            "Effective as of 2020-10-31,,,",
        ] {
            let said = check(&["Sample Co", line]).expect_err(line);
            assert!(said.contains("--set last_processed_month=20") && said.contains("is 2026-10"), "{said}");
            assert_eq!(check_with(None, &[line]), Ok(()), "a column has the month");
        }
        let said = check(&["Payroll October 2020", "Printed on 2026-11-05"]).expect_err("printed again");
        assert!(said.contains("'Payroll October 2020'") && said.contains("last_processed_month=2020-10"), "{said}");
    }

    #[test]
    fn lines_of_this_month_and_about_other_things_do_not_stop() {
        for lines in [
            &["Employee listing", "Sample Co,,,"][..],
            &["As of 31/10/2026", "Printed on 05/11/2026"],
            &["Created 10/05/2026"],
            &["Payroll October 2026", "Staff list 01.01.2020 - 31.10.2026"],
            &["As of 31/10/2026,compared with 31/10/2025"],
            &["Established 1998", "Sample Co (since 01.04.1998)"],
            &["Form 12 Version 3 of 01/02/2020"],
            &["Version 2020.03.01", "Release 2020.03"],
            &["3 records", "Page 1 of 3", "1 May Street"],
            &["sep=;", "Tax year 2026/27"],
        ] {
            assert_eq!(check(lines), Ok(()), "{lines:?}");
        }
    }

    #[test]
    fn lines_that_the_caller_counted_are_warned_of() {
        let header = "Emp ID,Name,Company,Job,Start".split(',').map(str::to_owned).collect();
        let constants = [(MONTH.to_owned(), "2026-10".to_owned())].into();
        let mapping = Mapping { constants, skip_rows: Some(1), ..Mapping::default() };
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&mapping, Type::default(), header, false, today).expect("whole");
        let old = SkippedLines { texts: vec!["Payroll October 2020".to_owned()] };
        let said = old.check(&plan).expect("a warning").expect("one");
        assert!(said.starts_with("Warning: the line 'Payroll October 2020'"), "{said}");
        let empty = SkippedLines::default();
        assert!(empty.check(&plan).is_ok_and(|said| said.is_none()));
    }

    #[test]
    fn lines_above_the_header_are_shown_without_separators() {
        let found = SkippedLines::above(b"sep=;\r\nSample Co;;\r\n\"As of 2026-10\";;\r\nEmp ID;Name\r\n", 3, b';');
        assert_eq!(found.texts, ["Sample Co", "As of 2026-10"]);
    }
}
