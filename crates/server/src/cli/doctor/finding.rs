//! Findings and their output.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckResult {
    /// No problem.
    Ok,
    /// It works, with a problem.
    Warning,
    /// It does not work.
    Failure,
    /// It could not be checked.
    Skipped,
}

impl CheckResult {
    const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Failure, Self::Skipped];

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    area: &'static str,
    name: String,
    outcome: CheckResult,
    measured: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// All findings, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    area: &'static str,
    findings: Vec<Finding>,
    /// Texts that are removed from all output.
    secrets: Vec<String>,
}

impl Report {
    /// Creates a report that never shows any of `secrets`.
    pub(super) fn without(secrets: Vec<String>) -> Self {
        let mut secrets: Vec<String> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        // Longest first: removing a secret that is a prefix of another would leave the rest
        // visible.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets, ..Self::default() }
    }

    /// Starts the findings about `area`.
    pub(super) fn begin(&mut self, area: &'static str) {
        self.area = area;
    }

    pub(super) fn ok(&mut self, name: impl Into<String>, measured: impl Into<String>) {
        self.add(CheckResult::Ok, name.into(), measured.into(), None);
    }

    pub(super) fn skip(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.add(CheckResult::Skipped, name.into(), why.into(), None);
    }

    pub(super) fn warn(&mut self, name: impl Into<String>, measured: impl Into<String>, fix: impl Into<String>) {
        self.add(CheckResult::Warning, name.into(), measured.into(), Some(fix.into()));
    }

    pub(super) fn fail(&mut self, name: impl Into<String>, measured: impl Into<String>, fix: impl Into<String>) {
        self.add(CheckResult::Failure, name.into(), measured.into(), Some(fix.into()));
    }

    fn add(&mut self, outcome: CheckResult, name: String, measured: String, fix: Option<String>) {
        let clean = |text: String| self.secrets.iter().fold(text, |text, secret| text.replace(secret, "[secret]"));
        // Errors of other programs may have several lines.
        let line = |text: String| clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let finding =
            Finding { area: self.area, name: line(name), outcome, measured: line(measured), fix: fix.map(line) };
        self.findings.push(finding);
    }

    fn count(&self, outcome: CheckResult) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }

    /// Returns whether any check failed.
    pub(super) fn has_failure(&self) -> bool {
        self.count(CheckResult::Failure) > 0
    }

    /// Formats the report as JSON.
    pub(super) fn json(&self) -> String {
        let counts: serde_json::Map<String, serde_json::Value> =
            CheckResult::ALL.iter().map(|outcome| (outcome.word().to_owned(), json!(self.count(*outcome)))).collect();
        format!("{:#}", json!({ "findings": self.findings, "counts": counts }))
    }

    /// Formats the report as text: one line per finding, grouped by area, each followed by its fix.
    pub(super) fn text(&self) -> String {
        let width = self.findings.iter().map(|finding| finding.name.chars().count()).max().unwrap_or_default();
        let (mut text, mut area) = (String::new(), "");
        for finding in &self.findings {
            if finding.area != area {
                area = finding.area;
                let _ = writeln!(text, "{}{area}", if text.is_empty() { "" } else { "\n" });
            }
            let (word, name) = (finding.outcome.word(), &finding.name);
            let _ = writeln!(text, "  {word:<8} {name:<width$}  {}", finding.measured);
            if let Some(fix) = &finding.fix {
                let _ = writeln!(text, "           {:<width$}  {fix}", "");
            }
        }
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let _ = write!(
            text,
            "\n{} ok, {}, {}, {} skipped",
            self.count(CheckResult::Ok),
            plural(self.count(CheckResult::Warning), "warning"),
            plural(self.count(CheckResult::Failure), "failure"),
            self.count(CheckResult::Skipped)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_aligned_counted_and_without_secrets() {
        let mut report = Report::without(vec!["hunter2".to_owned(), String::new(), "hunter2000".to_owned()]);
        report.begin("Mail");
        report.ok("sender", "good");
        report.fail("server", "said:\n no to hunter2000", "Mend it.");
        report.begin("Keys");
        report.skip("root key", "none");
        let expected = "Mail\n  ok       sender    good\n  failure  server    said: no to [secret]\n                     Mend it.\n\n\
                        Keys\n  skipped  root key  none\n\n1 ok, 0 warnings, 1 failure, 1 skipped";
        assert_eq!(report.text(), expected);
        assert!(report.has_failure());
        let json: serde_json::Value = serde_json::from_str(&report.json()).expect("JSON");
        assert_eq!(json["counts"]["failure"], 1);
        assert_eq!(json["findings"][1]["fix"], "Mend it.");
    }
}
