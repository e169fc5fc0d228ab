//! Filtered and paginated lists of the console, newest entries first.

/// One page of a list, with the links to its other pages.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) path: String,
    pub(super) states: Vec<(&'static str, &'static str)>,
    /// The name of the state that the list is filtered by.
    pub(super) state: Option<&'static str>,
    /// The other filters as a query, which every link keeps; may be empty.
    pub(super) others: String,
    pub(super) is_first: bool,
    /// The cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

impl Listing {
    /// Creates an unfiltered list at `path` with one page. `states` are the possible filters: each
    /// name in addresses, and the text key of its label.
    pub(super) fn new(path: impl Into<String>, states: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        Self {
            path: path.into(),
            states: states.into_iter().collect(),
            state: None,
            others: String::new(),
            is_first: true,
            next: None,
        }
    }

    /// Whether there may be entries on other pages, or in other states.
    pub(super) fn is_part(&self) -> bool {
        self.state.is_some() || !self.others.is_empty() || !self.is_first
    }

    pub(super) fn states(&self) -> &[(&'static str, &'static str)] {
        &self.states
    }

    /// Returns the address of the first page of the entries in `state`.
    pub(super) fn filtered(&self, state: Option<&str>) -> String {
        let others = Some(self.others.clone()).filter(|others| !others.is_empty());
        let query: Vec<String> = state.map(|state| format!("state={state}")).into_iter().chain(others).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    /// Returns the address of the first page with this filter.
    pub(super) fn first_page(&self) -> String {
        self.filtered(self.state)
    }

    /// Returns the address of the page that begins at `before`.
    pub(super) fn page(&self, before: &str) -> String {
        let first = self.first_page();
        let separator = if first.contains('?') { '&' } else { '?' };
        format!("{first}{separator}before={before}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_keep_the_filter() {
        let listing = Listing::new("/console/submissions", [("waiting", "console-state-waiting")]);
        assert_eq!(listing.page("7"), "/console/submissions?before=7");
        let listing = Listing { state: Some("waiting"), ..listing };
        assert_eq!(listing.filtered(None), "/console/submissions");
        assert_eq!(listing.page("7"), "/console/submissions?state=waiting&before=7");
        let listing = Listing { others: "type=education".to_owned(), ..listing };
        assert_eq!(listing.filtered(None), "/console/submissions?type=education");
        assert_eq!(listing.page("7"), "/console/submissions?state=waiting&type=education&before=7");
    }
}
