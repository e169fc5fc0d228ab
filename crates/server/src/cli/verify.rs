//! `tenure verify FILE|TOKEN`: verifies a signed token and explains each step.
//!
//! With `--keys` it sends no requests. Otherwise it fetches the issuer's keys, the status list and
//! the type metadata from the addresses in the token, through the filtering client.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use credential::VerifyError;
use credential::format::sd_jwt::Challenge;
use credential::verification::{
    self, Answer, Conclusion, Lookups, MAX_PASTED, NotShown, Outcome as Step, Report, Token, VerificationInputs,
    find_token,
};
use serde_json::json;
use url::{Host, Url};

use super::command::{Outcome, block_on, print};
use super::offline_files::OfflineFiles;
use crate::config::{Config, PortRange};
use crate::flows::token_verification::TokenSubject;
use crate::issuer_lookup::IssuerLookup;
use crate::outbound::{Lookup, Outbound};
use ambient::{Clock, Timestamp};

const EXAMPLES: &str = "\
Exit code: 0 valid; 1 not valid, or there is no token; 2 wrong usage, or a file of an
option is wrong; 3 not checkable, because the issuer's keys or the status list could
not be fetched or are not known.";

/// The exit code if an option has a wrong value, as for the parser of the command line.
const WRONG_USAGE: u8 = 2;

/// The exit code if no check failed, but a needed one could not be made.
const NOT_CHECKABLE: u8 = 3;

/// Verify a signed credential or a presentation, and explain each step.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// File with the token, - for standard input, or the token itself. Quotes, line breaks, spaces,
    /// "Bearer", and a surrounding JSON response or mail are ignored.
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
        let verified = match self.verified() {
            Ok(verified) => verified,
            Err(Failure::Usage(message)) => return self.wrong_usage(&message),
            Err(Failure::Other(message)) => return Err(message),
        };
        if self.json {
            print_json(&verified)?;
        } else {
            print_text(&verified)?;
        }
        Ok(match verified.conclusion() {
            Conclusion::Valid => ExitCode::SUCCESS,
            Conclusion::Invalid => ExitCode::FAILURE,
            Conclusion::NotCheckable => ExitCode::from(NOT_CHECKABLE),
        })
    }

    fn verified(&self) -> Result<Verified, Failure> {
        let now = self.now().map_err(Failure::Usage)?;
        match find_token(&without_scheme(&self.read_input().map_err(Failure::Other)?)) {
            Ok(text) => self.verify(&text, now),
            Err(refusal) => Ok(Verified::unreadable(&refusal)),
        }
    }

    /// Reports an option with a wrong value. Nothing was verified.
    #[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
    fn wrong_usage(&self, message: &str) -> Outcome {
        if self.json {
            let whole = json!({ "valid": false, "conclusion": null, "verdicts": [], "error": message });
            print(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?)?;
        }
        eprintln!("tenure: {message}");
        Ok(ExitCode::from(WRONG_USAGE))
    }

    /// Verifies the token. Names its subject if the signature is valid.
    fn verify(&self, text: &str, now: i64) -> Result<Verified, Failure> {
        let token = match Token::read(text) {
            Ok(token) => token,
            Err(refusal) => return Ok(Verified::unreadable(&refusal)),
        };
        let lookups = token.lookups();
        let (status, metadata) = (self.status.as_deref(), self.metadata.as_deref());
        let mut inputs = match &self.keys {
            Some(keys) => OfflineFiles { keys, status, metadata }.read(&lookups).map_err(Failure::Usage)?,
            None => block_on(look_up(&lookups, self.local)).map_err(Failure::Other)?,
        };
        let (audience, nonce) = (self.audience.as_deref(), self.nonce.as_deref());
        let most_age = nonce.map(|_| i64::from(self.max_age));
        let challenge = Challenge { audience, nonce, now, most_age };
        let mut report = token.verify(&inputs, &challenge);
        let signature = report.verdict(verification::Step::Signature);
        if self.keys.is_some() && signature.and_then(|found| found.code) == Some(VerifyError::UnknownKey.code()) {
            // The file is not the issuer's own list, so this says nothing about the token.
            inputs.issuer_keys = Answer::None("the file of --keys has no key with the token's key ID".to_owned());
            report = token.verify(&inputs, &challenge);
        }
        let subject = TokenSubject::new(&token, &report);
        let is_offline = self.keys.is_some();
        let would_be_local = !is_offline && !self.local && is_on_this_machine(&lookups);
        let status = report.verdict(verification::Step::Status);
        // Without --status, an offline verification leaves the status to the caller.
        let lacks_status =
            !is_offline && lookups.status.is_some() && status.is_some_and(|found| found.outcome == Step::NotChecked);
        Ok(Verified { report, subject, lacks_status, is_offline, would_be_local })
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
            Err(_) if find_token(&without_scheme(self.token.as_bytes())).is_ok() => Ok(self.token.clone().into_bytes()),
            // The name of a file is not longer. A damaged token is not printed.
            Err(error) if error.kind() == ErrorKind::NotFound || self.token.len() > 255 => {
                Err(format!("{:?} is neither a file nor a token", self.token.chars().take(64).collect::<String>()))
            }
            Err(error) => Err(format!("{}: {error}", self.token)),
        }
    }
}

/// The reason why there is no result.
#[derive(Debug)]
enum Failure {
    /// An option has a wrong value, or its file is wrong.
    Usage(String),
    Other(String),
}

