//! Lengths of service that are shorter than the time since the start of the job.
//!
//! Systems compute them up to the end of a job, also if the file does not have that end. They are
//! numbers, whose column says the unit, or words such as `2y 2m`.

use credential::YearMonth;

use crate::ends;
use crate::plan::Plan;
use crate::word_lists::{BETWEEN, DAYS, MONTHS, NUMBERS, WEEKS, YEARS, is_in};

/// Months that a length may lack: the file may be older than its last processed month, and parts of
/// a month are rounded.
const TOLERANCE: f64 = 3.0;

/// Returns whether the length of service in a row ends before its last processed month. `name` is
/// the folded name of its column, which says the unit.
pub fn is_too_short(plan: &Plan, cells: &[String], name: &str, value: &str) -> bool {
    let Some(months) = in_words(value).or_else(|| in_numbers(name, value)) else { return false };
    elapsed(plan, cells).is_some_and(|elapsed| months + TOLERANCE < elapsed)
}

/// Returns the months of a length that is a number.
fn in_numbers(name: &str, value: &str) -> Option<f64> {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let unit = if has(&["month", "monat", "mth", "mois", "meses", "maand", "bulan"]) || name.ends_with("mos") {
        1.0
    } else if has(&["week", "woche", "wks"]) {
        12.0 / 52.0
    } else if has(&["day", "tage", "jours", "d\u{ed}as", "dagen", "hari"]) {
        1.0 / 30.0
    } else {
        12.0
    };
    let is_years = unit > 1.0;
    let value = whole_numbers(&fractions(&value.to_lowercase()));
    let is_grouped = unit < 1.0 && is_grouped(&value);
    let length = if is_grouped { value.replace([',', '.'], "") } else { value.replace(',', ".") };
    let length = length.trim().parse::<f64>().ok()?;
    Some(if is_years { years(length) } else { length * unit })
}

/// Returns whether a number has separators of thousands, as in `1,100`.
fn is_grouped(value: &str) -> bool {
    let mut groups = value.trim().split([',', '.']);
    let is_first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let rest: Vec<&str> = groups.collect();
    is_first && !rest.is_empty() && rest.iter().all(|group| group.len() == 3)
}

/// Writes the fractions of a length as decimals: `3\u{bd}` and `3 1/2` are 3.5.
fn fractions(text: &str) -> String {
    let mut text = text.trim().to_owned();
    for (fraction, decimals) in
        [("\u{bd}", ".5"), ("\u{bc}", ".25"), ("\u{be}", ".75"), ("1/2", ".5"), ("1/4", ".25"), ("3/4", ".75")]
    {
        if let Some((whole, rest)) = text.split_once(fraction) {
            let whole = whole.trim_end();
            let is_whole = whole.ends_with(|last: char| last.is_ascii_digit()) || whole.is_empty();
            if is_whole {
                text = format!("{}{decimals}{rest}", if whole.is_empty() { "0" } else { whole });
            }
        }
    }
    text
}

/// Writes the numbers of a length that are words as digits, as in `three years`.
fn whole_numbers(text: &str) -> String {
    let digits = |word: &str| {
        let at = |list: &&str| list.split_whitespace().position(|known| known == word);
        NUMBERS.iter().find_map(at).map_or_else(|| word.to_owned(), |before| (before + 1).to_string())
    };
    text.split_whitespace().map(digits).collect::<Vec<_>>().join(" ")
}

/// Returns the months of a number of years. Whole years are rounded down.
fn years(length: f64) -> f64 {
    if length.fract() == 0.0 { length.mul_add(12.0, 11.0) } else { length * 12.0 }
}

