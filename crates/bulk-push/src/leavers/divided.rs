//! Columns of an unknown name whose values tell people without an end from each other.
//!
//! No list of words for people who left is complete, so a value is not judged by its meaning: if a
//! column is not plainly about something else, and some people have another value than others, the
//! value may mark those who left.

use std::collections::{BTreeMap, BTreeSet};

use crate::employment_words::{ColumnKind, is_no, is_yes, words};
use crate::findings::Findings;
use crate::infer_columns::folded;
use crate::plan::Plan;
use crate::word_lists::{ABOUT_OTHERS, HOURS, OTHER_STATUS, OTHER_STATUS_PARTS, OTHER_THINGS, PAY, PRIVATE, is_in};

/// Maximum number of kinds of values of a column that marks people.
const MAX_KINDS: usize = 12;

/// Rows of which all may have a value of their own. In more rows such values are names or texts.
const FEW_ROWS: usize = 4;

/// Number of digits from which a value is a number of something, such as an identifier.
const DIGITS: usize = 3;

/// The kind of all values that mean employed, and of all numbers. Folded values have no such
/// characters.
const EMPLOYED: &str = "+";
const NUMBER: &str = "#";

/// Words of the names of columns that are plainly about something else than an employment's end.
const ORDINARY: &str = "\
    name names surname surnames forename forenames nickname initial initials title titles salutation gender sex sexe pronouns age race religion blood \
    language ethnicity nationality citizenship birthplace address street suburb city town county country province \
    state region area zone district territory postcode zip phone telephone mobile fax email mail site location \
    office branch building floor room desk store shop plant warehouse depot department dept division team section \
    unit directorate faculty company employer entity organisation organization cost costcentre costcenter gl ledger \
    project budget manager supervisor mentor approver buddy partner spouse children dependants dependents id ids no \
    number num nr ref reference ssn nino nric tfn abn sin iban bic swift sort bank currency rate rates allowance \
    allowances deduction deductions bonus commission overtime amount total balance entitlement accrual holiday \
    holidays days job role position occupation profession designation grade level band step scale skill skills \
    qualification qualifications degree education school university licence license shift shifts roster schedule \
    rota pattern frequency cycle weekday union award vehicle car parking badge locker laptop uniform shirt size hand \
    diet allergies photo website linkedin tax nationalid fte pension scheme \
    abteilung kostenstelle standort geschlecht telefon handy adresse strasse stra\u{df}e ort plz land vorgesetzter \
    steuerklasse konfession titel anrede sexe ville pays lieu t\u{e9}l\u{e9}phone d\u{e9}partement genre sexo \
    g\u{e9}nero ciudad pa\u{ed}s direcci\u{f3}n departamento centro alamat kota departemen divisi cabang kelamin agama \
    lokasi afdeling geslacht adres plaats reparto sede sesso";

/// Parts of such names that are written as one word.
const ORDINARY_PARTS: &str = "\
    phone mobile email address postcode zipcode postal gender nationality department costcent location workstate \
    homestate \u{6027}\u{522b} \u{6027}\u{5225} \u{90e8}\u{95e8} \u{90e8}\u{9580} \u{90e8}\u{7f72} \u{4f4f}\u{6240}";

/// Words with which a name is about a change or an end all the same, as in `Job change reason`.
const TELLING: &str = "\
    action actions reason reasons event events movement movements transaction transactions lifecycle change changes \
    end ends ended ending last final finish finished exit left past prior former leaver leavers leaving termination \
    terminated separation separated until out paidout settled rehire rehired closed stopped notice notified inactive \
    resigned grund motif motivo alasan reden";

/// The kinds of values of each column, and the values that do not mean employed.
#[derive(Debug, Default)]
pub struct Divided {
    rows: usize,
    kinds: BTreeMap<usize, BTreeSet<String>>,
    values: Findings,
}

impl Divided {
    /// Looks at a row without an end. With `is_sure`, a status says that the person is employed.
    pub fn row(
        &mut self,
        plan: &Plan,
        columns: &[(usize, ColumnKind, String)],
        line: u32,
        cells: &[String],
        is_sure: bool,
    ) {
        self.rows += 1;
        for (column, kind, _) in columns {
            if *kind != ColumnKind::Other || is_ordinary(&plan.header[*column]) {
                continue;
            }
            let value = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let kinds = self.kinds.entry(*column).or_default();
            if kinds.len() > MAX_KINDS {
                continue;
            }
            let kind = kind_of(plan, value);
            if !is_sure && !value.is_empty() && kind != EMPLOYED {
                self.values.add(*column, value, line);
            }
            kinds.insert(kind);
        }
    }

    /// Returns the values of the columns that tell people from each other.
    pub fn found(mut self) -> Findings {
        let (rows, kinds) = (self.rows, self.kinds);
        let is_categorical = |count: usize| count > 1 && count <= MAX_KINDS && (count < rows || rows <= FEW_ROWS);
        self.values.keep(|column| kinds.get(&column).is_some_and(|kinds| is_categorical(kinds.len())));
        self.values
    }
}