/// The result of `tenure verify`.
#[derive(Debug)]
struct Verified {
    report: Report,
    /// The subject, if the signature is valid.
    subject: Option<TokenSubject>,
    /// Whether the status list was needed and could not be fetched or used.
    lacks_status: bool,
    /// Whether the inputs are files.
    is_offline: bool,
    /// Whether the token names a server on this machine, and `--local` was not given.
    would_be_local: bool,
}

impl Verified {
    fn unreadable(refusal: &VerifyError) -> Self {
        let report = Report::unreadable(refusal);
        Self { report, subject: None, lacks_status: false, is_offline: false, would_be_local: false }
    }

    /// Returns the result that the exit code and the last line report.
    fn conclusion(&self) -> Conclusion {
        match self.report.conclusion() {
            Conclusion::NotCheckable if self.report.is_valid() && !self.lacks_status => Conclusion::Valid,
            conclusion => conclusion,
        }
    }

    /// Suggests what would make the missing checks possible.
    fn advice(&self) -> Option<&'static str> {
        if self.conclusion() != Conclusion::NotCheckable {
            return None;
        }
        Some(if self.would_be_local {
            "The token names a server on this machine. To contact it, add --local."
        } else if self.is_offline {
            "The keys in the file are not those that the token names. Check --keys."
        } else {
            "Try again later, or verify offline with --keys FILE and --status FILE."
        })
    }
}

/// Replaces the name of the scheme in an `Authorization` header, which would stick to the token
/// once spaces are removed.
fn without_scheme(pasted: &[u8]) -> Vec<u8> {
    const SCHEME: &[u8] = b"bearer";
    let mut text = pasted.to_vec();
    let is_scheme = |at: usize| {
        let stands_alone = at == 0 || !pasted[at - 1].is_ascii_alphanumeric();
        let follows = pasted.get(at + SCHEME.len()).is_some_and(u8::is_ascii_whitespace);
        stands_alone && follows && pasted[at..at + SCHEME.len()].eq_ignore_ascii_case(SCHEME)
    };
    for at in (0..=pasted.len().saturating_sub(SCHEME.len() + 1)).filter(|at| is_scheme(*at)) {
        text[at..at + SCHEME.len()].fill(b'|');
    }
    text
}

/// Returns whether the keys or the status list are on a server of this machine.
fn is_on_this_machine(lookups: &Lookups) -> bool {
    let is_local = |address: &String| {
        let address = match address.strip_prefix("did:web:") {
            Some(host) => format!("https://{}", host.replace(':', "/").replace("%3A", ":")),
            None => address.clone(),
        };
        match Url::parse(&address).ok().as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    };
    [&lookups.issuer, &lookups.status].into_iter().flatten().any(is_local)
}

/// Fetches the documents that the token refers to.
async fn look_up(lookups: &Lookups, local: bool) -> Result<VerificationInputs, String> {
    let mut settings = Config::load(None, [], &[]).map_err(|error| error.to_string())?.outbound;
    // The user of this command chose the token and sees the response, so any port is allowed.
    settings.allowed_ports = vec![PortRange::ALL];
    let client = if local { Outbound::allow_loopback(&settings) } else { Outbound::new(&settings, Lookup::System) }?;
    Ok(IssuerLookup::new(client).all(lookups).await)
}

fn print_json(verified: &Verified) -> Result<(), String> {
    let mut whole = serde_json::to_value(&verified.report).map_err(|error| error.to_string())?;
    let conclusion = verified.conclusion();
    whole["valid"] = json!(conclusion == Conclusion::Valid);
    whole["conclusion"] = json!(conclusion);
    whole["subject"] = json!(verified.subject);
    whole["advice"] = json!(verified.advice());
    print(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?)
}

fn print_text(verified: &Verified) -> Result<(), String> {
    let Verified { report, subject, .. } = verified;
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
    lines.extend(subject.as_ref().map(name_line));
    if report.is_genuine() {
        lines.push(format!("\nClaims:\n{}", serde_json::to_string_pretty(&report.claims).unwrap_or_default()));
    }
    lines.extend(not_shown(&report.not_shown));
    lines.push(match report.expired_on {
        _ if verified.conclusion() == Conclusion::Valid => "\nVALID, as far as it was checked.".to_owned(),
        _ if report.is_valid() => {
            "\nNOT CHECKED. The signature is valid, but not every needed check could be made.".to_owned()
        }
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
    lines.extend(verified.advice().map(str::to_owned));
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
    fn scheme_of_a_header_is_separated_from_the_token() {
        for (pasted, expected) in [
            ("Bearer eyJ", "|||||| eyJ"),
            ("Authorization: bearer\teyJ", "Authorization: ||||||\teyJ"),
            ("\"BEARER eyJ\"", "\"|||||| eyJ\""),
            ("eyJbearerA", "eyJbearerA"),
            ("eyJbearer A", "eyJbearer A"),
            ("bearer", "bearer"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_scheme(pasted.as_bytes())), expected);
        }
    }

    #[test]
    fn issuers_on_this_machine_are_recognised() {
        for (address, expected) in [
            ("http://localhost:8080", true),
            ("https://127.0.0.1", true),
            ("http://[::1]:3000/x", true),
            ("did:web:localhost%3A8080:issuer", true),
            ("https://issuer.example", false),
            ("did:jwk:abc", false),
        ] {
            let issuer = Lookups { issuer: Some(address.to_owned()), ..Lookups::default() };
            let status = Lookups { status: Some(address.to_owned()), ..Lookups::default() };
            assert_eq!((is_on_this_machine(&issuer), is_on_this_machine(&status)), (expected, expected), "{address}");
        }
    }

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
