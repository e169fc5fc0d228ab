//! `tenure verify FILE|TOKEN`: verifies a signed token and explains each step.
//!
//! With `--keys` it sends no requests. Otherwise it fetches the issuer's keys, the status list and
//! the type metadata from the addresses in the token, through the filtering client.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use credential::format::sd_jwt::Challenge;
use credential::verification::{
    Answer, Conclusion, Lookups, MAX_PASTED, NotShown, Outcome as Step, Report, Token, VerificationInputs, find_token,
    keys_of,
};
use serde_json::{Value, json};

use super::command::{Outcome, block_on, print};
use crate::config::{Config, PortRange};
use crate::flows::token_verification::TokenSubject;
use crate::issuer_lookup::IssuerLookup;
use crate::outbound::{Lookup, Outbound};
use ambient::{Clock, Timestamp};

/// Verify a signed credential or a presentation, and explain each step.
#[derive(Debug, Args)]
pub struct Verify {
    /// File with the token, - for standard input, or the token itself. Quotes, line breaks and a
    /// surrounding JSON response are ignored.
    token: String,
    /// Offline: file with the issuer's keys (a JWK Set). No requests are sent then.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Offline: file with the status list (with --keys).
    #[arg(long, value_name = "FILE", requires = "keys")]
    status: Option<PathBuf>,
    /// Offline: file with the type metadata (with --keys).
    #[arg(long, value_name = "FILE", requires = "keys")]
    metadata: Option<PathBuf>,
    /// Expected audience of the presentation.
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// Expected nonce of the presentation.
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
    /// Maximum age of the presentation in seconds (with --nonce).
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    max_age: u32,
    /// Verify as of this time, like 2026-11-24T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Also send requests to servers on this machine, by http: for testing.
    #[arg(long, conflicts_with = "keys")]
    local: bool,
    /// Print the results and claims as JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let now = self.now()?;
        let (report, subject) = match find_token(&self.read_input()?) {
            Ok(text) => self.verify(&text, now)?,
            Err(refusal) => (Report::unreadable(&refusal), None),
        };
        if self.json {
            print_json(&report, subject.as_ref())?;
        } else {
            print_text(&report, subject.as_ref())?;
        }
        Ok(if report.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Verifies the token. Names its subject if the signature is valid.
    fn verify(&self, text: &str, now: i64) -> Result<(Report, Option<TokenSubject>), String> {
        let token = match Token::read(text) {
            Ok(token) => token,
            Err(refusal) => return Ok((Report::unreadable(&refusal), None)),
        };
        let inputs = match &self.keys {
            Some(keys) => self.given(keys)?,
            None => block_on(look_up(&token.lookups(), self.local))?,
        };
        let (audience, nonce) = (self.audience.as_deref(), self.nonce.as_deref());
        let most_age = nonce.map(|_| i64::from(self.max_age));
        let report = token.verify(&inputs, &Challenge { audience, nonce, now, most_age });
        let subject = TokenSubject::new(&token, &report);
        Ok((report, subject))
    }

    fn now(&self) -> Result<i64, String> {
        let Some(text) = &self.at else { return Ok(Clock::System.now().seconds()) };
        let time: jiff::Timestamp =
            text.parse().map_err(|_| format!("--at {text} is not a time such as 2026-11-24T12:00:00Z"))?;
        Ok(Timestamp::from_micros(time.as_microsecond()).seconds())
    }

    /// Reads the input, up to slightly more than the limit of the search for a token.
    fn read_input(&self) -> Result<Vec<u8>, String> {
        let read = |source: &mut dyn Read, name: &str| {
            let mut bytes = Vec::new();
            let most = MAX_PASTED as u64 + 1;
            source.take(most).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
            Ok(bytes)
        };
        if self.token == "-" {
            return read(&mut std::io::stdin(), "standard input");
        }
        match File::open(&self.token) {
            Ok(mut file) => read(&mut file, &self.token),
            // If there is no such file, the argument may be the token itself.
            Err(_) if find_token(self.token.as_bytes()).is_ok() => Ok(self.token.clone().into_bytes()),
            // The name of a file is not longer. A damaged token is not printed.
            Err(error) if error.kind() == ErrorKind::NotFound || self.token.len() > 255 => {
                Err(format!("{:?} is neither a file nor a token", self.token.chars().take(64).collect::<String>()))
            }
            Err(error) => Err(format!("{}: {error}", self.token)),
        }
    }

    fn given(&self, keys: &Path) -> Result<VerificationInputs, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let jwks: Value =
            serde_json::from_slice(&read(keys)?).map_err(|error| format!("{}: {error}", keys.display()))?;
        let found = keys_of(&jwks);
        if found.is_empty() {
            return Err(format!("{} is not a JWK Set with a P-256 or Ed25519 key", keys.display()));
        }
        let status = self.status.as_deref().map(read).transpose()?;
        let status = status.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let metadata = self.metadata.as_deref().map(read).transpose()?;
        Ok(VerificationInputs {
            issuer_keys: Answer::Some(found),
            status: status.map_or(Answer::NotAsked, Answer::Some),
            stored_status: None,
            metadata: metadata.map_or(Answer::NotAsked, Answer::Some),
        })
    }
}

