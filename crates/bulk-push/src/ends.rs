//! The end of a job: the text of its column, or of another column with an end if that is empty.

use credential::Shape;

use crate::dates::Reading;
use crate::employment_words::is_no;
use crate::infer_columns::{folded, folded_name};
use crate::plan::{Origin, Plan};

/// The field with the end of a job.
pub const END: &str = "end_date";

/// The field with the last month that was processed.
pub const MONTH: &str = "last_processed_month";

/// Names of an end whose column may have a yes or a no instead of dates.
const FLAGS: [&str; 2] = ["left", "uitdienst"];

/// Returns the text of the end of a row. A date goes before a word such as `present`.
pub fn text(plan: &Plan, cells: &[String]) -> String {
    let own = plan.columns_of(END).unwrap_or_default();
    let parts = own.iter().map(|column| end(plan, cells, *column)).filter(|part| !part.is_empty());
    let own = parts.collect::<Vec<_>>().join(" ");
    let others = || plan.other_ends.iter().map(|column| end(plan, cells, *column));
    if is_ended(plan, &own) {
        return own;
    }
    let other = others().find(|other| is_ended(plan, other));
    other.or_else(|| others().find(|other| own.is_empty() && !other.is_empty())).map_or(own, str::to_owned)
}

/// Returns whether a row has an end.
pub fn has(plan: &Plan, cells: &[String]) -> bool {
    is_ended(plan, &text(plan, cells))
}

/// Returns the month of the end of a row, such as `2020-03`.
pub fn month(plan: &Plan, cells: &[String]) -> Option<String> {
    read(plan, &text(plan, cells), END)
}

/// Returns the last processed month of a row, which is a column or the same for every row.
pub fn processed(plan: &Plan, cells: &[String]) -> Option<String> {
    match plan.form.find(MONTH).map(|target| &plan.origins[target]) {
        Some(Origin::Constant(month)) => read(plan, month, MONTH),
        Some(Origin::Columns(columns)) => read(plan, cell(cells, *columns.first()?), MONTH),
        _ => None,
    }
}

/// Reads the month of a cell with a date.
pub fn read(plan: &Plan, text: &str, field: &str) -> Option<String> {
    match plan.dates.convert(text, Shape::YearMonth, true, field) {
        Reading::Date(month) if is_month(&month) => Some(month),
        _ => None,
    }
}

fn is_month(text: &str) -> bool {
    text.len() == 7 && text.as_bytes()[4] == b'-' && text.bytes().filter(u8::is_ascii_digit).count() == 6
}

/// Returns whether the text of an end says that there is one.
fn is_ended(plan: &Plan, text: &str) -> bool {
    let read = || plan.dates.convert(text, Shape::YearMonth, true, END);
    !text.is_empty()
        && matches!(read(), Reading::Date(_))
        && plan.dates.explain(text, true).is_none_or(|(_, help)| !help.contains("--empty-end"))
}

/// Returns the text of a column with an end. A no under one of the names in [`FLAGS`] says that
/// there is none; a yes is no date, so the row is refused unless another column has the end.
fn end<'a>(plan: &Plan, cells: &'a [String], column: usize) -> &'a str {
    let text = cell(cells, column);
    let is_flag = || plan.header.get(column).is_some_and(|name| FLAGS.contains(&&*folded_name(name)));
    if is_no(&folded(text)) && is_flag() { "" } else { text }
}

fn cell(cells: &[String], column: usize) -> &str {
    cells.get(column).map(|cell| cell.trim()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn ends_are_taken_from_the_column_that_is_filled() {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells("Emp ID,Name,Company,Job,Start,Pay period,End date,Termination date");
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        assert_eq!(plan.other_ends, [7]);
        let end = |ends: &str| text(&plan, &cells(&format!("1,Ada,A,Clerk,2015-01,2026-10,{ends}")));
        for (ends, expected) in [
            ("2020-03,", "2020-03"),
            (",2020-03", "2020-03"),
            ("-,2020-03", "2020-03"),
            ("present,", "present"),
            (",", ""),
        ] {
            assert_eq!(end(ends), expected, "{ends}");
        }
        let header = cells("Emp ID,Name,Company,Job,Start,Pay period,End date,Left?");
        let flagged = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        for (ends, expected) in
            [(",No", ""), (",0", ""), (",N", ""), ("2020-03,Yes", "2020-03"), (",Yes", "Yes"), (",2020-03", "2020-03")]
        {
            let row = cells(&format!("1,Ada,A,Clerk,2015-01,2026-10,{ends}"));
            assert_eq!(text(&flagged, &row), expected, "{ends}");
            assert_eq!(has(&flagged, &row), !expected.is_empty(), "{ends}");
        }
        let again = Plan::new(&plan.mapping, Type::default(), plan.header.clone(), false, today).expect("whole");
        assert_eq!((&again.other_ends, &again.mapping), (&plan.other_ends, &plan.mapping));
        let own = Mapping {
            columns: [("end_date".to_owned(), crate::mapping::Columns::of("End date"))].into(),
            ..Mapping::default()
        };
        let chosen = Plan::new(&own, Type::default(), plan.header.clone(), false, today).expect("whole");
        assert_eq!(chosen.other_ends, Vec::<usize>::new(), "it was chosen");
    }
}
