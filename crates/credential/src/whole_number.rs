//! Whole numbers in JSON.

use serde_json::Value;

/// 2^53. Larger numbers with a fraction or an exponent are not exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number that is not negative. `3.0` and `3` are the same number, which parsers of
/// JavaScript cannot tell apart (RFC 8259, section 6).
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
    let is_whole = |number: &f64| number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(number);
    value.as_u64().or_else(|| value.as_f64().filter(is_whole).map(|number| number as u64))
}
