//! Renders a problem with an excerpt of the source, as a compiler does. `tenure check` uses it too.

use std::io::IsTerminal;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Snippet};
use credential::{FieldError, JsonError, JsonErrorKind, locate};

use crate::row_code::RowCode;
use crate::terminal::has_colours;

pub use annotate_snippets::Renderer;

/// A problem at one position of a source text.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code.
    pub code: String,
    /// The explanation of the problem.
    pub message: String,
    /// The bytes of the source that are wrong.
    pub span: Range<usize>,
    /// How to correct it.
    pub help: Option<String>,
}

/// Creates a renderer for `output`: in colour for a terminal that has colours, and in ASCII
/// everywhere.
pub fn renderer(output: &impl IsTerminal) -> Renderer {
    let renderer = if has_colours(output) { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

impl Diagnostic {
    /// Describes why `source` is not valid JSON, or has too many values.
    pub fn of_malformed(source: &str, malformed: &JsonError) -> Self {
        let line_start = source.split_inclusive('\n').take(malformed.line - 1).map(str::len).sum::<usize>();
        let rest = source.get(line_start..).unwrap_or_default();
        let wrong = rest.char_indices().nth(malformed.column - 1);
        let at = line_start + wrong.map_or(rest.len(), |(before, _)| before);
        let length = wrong.map_or(0, |(_, character)| character.len_utf8());
        Self {
            code: RowCode::Json.as_str().to_owned(),
            message: malformed.message.clone(),
            span: at..at + length,
            help: (malformed.kind == JsonErrorKind::Syntax).then(|| "this must be one JSON object".to_owned()),
        }
    }

    /// Describes a field error of the body in `source`.
    pub fn of_fault(source: &str, field_error: FieldError) -> Self {
        let location = locate(source, &field_error.pointer);
        // The span of an unknown field is its name, that of a missing field the opening brace of
        // its object, and that of all other errors the value.
        let span = match (field_error.code.as_str(), location) {
            ("field.unknown", Some(location)) => location.name.unwrap_or(location.value),
            ("field.missing" | "any_of.missing", Some(location)) => location.value.start..location.value.start + 1,
            (_, Some(location)) => location.value,
            (_, None) => 0..0,
        };
        let help = field_error.suggestion.map(|suggestion| match field_error.code.as_str() {
            "field.missing" => format!("add \"{suggestion}\""),
            _ => format!("write \"{suggestion}\""),
        });
        Self { code: field_error.code.as_str().to_owned(), message: field_error.message, span, help }
    }

    /// Renders the problem with its excerpt of `source`, which begins on line `line` of the file
    /// `name`.
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
