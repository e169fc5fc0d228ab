//! Media types in the header `typ`.

/// Returns a `typ` for comparisons: media types have no case, and may have `application/` or not
/// (RFC 7515, section 4.1.9).
pub(crate) fn media_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        Some(bare) => bare.to_owned(),
        None => lower,
    }
}
