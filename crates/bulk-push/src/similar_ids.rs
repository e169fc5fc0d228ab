//! Ids that differ only in their form, such as `001` and `1` or `A1` and `a1`: a spreadsheet may
//! have changed one of them, so that the rows of one person become two people.

use std::collections::HashMap;

use crate::name_text::is_invisible;
use crate::plan::Plan;
use crate::printable::printable;
use crate::text_hash::{hash, short_hash};

/// Maximum number of pairs that are listed.
const LISTED: usize = 3;

/// The ids of the person column, without their form.
#[derive(Debug, Default)]
pub struct SimilarIds {
    /// Of each id the hash of its first form, and its line.
    known: HashMap<u64, (u32, u32)>,
    /// The first pairs: an id, its line, and the line of the similar one.
    pairs: Vec<(String, u32, u32)>,
}

impl SimilarIds {
    /// Looks at the id of a row.
    pub fn row(&mut self, plan: &Plan, line: u32, cells: &[String]) {
        let Some(column) = plan.person.filter(|_| plan.form.list.is_some()) else { return };
        let id = cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        if id.is_empty() || self.pairs.len() >= LISTED {
            return;
        }
        let form = short_hash(id);
        let (first, earlier) = *self.known.entry(hash(&[&plain(id)])).or_insert((form, line));
        if first != form && self.pairs.iter().all(|(known, ..)| known != id) {
            self.pairs.push((id.to_owned(), line, earlier));
        }
    }

    /// Returns what a person should confirm.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        let shown = |(id, line, earlier): &(String, u32, u32)| {
            let visible: String =
                id.chars().map(|character| if is_invisible(character) { '\u{fffd}' } else { character }).collect();
            format!("'{}' (line {line}, and another on line {earlier})", printable(&visible))
        };
        let listed: Vec<String> = self.pairs.iter().map(shown).collect();
        let name = plan.person.map(|column| plan.label(column)).unwrap_or_default();
        (!listed.is_empty()).then(|| {
            format!(
                "Warning: ids in the column '{name}' differ only in case, zeros, a decimal point or invisible \
                 characters, so they count as different people: {}. Write the ids of one person alike",
                listed.join(", ")
            )
        })
    }
}

/// Returns an id without its form: in lower case, without invisible characters and white space, and
/// of a number without leading zeros and decimals of zero.
fn plain(id: &str) -> String {
    let is_shown = |character: &char| !character.is_whitespace() && !is_invisible(*character);
    let text: String = id.chars().filter(is_shown).flat_map(char::to_lowercase).collect();
    let whole = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() && decimals.bytes().all(|digit| digit == b'0') => whole,
        _ => text.as_str(),
    };
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    whole.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn warning(ids: &[&str]) -> Option<String> {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut found = SimilarIds::default();
        for (line, id) in (2..).zip(ids) {
            found.row(&plan, line, &[(*id).to_owned()]);
        }
        found.warning(&plan)
    }

    #[test]
    fn ids_that_differ_only_in_form_are_confirmed() {
        for ids in [["A1", "a1"], ["001", "1"], ["1001", "1001.0"], ["1001", "1001\u{200b}"], ["E 7", "E7"]] {
            let said = warning(&ids).expect("similar");
            assert!(said.contains("'Emp ID'") && said.contains("line 3, and another on line 2"), "{said}");
        }
        for ids in [
            &["1001", "1001", "1002"][..],
            &["A1", "A1", "A2"][..],
            &["A-1", "A1"][..],
            &["10", "1"][..],
            &["1.5", "1.50"][..],
            &["", ""][..],
            &["E001", "E1"][..],
            &["Zo\u{eb}", "Zoe"][..],
        ] {
            assert_eq!(warning(ids), None, "{ids:?}");
        }
    }
}
