//! Compares any two texts as the `htu` of a DPoP proof and the URI of its request. The comparison
//! is symmetric, ignores query and fragment, and never confuses two origins.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure::issuing::is_same_target;

const TARGET: &str = "https://passport.example/oid4vci/credential";

fuzz_target!(|input: (&str, &str)| {
    let (left, right) = input;
    assert_eq!(is_same_target(left, right), is_same_target(right, left));
    let plain = !left.contains(['?', '#']);
    let in_path = format!("https://passport.example/{left}");
    if plain && is_same_target(&in_path, TARGET) {
        assert!(
            is_same_target(&format!("{in_path}?{right}"), TARGET)
                && is_same_target(&format!("{in_path}#{right}"), TARGET)
        );
        assert!(!is_same_target(&format!("https://other.example/{left}"), TARGET));
    }
    if is_same_target(left, TARGET) {
        let start = left.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        assert!(start.is_ascii() && start.starts_with("https://") && !start.contains('@'), "{left:?}");
    }
});
