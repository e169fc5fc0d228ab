//! The facts from outside a body that its validation depends on.

/// The time and the operator's settings that validation needs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time, for dates that must not lie in the future.
    pub now: jiff::Timestamp,
    /// The categories of a `universal_credential`, where the operator has set others than [`crate::CATEGORIES`].
    pub categories: Option<&'a [String]>,
    /// The addresses to which the partner may have people sent on, separated by spaces. `None`: they are not known, and a
    /// `return_url` is not compared with them.
    pub return_urls: Option<&'a str>,
}

impl Context<'_> {
    /// At `now`, with the standard categories.
    pub fn new(now: jiff::Timestamp) -> Self {
        Self { now, categories: None, return_urls: None }
    }
}
