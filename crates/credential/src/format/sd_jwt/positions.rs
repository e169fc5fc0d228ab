//! Positions of the shown items in the issuer's lists.

use std::collections::BTreeMap;

/// The positions that the shown items have in the issuer's lists. A list without withheld items
/// needs no entry, because its positions are those of the shown items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<String, Vec<usize>>);

impl Positions {
    /// Records the positions of the shown items of the list at `place`, a JSON Pointer into the
    /// shown claims.
    pub(super) fn record(&mut self, place: &str, positions: Vec<usize>) {
        self.0.insert(place.to_owned(), positions);
    }

    /// Returns the position in the issuer's list of the item that is shown at `index`.
    pub(crate) fn of_shown(&self, list: &str, index: usize) -> usize {
        self.0.get(list).and_then(|positions| positions.get(index)).copied().unwrap_or(index)
    }

    /// Returns the index at which the item at a position of the issuer's list is shown. Returns
    /// `None` if it is withheld. The index of a list without withheld items may be too large.
    pub(crate) fn shown_index(&self, list: &str, position: usize) -> Option<usize> {
        let Some(positions) = self.0.get(list) else { return Some(position) };
        positions.iter().position(|known| *known == position)
    }

    /// Converts a JSON Pointer into the shown claims to one with the issuer's positions.
    pub(crate) fn in_issuers_lists(&self, place: &str) -> String {
        let (mut shown, mut converted) = (String::new(), String::new());
        for step in place.split('/').skip(1) {
            let positions = self.0.get(&shown);
            let position = positions.and_then(|positions| positions.get(step.parse::<usize>().ok()?));
            converted.push('/');
            match position {
                Some(position) => converted.push_str(&position.to_string()),
                None => converted.push_str(step),
            }
            shown.push('/');
            shown.push_str(step);
        }
        converted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_count_in_the_issuers_lists() {
        let mut positions = Positions::default();
        positions.record("/a", vec![1, 4]);
        positions.record("/a/1/b~1c", vec![2]);
        for (shown, issuers) in [("/a/0", "/a/1"), ("/a/1/b~1c/0/d", "/a/4/b~1c/2/d"), ("/b/0", "/b/0"), ("", "")] {
            assert_eq!(positions.in_issuers_lists(shown), issuers);
        }
        assert_eq!((positions.of_shown("/a", 1), positions.of_shown("/b", 1)), (4, 1));
        assert_eq!([0, 1, 4].map(|position| positions.shown_index("/a", position)), [None, Some(0), Some(1)]);
        assert_eq!(positions.shown_index("/b", 7), Some(7));
    }
}
