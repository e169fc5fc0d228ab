//! Questions about names, and whose word supports a name.

use super::*;

/// A name in the wallet: its text, whether it comes from an identity, and whether it was
/// confirmed.
fn wallet(names: &[(&str, bool, bool)]) -> HeldNames {
    let held = names.iter().zip(1u128..).map(|((name, is_anchor, is_confirmed), id)| HeldName {
        submission: Uuid::from_u128(id),
        name: (*name).to_owned(),
        partner: "Acme".to_owned(),
        is_anchor: *is_anchor,
        birth_date: None,
        stands: true,
        is_superseded: false,
        is_confirmed: *is_confirmed,
    });
    HeldNames { names: held.collect(), had_identity: false }
}

#[test]
fn only_another_name_needs_confirmation() {
    const JOHN: (&str, bool, bool) = ("John Doe", false, false);
    for (held, name, asked) in [
        (vec![], "Jane Roe", vec![]),
        (vec![JOHN], "DOE, John", vec![]),
        (vec![JOHN], "Jane Roe", vec!["different"]),
        (vec![JOHN], "John Q Doe", vec!["similar"]),
        (vec![JOHN], "王小禾", vec!["not_comparable"]),
        (vec![JOHN, ("Jane Roe", false, true)], "Jane Roe", vec![]),
        (vec![JOHN, JOHN, ("Jane Roe", false, true)], "Max Moe", vec!["different", "different"]),
        // The identity's name is the reference, unless the holder has confirmed another one.
        (vec![JOHN, ("Jane Roe", true, false)], "John Doe", vec!["different"]),
        (vec![("John Doe", false, true), ("Jane Roe", true, false)], "John Doe", vec![]),
        (vec![JOHN, ("Jane Roe", true, false)], "Jane Roe", vec![]),
        // A name of a single word is asked about once.
        (vec![("Suharjo", false, false)], "Suharjo", vec!["similar"]),
        (vec![("Suharjo", false, true)], "Suharjo", vec![]),
        // Any other name that is written identically is the same name.
        (vec![("R. Kumar", false, false)], "R. Kumar", vec![]),
        (vec![("R. Kumar", false, false)], "R Kumar", vec!["similar"]),
        (vec![("Li Na 2", true, false)], "Li Na 2", vec![]),
        (vec![("J. H.", false, false)], "J. H.", vec!["not_comparable"]),
        (vec![("N/A", false, false)], "N/A", vec!["not_comparable"]),
    ] {
        let question = wallet(&held).question(name);
        let found: Vec<_> =
            question.iter().flat_map(|asked| &asked.beside).map(|one| one.comparison.verdict()).collect();
        assert_eq!(found, asked, "{held:?} {name}");
    }
}

#[test]
fn verified_identity_outweighs_the_holders_confirmation() {
    let john = ("John Doe", false, false);
    let jane = ("Jane Roe", false, true);
    assert!(wallet(&[john, jane]).is_only_confirmed("Jane Roe"));
    assert!(!wallet(&[john, jane]).is_only_confirmed("John Doe"));
    let held = wallet(&[john, jane, ("JANE ROE", true, false)]);
    assert!(!held.is_only_confirmed("Jane Roe"));
    assert!(held.is_only_confirmed("John Doe"), "the identity has another name");
    assert!(wallet(&[("John Doe", true, false), jane]).is_only_confirmed("Jane Roe"));
    let single = wallet(&[john, ("Suharjo", false, true), ("Suharjo", true, false)]);
    assert!(!single.is_only_confirmed("Suharjo"), "a name of a single word, written alike");
}

#[test]
fn identity_confirms_its_name_whichever_comes_first() {
    let [first, second] = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let job_first = wallet(&[("Jane Roe", false, false), ("John Doe", true, true)]);
    let identity_first = wallet(&[("John Doe", true, false), ("Jane Roe", false, true)]);
    for (held, job) in [(job_first, first), (identity_first, second)] {
        assert!(held.is_only_confirmed("Jane Roe") && held.is_said_by_holder(job), "{held:?}");
        assert!(!held.is_only_confirmed("John Doe"), "{held:?}");
    }
    assert!(!wallet(&[("Jane Roe", false, false)]).is_said_by_holder(first));
}

#[test]
fn names_are_confirmed_if_all_but_one_are() {
    let john = ("John Doe", false, false);
    let held = wallet(&[john, ("Jane Roe", false, true), ("JANE ROE", false, false), ("Max Moe", false, false)]);
    for (shown, expected) in [
        (vec![], false),
        (vec!["John Doe"], false),
        (vec!["Jane Roe"], true),
        (vec!["John Doe", "Jane Roe"], true),
        (vec!["John Doe", "JANE ROE"], true),
        (vec!["John Doe", "Max Moe"], false),
        (vec!["John Doe", "Jane Roe", "Max Moe"], false),
    ] {
        assert_eq!(held.are_confirmed(shown.iter().copied()), expected, "{shown:?}");
    }
}

