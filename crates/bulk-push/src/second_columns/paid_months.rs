//! Columns with the last date or month that was paid, such as `Pay Date` or `Last check date`, and
//! what their cells say.

use crate::employment_words::words;
use crate::ends::{self, MONTH};
use crate::infer_columns::{folded_name, is_name_of, split_format};
use crate::likely_date::likely_month;
use crate::plan::Plan;
use crate::word_lists::is_in;

/// Parts of the names of columns with the last month that was paid.
const PAID: &str = "\
    paymentdate finalpayperiod lastpaid lastpay lastprocessed periodend payperiodend paidto paidthrough paiduntil \
    abrechnungsmonat abrechnungsperiode abrechnungszeitraum lohnmonat datedepaie moisdepaie periodedepaie \
    p\u{e9}riodedepaie fechadepago mesdepago periododepago periodegaji bulangaji loonperiode salarymonth";

/// Parts of the names of columns with a date of something else, such as `Last pay rise`.
const NOT_PAID: &str = "probation notice trial contract rise raise increase increment review change adjustment";

/// Whole names without separators.
const NAMES: &str = "\
    paydate checkdate chequedate payrolldate paycheckdate payday period reportdate reportrundate rundate asat asatdate \
    asofdate dataasat extractdate snapshotdate stichtag";

/// Words for pay. A check of something else has further words, as in `Background check date`.
const PAY: &str = "pay payroll paycheck paycheque check cheque payslip ytd";

/// Words for when it was paid.
const DATES: &str = "date dt day run period month ending end as of";

/// Words beside those of [`PAY`] and [`DATES`] without another meaning.
const BESIDE: &str = "last latest most recent final current the on processed regular";

/// Separators between the start and the end of a period, the surest first.
const SEPARATORS: [&str; 15] = [
    " - ",
    "\u{2013}",
    "\u{2014}",
    " to ",
    " TO ",
    " until ",
    " through ",
    " thru ",
    " bis ",
    " au ",
    " al ",
    " tot ",
    " ",
    "/",
    "-",
];

/// Returns whether a column has the last date or month that was paid.
pub fn is_paid(header: &str) -> bool {
    let name = folded_name(header);
    let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
    is_name_of(MONTH, header)
        || is_in(NAMES, &name)
        || (!has(NOT_PAID) && has(PAID))
        || is_pay_date(&words(split_format(header).0))
}

/// Returns whether words are those of a date of pay: `Latest pay period` or `YTD as of`.
fn is_pay_date(words: &[String]) -> bool {
    let is_any = |list: &str| words.iter().any(|word| is_in(list, word));
    let is_known = |word: &String| [PAY, DATES, BESIDE].into_iter().any(|list| is_in(list, word));
    is_any(PAY) && is_any(DATES) && words.iter().all(is_known)
}

/// Returns the month or the year that a cell names, if it is before the month `processed`.
pub fn before(plan: &Plan, text: &str, processed: &str) -> Option<String> {
    if let Some(month) = month(plan, text.trim()) {
        return (month.as_str() < processed).then_some(month);
    }
    let until: i32 = processed.get(..4)?.parse().ok()?;
    year(text).filter(|year| *year < until).map(|year| year.to_string())
}

/// Returns the month of a cell with a date, or with a period such as `01/12/2020 - 31/12/2020`.
fn month(plan: &Plan, text: &str) -> Option<String> {
    let read = |part: &str| ends::read(plan, part, MONTH).or_else(|| likely_month(part));
    // A number of five digits beside others is not a spreadsheet's day, but a number of a run.
    let is_number = |part: &str| part.len() == 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    let last = |separator: &&str| {
        let mut parts: Vec<&str> = text.split(*separator).map(str::trim).filter(|part| !is_number(part)).collect();
        parts.reverse();
        parts.into_iter().find_map(read)
    };
    let whole = ends::read(plan, text, MONTH);
    let is_split = |separator: &&&str| text.contains(**separator);
    whole.or_else(|| SEPARATORS.iter().filter(is_split).find_map(last)).or_else(|| likely_month(text))
}

/// Returns the last year that a cell such as `M12 2020` or `Week 50/2020` names. A number alone may
/// be an amount.
fn year(text: &str) -> Option<i32> {
    let runs: Vec<&str> =
        text.split(|character: char| !character.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    let named = |(at, run): (usize, &&str)| {
        let year = run.parse::<i32>().ok().filter(|year| run.len() == 4 && (1990..2100).contains(year))?;
        // A year such as 2025/26 ends in the latter.
        let next = runs.get(at + 1).and_then(|next| next.parse::<i32>().ok());
        Some(if next == Some((year + 1) % 100) { year + 1 } else { year })
    };
    let is_worded = text.contains(|character: char| character.is_alphabetic() || character == '/');
    runs.iter().enumerate().filter_map(named).max().filter(|_| is_worded)
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn dates_of_pay_are_recognised_by_name() {
        for name in [
            "Pay Date",
            "PAYDATE",
            "Pay date (DD/MM/YYYY)",
            "Check Date",
            "Last Check Date",
            "Paycheck date",
            "Payroll Date",
            "Payroll run date",
            "Latest pay period",
            "YTD as of",
            "Last paid",
            "Period End",
            "Abrechnungsmonat",
        ] {
            assert!(is_paid(name), "{name}");
        }
        for name in [
            "Background check date",
            "Last pay rise",
            "Next pay date",
            "Pay frequency",
            "Payroll cycle",
            "YTD gross",
            "YTD paid",
            "Pay to date",
            "Right to work check date",
        ] {
            assert!(!is_paid(name), "{name}");
        }
    }

    #[test]
    fn periods_before_the_processed_month_are_found() {
        let header = "Emp ID,Name,Company,Job,Start,Pay period".split(',').map(str::to_owned).collect();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        for (text, paid) in [
            ("2020-12-31", Some("2020-12")),
            ("01/12/2020 - 31/12/2020", Some("2020-12")),
            ("2020-12-01/2020-12-31", Some("2020-12")),
            ("01.12.2020-31.12.2020", Some("2020-12")),
            ("Sep 28 - Oct 4 2020", Some("2020-10")),
            ("20201201-20201231", Some("2020-12")),
            ("M12 2020", Some("2020")),
            ("Week 50/2020", Some("2020")),
            ("M12 2025/26", None),
            ("01/10/2026 - 31/10/2026", None),
            ("28/09/2026 to 31/10/2026", None),
            ("M10 2026", None),
            ("2026-10-30", None),
            ("PR-43921", None),
            ("2000.00", None),
            ("", None),
        ] {
            assert_eq!(before(&plan, text, "2026-10").as_deref(), paid, "{text}");
        }
    }
}
