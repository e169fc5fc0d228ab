//! `tenure check FILE`: validates bodies of pushes offline, and shows the position of each error.
//!
//! It takes what the server takes: bodies of v1 and v2, batches of both, and one body or one on
//! each line (NDJSON). It uses the parsers of the server, and gives the same warnings.

mod body;
mod source;

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ambient::Clock;
use bulk_push::diagnostic::{Diagnostic, Renderer, renderer};
use clap::Args;
use credential::{Context, FieldError, ParseError, Type};
use serde_json::{Value, json};

use self::body::{BodyForm, Valid, check, named_type};
use self::source::Source;
use super::command::{CommandResult, StoreArguments, print};

const EXAMPLES: &str = "\
Examples:
  tenure check push.json --type education
  jq -c '.[]' export.json | tenure check - --json

The form of each body is recognised: v1, v2, or a batch of either. A file whose name
ends in .ndjson or .jsonl, or that has one object on each line, has one body per line.
The categories of universal_credential are those of the settings, as for `tenure serve`.

Exit code: 0 all bodies are valid; 1 one is not, or the file cannot be read; 2 wrong
usage.";

/// Validate bodies of pushes before sending them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// File with a JSON body, or with one body per line; - for standard input.
    file: PathBuf,
    /// Credential type, as in the path of the push [default: the one that a v1 body or an NDJSON
    /// line names, or career_history]
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    credential_type: Option<Type>,
    /// File with the settings of the server; `tenure config` prints all of them.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

/// The result for one body.
#[derive(Debug)]
struct Checked {
    /// The line of the file that the body begins on.
    line: usize,
    text: String,
    form: BodyForm,
    credential_type: Type,
    result: Result<Valid, ParseError>,
}

