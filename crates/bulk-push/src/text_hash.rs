//! Short hashes of texts, for checks that compare rows with all others of a file: two texts with
//! the same hash cost a needless warning at most.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Returns a hash of texts.
pub fn hash(texts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.iter().for_each(|text| text.hash(&mut hasher));
    hasher.finish()
}

/// Returns a shorter hash of a text, to compare it with few others.
pub fn short_hash(text: &str) -> u32 {
    u32::try_from(hash(&[text]) >> 32).unwrap_or_default()
}
