//! Months of pay in two columns, such as `Pay Year` and `Pay Month`, and columns with the start of
//! a period of pay.

use credential::YearMonth;

use crate::date_pattern::month_name;
use crate::infer_columns::folded_name;
use crate::plan::Plan;

use super::paid_months;

/// Names of columns with the year of a period, and of the month beside each.
const PAIRS: [(&str, &str); 4] =
    [("year", "month"), ("payyear", "paymonth"), ("payrollyear", "payrollmonth"), ("periodyear", "periodmonth")];

/// Names of columns with the start of a period.
const STARTS: [&str; 8] = [
    "payperiodstart",
    "payperiodstartdate",
    "payperiodbegin",
    "payperiodbegindate",
    "payperiodfrom",
    "periodstart",
    "periodstartdate",
    "periodfrom",
];

/// The columns, among those that no field uses.
#[derive(Debug, Default)]
pub struct Periods {
    /// The column with the year, and the one with the month.
    pair: Option<(usize, usize)>,
    starts: Vec<usize>,
}

impl Periods {
    pub fn new(plan: &Plan) -> Self {
        let is = |column: &usize, wanted: &str| folded_name(&plan.header[*column]) == wanted;
        let find = |wanted: &str| plan.watched.iter().copied().find(|column| is(column, wanted));
        let pair = PAIRS.iter().find_map(|(year, month)| Some((find(year)?, find(month)?)));
        let is_start = |column: &usize| STARTS.iter().any(|start| is(column, start));
        let starts = plan.watched.iter().copied().filter(is_start).collect();
        Self { pair, starts }
    }

    pub fn are_none(&self) -> bool {
        self.pair.is_none() && self.starts.is_empty()
    }

    /// Returns the first column of a row with a period before `processed`, and its month.
    pub fn before(&self, plan: &Plan, cells: &[String], processed: &str) -> Option<(usize, String)> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        if let Some((year, month)) = self.pair
            && let Some(paid) = joined(cell(year), cell(month)).filter(|paid| paid.as_str() < processed)
        {
            return Some((month, paid));
        }
        // A period may start in the month before its last one.
        let earlier = processed.parse::<YearMonth>().ok()?.plus_months(-1).to_string();
        let before = |column: &usize| Some((*column, paid_months::before(plan, cell(*column), &earlier)?));
        self.starts.iter().find_map(before)
    }
}

/// Returns the month of a year and of a month, which is a number or a name.
fn joined(year: &str, month: &str) -> Option<String> {
    let year: u16 = year.parse().ok().filter(|year| (1990..2100).contains(year))?;
    let mut rest = month;
    let number = month.trim_start_matches(['M', 'P']).parse().ok().or_else(|| month_name(&mut rest))?;
    let is_whole = rest.is_empty() || rest.len() == month.len();
    (is_whole && (1..=12).contains(&number)).then(|| format!("{year:04}-{number:02}"))
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn before(columns: &str, row: &str, processed: &str) -> Option<String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let constants = [("last_processed_month".to_owned(), processed.to_owned())].into();
        let mapping = Mapping { constants, ..Mapping::default() };
        let today = jiff::civil::date(2026, 11, 23);
        let header = cells(&format!("Emp ID,Name,Company,Job,Start,{columns}"));
        let plan = Plan::new(&mapping, Type::default(), header, false, today).expect("whole");
        let row = cells(&format!("1,Ada,A,Clerk,2015-01,{row}"));
        Periods::new(&plan).before(&plan, &row, processed).map(|(_, month)| month)
    }

    #[test]
    fn periods_in_two_columns_and_their_starts_are_read() {
        for (columns, row, month) in [
            ("Year,Month", "2020,10", Some("2020-10")),
            ("Pay Year,Pay Month", "2020,October", Some("2020-10")),
            ("Pay Year,Pay Month", "2026,Sep", Some("2026-09")),
            ("Year,Month", "2020,M03", Some("2020-03")),
            ("Pay Period Start", "2020-10-01", Some("2020-10")),
            ("Period start", "2026-08-31", Some("2026-08")),
            ("Year,Month", "2026,10", None),
            ("Year,Month", "2026,11", None),
            ("Year,Month", ",", None),
            ("Year,Month", "2020,Monthly", None),
            ("Year", "2020", None),
            ("Pay Period Start", "2026-09-28", None),
            ("Pay Period Start", "", None),
            ("Year of birth,Month", "1990,10", None),
        ] {
            assert_eq!(before(columns, row, "2026-10").as_deref(), month, "{columns}: {row}");
        }
    }

    #[test]
    fn months_go_back_over_a_year() {
        assert_eq!(before("Period start", "2025-12-29", "2026-01"), None);
        assert_eq!(before("Period start", "2025-11-30", "2026-01").as_deref(), Some("2025-11"));
        assert_eq!(before("Period start", "2026-09-01", "2026-10"), None);
    }
}
