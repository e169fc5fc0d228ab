//! Values that stand in the column of another field, while other rows have them in the right one:
//! the cells of such a row are swapped or shifted.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::employment_words::words;
use crate::infer_columns::folded;
use crate::plan::{Plan, ShiftedValues};
use crate::text_hash::hash;
use crate::word_lists::is_in;

/// Words that are no title if a column that no field uses has them in other rows.
const NO_TITLES: &str = "active fulltime parttime permanent y n yes no true false male female";

/// The same for a part of a name. `Male`, `True` and `Y` are names.
const NO_NAMES: &str = "female yes false active fulltime parttime";

/// Codes of currencies, which are no employers if a column of currencies has them.
const CURRENCIES: &str = "\
    gbp usd eur aud nzd cad sgd hkd inr idr myr php thb vnd jpy cny twd krw chf sek nok dkk pln czk huf zar aed brl mxn";

/// Words in the name of a column of currencies.
const CURRENCY: &str = "currency ccy curr cur w\u{e4}hrung devise moneda valuta";

/// Maximum length of a cell with one of these words, in bytes.
const LONGEST: usize = 20;

/// Maximum number of pairs of employer and title that are compared.
const MOST_PAIRS: usize = 20_000;

/// The values of the rows so far.
#[derive(Debug, Default)]
pub struct Values {
    rows: usize,
    organisations: HashMap<u64, usize>,
    titles: HashMap<u64, usize>,
    /// The pairs of employer and title that occur.
    pairs: HashSet<(u64, u64)>,
    /// Words of [`NO_TITLES`], [`NO_NAMES`] and [`CURRENCIES`] in unused columns.
    unused: HashSet<String>,
    /// Rows with such a word in the column of a field.
    used: BTreeMap<(&'static str, String), usize>,
}

/// The fields whose values are compared with those of unused columns, and what they cannot be.
const FIELDS: [(&str, &str); 3] = [("role_title", NO_TITLES), ("organisation", CURRENCIES), ("full_name", NO_NAMES)];

impl Values {
    /// Adds a row.
    pub fn row(&mut self, plan: &Plan, cells: &[String]) {
        let cell = |column: usize| cells.get(column).map(|cell| folded(cell)).unwrap_or_default();
        self.rows += 1;
        let is_short = |column: &usize| cells.get(*column).is_some_and(|cell| cell.len() <= LONGEST);
        for column in plan.watched.iter().copied().filter(is_short) {
            let text = cell(column);
            let is_word = is_in(NO_TITLES, &text) || is_in(NO_NAMES, &text);
            let is_currency = || is_in(CURRENCIES, &text) && is_of_currencies(&plan.header[column]);
            if !self.unused.contains(&text) && (is_word || is_currency()) {
                self.unused.insert(text);
            }
        }
        for (field, list) in FIELDS {
            for text in plan.columns_of(field).unwrap_or_default().iter().map(|column| cell(*column)) {
                if is_in(list, &text) {
                    *self.used.entry((field, text)).or_default() += 1;
                }
            }
        }
        let Some((organisation, title)) = pair(plan, cells) else { return };
        if self.pairs.len() < MOST_PAIRS || self.pairs.contains(&(organisation, title)) {
            self.pairs.insert((organisation, title));
            *self.organisations.entry(organisation).or_default() += 1;
            *self.titles.entry(title).or_default() += 1;
        }
    }