/// Returns what a value has in common with others: all that mean employed are of one kind, and so
/// are all numbers.
fn kind_of(plan: &Plan, value: &str) -> String {
    let text = folded(value);
    let is_flag = is_yes(&text) || is_no(&text);
    let is_told = || plan.mapping.employed_status.iter().any(|known| folded(known) == text);
    if value.is_empty() {
        String::new()
    } else if !is_flag && (is_told() || ColumnKind::Status.agrees("", value)) {
        EMPLOYED.to_owned()
    } else if value.chars().filter(char::is_ascii_digit).count() >= DIGITS {
        NUMBER.to_owned()
    } else if text.is_empty() {
        value.to_owned()
    } else {
        text
    }
}

/// Returns whether a column is plainly about something else than the end of an employment.
fn is_ordinary(header: &str) -> bool {
    let (name, words) = (folded(header), words(header));
    let has_word = |lists: &[&str]| words.iter().any(|word| lists.iter().any(|list| is_in(list, word)));
    let has_part = |lists: &[&str]| lists.iter().any(|list| list.split_whitespace().any(|part| name.contains(part)));
    let is_about = has_word(&[ORDINARY, PAY, HOURS, OTHER_STATUS])
        || has_part(&[ORDINARY_PARTS, OTHER_STATUS_PARTS, OTHER_THINGS, ABOUT_OTHERS, PRIVATE]);
    is_about && !has_word(&[TELLING])
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    /// Returns the columns that tell people with these values from each other.
    fn found(mapping: &Mapping, name: &str, values: &[&str], is_sure: bool) -> Option<String> {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period", name].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(mapping, Type::default(), header, false, today).expect("whole");
        let columns = [(6, ColumnKind::of(name), folded(name))];
        let mut divided = Divided::default();
        for (line, value) in (2..).zip(values) {
            let cells = ["1", "Ada", "A", "Clerk", "2015-01", "2026-10", value].map(str::to_owned);
            divided.row(&plan, &columns, line, &cells, is_sure);
        }
        let found = divided.found();
        (!found.is_empty()).then(|| found.text(&plan))
    }

    #[test]
    fn columns_of_unknown_names_that_divide_people_are_found() {
        for (name, values) in [
            ("Last action", ["Separation", "Hire"]),
            ("Transaction", ["Separation", "Hire"]),
            ("Job change reason", ["Sep", "New"]),
            ("Worker type", ["Past", "Current"]),
            ("Category", ["Historical", "Permanent"]),
            ("Past employee", ["Y", "N"]),
            ("Prior employee", ["Y", ""]),
            ("Movement type", ["Exit", ""]),
            ("Event", ["TER", "HIR"]),
            ("AD user", ["Disabled", "Enabled"]),
            ("SSO", ["Off", "On"]),
            ("IR21 filed", ["Yes", ""]),
            ("Leave paid out", ["Yes", "No"]),
            ("Code", ["9", "1"]),
            ("Code", ["T", "A"]),
        ] {
            assert!(found(&Mapping::default(), name, &values, false).is_some(), "{name}");
        }
    }

    #[test]
    fn columns_that_are_plainly_something_else_are_not() {
        for (name, values) in [
            ("Gender", ["F", "M"]),
            ("Department", ["Finance", "Transport"]),
            ("CostCentre", ["A", "B"]),
            ("homephone", ["", "123"]),
            ("FLSA Status", ["Exempt", "Non-Exempt"]),
            ("Pay type", ["Hourly", "Salaried"]),
            ("Marital status", ["Single", "Married"]),
            ("Manager", ["Cy Sample", ""]),
            ("Worker type", ["Permanent", "Fixed term"]),
            ("Employment category", ["Full time", ""]),
            ("External key", ["A-1001", "A-1002"]),
            ("Cohort", ["B", "B"]),
        ] {
            assert_eq!(found(&Mapping::default(), name, &values, false), None, "{name}");
        }
    }

    #[test]
    fn values_of_their_own_and_meanings_given_do_not_divide() {
        let unknown = ["Aa", "Bb", "Cc", "Dd", "Ee", "Ff"];
        assert_eq!(found(&Mapping::default(), "Motto", &unknown, false), None, "each person has another one");
        assert!(found(&Mapping::default(), "Motto", &["Aa", "Aa", "Bb", "Bb", "Aa"], false).is_some());
        assert_eq!(found(&Mapping::default(), "Last action", &["Sep", "Hire"], true), None, "a status says so");
        let told = Mapping { employed_status: vec!["Moved".to_owned()], ..Mapping::default() };
        assert_eq!(found(&told, "Last action", &["moved", "Hire"], false), None);
        assert!(found(&told, "Last action", &["moved", "Gone"], false).is_some_and(|said| said.contains("'Gone'")));
    }
}
