//! Lengths of service that are shorter than the time since the start of the job.
//!
//! Systems compute them up to the end of a job, also if the file does not have that end.

use credential::YearMonth;

use crate::ends;
use crate::plan::Plan;

/// Months that a length may lack: the file may be older than its last processed month, and parts of
/// a month are rounded.
const TOLERANCE: f64 = 3.0;

/// Returns whether the length of service in a row ends before its last processed month. `name` is
/// the folded name of its column, which says the unit.
pub fn is_too_short(plan: &Plan, cells: &[String], name: &str, value: &str) -> bool {
    let Ok(length) = value.trim().replace(',', ".").parse::<f64>() else { return false };
    let Some(elapsed) = elapsed(plan, cells) else { return false };
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let months = if has(&["month", "monat", "mth"]) {
        length
    } else if has(&["day", "tage"]) {
        length / 30.0
    } else if length.fract() == 0.0 {
        // Whole years are rounded down.
        length.mul_add(12.0, 11.0)
    } else {
        length * 12.0
    };
    months + TOLERANCE < elapsed
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
        ] {
            assert_eq!(is_too_short(&plan, &row, name, value), is_short, "{name}: {value}");
        }
    }
}
