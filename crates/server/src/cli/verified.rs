//! The result of `tenure verify`, as text and as JSON.

use bulk_push::{is_unsafe, printable};
use credential::verification::{Conclusion, Lookups, NotShown, Report, StatusKinds, Step, StepOutcome};
use credential::{VerifyError, YearMonth};
use serde_json::json;

use super::command::print;
use crate::flows::token_verification::{NamesCheck, TokenCareerData, TokenSubject};
use crate::i18n::Text;

/// Where the keys, the status lists and the type metadata come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Files. No requests were sent.
    Files {
        /// Whether there is a file with a status list.
        has_status: bool,
    },
    /// Requests to the addresses in the token.
    Requests {
        /// Whether the token names a server on this machine, and `--local` was not given.
        would_be_local: bool,
    },
    /// There is no token that can be parsed, so nothing was requested.
    Nothing,
}

/// The result of `tenure verify`.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) report: Report,
    /// The subject, if the signature is valid.
    pub(super) subject: Option<TokenSubject>,
    /// How recent the data on its jobs is, if the signature is valid and it has any.
    pub(super) career_data: Option<TokenCareerData>,
    /// The addresses that the token refers to; `None` if there is no token that can be parsed.
    pub(super) lookups: Option<Lookups>,
    pub(super) source: Source,
}

impl Verified {
    /// Returns the result that the exit code and the last line report.
    pub(super) fn conclusion(&self) -> Conclusion {
        self.report.conclusion()
    }

    fn outcome(&self, step: Step) -> Option<StepOutcome> {
        self.report.verdict(step).map(|verdict| verdict.outcome)
    }

    fn is_unchecked(&self, step: Step) -> bool {
        self.outcome(step) == Some(StepOutcome::NotChecked)
    }

