//! Renders a problem with the excerpt of the source that it is about, as a compiler does. `tenure check` uses it too.

use std::io::IsTerminal;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Snippet};
use credential::{Fault, Malformed, locate};

pub use annotate_snippets::Renderer;

/// A problem at one place of a source text.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The bytes of the source that are wrong.
    pub span: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A renderer for `output`: in colour for a terminal, and in ASCII everywhere.
pub fn renderer(output: &impl IsTerminal) -> Renderer {
    let renderer = if output.is_terminal() { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

impl Diagnostic {
    /// For a `source` that is not valid JSON.
    pub fn of_malformed(source: &str, malformed: &Malformed) -> Self {
        let line_start = source.split_inclusive('\n').take(malformed.line - 1).map(str::len).sum::<usize>();
        let at = source.floor_char_boundary(line_start + malformed.column - 1);
        let end = source.floor_char_boundary(at + 1);
        Self {
            code: "json".to_owned(),
            message: malformed.message.clone(),
            span: at..end.max(at),
            help: Some("this must be one JSON object".to_owned()),
        }
    }

    /// For a field error of the body in `source`.
    pub fn of_fault(source: &str, fault: Fault) -> Self {
        let location = locate(source, &fault.pointer);
        // An unknown member is wrong by its name, an object that lacks one by its opening brace; all else by its value.
        let span = match (fault.code.as_str(), location) {
            ("member.unknown", Some(location)) => location.name.unwrap_or(location.value),
            ("member.missing" | "one_of.missing", Some(location)) => location.value.start..location.value.start + 1,
            (_, Some(location)) => location.value,
            (_, None) => 0..0,
        };
        let help = fault.suggestion.map(|suggestion| match fault.code.as_str() {
            "member.missing" => format!("add \"{suggestion}\""),
            _ => format!("write \"{suggestion}\""),
        });
        Self { code: fault.code.as_str().to_owned(), message: fault.message, span, help }
    }

    /// Renders the problem with its excerpt of `source`, which begins on line `line` of the file `name`.
    pub fn render(&self, name: &str, source: &str, line: usize, renderer: &Renderer) -> String {
        let span = AnnotationKind::Primary.span(self.span.clone());
        let snippet = Snippet::source(source).path(name).line_start(line).annotation(span);
        let mut group = Level::ERROR.primary_title(&*self.message).id(&*self.code).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(&**help));
        }
        renderer.render(&[group])
    }
}
