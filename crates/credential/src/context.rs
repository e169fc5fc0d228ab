//! The inputs of validation that are not in the body.

/// The time and the operator's settings that validation needs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The current time, for dates that must not be in the future.
    pub now: jiff::Timestamp,
    /// The categories of a `universal_credential`, if the operator replaced [`crate::CATEGORIES`].
    pub categories: Option<&'a [String]>,
    /// The partner's registered return URLs, separated by spaces. `None` if they are unknown: then
    /// a `return_url` is not checked against them.
    pub return_urls: Option<&'a str>,
}

impl Context<'_> {
    /// Creates a context at `now` with the standard categories.
    pub fn new(now: jiff::Timestamp) -> Self {
        Self { now, categories: None, return_urls: None }
    }
}