    /// Returns the values that stand in a wrong column. A value of half of the rows is not shifted.
    pub fn found(self) -> ShiftedValues {
        let count = |of: &HashMap<u64, usize>, text: u64| of.get(&text).copied().unwrap_or_default();
        let is_swapped = |(organisation, title): &&(u64, u64)| {
            let as_titles = (count(&self.titles, *organisation), count(&self.titles, *title));
            let as_organisations = (count(&self.organisations, *organisation), count(&self.organisations, *title));
            organisation != title && as_titles.0 >= as_organisations.0 && as_organisations.1 >= as_titles.1
        };
        let swapped = self.pairs.iter().filter(is_swapped).copied().collect();
        let is_rare = |rows: usize| rows * 2 < self.rows;
        let is_misplaced =
            |((_, text), rows): &(&(&'static str, String), &usize)| is_rare(**rows) && self.unused.contains(text);
        let misplaced = self.used.iter().filter(is_misplaced).map(|(found, _)| found.clone()).collect();
        ShiftedValues { swapped, misplaced }
    }
}

/// Returns whether the employer and the title of a row are swapped.
pub fn are_swapped(plan: &Plan, cells: &[String]) -> bool {
    let swapped = &plan.shifted.swapped;
    !swapped.is_empty() && pair(plan, cells).is_some_and(|pair| swapped.contains(&pair))
}

/// Returns the column of a row with a value of another column.
pub fn column(plan: &Plan, cells: &[String]) -> Option<usize> {
    let misplaced = &plan.shifted.misplaced;
    if misplaced.is_empty() {
        return None;
    }
    FIELDS.into_iter().find_map(|(field, _)| {
        let is_wrong = |column: &usize| {
            let text = cells.get(*column).map(|cell| folded(cell)).unwrap_or_default();
            misplaced.contains(&(field, text))
        };
        plan.columns_of(field).unwrap_or_default().iter().copied().find(is_wrong)
    })
}

/// Returns hashes of the employer and the title of a row, if it has both.
fn pair(plan: &Plan, cells: &[String]) -> Option<(u64, u64)> {
    let text = |field: &str| {
        let columns = plan.columns_of(field)?;
        let text: String = columns.iter().filter_map(|column| cells.get(*column)).map(|cell| folded(cell)).collect();
        (!text.is_empty()).then(|| hash(&[&text]))
    };
    Some((text("organisation")?, text("role_title")?))
}

fn is_of_currencies(header: &str) -> bool {
    words(header).iter().any(|word| is_in(CURRENCY, word))
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    /// Returns the indices of the rows with values in a wrong column.
    fn wrong(columns: &str, rows: &[&str]) -> Vec<usize> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells(&format!("Emp ID,First name,Last name,Company,Job,Start,Pay period,{columns}"));
        let today = jiff::civil::date(2026, 11, 23);
        let mut plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let [given, company, job, more] = row.splitn(4, ',').collect::<Vec<_>>()[..] else { panic!("{row}") };
                cells(&format!("1,{given},Example,{company},{job},2015-01,2026-10,{more}"))
            })
            .collect();
        let mut values = Values::default();
        rows.iter().for_each(|row| values.row(&plan, row));
        plan.shifted = values.found();
        let is_wrong = |row: &Vec<String>| are_swapped(&plan, row) || column(&plan, row).is_some();
        (0..rows.len()).filter(|index| is_wrong(&rows[*index])).collect()
    }

    #[test]
    fn swapped_and_shifted_values_are_found() {
        let swapped = ["Ada,Sample Co,Driver,", "Bo,Driver,Sample Co,", "Cy,Sample Co,Driver,"];
        assert_eq!(wrong("Desk", &swapped), [1]);
        for (columns, row, others) in [
            ("Status", "Bo,Sample Co,Active,Driver", "Active"),
            ("Type", "Bo,Sample Co,Full-time,", "Full-time"),
            ("Union member", "Bo,Sample Co,Y,", "Y"),
            ("Currency", "Bo,GBP,Driver,", "GBP"),
            ("Gender", "Female,Sample Co,Driver,", "Female"),
        ] {
            let rows =
                [format!("Ada,Sample Co,Clerk,{others}"), row.to_owned(), format!("Cy,Sample Co,Chief,{others}")];
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            assert_eq!(wrong(columns, &rows), [1], "{row}");
        }
    }

    #[test]
    fn values_that_several_columns_may_have_are_ordinary() {
        for (columns, rows) in [
            ("Desk", &["Ada,Sample Co,Driver,", "Bo,Muster Co,Clerk,", "Cy,Sample Co,Clerk,"][..]),
            ("Desk", &["Ada,Freelancer,Freelancer,", "Bo,Freelancer,Freelancer,", "Cy,Sample Co,Clerk,"]),
            ("Grade", &["Ada,Sample Co,Manager,Senior", "Bo,Sample Co,Senior,Manager", "Cy,Sample Co,Cook,Manager"]),
            ("Type", &["Ada,Sample Co,Permanent,Permanent", "Bo,Sample Co,Permanent,Permanent", "Cy,B,Permanent,"]),
            ("Plan", &["Ada,GBP,Driver,GBP", "Bo,Sample Co,Driver,GBP", "Cy,Sample Co,Driver,GBP"]),
            ("Gender", &["Y,Sample Co,Driver,Male", "Male,Sample Co,Driver,Male", "Cy,Sample Co,Driver,Y"]),
            ("Type", &["Ada,Sample Co,Casual,Casual", "Bo,Sample Co,Driver,Casual", "Cy,Sample Co,Driver,Casual"]),
        ] {
            assert_eq!(wrong(columns, rows), Vec::<usize>::new(), "{columns}: {rows:?}");
        }
    }
}