/// Returns the months of a length in words, such as `2y 2m` or `2 years and 2 months`.
pub fn in_words(value: &str) -> Option<f64> {
    // An open range such as `10+ years` or `> 3 years` has no length.
    if value.contains(['+', '>', '\u{2265}']) {
        return None;
    }
    let text = whole_numbers(&fractions(&value.to_lowercase()));
    let mut rest = text.as_str();
    let (mut months, mut only_years): (Option<f64>, Option<f64>) = (None, None);
    loop {
        rest = rest.trim_start_matches(|character: char| !character.is_alphanumeric());
        if rest.is_empty() {
            return only_years.map(years).or(months);
        }
        let (number, behind) = leading(rest, |character| character.is_ascii_digit() || ".,".contains(character));
        let (word, behind) = leading(behind.trim_start(), char::is_alphabetic);
        rest = behind;
        if number.is_empty() && is_in(BETWEEN, word) {
            continue;
        }
        let is_grouped = months_of(word)? < 1.0 && is_grouped(number);
        let number = if is_grouped { number.replace([',', '.'], "") } else { number.replace(',', ".") };
        let number: f64 = number.parse().ok()?;
        only_years = (is_in(YEARS, word) && months.is_none()).then_some(number);
        months = Some(number.mul_add(months_of(word)?, months.unwrap_or_default()));
    }
}

/// Splits the characters off the start of a text that `is_one` returns true for.
fn leading(text: &str, is_one: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|character: char| !is_one(character)).unwrap_or(text.len()))
}

/// Returns the months in a unit.
fn months_of(unit: &str) -> Option<f64> {
    let units = [(YEARS, 12.0), (MONTHS, 1.0), (WEEKS, 12.0 / 52.0), (DAYS, 1.0 / 30.0)];
    units.into_iter().find(|(list, _)| is_in(list, unit)).map(|(_, months)| months)
}

/// Returns the months from the start of a job to its last processed month, or else to today.
fn elapsed(plan: &Plan, cells: &[String]) -> Option<f64> {
    let columns = plan.columns_of("start_date")?;
    let parts = columns.iter().filter_map(|column| cells.get(*column)).map(|cell| cell.trim());
    let start: YearMonth = ends::read(plan, &parts.collect::<Vec<_>>().join(" "), "start_date")?.parse().ok()?;
    let until = match ends::processed(plan, cells) {
        Some(month) => month.parse().ok()?,
        None => YearMonth::new(plan.today.year().into(), plan.today.month().into())?,
    };
    Some(f64::from(until.months_since(start)))
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn lengths_of_service_reach_the_last_processed_month() {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells("Emp ID,Name,Company,Job,Start,Pay period");
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let row = cells("1,Ada,A,Clerk,2015-07,2026-10");
        for (name, value, is_short) in [
            ("tenuremonths", "14", true),
            ("tenuremonths", "135", false),
            ("tenuremonths", "133", false),
            ("tenureyears", "11", false),
            ("tenureyears", "1", true),
            ("tenureyears", "1,2", true),
            ("tenuredays", "430", true),
            ("tenure", "11 years", false),
            ("tenure", "2y 2m", true),
            ("tenure", "11y 2m", false),
            ("tenure", "11y", false),
            ("tenure", "2 years, 2 months", true),
            ("tenure", "11 Yrs 3 Mths 5 days", false),
            ("tenure", "26 months", true),
            ("tenure", "135 months", false),
            ("tenure", "P2Y2M", true),
            ("tenure", "2 Jahre und 2 Monate", true),
            ("tenure", "2.5 years", true),
            ("tenure", "4100 days", false),
            ("tenure", "2 maanden", true),
            ("lengthofserviceweeks", "157", true),
            ("lengthofserviceweeks", "588", false),
            ("servicedays", "1100", true),
            ("servicedays", "1,100", true),
            ("servicedays", "4,100", false),
            ("tenure", "three years", true),
            ("tenure", "eleven years", false),
            ("tenure", "3\u{bd} years", true),
            ("tenure", "11 1/4 years", false),
            ("tenure", "4,100 days", false),
            ("tenure", "3+ years", false),
            ("anciennet\u{e9}", "3 ans", true),
            ("antig\u{fc}edad", "tres a\u{f1}os", true),
            ("masakerja", "3 tahun", true),
            ("dienstjahre", "3", true),
            ("dienstjahre", "11", false),
            ("tenure", "-", false),
            ("tenure", "null", false),
            ("tenure", "senior", false),
            ("tenure", "2 of 3", false),
            ("tenure", "", false),
        ] {
            assert_eq!(is_too_short(&plan, &row, name, value), is_short, "{name}: {value}");
        }
    }
}