    /// Returns the steps that were not checked.
    fn not_checked(&self) -> Vec<&'static str> {
        Step::ALL.into_iter().filter(|step| self.is_unchecked(*step)).map(Step::name).collect()
    }

    /// Suggests what would make the missing checks possible.
    fn advice(&self) -> Option<&'static str> {
        let lookups = self.lookups.as_ref().filter(|_| self.conclusion() == Conclusion::NotCheckable)?;
        match self.source {
            Source::Requests { would_be_local: true } => {
                Some("The token names a server on this machine. To contact it, add --local.")
            }
            Source::Requests { .. } => {
                let lacks_keys = self.is_unchecked(Step::Issuer) && lookups.issuer.is_some();
                // Trying again does not help if a kind of status is not supported.
                let is_listed = self.report.status_kinds == StatusKinds::Listed;
                let lacks_status = self.is_unchecked(Step::Status) && is_listed && lookups.status.is_some();
                (lacks_keys || lacks_status)
                    .then_some("Try again later, or verify offline with --keys FILE and --status FILE.")
            }
            Source::Files { .. } if self.is_unchecked(Step::Signature) => {
                Some("No key in the file could be used to verify the token. Check --keys.")
            }
            Source::Files { has_status: false } if self.is_unchecked(Step::Status) && lookups.status.is_some() => {
                Some("It may have been revoked. To check its status, add its status list with --status FILE.")
            }
            Source::Files { .. } => None,
            Source::Nothing => None,
        }
    }

    /// Prints everything as JSON.
    pub(super) fn print_json(&self) -> Result<(), String> {
        let mut whole = serde_json::to_value(&self.report).map_err(|error| error.to_string())?;
        let conclusion = self.conclusion();
        whole["valid"] = json!(conclusion == Conclusion::Valid);
        whole["conclusion"] = json!(conclusion);
        whole["subject"] = json!(self.subject);
        whole["names_check"] = json!(self.subject.as_ref().map(NamesCheck::from));
        whole["career_data"] = json!(self.career_data);
        whole["advice"] = json!(self.advice());
        whole["offline"] = json!(matches!(self.source, Source::Files { .. }));
        whole["not_checked"] = json!(self.not_checked());
        print(&escaped(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?))
    }

    /// Prints a line for each step, the claims and the result, or why there is no token.
    pub(super) fn print_text(&self) -> Result<(), String> {
        let report = &self.report;
        let mut lines = Vec::new();
        let no_token = self.no_token();
        lines.extend(no_token.and(report.verdict(Step::Signature)).map(|verdict| verdict.reason.clone()));
        for verdict in report.verdicts.iter().filter(|_| no_token.is_none()) {
            let outcome = match verdict.outcome {
                StepOutcome::Passed => "passed     ",
                StepOutcome::Failed if verdict.code == Some("replaced") => "replaced   ",
                StepOutcome::Failed => "FAILED     ",
                StepOutcome::NotChecked => "not checked",
            };
            lines.push(format!("{:<10} {outcome}  {}", verdict.step.name(), printable(&verdict.reason)));
            // With --keys no address is contacted.
            if let (Some(asked), Source::Requests { .. }) = (&verdict.asked, self.source) {
                lines.push(format!("{:24}requested: {}", "", printable(asked)));
            }
        }
        lines.extend(self.subject.as_ref().map(names_row));
        lines.extend(self.subject.as_ref().map(name_line));
        if report.is_genuine() || self.conclusion() == Conclusion::NotCheckable && report.has_passed(Step::Signature) {
            let claims = serde_json::to_string_pretty(&report.claims).unwrap_or_default();
            lines.push(format!("\nClaims:\n{}", escaped(&claims)));
        }
        lines.extend(not_shown(&report.not_shown));
        lines.extend(self.career_data.as_ref().map(data_line));
        lines.push(format!("\n{}", self.summary()));
        lines.extend(self.advice().map(str::to_owned));
        lines.extend(self.offline_note());
        print(&lines.join("\n"))
    }

    /// Returns the result in a sentence for an input that does not contain one token.
    fn no_token(&self) -> Option<&'static str> {
        let code = self.report.verdict(Step::Signature).and_then(|verdict| verdict.code)?;
        if code == VerifyError::NotAToken.code() {
            return Some("NOT A TOKEN. Nothing was verified.");
        }
        (code == VerifyError::SeveralTokens.code()).then_some("SEVERAL TOKENS. Nothing was verified.")
    }

    /// Returns the result in a sentence.
    fn summary(&self) -> String {
        let report = &self.report;
        if let Some(no_token) = self.no_token() {
            return no_token.to_owned();
        }
        match (self.conclusion(), report.expired_on) {
            (Conclusion::Valid, _) => "VALID, as far as it was checked.".to_owned(),
            (Conclusion::NotCheckable, _) if report.has_passed(Step::Signature) => {
                "NOT CHECKED. The signature is valid, but not every needed check could be made.".to_owned()
            }
            (Conclusion::NotCheckable, _) => {
                "NOT CHECKED. Its author is unknown, so do not rely on its content.".to_owned()
            }
            (Conclusion::Invalid, Some(day)) if report.is_genuine() => {
                format!("EXPIRED on {}. It is genuine, as far as it was checked, but no longer valid.", day.in_words())
            }
            (Conclusion::Invalid, None) if report.is_genuine() => {
                "EXPIRED. It is genuine, as far as it was checked, but no longer valid.".to_owned()
            }
            (Conclusion::Invalid, _) if report.is_replaced() => {
                "REPLACED by another version, so not valid. Ask the holder for the current one.".to_owned()
            }
            (Conclusion::Invalid, _) => "NOT VALID. Do not rely on its content.".to_owned(),
        }
    }

    /// Says that nothing was requested, and what was therefore not checked.
    fn offline_note(&self) -> Option<String> {
        if !matches!(self.source, Source::Files { .. }) {
            return None;
        }
        let unchecked = match self.not_checked().as_slice() {
            [] => String::new(),
            steps => format!(" Not checked: {}.", steps.join(", ")),
        };
        Some(format!("No requests were sent (--keys).{unchecked}"))
    }
}

