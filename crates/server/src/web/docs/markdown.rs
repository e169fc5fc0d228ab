//! Markdown as HTML: the guides of `docs/`, and descriptions of the OpenAPI document.
//!
//! Only for our own texts. HTML in them is shown as text; comments are left out.

use std::collections::BTreeSet;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::i18n::Text;

/// Paths of this site that become links where a text names them as code.
const PATHS: [&str; 4] = ["/docs", "/docs#sandbox", "/console", "/verify"];

/// Fewest bytes of a word that can be searched for.
const SHORTEST: usize = 3;

/// Most bytes of a code that is not broken at its hyphens: one line of the narrowest phone.
const UNBROKEN: usize = 24;

/// A rendered guide.
#[derive(Debug)]
pub struct Rendered {
    /// The text of the first heading.
    pub title: String,
    /// The whole text.
    pub html: String,
    /// The words before the first heading of the second level, each once, in lower case.
    pub words: String,
    /// The headings of the second level.
    pub headings: Vec<Heading>,
}

/// A heading, as the target of a link.
#[derive(Debug)]
pub struct Heading {
    /// Its id on the page.
    pub id: String,
    pub text: String,
    /// The words of its section, each once, in lower case.
    pub words: String,
}

/// Renders a guide. `resolve` returns the address on this site of a link, or `None` if its target
/// is not on the site; then only its text is shown.
pub fn render(source: &str, resolve: impl Fn(&str) -> Option<String>) -> Rendered {
    let mut writer = Writer::new(resolve);
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        writer.add(event);
    }
    let mut rendered = String::new();
    html::push_html(&mut rendered, writer.events.into_iter());
    let title = writer.title.unwrap_or_default();
    let mut sections = writer.sections.into_iter().map(|words| Vec::from_iter(words).join(" "));
    let words = sections.next().unwrap_or_default();
    let headings = writer.headings.into_iter().zip(sections).map(|(heading, words)| Heading { words, ..heading });
    Rendered { title, html: rendered, words, headings: headings.collect() }
}

/// Returns the words of a text that are worth a search, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    let word = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    text.split_whitespace().map(word).filter(|word| word.len() >= SHORTEST)
}

/// Renders a description, which has no headings and no links.
pub fn description(source: &str) -> String {
    render(source, |_| None).html
}

/// Returns the id of a heading, as code forges make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect::<String>().to_lowercase()
}

/// A heading that has begun.
struct Open {
    level: HeadingLevel,
    /// Position of its first event.
    start: usize,
    text: String,
}

/// Collects the events of a page.
struct Writer<'a, R> {
    resolve: R,
    events: Vec<Event<'a>>,
    title: Option<String>,
    headings: Vec<Heading>,
    /// The words before the first heading of the second level, and of each such section.
    sections: Vec<BTreeSet<String>>,
    ids: BTreeSet<String>,
    heading: Option<Open>,
    /// Whether the link that has begun is kept. Links are not nested.
    is_linked: bool,
    /// The names of the table's columns, as text.
    columns: Vec<String>,
    /// Whether the cells are those of the table's head.
    is_head: bool,
    /// Number of cells that have begun in the row.
    cells: usize,
}

impl<'a, R: Fn(&str) -> Option<String>> Writer<'a, R> {
    fn new(resolve: R) -> Self {
        Self {
            resolve,
            events: Vec::new(),
            title: None,
            headings: Vec::new(),
            sections: vec![BTreeSet::new()],
            ids: BTreeSet::new(),
            heading: None,
            is_linked: false,
            columns: Vec::new(),
            is_head: false,
            cells: 0,
        }
    }

