//! The academic and professional titles and degrees that the comparison leaves out of a name.

use super::characters;
use super::lists::QUALIFYING_TITLES;
use super::parse::degrees;
use super::word::fold_case;

/// Returns whether `newer` has an academic or professional title or a degree that `older` does not
/// have. Both are spellings of one name: [`super::Comparison::Same`] ignores these.
pub(crate) fn adds_qualification(newer: &str, older: &str) -> bool {
    let mut known = qualifications(older);
    qualifications(newer).iter().any(|found| match known.iter().position(|other| other == found) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    })
}

/// Returns the titles and degrees in a name and its aliases, each as often as it occurs; none if
/// the name cannot be compared.
fn qualifications(raw: &str) -> Vec<String> {
    let Ok(text) = characters::clean(raw) else { return Vec::new() };
    let words = text.split([' ', '.', ',', '(', ')', '@']).map(fold_case);
    let mut found: Vec<String> = words.filter(|word| QUALIFYING_TITLES.contains(&word.as_str())).collect();
    for name in text.split(['(', ')', '@']) {
        let parts = name.split(',').map(str::trim).filter(|part| !part.is_empty());
        found.extend(parts.skip(1).flat_map(degrees));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::lists::SALUTATIONS;

    #[test]
    fn titles_and_degrees_that_the_older_name_lacks_are_added() {
        for newer in [
            "Dr Cara Example",
            "dr. CARA EXAMPLE",
            "EXAMPLE, Dr Cara",
            "Prof. Cara Example",
            "Engr Cara Example",
            "Mr Atty. Cara Example",
            "Cara Example, PhD",
            "Cara Example, Ph.D.",
            "Example, Cara, MBA",
            "Cara Example, MBA CPA",
            "Cara Example, S.Kom.",
            "Cara Example (Dr Cara Roe)",
            "Cara Example (Cara Roe, PhD)",
        ] {
            assert!(adds_qualification(newer, "Cara Example"), "{newer}");
            assert!(!adds_qualification("Cara Example", newer), "{newer}");
            assert!(!adds_qualification(newer, newer), "{newer}");
        }
        assert!(adds_qualification("Prof Dr Cara Example", "Dr Cara Example"));
        assert!(adds_qualification("Dr Dr Cara Example", "Dr Cara Example"));
        assert!(adds_qualification("Cara Example, MBA, CPA", "Cara Example, CPA"));
    }

    #[test]
    fn civil_titles_and_spellings_add_nothing() {
        for newer in [
            "Mrs Cara Example",
            "MR CARA EXAMPLE",
            "Ms. Example, Cara",
            "Encik Cara Example",
            "Cara Example Jr",
            "@",
            "NA",
        ] {
            assert!(!adds_qualification(newer, "Cara Example"), "{newer}");
        }
        assert!(!adds_qualification("Cara Example, PhD", "Dr Cara Example, Ph.D."));
    }

    #[test]
    fn qualifying_titles_are_salutations() {
        assert!(QUALIFYING_TITLES.iter().all(|title| SALUTATIONS.contains(title)));
    }
}
