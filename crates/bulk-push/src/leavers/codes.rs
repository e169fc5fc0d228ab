//! Numbers as values of a status.
//!
//! Where there are no others, 1 means active. Beside others it may mean anything: SAP's employment
//! status is 3 for active, 2 for retired, 1 for inactive and 0 for withdrawn.

use std::collections::BTreeSet;

use crate::employment_words::is_sap_status;
use crate::findings::Findings;
use crate::infer_columns::folded;
use crate::plan::Plan;

/// The label of SAP's employment status, without punctuation. Other systems use it too.
const SAP_LABEL: &str = "employmentstatus";

/// SAP's code for an active person.
const SAP_ACTIVE: &str = "3";

/// Returns whether a value is SAP's code for an active person, or another one of which the caller
/// said that it means employed. `name` is the folded name of its column.
pub fn is_sap_active(plan: &Plan, name: &str, value: &str) -> bool {
    is_sap_status(name) && (value == SAP_ACTIVE || is_told(plan, value))
}

/// Returns whether a value is SAP's code for an active person under a label that other systems use
/// too: it is clear if all rows have it.
pub fn is_sap_labelled(name: &str, value: &str) -> bool {
    name == SAP_LABEL && value == SAP_ACTIVE
}

/// Returns whether a value is a code in SAP's column that does not mean active.
pub fn is_sap_left(name: &str, value: &str) -> bool {
    is_sap_status(name) && is_number(value) && value != SAP_ACTIVE
}

/// Returns whether the caller said that a number means employed, also of 1, which is a yes
/// elsewhere.
fn is_told(plan: &Plan, value: &str) -> bool {
    is_number(value) && plan.mapping.employed_status.iter().any(|known| known.trim() == value)
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rows whose status is 1, or SAP's 3, and the columns that have other values. Only of rows without
/// an end: the status of others is settled.
#[derive(Debug, Default)]
pub struct Codes {
    ones: Findings,
    with_others: BTreeSet<usize>,
    threes: Findings,
    with_other_values: BTreeSet<usize>,
}

impl Codes {
    /// Looks at the status columns of a row without an end.
    pub fn row(&mut self, plan: &Plan, statuses: impl Iterator<Item = usize>, cells: &[String], line: u32) {
        for column in statuses {
            let value = cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
            if is_sap_labelled(&folded(&plan.header[column]), value) {
                if !is_told(plan, value) {
                    self.threes.add(column, value, line);
                }
            } else if !value.is_empty() {
                self.with_other_values.insert(column);
            }
            let number = value.trim_start_matches('0');
            if number == "1" {
                if !is_told(plan, value) {
                    self.ones.add(column, value, line);
                }
            } else if is_number(number) {
                self.with_others.insert(column);
            }
        }
    }

    /// Returns the ones in columns that have other numbers, and the threes in those with other
    /// values, whose meaning must be given.
    pub fn unclear(self) -> Findings {
        let Self { mut ones, with_others, mut threes, with_other_values } = self;
        ones.keep(|column| with_others.contains(&column));
        threes.keep(|column| with_other_values.contains(&column));
        ones.extend(threes);
        ones
    }
}
