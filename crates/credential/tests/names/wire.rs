//! Verdicts and reasons in their serialized form.

use credential::names::{Comparison, Obstacle, Similarity, compare_names};
use serde_json::json;

#[test]
fn comparisons_serialize_as_wire_names() {
    for (a, b, wire) in [
        ("Mei Tan", "MEI TAN", json!({ "verdict": "same" })),
        ("José Cruz", "Jose Cruz", json!({ "verdict": "similar", "reason": "marks" })),
        ("Mei Tan", "Wei Tan", json!({ "verdict": "different" })),
        ("王小禾", "Wang Xiaohe", json!({ "verdict": "not_comparable", "reason": "script" })),
    ] {
        let comparison = compare_names(a, b);
        assert_eq!(serde_json::to_value(comparison).expect("serialized"), wire);
        assert_eq!(serde_json::from_value::<Comparison>(wire).expect("parsed"), comparison);
    }
}

#[test]
fn every_reason_has_one_wire_name_and_one_sentence() {
    let all: Vec<Comparison> = [Comparison::Same, Comparison::Different]
        .into_iter()
        .chain(Similarity::ALL.iter().copied().map(Comparison::Similar))
        .chain(Obstacle::ALL.iter().copied().map(Comparison::NotComparable))
        .collect();
    let mut sentences = std::collections::HashSet::new();
    for comparison in all {
        let wire = serde_json::to_value(comparison).expect("serialized");
        assert_eq!(wire["verdict"], comparison.verdict());
        assert_eq!(wire.get("reason").and_then(|reason| reason.as_str()), comparison.reason());
        let name = comparison.reason().unwrap_or(comparison.verdict());
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(comparison.sentence().ends_with('.') && sentences.insert(comparison.sentence()), "{name}");
    }
}