#[test]
fn doubt_about_a_name_outlives_the_identity() {
    let first = Uuid::from_u128(1);
    let jane = ("Jane Roe", false, false);
    let similar = ("John Q Doe", false, true);
    let held = wallet(&[jane, ("John Doe", true, true), ("DOE, John", false, false), similar]);
    assert!(held.is_only_confirmed("Jane Roe") && held.is_only_confirmed("John Q Doe"));
    assert!(!held.is_only_confirmed("John Doe"));
    let mut withdrawn = held.clone();
    withdrawn.names[1].stands = false;
    let mut deleted = held;
    deleted.names.remove(1);
    deleted.had_identity = true;
    for ended in [&withdrawn, &deleted] {
        assert!(ended.is_only_confirmed("Jane Roe") && ended.is_said_by_holder(first), "{ended:?}");
        assert!(ended.is_only_confirmed("John Q Doe"), "{ended:?}");
        assert!(ended.is_only_confirmed("John Doe"), "nothing but the holder's word supports it now: {ended:?}");
    }
    // That an identity was deleted is known only while its status is kept.
    let forgotten = wallet(&[jane, ("DOE, John", false, false)]);
    assert!(forgotten.is_only_confirmed("Jane Roe") && forgotten.is_only_confirmed("John Doe"));
}

#[test]
fn one_name_is_not_doubtful_after_the_identity() {
    let deleted = |names: &[(&str, bool, bool)]| HeldNames { had_identity: true, ..wallet(names) };
    let same = deleted(&[("John Doe", false, false), ("DOE, John", false, false)]);
    assert!(!same.is_only_confirmed("John Doe"), "{same:?}");
    let mut alone = deleted(&[("Jane Roe", false, false), ("John Doe", false, false)]);
    assert!(alone.is_only_confirmed("Jane Roe"));
    alone.names.pop();
    assert!(!alone.is_only_confirmed("Jane Roe"), "the wallet has no other name: {alone:?}");
}

#[test]
fn confirmation_beside_the_same_text_concerns_no_other_name() {
    let beside = |names: &[&str]| {
        let beside = names.iter().map(|name| (*name).to_owned()).collect();
        concerns(&ConfirmedName { reason: NameReason::Other, beside }, "R. Kumar")
    };
    assert!(!beside(&["R. Kumar"]) && !beside(&[" R. Kumar", "R. Kumar"]));
    assert!(beside(&["Rajesh Kumar"]) && beside(&["R. Kumar", "Rajesh Kumar"]));
}

#[test]
fn dates_of_birth_differ_whatever_is_shown() {
    let dated = |dates: &[Option<&str>]| {
        let mut held = wallet(&dates.iter().map(|_| ("John Doe", true, false)).collect::<Vec<_>>());
        for (name, date) in held.names.iter_mut().zip(dates) {
            name.birth_date = date.map(str::to_owned);
        }
        held
    };
    let (one, other) = (Some("1990-01-01"), Some("1970-05-05"));
    for (dates, expected) in [
        (vec![], false),
        (vec![None, one], false),
        (vec![one, None, one], false),
        (vec![one, other], true),
        (vec![None, one, one, other], true),
    ] {
        assert_eq!(dated(&dates).birth_dates_differ(&[]), expected, "{dates:?}");
    }
    let mut withdrawn = dated(&[one, other]);
    withdrawn.names[1].stands = false;
    assert!(withdrawn.birth_dates_differ(&[]), "it counts until it is deleted");
    let mut superseded = withdrawn;
    superseded.names[1].is_superseded = true;
    assert!(!superseded.birth_dates_differ(&[Uuid::from_u128(1)]), "its own partner replaced it");
    assert!(superseded.birth_dates_differ(&[Uuid::from_u128(2)]), "a link shows it");
}

#[test]
fn newer_versions_keep_the_date_of_birth() {
    let known: Type = "digital_identity".parse().expect("a type");
    let of = |date: Value| {
        let fields = serde_json::json!({ "full_name": "John Doe", "date_of_birth": date });
        Payload { fields, ..Payload::default() }
    };
    for (older, newer, is_other) in [
        (Value::Null, Value::Null, false),
        (Value::Null, "1970-05-05".into(), false),
        ("1990-01-01".into(), "1990-01-01".into(), false),
        ("1990-01-01".into(), "1970-05-05".into(), true),
        ("1990-01-01".into(), Value::Null, true),
    ] {
        assert_eq!(is_other_birth_date(known, &of(older.clone()), &of(newer.clone())), is_other, "{older} {newer}");
    }
    assert!(!is_other_birth_date(Type::default(), &of("1990-01-01".into()), &of(Value::Null)), "a career has none");
}
