//! Ids of which a spreadsheet kept only the first digits. One such id may be right, so it is a
//! warning, but not if all long ids of a column are like that.

use crate::error::Error;
use crate::plan::Plan;
use crate::printable::printable;

/// The length from which numbers lose digits, and the digits that they keep. Excel keeps 15 digits
/// of a number, and shows six of one with twelve or more, as in `1.23457E+14`: if a text file with
/// that is opened again, zeros follow them.
const FORMS: [(usize, usize); 2] = [(16, 15), (12, 6)];

/// Minimum number of different ids, and of zeros at their ends. Fewer may be so by chance.
const MIN_IDS: usize = 2;
const MIN_ZEROS: usize = 3;

/// Maximum number of ids that end in zeros by chance, for each one that does, in a column that is
/// warned of.
const MAX_CHANCE: f64 = 0.05;

/// What the long ids of a column have behind the digits that are kept.
#[derive(Debug, Default)]
struct Tails {
    /// Ids with zeros only, with their lines: as many as are needed to be sure.
    rounded: Vec<(String, u32)>,
    /// Whether there is an id with other digits.
    is_whole: bool,
    /// Number of ids with zeros only, and of those that would have them by chance.
    count: f64,
    expected: f64,
}

impl Tails {
    fn add(&mut self, id: &str, kept: usize, line: u32) {
        let zeros = i32::try_from(id.len() - kept).unwrap_or(i32::MAX);
        self.expected += 0.1_f64.powi(zeros);
        if id[kept..].bytes().any(|digit| digit != b'0') {
            self.is_whole = true;
            return;
        }
        // A round number may be the first of a series.
        if !id[..kept].ends_with("00") {
            self.count += 1.0;
        }
        if self.rounded.len() < MIN_ZEROS && self.rounded.iter().all(|(known, _)| known != id) {
            self.rounded.push((id.to_owned(), line));
        }
    }

    /// Returns the first id that is hardly one by chance, if others are whole.
    fn unlikely(&self, kept: usize) -> Option<&(String, u32)> {
        let is_odd = |(id, _): &&(String, u32)| !id[..kept].ends_with("00");
        self.rounded.iter().find(is_odd).filter(|_| self.expected <= self.count * MAX_CHANCE)
    }

    /// Returns the first id if all are rounded.
    fn first(&self, kept: usize) -> Option<&(String, u32)> {
        let zeros: usize = self.rounded.iter().map(|(id, _)| id.len() - kept).sum();
        let is_sure = !self.is_whole && self.rounded.len() >= MIN_IDS && zeros >= MIN_ZEROS;
        self.rounded.first().filter(|_| is_sure)
    }
}

type AllTails = [Tails; FORMS.len()];

/// The columns with ids.
#[derive(Debug)]
pub struct RoundedIds(Vec<(usize, AllTails)>);

impl RoundedIds {
    pub fn new(plan: &Plan) -> Self {
        let person = plan.person.filter(|_| plan.form.list.is_some());
        let columns = [person, plan.credential_id, plan.replaces].into_iter().flatten();
        Self(columns.map(|column| (column, AllTails::default())).collect())
    }

    pub fn row(&mut self, line: u32, cells: &[String]) {
        for (column, tails) in &mut self.0 {
            let id = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            if !id.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            for (tails, (least, kept)) in tails.iter_mut().zip(FORMS) {
                if id.len() >= least {
                    tails.add(id, kept, line);
                }
            }
        }
    }

    /// Refuses a column with rounded ids, because different people may have the same one.
    pub fn check(&self, plan: &Plan) -> Result<(), Error> {
        for (column, tails) in &self.0 {
            for (tails, (_, kept)) in tails.iter().zip(FORMS) {
                if let Some((id, line)) = tails.first(kept) {
                    return Err(Error::Usage(format!(
                        "line {line}: a spreadsheet has rounded the ids in the column '{}', such as '{}': all long ones \
                         have only zeros after {kept} digits. Format the column as text, and export the file again, or \
                         choose another column with --person",
                        plan.label(*column),
                        printable(id)
                    )));
                }
            }
        }
        Ok(())
    }

    /// Returns a warning about single ids that may have been rounded.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        self.0.iter().find_map(|(column, tails)| {
            let mut found = tails.iter().zip(FORMS).map(|(tails, (_, kept))| (tails.unlikely(kept), kept));
            let ((id, line), kept) = found.find_map(|(first, kept)| Some((first?, kept)))?;
            Some(format!(
                "Warning: line {line}: a spreadsheet may have rounded the id '{}' in the column '{}': it has only zeros \
                 after {kept} digits. If so, format the column as text, and export the file again",
                printable(id),
                plan.label(*column)
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn read(ids: &[&str]) -> (Plan, RoundedIds) {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut rounded = RoundedIds::new(&plan);
        for (line, id) in (2..).zip(ids) {
            rounded.row(line, &[(*id).to_owned()]);
        }
        (plan, rounded)
    }

    fn check(ids: &[&str]) -> Result<(), String> {
        let (plan, rounded) = read(ids);
        rounded.check(&plan).map_err(|stop| stop.to_string())
    }

    #[test]
    fn single_ids_that_may_be_rounded_are_warned_of() {
        for ids in [
            &["123456789012345678", "223456789012345000"][..],
            &["1001", "223456789012345000", "1002"][..],
            &["1001", "123457000000"][..],
        ] {
            let (plan, rounded) = read(ids);
            let said = rounded.warning(&plan).expect("rounded");
            assert!(said.contains("'Emp ID'") && said.contains("000'") && said.contains("as text"), "{said}");
        }
        for ids in [
            &["1234567890123450", "1234567890123451"][..],
            &["100000000000", "100000000001"][..],
            &["1000", "2000"][..],
            &["EMP123456789012345000"][..],
            &[""][..],
        ] {
            let (plan, rounded) = read(ids);
            assert_eq!(rounded.warning(&plan), None, "{ids:?}");
        }
    }

    #[test]
    fn columns_of_rounded_ids_are_refused() {
        for ids in [
            &["123456789012345000", "123456789012346000"][..],
            &["1234567890123450", "1234567890123460", "7234567890123460"][..],
            &["123457000000000", "123458000000000", "7"][..],
            &["1001", "123456789012345000", "123456789012345000", "123456789012346000"][..],
        ] {
            let said = check(ids).expect_err("rounded");
            let parts = ["rounded the ids in the column 'Emp ID'", "as text", "line "];
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    #[test]
    fn other_long_ids_are_whole() {
        for ids in [
            &["123456789012345000"][..],
            &["123456789012345000", "123456789012345678"][..],
            &["1234567890123450", "1234567890123460"][..],
            &["100000000000", "100000000001", "100000000002"][..],
            &["1000", "2000", "3000"][..],
            &["12345000000", "12346000000", "12347000000"][..],
            &["EMP123456789012345000", "EMP123456789012346000"][..],
            &["", ""][..],
        ] {
            assert_eq!(check(ids), Ok(()), "{ids:?}");
        }
    }
}
