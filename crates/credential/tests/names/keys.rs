//! Keys of names.

use std::collections::{BTreeSet, HashSet};

use credential::names::{Comparison, NameKey, Obstacle, Similarity, compare_names};

#[test]
fn equal_keys_mean_the_same_name() {
    let names = ["Jan Weiß", "JAN WEISS", "Weiß, Jan", "Dr. Jan Weiß", "Jan Weiß Jr", "Jan Weiß (né Hale)", "Ján Weiß"];
    for a in names {
        for b in names {
            let equal = NameKey::new(a).expect("a key") == NameKey::new(b).expect("a key");
            assert_eq!(equal, compare_names(a, b) == Comparison::Same, "{a} ~ {b}");
        }
    }
    let keys = || names.iter().map(|name| NameKey::new(name).expect("a key"));
    assert_eq!(keys().collect::<HashSet<_>>().len(), 4);
    assert_eq!(keys().collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn names_that_are_not_the_same_as_themselves_have_no_key() {
    for (name, itself) in [
        ("Suharjo", Comparison::Similar(Similarity::SingleName)),
        ("R. Kumar", Comparison::Similar(Similarity::Initials)),
        ("J. H.", Comparison::NotComparable(Obstacle::InitialsOnly)),
        ("unknown", Comparison::NotComparable(Obstacle::Placeholder)),
        ("Li Na 2", Comparison::NotComparable(Obstacle::NotAName)),
    ] {
        assert_eq!(NameKey::new(name), Err(itself), "{name}");
        assert_eq!(compare_names(name, name), itself, "{name}");
    }
}

#[test]
fn printed_keys_do_not_show_the_name() {
    assert_eq!(format!("{:?}", NameKey::new("Mei Tan")), "Ok(NameKey(..))");
}
