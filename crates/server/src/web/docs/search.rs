//! The search index: a small file of titles and words, which the script of `/docs` searches.

use std::sync::OnceLock;

use bulk_push::RowCode;
use credential::Code;
use serde::Serialize;
use serde_json::Value;

use super::events::events;
use super::guides::GUIDES;
use super::operations;
use crate::http::cacheable::Cacheable;
use crate::i18n::Text;

/// A target of the search. The names of the members are short because there are hundreds.
#[derive(Debug, Serialize)]
struct Entry {
    /// The title.
    t: String,
    /// The address.
    u: String,
    /// Further words.
    #[serde(skip_serializing_if = "String::is_empty")]
    w: String,
}

impl Entry {
    fn new(title: impl Into<String>, address: impl Into<String>, words: impl Into<String>) -> Self {
        Self { t: title.into(), u: address.into(), w: words.into() }
    }
}

/// Returns the index. Made once.
pub fn index(document: &'static Value) -> &'static Cacheable {
    static INDEX: OnceLock<Cacheable> = OnceLock::new();
    INDEX.get_or_init(|| {
        let content = serde_json::to_vec(&entries(document)).unwrap_or_default();
        Cacheable::new("application/json", content)
    })
}

fn entries(document: &'static Value) -> Vec<Entry> {
    let text = Text::default();
    let mut entries = vec![
        Entry::new(text.of("docs-overview"), "/docs", text.of("docs-start")),
        Entry::new(text.of("docs-clients"), "/docs/clients", "curl python javascript java c# php ruby"),
        Entry::new(text.of("docs-errors"), "/docs/errors", ""),
        Entry::new(text.of("docs-events"), "/docs/events", "webhook signature retry"),
        Entry::new(text.of("docs-sandbox"), "/docs#sandbox", "sandbox.invalid"),
    ];
    for guide in GUIDES.iter() {
        // The changelog is long, and says what the other pages say.
        let words = |words: &'static str| if guide.slug == "changelog" { "" } else { words };
        entries.push(Entry::new(guide.page.title.as_str(), guide.path(), words(&guide.page.words)));
        for heading in &guide.page.headings {
            let title = format!("{}: {}", guide.page.title, heading.text);
            entries.push(Entry::new(title, format!("{}#{}", guide.path(), heading.id), words(&heading.words)));
        }
    }
    for operation in operations::all(document) {
        let fields = operation.field_names().into_iter().collect::<Vec<_>>().join(" ");
        let words = format!("{} {} {fields}", operation.id, operation.path);
        let title = format!("{} {}", operation.method, operation.summary);
        entries.push(Entry::new(title, operation.page(), words));
    }
    for code in Code::ALL {
        let name = code.as_str();
        entries.push(Entry::new(name, format!("/docs/errors#code-{name}"), code.explanation()));
    }
    for code in RowCode::ALL {
        let name = code.as_str();
        entries.push(Entry::new(name, format!("/docs/errors#file-{name}"), code.meaning()));
    }
    for event in events(document) {
        entries.push(Entry::new(event.name, format!("/docs/events#event-{}", event.name), ""));
    }
    entries
}