/// Formats the row about the person, in the columns of the steps.
fn names_row(subject: &TokenSubject) -> String {
    format!("{:<10} not checked  {}", "names", NamesCheck::from(subject).reason)
}

/// Escapes the characters in JSON on several lines that a terminal may interpret. The value stays
/// the same, because they can only be in strings.
pub(super) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) && character != '\n' {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    text
}

/// Formats how recent the data on the jobs is, without control characters that could affect the
/// terminal.
fn data_line(data: &TokenCareerData) -> String {
    let month: Result<YearMonth, _> = data.data_to.parse();
    let month = month.map_or_else(|_| data.data_to.clone(), |month| Text::default().month(month));
    let reason = data.reason.as_deref().map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("\nData to {month}.{}", reason.replace(is_unsafe, ""))
}

/// Formats the subject's name, without control characters that could affect the terminal.
fn name_line(subject: &TokenSubject) -> String {
    let names = subject.names.join(", ").replace(is_unsafe, "");
    if names.is_empty() { "\nIt contains no name.".to_owned() } else { format!("\nName: {names}") }
}

/// Describes the omitted details.
fn not_shown(found: &NotShown) -> Option<String> {
    let details = if found.count == 1 { "detail" } else { "details" };
    let at_most = if found.at_most { "At most " } else { "" };
    (found.count > 0).then(|| format!("\n{at_most}{} {details} not shown.", found.count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_details_not_shown_is_exact_or_a_limit() {
        let said = |count: usize, at_most: bool| not_shown(&NotShown { count, at_most, ..NotShown::default() });
        assert_eq!(said(0, false), None);
        assert_eq!(said(1, false).as_deref(), Some("\n1 detail not shown."));
        assert_eq!(said(3, true).as_deref(), Some("\nAt most 3 details not shown."));
    }

    #[test]
    fn row_of_names_says_that_the_person_was_not_checked() {
        let said = |names: &[&str], consistency| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            names_row(&TokenSubject { names, consistency })
        };
        assert_eq!(
            said(&["Ada Marker"], "same"),
            "names      not checked  It contains one name. Whether it is that of the person who gave it to you was not checked."
        );
        assert!(said(&["Ada", "Bo"], "not_comparable").contains("2 names (not comparable). Whether they are "));
        assert!(said(&[], "not_comparable").contains("no name, so it does not say who it is about."));
    }

    #[test]
    fn data_is_dated_and_old_jobs_are_named() {
        let said = |reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            data_line(&TokenCareerData { data_to: "2025-10".to_owned(), old_jobs: Vec::new(), reason })
        };
        assert_eq!(said(None), "\nData to October 2025.");
        let reason = "Acme has no data on A\u{1b}[2J after October 2025.";
        assert_eq!(said(Some(reason)), "\nData to October 2025. Acme has no data on A[2J after October 2025.");
    }

    #[test]
    fn characters_for_the_terminal_are_replaced_or_escaped() {
        let unsafe_text = "a\u{1b}[2J\u{9b}\u{202e}b\n\u{2066}c";
        assert_eq!(printable(unsafe_text), "a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}\u{fffd}c");
        let value = json!({ "name": unsafe_text, "plain": "Zo\u{eb}" });
        let text = escaped(&serde_json::to_string_pretty(&value).expect("JSON"));
        assert!(
            text.contains("\\u009b\\u202eb\\n\\u2066c") && text.contains("Zo\u{eb}") && text.contains('\n'),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
    }

    #[test]
    fn name_is_shown_without_control_characters() {
        let said = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            name_line(&TokenSubject { names, consistency: "same" })
        };
        assert_eq!(said(&["Ada Marker"]), "\nName: Ada Marker");
        assert_eq!(said(&["Ada\u{1b}[2J \nMarker\u{9b}"]), "\nName: Ada[2J Marker");
        assert_eq!(said(&[]), "\nIt contains no name.");
    }
}
