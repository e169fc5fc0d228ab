//! `tenure check FILE`: validates the body of a push offline, and shows the position of each error.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use ambient::Clock;
use bulk_push::diagnostic::{Diagnostic, renderer};
use clap::Args;
use credential::{Context, ParseError, Submission, Type};

use super::command::{Outcome, print};

/// Validate the body of a push before sending it.
#[derive(Debug, Args)]
pub struct Check {
    /// File with the JSON body; - for standard input.
    file: PathBuf,
    /// Credential type, as in the path of the push.
    #[arg(long = "type", value_name = "TYPE", default_value = "career_history")]
    credential_type: String,
}

impl Check {
    pub(super) fn run(self) -> Outcome {
        let credential_type: Type = self.credential_type.parse().map_err(|_| {
            let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
            format!("unknown credential type '{}'. Use one of: {}", self.credential_type, known.join(", "))
        })?;
        let name = self.file.display().to_string();
        let source = read(&self.file).map_err(|error| format!("{name} cannot be read: {error}"))?;
        let renderer = renderer(&std::io::stdout());
        let report = report(&name, &source, credential_type, &Context::new(Clock::System.now().to_jiff()));
        match report {
            Ok(headline) => {
                print(&format!("{name}: valid for {credential_type}: {headline}"))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(diagnostics) => {
                let mut text = String::new();
                for diagnostic in &diagnostics {
                    let _ = writeln!(text, "{}\n", diagnostic.render(&name, &source, 1, &renderer));
                }
                let count = diagnostics.len();
                let _ =
                    write!(text, "{name}: {count} {}. Nothing was sent", if count == 1 { "error" } else { "errors" });
                print(&text)?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        let mut source = String::new();
        return std::io::stdin().read_to_string(&mut source).map(|_| source);
    }
    std::fs::read_to_string(file)
}

fn report(name: &str, source: &str, credential_type: Type, context: &Context<'_>) -> Result<String, Vec<Diagnostic>> {
    match Submission::parse_v2(credential_type, source.as_bytes(), context) {
        Ok(submission) => Ok(credential_type.headline(&submission.fields)),
        Err(ParseError::Malformed(malformed)) => {
            let mut diagnostic = Diagnostic::of_malformed(source, &malformed);
            if let Some(rest) = malformed.message.strip_prefix("it ") {
                diagnostic.message = format!("The file {rest}");
            }
            let text = source.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() && !text.starts_with(['{', '[']) {
                "This is not JSON.".clone_into(&mut diagnostic.message);
                diagnostic.help = Some("for a CSV file use `tenure push --dry-run`".to_owned());
            }
            diagnostic.help.take_if(|_| name == "-");
            Err(vec![diagnostic])
        }
        Err(ParseError::Invalid(field_errors)) => {
            Err(field_errors.into_iter().map(|field_error| Diagnostic::of_fault(source, field_error)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use bulk_push::diagnostic::Renderer;

    use super::*;

    fn check(source: &str) -> Vec<Diagnostic> {
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        report("push.json", source, Type::default(), &context).expect_err("there are errors")
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

    proptest::proptest! {
        #[test]
        fn reporting_on_any_file_never_panics(source in ".{0,60}|\\{\"[a-zé]{0,3}\":[0-9{\\[é\"]{0,5}") {
            let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
            for diagnostic in report("push.json", &source, Type::default(), &context).err().into_iter().flatten() {
                diagnostic.render("push.json", &source, 1, &Renderer::plain());
            }
        }
    }
}