    fn add(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Html(text) | Event::InlineHtml(text) if text.trim_start().starts_with("<!--") => {}
            Event::Html(text) | Event::InlineHtml(text) => self.text(text),
            Event::Text(text) => self.text(text),
            Event::Code(text) => self.code(text),
            other => self.events.push(other),
        }
    }

    /// Adds the text to the words of its section, and to the name of the heading or of the column
    /// that has begun.
    fn name(&mut self, text: &str) {
        if let Some(section) = self.sections.last_mut() {
            section.extend(words(text));
        }
        let column = self.columns.last_mut().filter(|_| self.is_head);
        if let Some(name) = self.heading.as_mut().map(|heading| &mut heading.text).or(column) {
            name.push_str(text);
        }
    }

    fn text(&mut self, text: CowStr<'a>) {
        self.name(&text);
        self.events.push(Event::Text(text));
    }

    fn code(&mut self, text: CowStr<'a>) {
        self.name(&text);
        if !self.is_linked && PATHS.contains(&&*text) {
            self.raw(format!("<a href=\"{text}\"><code>{text}</code></a>"));
        } else if text.starts_with('-') && text.len() <= UNBROKEN {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            self.raw(format!("<code class=\"option\">{text}</code>"));
        } else {
            self.events.push(Event::Code(text));
        }
    }

    fn raw(&mut self, text: impl Into<CowStr<'a>>) {
        self.events.push(Event::InlineHtml(text.into()));
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::HtmlBlock => {}
            Tag::Heading { level, .. } => {
                self.heading = Some(Open { level, start: self.events.len(), text: String::new() });
                self.events.push(Event::Start(tag));
            }
            // A block that scrolls must be reachable with the keyboard.
            Tag::CodeBlock(_) => self.raw("<pre tabindex=\"0\"><code>"),
            Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell => self.start_of_table(&tag),
            Tag::Link { link_type, dest_url, title, id } => {
                let address = (self.resolve)(&dest_url);
                self.is_linked = address.is_some();
                if let Some(address) = address {
                    self.events.push(Event::Start(Tag::Link { link_type, dest_url: address.into(), title, id }));
                }
            }
            other => self.events.push(Event::Start(other)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::HtmlBlock => {}
            TagEnd::Heading(_) => {
                self.end_heading();
                self.events.push(Event::End(tag));
            }
            TagEnd::CodeBlock => self.raw("</code></pre>\n"),
            TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow | TagEnd::TableCell => self.end_of_table(tag),
            TagEnd::Link => {
                if std::mem::take(&mut self.is_linked) {
                    self.events.push(Event::End(tag));
                }
            }
            other => self.events.push(Event::End(other)),
        }
    }

    /// Starts a part of a table. Each cell has the name of its column, which a phone shows before
    /// it.
    fn start_of_table(&mut self, tag: &Tag<'a>) {
        match tag {
            Tag::Table(_) => {
                let label = Text::default().of("docs-table");
                self.columns.clear();
                self.raw(format!(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\"><table class=\"cells\">"
                ));
            }
            Tag::TableHead => {
                self.is_head = true;
                self.raw("<thead><tr>");
            }
            Tag::TableCell if self.is_head => {
                self.columns.push(String::new());
                self.raw("<th scope=\"col\">");
            }
            Tag::TableCell => {
                let column = self.columns.get(self.cells).map_or("", String::as_str);
                let column = column.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
                self.cells += 1;
                self.raw(format!("<td data-column=\"{column}\">"));
            }
            _ => {
                self.cells = 0;
                self.raw("<tr>");
            }
        }
    }

    fn end_of_table(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Table => self.raw("</tbody></table></div>\n"),
            TagEnd::TableHead => {
                self.is_head = false;
                self.raw("</tr></thead><tbody>\n");
            }
            TagEnd::TableCell if self.is_head => {
                // Screen readers announce a column without a name as if it were empty.
                if self.columns.last().is_some_and(String::is_empty) {
                    self.raw(format!("<span class=\"visually-hidden\">{}</span>", Text::default().of("docs-note")));
                }
                self.raw("</th>");
            }
            TagEnd::TableCell => self.raw("</td>"),
            _ => self.raw("</tr>\n"),
        }
    }

    /// Gives the heading that ends here an id. A repeated heading gets a number.
    fn end_heading(&mut self) {
        let Some(Open { level, start, text }) = self.heading.take() else { return };
        let name = slug(&text);
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let id = std::iter::once(name.clone()).chain(numbered).find(|id| !self.ids.contains(id)).unwrap_or_default();
        self.ids.insert(id.clone());
        let tag = Tag::Heading { level, id: Some(id.clone().into()), classes: Vec::new(), attrs: Vec::new() };
        self.events[start] = Event::Start(tag);
        match level {
            HeadingLevel::H1 if self.title.is_none() => self.title = Some(text),
            HeadingLevel::H2 => {
                self.headings.push(Heading { id, text, words: String::new() });
                self.sections.push(BTreeSet::new());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_unique_ids() {
        let page = render("# A page\n\n## 11. `Web` hooks\n\n## Again\n\n## Again\n", |_| None);
        assert_eq!(page.title, "A page");
        let ids: Vec<&str> = page.headings.iter().map(|heading| heading.id.as_str()).collect();
        assert_eq!(ids, ["11-web-hooks", "again", "again-1"]);
        assert!(page.html.contains("<h2 id=\"11-web-hooks\">11. <code>Web</code> hooks</h2>"), "{}", page.html);
    }

    #[test]
    fn links_are_resolved_or_dropped() {
        let known = |link: &str| (link == "a.md").then(|| "/docs/guides/a".to_owned());
        let page = render("[one](a.md), [two](b.md) and `/console`", known);
        let expected =
            "<p><a href=\"/docs/guides/a\">one</a>, two and <a href=\"/console\"><code>/console</code></a></p>\n";
        assert_eq!(page.html, expected);
    }

    #[test]
    fn search_words_belong_to_their_section() {
        let page = render("# Page\n\nAn intro, 429.\n\n## One\n\n`Retry-After` is it.\n", |_| None);
        assert_eq!(page.words, "429 intro one page");
        assert_eq!(page.headings[0].words, "retry-after");
    }

    #[test]
    fn short_options_are_not_broken() {
        assert_eq!(description("`--dry-run`"), "<p><code class=\"option\">--dry-run</code></p>\n");
        assert!(description("`--client-secret-file secret.txt`").contains("<code>--client"));
    }

    #[test]
    fn html_is_shown_as_text() {
        assert_eq!(description("a <b>c</b> <!-- d -->`e`"), "<p>a &lt;b&gt;c&lt;/b&gt; <code>e</code></p>\n");
        assert_eq!(description("<!-- a -->\n"), "");
    }

    #[test]
    fn wide_blocks_can_be_scrolled_with_the_keyboard() {
        let page = render("| a |  |\n| -- | -- |\n| 1 | 2 |\n\n```sh\nx <y>\n```\n", |_| None);
        assert!(page.html.contains("<div class=\"scroll\" tabindex=\"0\" role=\"group\""), "{}", page.html);
        assert!(page.html.contains("<th scope=\"col\"><span class=\"visually-hidden\">"), "{}", page.html);
        assert!(page.html.contains("<td data-column=\"a\">1</td><td data-column=\"\">2</td></tr>"), "{}", page.html);
        assert!(page.html.contains("<pre tabindex=\"0\"><code>x &lt;y&gt;\n</code></pre>"), "{}", page.html);
    }
}
