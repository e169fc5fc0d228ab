//! The frame of every page of `/docs`: the sidebar, and the title of the page.

use serde_json::Value;

use super::guides::GUIDES;
use super::operations::{self, Operation};
use crate::i18n::Text;

/// What a page shows around its content.
#[derive(Debug)]
pub struct Frame {
    /// The title of the page.
    pub title: String,
    /// The groups of links in the sidebar.
    pub groups: Vec<LinkGroup>,
}

/// Links under one title.
#[derive(Debug)]
pub struct LinkGroup {
    pub title: String,
    pub links: Vec<Link>,
}

/// A link in the sidebar.
#[derive(Debug)]
pub struct Link {
    /// The title of the page.
    pub title: String,
    pub path: String,
    /// The method of an operation; empty for other pages.
    pub method: String,
    /// Whether this page is shown.
    pub is_current: bool,
}

impl LinkGroup {
    /// Returns whether the group contains the page that is shown.
    pub fn is_current(&self) -> bool {
        self.links.iter().any(|link| link.is_current)
    }
}

impl Frame {
    /// Creates the frame of the page at `path`.
    pub fn new(document: &'static Value, path: &str, title: String) -> Self {
        let text = Text::default();
        let link = |title: String, target: String| Link {
            is_current: target == path,
            title,
            path: target,
            method: String::new(),
        };
        let guides = |is_reference: bool| -> Vec<Link> {
            let guides = GUIDES.iter().filter(|guide| guide.is_reference == is_reference);
            guides.map(|guide| link(guide.page.title.clone(), guide.path())).collect()
        };
        let own = |key: &str, target: &str| link(text.of(key), target.to_owned());
        let start = vec![own("docs-overview", "/docs"), own("docs-clients", "/docs/clients")];
        let lists = vec![own("docs-errors", "/docs/errors"), own("docs-events", "/docs/events")];
        let mut groups = vec![
            LinkGroup { title: text.of("docs-start-group"), links: start },
            LinkGroup { title: text.of("docs-guides"), links: guides(false) },
            LinkGroup { title: text.of("docs-reference"), links: lists.into_iter().chain(guides(true)).collect() },
        ];
        groups.extend(operation_groups(document, path));
        Self { title, groups }
    }
}

/// Returns the operations by tag, those of version 1 last.
fn operation_groups(document: &'static Value, path: &str) -> Vec<LinkGroup> {
    let link = |operation: &Operation| Link {
        title: operation.summary.clone(),
        path: operation.page(),
        method: operation.method.clone(),
        is_current: operation.page() == path,
    };
    let mut groups: Vec<LinkGroup> = Vec::new();
    for group in operations::groups(document) {
        let current = group.operations.iter().filter(|operation| !operation.deprecated);
        groups.push(LinkGroup { title: group.name.clone(), links: current.map(link).collect() });
    }
    let deprecated = operations::all(document).filter(|operation| operation.deprecated);
    groups.push(LinkGroup { title: Text::default().of("docs-version-1"), links: deprecated.map(link).collect() });
    groups.retain(|group| !group.links.is_empty());
    groups
}
