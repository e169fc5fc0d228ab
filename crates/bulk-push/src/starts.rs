//! Starts of jobs that cannot be right: dates that systems write for none, the date of birth, and
//! the future.

use credential::Shape;

use crate::dates::Reading;
use crate::plan::Plan;
use crate::row_code::RowCode;

/// Dates that systems write if they know none: the first days of their calendars.
const NO_DATES: [&str; 5] = ["1900-01-01", "1901-01-01", "1904-01-01", "1904-01-02", "1970-01-01"];

/// Age in years from which people are employed.
const LEAST_AGE: i16 = 14;

/// Number of years after which a job has an end.
const MOST_YEARS: i16 = 75;

/// Returns the code and message for a start that cannot be right. `text` is its cell, `start` the
/// month in it, and `birth` the date of birth, if the row has one.
pub fn problem(plan: &Plan, text: &str, start: &str, birth: &str) -> Option<(RowCode, String)> {
    let day = |text: &str, field: &str| match plan.dates.convert(text, Shape::Date, false, field) {
        Reading::Date(day) if day.len() == 10 && plan.dates.is_read(text) => Some(day),
        _ => None,
    };
    let started = day(text, "start_date");
    if let Some(day) = started.as_deref().filter(|day| NO_DATES.contains(day)) {
        let message = format!("Systems write {day} if they know no date. Write the start of the job.");
        return Some((RowCode::DatePlaceholder, message));
    }
    if let Some((started, born)) = started.zip(day(birth, "date_of_birth")).filter(|(started, born)| started <= born) {
        let message = format!("The start, {started}, is not after the date of birth, {born}. Write the start.");
        return Some((RowCode::DatePlaceholder, message));
    }
    if let Some(born) = day(birth, "date_of_birth").filter(|born| is_child(start, born)) {
        let message = format!(
            "The start, {start}, is before the age of {LEAST_AGE} of a person who was born on {born}. Correct the start \
             or the date of birth."
        );
        return Some((RowCode::DatePlaceholder, message));
    }
    let today = format!("{:04}-{:02}", plan.today.year(), plan.today.month());
    let is_month = start.len() == 7 && start.as_bytes()[4] == b'-';
    let is_future = !plan.mapping.allow_future_start && is_month && *start > *today;
    is_future.then(|| {
        let message = format!(
            "The start, {start}, lies in the future. Correct it, or add --allow-future-start if a contract is signed."
        );
        (RowCode::DateFuture, message)
    })
}

/// Returns whether a month is before the age of employment of a person who was born on a day.
fn is_child(month: &str, born: &str) -> bool {
    let year = |text: &str| text.get(..4).filter(|_| text.get(4..5) == Some("-"))?.parse::<i16>().ok();
    let Some((started, born_in)) = year(month).zip(year(born)) else { return false };
    (started - born_in, month.get(5..7)) < (LEAST_AGE, born.get(5..7))
}

/// Returns the code and message for the start of a job without an end that is too long ago.
pub fn too_long_ago(plan: &Plan, start: &str) -> Option<(RowCode, String)> {
    let year: i16 = start.get(..4).filter(|_| start.get(4..5) == Some("-"))?.parse().ok()?;
    (plan.today.year() - year > MOST_YEARS).then(|| {
        let message = format!(
            "The start, {start}, is more than {MOST_YEARS} years ago, and the job has no end. Correct the start, or \
             fill in the end."
        );
        (RowCode::DatePlaceholder, message)
    })
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn starts_that_stand_for_no_date_are_refused() {
        let names = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period"];
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), names.map(str::to_owned).into(), false, today);
        let plan = plan.expect("whole");
        for (text, start, birth, code) in [
            ("1900-01-01", "1900-01", "", Some("date.placeholder")),
            ("01.01.1970", "1970-01", "", Some("date.placeholder")),
            ("1990-01-15", "1990-01", "15.01.1990", Some("date.placeholder")),
            ("2027-01", "2027-01", "", Some("date.future")),
            ("1970-01", "1970-01", "", None),
            ("2010-01-15", "2010-01", "15.01.1990", None),
            ("2003-12-15", "2003-12", "15.01.1990", Some("date.placeholder")),
            ("2004-01", "2004-01", "15.01.1990", None),
            ("1995", "1995", "15.01.1990", None),
            ("soon", "soon", "soon", None),
            ("1904-01-01", "1904-01", "", Some("date.placeholder")),
        ] {
            assert_eq!(problem(&plan, text, start, birth).map(|(code, _)| code.as_str()), code, "{text}");
        }
        for (start, is_refused) in [("1918-05", true), ("1950-12", true), ("1951-01", false), ("soon", false)] {
            assert_eq!(too_long_ago(&plan, start).is_some(), is_refused, "{start}");
        }
    }
}