/// Fetches the documents that the token refers to.
async fn look_up(lookups: &Lookups, local: bool) -> Result<VerificationInputs, String> {
    let mut settings = Config::load(None, [], &[]).map_err(|error| error.to_string())?.outbound;
    // The user of this command chose the token and sees the response, so any port is allowed.
    settings.allowed_ports = vec![PortRange::ALL];
    let client = if local { Outbound::allow_loopback(&settings) } else { Outbound::new(&settings, Lookup::System) }?;
    Ok(IssuerLookup::new(client).all(lookups).await)
}

fn print_json(report: &Report, subject: Option<&TokenSubject>) -> Result<(), String> {
    let mut whole = serde_json::to_value(report).map_err(|error| error.to_string())?;
    whole["valid"] = json!(report.is_valid());
    whole["subject"] = json!(subject);
    print(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?)
}

fn print_text(report: &Report, subject: Option<&TokenSubject>) -> Result<(), String> {
    let mut lines = Vec::new();
    for verdict in &report.verdicts {
        let outcome = match verdict.outcome {
            Step::Passed => "passed     ",
            Step::Failed if verdict.code == Some("replaced") => "replaced   ",
            Step::Failed => "FAILED     ",
            Step::NotChecked => "not checked",
        };
        lines.push(format!("{:<10} {outcome}  {}", verdict.step.name(), verdict.reason));
        if let Some(asked) = &verdict.asked {
            lines.push(format!("{:24}requested: {asked}", ""));
        }
    }
    lines.extend(subject.map(name_line));
    if report.is_genuine() {
        lines.push(format!("\nClaims:\n{}", serde_json::to_string_pretty(&report.claims).unwrap_or_default()));
    }
    lines.extend(not_shown(&report.not_shown));
    lines.push(match report.expired_on {
        _ if report.is_valid() => "\nVALID, as far as it was checked.".to_owned(),
        Some(day) if report.is_genuine() => {
            format!("\nEXPIRED on {}. It is genuine, as far as it was checked, but no longer valid.", day.in_words())
        }
        _ if report.is_replaced() => {
            "\nREPLACED by a newer version, so not valid. Ask the holder for that version.".to_owned()
        }
        _ if report.conclusion() == Conclusion::NotCheckable => {
            "\nNOT CHECKED. Its author is unknown, so do not rely on its content.".to_owned()
        }
        _ => "\nNOT VALID. Do not rely on its content.".to_owned(),
    });
    print(&lines.join("\n"))
}

/// Formats the subject's name, without control characters that could affect the terminal.
fn name_line(subject: &TokenSubject) -> String {
    let names = subject.names.join(", ").replace(char::is_control, "");
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
