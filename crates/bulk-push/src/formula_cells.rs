//! Keeps a spreadsheet from running the text of a cell as a formula.

use std::borrow::Cow;

/// Returns whether spreadsheets take a text for a formula. A number is none.
fn is_formula(text: &str) -> bool {
    text.len() > 1 && text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
}

/// Returns whether a text becomes a formula without the apostrophes at its start.
fn may_be_guarded(text: &str) -> bool {
    is_formula(text.trim_start_matches('\''))
}

/// Adds an apostrophe to a text that a spreadsheet would take for a formula.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if may_be_guarded(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Returns the text to which [`guarded`] added an apostrophe.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| may_be_guarded(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_and_read_back() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("@ada", "'@ada"),
            ("-E7", "'-E7"),
            ("'=1", "''=1"),
            ("E7", "E7"),
            ("-7", "-7"),
            ("-", "-"),
            ("+49301234", "+49301234"),
            ("'s", "'s"),
            ("", ""),
        ] {
            assert_eq!((&*guarded(text), unguarded(shown)), (shown, text), "{text}");
        }
        assert_eq!(unguarded("=1+1"), "=1+1", "of a file without apostrophes");
    }
}
