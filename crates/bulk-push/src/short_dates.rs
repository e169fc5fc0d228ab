//! Dates that may have been cut within a row, as `2020-1` of `2020-12`: a file that writes
//! `2020-01` elsewhere does not write `2020-1`.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::plan::Plan;
use crate::printable::printable;

/// How a date that begins with its year is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatePadding {
    /// With a zero in front of a single digit.
    Padded,
    /// With a single digit that nothing can follow.
    Unpadded,
    /// With a single digit at its end that another one may have followed.
    Short,
    /// With neither.
    Other,
}

impl DatePadding {
    fn of(text: &str) -> Self {
        let groups: Vec<&str> = text.split(['-', '/', '.']).collect();
        let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
        let ([year, month] | [year, month, _]) = groups.as_slice() else { return Self::Other };
        if year.len() != 4 || !groups.iter().all(is_number) {
            return Self::Other;
        }
        // A month of two digits begins with 0 or 1, and a day with 0 to 3.
        let last = groups.last().copied().unwrap_or_default();
        let may_go_on =
            if groups.len() == 2 { last == "1" } else { month.len() == 2 && matches!(last, "1" | "2" | "3") };
        if may_go_on {
            Self::Short
        } else if groups.iter().skip(1).any(|group| group.len() == 1) {
            Self::Unpadded
        } else if groups.iter().skip(1).any(|group| group.starts_with('0')) {
            Self::Padded
        } else {
            Self::Other
        }
    }
}

/// The forms of the dates of a table.
#[derive(Debug, Default)]
pub struct ShortDates {
    has_padded: bool,
    has_unpadded: bool,
    /// The first short date of each column, with its line.
    short: BTreeMap<usize, (String, u32)>,
}

impl ShortDates {
    /// Adds a date.
    pub fn add(&mut self, column: usize, line: u32, text: &str) {
        let text = text.trim();
        match DatePadding::of(text) {
            DatePadding::Padded => self.has_padded = true,
            DatePadding::Unpadded => self.has_unpadded = true,
            DatePadding::Short => {
                self.short.entry(column).or_insert_with(|| (text.to_owned(), line));
            }
            DatePadding::Other => {}
        }
    }

    /// Refuses a short date in a file that writes single digits with a zero in front.
    pub fn check(&self, plan: &Plan) -> Result<(), Error> {
        match self.short.first_key_value() {
            Some((column, (text, line))) if self.has_padded && !self.has_unpadded => Err(Error::Usage(format!(
                "line {line}: the date '{}' in the column '{}' is shorter than the others and may have been cut. Write \
                 the whole date, with a zero in front of a single digit",
                printable(text),
                plan.label(*column)
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(dates: &[&str]) -> Result<(), String> {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut short = ShortDates::default();
        (2..).zip(dates).for_each(|(line, date)| short.add(4, line, date));
        short.check(&plan).map_err(|stop| stop.to_string())
    }

    #[test]
    fn dates_that_may_have_been_cut_are_refused() {
        for dates in [
            &["2018-03-14", "2015-07-01", "2020-1"][..],
            &["2020-1", "2015-07"][..],
            &["2018-03-14", "2020-12-3"][..],
            &["2018/03/14", "2020/12/1"][..],
        ] {
            let said = check(dates).expect_err("cut");
            assert!(said.contains("line ") && said.contains("'Start'") && said.contains("may have been cut"), "{said}");
        }
    }

    #[test]
    fn files_may_write_single_digits() {
        for dates in [
            &["2018-3-14", "2015-7-1", "2020-1"][..],
            &["2020-1", "2015-7"][..],
            &["2020-1", "2015-12"][..],
            &["2018-03-14", "2020-12", "2020-12-31"][..],
            &["03/04/2018", "1/2020", "Jan 2020", ""][..],
            &["2020-01-31 00:00:00", "2020-01"][..],
        ] {
            assert_eq!(check(dates), Ok(()), "{dates:?}");
        }
    }
}