impl Check {
    pub(super) fn run(self) -> CommandResult {
        let name = self.file.display().to_string();
        let settings = StoreArguments { data: None, database_url: None, config: self.config.clone() };
        let categories = settings.load(&[])?.credentials.categories;
        let now = Clock::System.now().to_jiff();
        let context = Context { now, categories: Some(&categories), return_urls: None };
        let read = read(&self.file).map_err(|error| format!("{name} cannot be read: {error}"));
        let checked = read.and_then(|bytes| check_all(&name, &bytes, self.credential_type, &context));
        let is_valid = checked.as_ref().is_ok_and(|all| all.iter().all(|one| one.result.is_ok()));
        if self.json {
            let (bodies, error): (Vec<Value>, Option<&String>) = match &checked {
                Ok(all) => (all.iter().map(Checked::json).collect(), None),
                Err(error) => (Vec::new(), Some(error)),
            };
            let whole = json!({ "file": name, "valid": is_valid, "error": error, "bodies": bodies });
            print(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?)?;
        } else {
            print(&text(&name, &checked?, &renderer(&std::io::stdout())))?;
        }
        Ok(if is_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn parse_type(name: &str) -> Result<Type, String> {
    name.parse().map_err(|_| {
        let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
        format!("unknown credential type '{name}'. Use one of: {}", known.join(", "))
    })
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        return std::io::stdin().read_to_end(&mut bytes).map(|_| bytes);
    }
    std::fs::read(file)
}

/// Validates every body in `bytes`.
///
/// # Errors
/// The file is of another kind; the message says of which.
fn check_all(name: &str, bytes: &[u8], given: Option<Type>, context: &Context<'_>) -> Result<Vec<Checked>, String> {
    let source = Source::read(name, bytes)?;
    let one = |body: source::Body| {
        // As `tenure push` does, a line may name its type and person; neither is sent.
        let form = BodyForm::of(&body.text);
        let is_line = source.is_lines && form == BodyForm::V2;
        let (text, line_type) = if is_line { bulk_push::as_sent(&body.text) } else { (body.text, None) };
        let named = match form {
            BodyForm::V2 => line_type.as_deref().map(parse_type).transpose(),
            _ => Ok(given.or_else(|| named_type(&text))),
        };
        let named = named.map_err(|error| format!("{name}:{}: {error}", body.line))?;
        let credential_type = named.or(given).unwrap_or_default();
        let result = check(form, &text, credential_type, context);
        Ok(Checked { line: body.line, text, form, credential_type, result })
    };
    source.bodies.into_iter().map(one).collect()
}

/// Describes the results for people.
fn text(name: &str, all: &[Checked], renderer: &Renderer) -> String {
    let mut text = String::new();
    let (mut errors, mut invalid) = (0, 0);
    for one in all {
        let found = one.diagnostics(name);
        errors += found.len();
        invalid += usize::from(!found.is_empty());
        for diagnostic in found {
            let _ = writeln!(text, "{}\n", diagnostic.render(name, &one.text, one.line, renderer));
        }
        let place = if all.len() > 1 { format!("{name}:{}", one.line) } else { name.to_owned() };
        if let Ok(valid) = &one.result {
            for warning in &valid.warnings {
                let _ = writeln!(text, "{place}: warning[{}]: {}", warning.code, warning.message);
            }
            if all.len() == 1 {
                let what = if one.form.is_batch() { one.form.name() } else { one.credential_type.name() };
                let _ = writeln!(text, "{place}: valid for {what}: {}", valid.headlines.join("; "));
            }
        }
    }
    let count = |count: usize, one: &str, several: &str| format!("{count} {}", if count == 1 { one } else { several });
    if errors > 0 && all.len() > 1 {
        let (errors, bodies) = (count(errors, "error", "errors"), count(all.len(), "body", "bodies"));
        let _ = write!(text, "{name}: {errors} in {invalid} of {bodies}. Nothing was sent");
    } else if errors > 0 {
        let _ = write!(text, "{name}: {}. Nothing was sent", count(errors, "error", "errors"));
    } else if all.len() > 1 {
        let _ = write!(text, "{name}: {} bodies are valid. Nothing was sent", all.len());
    }
    text
}

impl Checked {
    fn diagnostics(&self, name: &str) -> Vec<Diagnostic> {
        match &self.result {
            Ok(_) => Vec::new(),
            Err(ParseError::Malformed(malformed)) => {
                let mut diagnostic = Diagnostic::of_malformed(&self.text, malformed);
                if let Some(rest) = malformed.message.strip_prefix("it ") {
                    diagnostic.message = format!("The file {rest}");
                }
                let text = self.text.trim();
                if !text.is_empty() && !text.starts_with(['{', '[']) {
                    "This is not JSON.".clone_into(&mut diagnostic.message);
                    diagnostic.help = Some("for a CSV file use `tenure push --dry-run`".to_owned());
                }
                diagnostic.help.take_if(|_| name == "-");
                vec![diagnostic]
            }
            Err(ParseError::Invalid(errors)) => {
                errors.iter().map(|error| Diagnostic::of_fault(&self.text, error.clone())).collect()
            }
        }
    }

    /// Returns the result for programs. Lines and columns count from 1, columns in characters.
    fn json(&self) -> Value {
        let position = |at: usize| {
            let before = self.text.get(..at).unwrap_or_default();
            let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
            (self.line + before.matches('\n').count(), column)
        };
        let error = |error: &FieldError| {
            let (line, column) = position(Diagnostic::of_fault(&self.text, error.clone()).span.start);
            let mut error = json!(error);
            (error["line"], error["column"]) = (json!(line), json!(column));
            error
        };
        let errors: Vec<Value> = match &self.result {
            Ok(_) => Vec::new(),
            Err(ParseError::Malformed(malformed)) => {
                let (line, column) = position(Diagnostic::of_malformed(&self.text, malformed).span.start);
                let message = &malformed.message;
                vec![json!({ "pointer": "", "code": "json", "message": message, "line": line, "column": column })]
            }
            Err(ParseError::Invalid(errors)) => errors.iter().map(error).collect(),
        };
        let valid = self.result.as_ref().ok();
        json!({
            "line": self.line,
            "form": self.form.name(),
            "credential_type": (!self.form.is_batch()).then(|| self.credential_type.name()),
            "credential_id": valid.map(|valid| &valid.credential_id),
            "valid": valid.is_some(),
            "headlines": valid.map(|valid| &*valid.headlines).unwrap_or_default(),
            "errors": errors,
            "warnings": valid.map(|valid| &*valid.warnings).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, source: &str) -> Vec<Checked> {
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        check_all(name, source.as_bytes(), None, &context).expect("bodies")
    }

    fn check(source: &str) -> Vec<Diagnostic> {
        checked("push.json", source)[0].diagnostics("push.json")
    }

    #[test]
    fn field_errors_show_line_caret_code_and_help() {
        let source = (Type::default().sample)().to_string().replace(",", ",\n").replace("2020-01", "01/2020");
        let field_errors = check(&source);
        let text = field_errors[0].render("push.json", &source, 1, &Renderer::plain());
        let line = source.lines().position(|line| line.contains("01/2020")).expect("it is there") + 1;
        assert!(text.contains("error[date.format]: Must be a month in the format YYYY-MM, such as 2023-01."), "{text}");
        assert!(text.contains(&format!("push.json:{line}:14")), "{text}");
        assert!(text.contains("^^^^^^^^^"), "{text}");
        assert!(text.contains("help: write \"2020-01\""), "{text}");
    }

    #[test]
    fn missing_and_unknown_fields_are_located() {
        let source = r#"{ "credential_id": "1", "feilds": {} }"#;
        let places: Vec<&str> = check(source).into_iter().map(|field_error| &source[field_error.span]).collect();
        assert_eq!(places, ["\"feilds\""], "one error for a misspelt field");
        let source = r#"{ "credential_id": "1" }"#;
        let places: Vec<&str> = check(source).into_iter().map(|field_error| &source[field_error.span]).collect();
        assert_eq!(places, ["{"]);
    }

    #[test]
    fn json_syntax_errors_are_located() {
        let source = "{\n  \"é\": 1,\n  \"b\" 2\n}";
        let field_errors = check(source);
        assert_eq!(&source[field_errors[0].span.clone()], "2");
        for source in ["", "{", "é", "{\"a\":"] {
            let field_error = &check(source)[0];
            field_error.render("push.json", source, 1, &Renderer::plain());
        }
    }

    #[test]
    fn files_of_another_format_and_truncated_files_are_explained() {
        let said = |source: &str| check(source)[0].render("people.csv", source, 1, &Renderer::plain());
        let table = said("Name,Company\nAda,A\n");
        assert!(table.contains("This is not JSON.") && table.contains("tenure push --dry-run"), "{table}");
        let half = said("{ \"credential_id\": \"1\",\n");
        assert!(half.contains("The file ends inside the JSON") && !half.contains("--dry-run"), "{half}");
    }

    #[test]
    fn errors_in_lines_are_located_in_the_file() {
        let good = (Type::default().sample)();
        let mut named = (credential::ALL[1].sample)();
        (named["credential_type"], named["person"]) = (json!(credential::ALL[1].name()), json!("E1"));
        let source = format!("{good}\n\n{named}\n{{\"credential_id\": \"1\"}}\n");
        let all = checked("bodies.ndjson", &source);
        assert_eq!(
            all.iter().map(|one| (one.line, one.result.is_ok())).collect::<Vec<_>>(),
            [(1, true), (3, true), (4, false)]
        );
        let text = text("bodies.ndjson", &all, &Renderer::plain());
        assert!(
            text.contains("bodies.ndjson:4:1") && text.ends_with("1 error in 1 of 3 bodies. Nothing was sent"),
            "{text}"
        );
        let error = &all[2].json()["errors"][0];
        assert_eq!((&error["line"], &error["column"], &error["code"]), (&json!(4), &json!(1), &json!("field.missing")));
    }

    #[test]
    fn warnings_are_those_of_the_server() {
        let credential_type: Type = "microcredential".parse().expect("a type");
        let mut body = (credential_type.sample)();
        (body["fields"]["microcredential_name"], body["credential_type"]) = (json!("Badge"), json!("microcredential"));
        let all = checked("bodies.ndjson", &body.to_string());
        let found = &all[0].json()["warnings"][0];
        assert_eq!((all[0].result.is_ok(), &found["code"]), (true, &json!("name.says_nothing")), "{found}");
        let text = text("bodies.ndjson", &all, &Renderer::plain());
        assert!(text.contains("warning[name.says_nothing]") && text.contains("valid for microcredential"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn reporting_on_any_file_never_panics(source in ".{0,60}|\\{\"[a-zé]{0,3}\":[0-9{\\[é\"]{0,5}") {
            let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
            for name in ["push.json", "push.ndjson"] {
                let all = check_all(name, source.as_bytes(), None, &context).unwrap_or_default();
                text(name, &all, &Renderer::plain());
                for one in &all {
                    one.json();
                }
            }
        }
    }
}
