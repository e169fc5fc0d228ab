//! Comparison of names. All names are fictitious.

mod keys;
mod other_scripts;
mod parts;

mod properties;
mod regions;
mod specified;
mod wire;
mod work;

use credential::names::{Comparison, compare_names};

/// Formats a comparison as `same` or `similar marks`.
fn say(comparison: Comparison) -> String {
    [Some(comparison.verdict()), comparison.reason()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Compares each pair in both directions, and lists the pairs with an unexpected result.
fn assert_all(expected: &str, pairs: &[(&str, &str)]) {
    let wrong: Vec<String> = pairs
        .iter()
        .flat_map(|(a, b)| [(a, b), (b, a)])
        .map(|(a, b)| (a, b, say(compare_names(a, b))))
        .filter(|(.., found)| found != expected)
        .map(|(a, b, found)| format!("{a:?} ~ {b:?}: {found}"))
        .collect();
    assert!(wrong.is_empty(), "not {expected}:\n{}", wrong.join("\n"));
}
