//! The guides: Markdown files of the repository, compiled into the binary and rendered once.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::markdown::{self, Rendered};

/// The sign-up form for a sandbox partner, as a guide names it.
const FORM: &str = "<code>/sandbox</code>";

/// The same, as a link.
const FORM_LINK: &str = "<a href=\"/sandbox\"><code>/sandbox</code></a>";

/// A guide of the site.
#[derive(Debug)]
pub struct Guide {
    /// The last step of its path on the site.
    pub slug: &'static str,
    /// Whether it is a reference page, not a task.
    pub is_reference: bool,
    /// Its content.
    pub page: Rendered,
}

impl Guide {
    /// Returns its content. Where anyone may sign up for a sandbox partner, it leads to the form.
    pub fn html(&'static self, has_sign_up: bool) -> Cow<'static, str> {
        if has_sign_up { self.page.html.replace(FORM, FORM_LINK).into() } else { self.page.html.as_str().into() }
    }

    /// Returns its path on the site.
    pub fn path(&self) -> String {
        path(self.slug)
    }
}

/// A file and its place on the site.
struct Source {
    slug: &'static str,
    file: &'static str,
    text: &'static str,
    is_reference: bool,
}

macro_rules! source {
    ($slug:literal, $file:literal, $is_reference:literal) => {
        Source {
            slug: $slug,
            file: $file,
            text: include_str!(concat!("../../../../../", $file)),
            is_reference: $is_reference,
        }
    };
}

/// Every guide, in the order of the sidebar.
static SOURCES: [Source; 14] = [
    source!("basics", "docs/integrate/basics.md", false),
    source!("push", "docs/integrate/push.md", false),
    source!("updates", "docs/integrate/updates.md", false),
    source!("documents", "docs/integrate/documents.md", false),
    source!("verify", "docs/integrate/verify.md", false),
    source!("webhooks", "docs/integrate/webhooks.md", false),
    source!("sandbox", "docs/integrate/sandbox.md", false),
    source!("clients", "docs/integrate/clients.md", false),
    source!("bulk-push", "docs/integrate/bulk-push.md", false),
    source!("limits", "docs/integrate/limits.md", true),
    source!("cli", "docs/reference/cli.md", true),
    source!("contract", "docs/partner-api.md", true),
    source!("versioning", "docs/api-stability.md", true),
    source!("changelog", "CHANGELOG.md", true),
];

/// Every guide, in the order of the sidebar. Rendered on first use.
pub static GUIDES: LazyLock<Vec<Guide>> = LazyLock::new(|| {
    let guide = |source: &Source| Guide {
        slug: source.slug,
        is_reference: source.is_reference,
        page: markdown::render(source.text, |link| resolve(source.file, link)),
    };
    SOURCES.iter().map(guide).collect()
});

fn path(slug: &str) -> String {
    format!("/docs/guides/{slug}")
}

/// Returns the address of `link` as written in the file at `from`. `None` if it leads to a file
/// that is not on the site.
fn resolve(from: &str, link: &str) -> Option<String> {
    if link.starts_with('#') || link.starts_with("https://") || link.starts_with("http://") {
        return Some(link.to_owned());
    }
    let (file, fragment) = link.split_once('#').map_or((link, None), |(file, fragment)| (file, Some(fragment)));
    let mut steps: Vec<&str> = from.split('/').collect();
    steps.pop();
    for step in file.split('/') {
        match step {
            ".." => drop(steps.pop()),
            "." => {}
            step => steps.push(step),
        }
    }
    let target = steps.join("/");
    let found = SOURCES.iter().find(|source| source.file == target)?;
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Some(format!("{}{fragment}", path(found.slug)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_lead_to_pages_of_the_site() {
        let resolved = |link| resolve("docs/integrate/verify.md", link);
        assert_eq!(resolved("push.md").as_deref(), Some("/docs/guides/push"));
        assert_eq!(resolved("../partner-api.md#5-fields").as_deref(), Some("/docs/guides/contract#5-fields"));
        assert_eq!(resolved("../../CHANGELOG.md").as_deref(), Some("/docs/guides/changelog"));
        assert_eq!(resolved("#here").as_deref(), Some("#here"));
        assert_eq!(resolved("https://example.org/").as_deref(), Some("https://example.org/"));
        assert_eq!(resolved("../operate/install.md"), None);
    }

    #[test]
    fn every_guide_for_integrators_is_on_the_site() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/integrate");
        for entry in std::fs::read_dir(folder).expect("the guides") {
            let file = format!("docs/integrate/{}", entry.expect("an entry").file_name().display());
            assert!(SOURCES.iter().any(|source| source.file == file), "add {file} to SOURCES");
        }
        assert!(GUIDES.iter().all(|guide| !guide.page.title.is_empty()));
    }
}
