//! Finds the `--date-format` that reads all dates of a file, for the messages about dates that were
//! not read.

use crate::cjk_dates;
use crate::date_pattern::Pattern;
use crate::unclear_dates::{explain, split_time};

/// Formats that a caller may choose, those with the month first before the others.
const CANDIDATES: [&str; 30] = [
    "MM/DD/YYYY",
    "DD/MM/YYYY",
    "MM-DD-YYYY",
    "DD-MM-YYYY",
    "MM.DD.YYYY",
    "DD.MM.YYYY",
    "MM/DD/YY",
    "DD/MM/YY",
    "MM-DD-YY",
    "DD-MM-YY",
    "DD.MM.YY",
    "YYYY/MM/DD",
    "YYYYMMDD",
    "MMDDYYYY",
    "DDMMYYYY",
    "YYMMDD",
    "MM/YYYY",
    "MM/YY",
    "MMM-YY",
    "MMM YY",
    "MMM YYYY",
    "DD-MMM-YY",
    "DD-MMM-YYYY",
    "DD MMM YYYY",
    "DD MMM YY",
    "DD/MMM/YY",
    "DDMMMYY",
    "MMM DD, YYYY",
    "MMM DD, YY",
    "MMM DD YY",
];

/// Formats that are read whatever `--date-format` is.
const STANDARD: [&str; 2] = ["YYYY-MM", "YYYY-MM-DD"];

/// How many dates each format reads.
#[derive(Debug)]
pub struct DateFormats {
    candidates: Vec<(&'static str, Pattern, usize)>,
    standard: Vec<Pattern>,
    total: usize,
}

impl Default for DateFormats {
    fn default() -> Self {
        let parsed = |name: &'static str| Pattern::parse(name).ok().map(|pattern| (name, pattern, 0));
        let standard = STANDARD.into_iter().filter_map(|name| Pattern::parse(name).ok()).collect();
        Self { candidates: CANDIDATES.into_iter().filter_map(parsed).collect(), standard, total: 0 }
    }
}

impl DateFormats {
    /// Counts a date.
    pub fn add(&mut self, text: &str) {
        let text = text.trim();
        let alone = split_time(text).map_or(text, |(date, _)| date);
        let has_digit = alone.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let is_standard =
            || self.standard.iter().any(|pattern| pattern.matches(alone)) || cjk_dates::read(alone).is_some();
        let is_settled = || is_standard() || explain(text, true).is_some();
        if !has_digit || is_settled() {
            return;
        }
        self.total += 1;
        for (_, pattern, count) in &mut self.candidates {
            *count += usize::from(pattern.matches(alone));
        }
    }

    /// Returns what to do so that all dates are read.
    pub fn hint(&self) -> Option<String> {
        let best = self.candidates.iter().map(|(_, _, count)| *count).max()?;
        if self.total == 0 {
            return None;
        }
        let names = self.candidates.iter().filter(|(_, _, count)| *count == best).map(|(name, ..)| *name);
        let names = names.map(as_argument).take(2).collect::<Vec<_>>().join(" or --date-format ");
        Some(match best {
            0 => "write dates as YYYY-MM-DD: no date format reads them".to_owned(),
            all if all == self.total => format!("set the date format: --date-format {names}"),
            some => format!(
                "write the dates in one format, such as YYYY-MM-DD: --date-format {names} would read only {some} of {}",
                self.total
            ),
        })
    }
}

/// Quotes a format with spaces, which a shell would split.
fn as_argument(format: &str) -> String {
    if format.contains(' ') { format!("\"{format}\"") } else { format.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(dates: &[&str]) -> String {
        let mut formats = DateFormats::default();
        dates.iter().for_each(|date| formats.add(date));
        formats.hint().unwrap_or_default()
    }

    #[test]
    fn the_format_that_reads_all_dates_is_named() {
        let set = |format: &str| format!("set the date format: --date-format {format}");
        assert_eq!(hint(&["01/02/2020", "2020-01", "present"]), set("MM/DD/YYYY or --date-format DD/MM/YYYY"));
        assert_eq!(hint(&["01/02/2020", "13/02/2020"]), set("DD/MM/YYYY"));
        assert_eq!(hint(&["01/02/2020", "02/13/2020 0:00"]), set("MM/DD/YYYY"));
        assert_eq!(hint(&["Jan-20", "Feb-21"]), set("MMM-YY"));
        assert_eq!(hint(&["12/31/9999"]), set("MM/DD/YYYY"));
        assert_eq!(hint(&["01042019"]), set("MMDDYYYY or --date-format DDMMYYYY"));
        assert_eq!(hint(&["1-Apr-19"]), set("DD-MMM-YY"));
        assert_eq!(hint(&["Jan 5, 2020"]), set("\"MMM DD, YYYY\""));
        assert_eq!(hint(&["2020-01"]), "");
    }

    #[test]
    fn files_with_several_date_formats_need_one_format() {
        let said = hint(&["13/02/2020", "14/02/2020", "02/13/2020"]);
        assert!(said.contains("YYYY-MM-DD") && said.contains("DD/MM/YYYY would read only 2 of 3"), "{said}");
        assert!(hint(&["3rd of May 2020"]).contains("no date format"));
    }
}
