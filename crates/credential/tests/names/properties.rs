//! Properties for any names, tested with words that the rules know.

use std::collections::HashSet;

use credential::names::{Comparison, NameKey, Obstacle, Similarity, compare_names};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use unicode_normalization::UnicodeNormalization as _;

use crate::say;

const WORDS: &[&str] = &[
    "Mei",
    "Tan",
    "Wei",
    "Weimei",
    "MEI",
    "Jón",
    "Jon",
    "JÓN",
    "Müller",
    "Mueller",
    "Muller",
    "Lê",
    "Văn",
    "Van",
    "Dũng",
    "Dung",
    "Hoà",
    "Hòa",
    "Hoa",
    "Đức",
    "Phương",
    "Phượng",
    "Santos",
    "Santoz",
    "Sanotos",
    "Barnes",
    "Bames",
    "J.",
    "j",
    "S.",
    "V",
    "I",
    "Ma.",
    "Maria",
    "María",
    "Mohd",
    "Muhammad",
    "Md",
    "bin",
    "binti",
    "bte",
    "bt",
    "ibn",
    "s/o",
    "A/L",
    "d/o",
    "a/p",
    "al",
    "El",
    "de",
    "la",
    "dela",
    "del",
    "van",
    "der",
    "von",
    "y",
    "Haji",
    "Tan Sri",
    "Sri",
    "Dato'",
    "Syed",
    "Sir",
    "Dr.",
    "Prof",
    "Ms",
    "Encik",
    "Jr",
    "Jr.",
    "Sr",
    "III",
    "IV",
    "FNU",
    "LNU",
    "XXX",
    "NA",
    "Na",
    "null",
    "Null",
    "unknown",
    "née",
    "nee",
    "aka",
    "a.k.a.",
    "陳大文",
    "陳",
    "大文",
    "王小禾",
    "김민아",
    "みどり",
    "منى",
    "مني",
    "أنس",
    "انس",
    "منـى",
    "สมใจ",
    "นาย",
    "Νίκος",
    "ΝΙΚΟΣ",
    "Иван",
    "Йолкин",
    "प्रिया",
    "மு.",
    "S.Kom.",
    "Ph.D.",
    "M.A.",
    "O’Dara",
    "Odara",
    "Ｋen",
    "Ken",
    "Işıl",
    "IŞIL",
    "Thirunavukkarasubalasu",
    "Thirunavukkarasubalasubramani",
    "AI",
    "Al",
    "JosÃ©",
    "M\u{430}ra",
    "2",
    "\u{202E}",
    "\u{200B}",
];
const JOINTS: &[&str] =
    &[" ", " ", " ", " ", " ", " ", "", "-", ", ", ",", " @ ", " (", ") ", "_", ".", "  ", "\u{301}", " / "];

fn name() -> impl Strategy<Value = String> {
    let part = (prop::sample::select(WORDS), prop::sample::select(JOINTS));
    prop::collection::vec(part, 1..7).prop_map(|parts| {
        let mut name: String = parts.iter().flat_map(|(word, joint)| [*word, *joint]).collect();
        name.truncate(name.trim_end().len());
        name
    })
}

/// Varies a name as records do: in case, order, and missing, additional or damaged words.
fn variant(name: &str, change: usize, at: usize) -> String {
    let mut words: Vec<&str> = name.split(' ').collect();
    let place = at % words.len();
    match change {
        0 => return name.to_uppercase(),
        1 => words.rotate_left(place),
        2 => drop(words.remove(place)),
        3 => words.insert(place, WORDS[at % WORDS.len()]),
        4 => words[place] = WORDS[at % WORDS.len()],
        5 => return name.replacen(' ', "", 1),
        6 => return format!("{name} Jr"),
        7 => return name.replace("rn", "m"),
        8 => return name.chars().take(name.chars().count() * 3 / 4).collect(),
        _ => return name.to_lowercase(),
    }
    words.join(" ")
}

#[test]
fn generated_names_reach_every_rule() {
    let mut runner = TestRunner::deterministic();
    let pairs = (name(), name(), 0_usize..10, 0_usize..200);
    let mut found = HashSet::new();
    for _ in 0..6000 {
        let (a, b, change, at) = pairs.new_tree(&mut runner).expect("names").current();
        found.insert(compare_names(&a, &b));
        found.insert(compare_names(&a, &variant(&a, change, at)));
    }
    let missed = Similarity::ALL.iter().copied().map(Comparison::Similar);
    let missed = missed.chain(Obstacle::ALL.iter().copied().map(Comparison::NotComparable));
    let missed: Vec<Comparison> = missed.filter(|reason| !found.contains(reason)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

proptest! {
    #[test]
    fn comparison_is_symmetric(a in name(), b in name(), change in 0_usize..10, at in 0_usize..200) {
        for b in [variant(&a, change, at), b] {
            prop_assert_eq!(say(compare_names(&a, &b)), say(compare_names(&b, &a)), "{} ~ {}", a, b);
        }
    }

    #[test]
    fn same_names_have_equal_keys_and_no_others(a in name(), b in name(), change in 0_usize..10, at in 0_usize..200) {
        for b in [variant(&a, change, at), b] {
            let equal = matches!((NameKey::new(&a), NameKey::new(&b)), (Ok(a), Ok(b)) if a == b);
            prop_assert_eq!(compare_names(&a, &b) == Comparison::Same, equal, "{} ~ {}", a, b);
        }
    }

    #[test]
    fn same_is_transitive(a in name(), steps in prop::collection::vec((0_usize..10, 0_usize..200), 2)) {
        let b = variant(&a, steps[0].0, steps[0].1);
        let c = variant(&b, steps[1].0, steps[1].1);
        if compare_names(&a, &b) == Comparison::Same && compare_names(&b, &c) == Comparison::Same {
            prop_assert_eq!(compare_names(&a, &c), Comparison::Same, "{} ~ {} ~ {}", a, b, c);
        }
    }

    #[test]
    fn names_compare_with_themselves_as_their_key_says(a in name()) {
        let itself = compare_names(&a, &a);
        prop_assert_eq!(NameKey::new(&a).err().unwrap_or(Comparison::Same), itself);
        prop_assert_ne!(itself, Comparison::Different);
        // An equal name in another form compares like the original.
        let decomposed: String = a.nfd().collect();
        prop_assert_eq!(compare_names(&a, &decomposed), itself, "{} ~ {}", a, decomposed);
    }

    #[test]
    fn upper_case_does_not_change_a_name(a in "[A-Za-zÀ-ÖØ-öø-ſёйΑ-Ωα-ω]{2,8} [A-Za-zÀ-ÖØ-öø-ſ]{2,8}") {
        let upper = a.to_uppercase();
        let is_comparable = !matches!(compare_names(&upper, &upper), Comparison::NotComparable(_));
        if is_comparable && compare_names(&a, &a) == Comparison::Same {
            prop_assert_eq!(compare_names(&a, &upper), Comparison::Same, "{} ~ {}", a, upper);
        }
    }

    #[test]
    fn any_texts_compare_without_panic(a in "\\PC{0,40}", b in any::<String>()) {
        prop_assert_eq!(compare_names(&a, &b), compare_names(&b, &a));
        prop_assert_eq!(compare_names(&a, &a), compare_names(&a, &a));
    }
}
