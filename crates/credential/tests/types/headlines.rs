//! Headlines for hirers.

use credential::Type;
use serde_json::{Value, json};

use crate::samples::{Change, Put, Take, changed, parse};

#[test]
fn headlines_name_the_credential_for_a_hirer() {
    let headline = |name: &str, changes: &[Change]| {
        let known: Type = name.parse().expect("a type");
        let submission = parse(known, &changed(known, changes)).expect("taken");
        known.headline(&submission.fields())
    };
    let majors = |list: Value| [Put("/fields/majors", list)];
    for (read, expected) in [
        (headline("education", &[]), "Bachelor of Commerce (Honours), Finance"),
        (
            headline("education", &majors(json!(["Finance", "Law", "Art"]))),
            "Bachelor of Commerce (Honours), Finance, Law and Art",
        ),
        (
            headline(
                "education",
                &[Put("/fields/course_name", json!("Bachelor of Arts with Honours")), Take("/fields/majors")],
            ),
            "Bachelor of Arts with Honours",
        ),
        (
            headline("education", &[Put("/fields/awaiting_graduation", json!(true)), Take("/fields/conferral_year")]),
            "Bachelor of Commerce (Honours), Finance (completed, awaiting graduation)",
        ),
        (headline("microcredential", &[]), "Project Management Foundations, Example Institute"),
        (headline("english_proficiency", &[]), "Example English Test, Academic: 7.5 (CEFR C1)"),
        (
            headline("english_proficiency", &[Take("/fields/test_scores/cefr_scores/combined")]),
            "Example English Test, Academic: 7.5",
        ),
        (headline("digital_identity", &[]), "Identity verified in person"),
        (headline("right_to_work", &[]), "May work in Singapore"),
        (headline("universal_credential", &[]), "Electrical Work Licence, Example Licensing Board"),
    ] {
        assert_eq!(read, expected);
    }
}
