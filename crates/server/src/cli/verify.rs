//! `tenure verify FILE|TOKEN`: verifies a signed token and explains each step.
//!
//! With `--keys` it sends no requests. Otherwise it fetches the issuer's keys, the status lists and
//! the type metadata from the addresses in the token, through the filtering client.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use bulk_push::printable;
use clap::Args;
use credential::format::sd_jwt::Challenge;
use credential::verification::{
    Conclusion, LookupResult, Lookups, MAX_PASTED, Report, Step, Token, VerificationInputs, find_token,
};
use credential::{OtherContent, VerifyError};
use serde_json::json;
use url::{Host, Url};

use super::command::{CommandResult, block_on, print};
use super::offline_files::OfflineFiles;
use super::verified::{Source, Verified, escaped};
use crate::config::{Config, PortRange};
use crate::flows::token_verification::{TokenCareerData, TokenSubject};
use crate::issuer_lookup::IssuerLookup;
use crate::outbound::{Lookup, Outbound};
use ambient::{Clock, Timestamp};

const EXAMPLES: &str = "\
Exit code: 0 valid; 1 not valid, or there is no token; 2 wrong usage, or a file of an
option is wrong; 3 not checkable, because its kind is not supported, or because the
issuer, its keys or the status are not known, could not be fetched or are of an
unsupported kind.";

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
    /// Offline: file with the issuer's keys (a JWK Set, a JWK, issuer metadata, a DID document or
    /// PEM), or the certificate of its authority. No requests are sent then.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Offline: file with the status list (with --keys), without which a token that can be revoked
    /// is not checkable. Repeat it for several lists.
    #[arg(long, value_name = "FILE", requires = "keys")]
    status: Vec<PathBuf>,
    /// Offline: file with the type metadata, exactly as it was served (with --keys).
    #[arg(long, value_name = "FILE", requires = "keys")]
    metadata: Option<PathBuf>,
    /// Expected audience of the presentation.
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// Expected nonce of the presentation.
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
    /// Maximum age of the presentation in seconds (with --nonce). Without it the age does not
    /// matter.
    #[arg(long, value_name = "SECONDS", requires = "nonce")]
    max_age: Option<u32>,
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
    pub(super) fn run(self) -> CommandResult {
        let verified = match self.verified() {
            Ok(verified) => verified,
            Err(Failure::Usage(message)) => return self.wrong_usage(&message),
            Err(Failure::Other(message)) => return Err(message),
        };
        if self.json {
            verified.print_json()?;
        } else {
            verified.print_text()?;
        }
        Ok(match verified.conclusion() {
            Conclusion::Valid => ExitCode::SUCCESS,
            Conclusion::Invalid => ExitCode::FAILURE,
            Conclusion::NotCheckable => ExitCode::from(NOT_CHECKABLE),
        })
    }

    fn verified(&self) -> Result<Verified, Failure> {
        let now = self.now().map_err(Failure::Usage)?;
        match find_token(&self.read_input().map_err(Failure::Other)?) {
            Ok(text) => self.verify(&text, now),
            Err(refusal) => Ok(self.unreadable(Report::unreadable(&refusal))),
        }
    }

    /// Returns the result for an input without a token that can be parsed.
    fn unreadable(&self, report: Report) -> Verified {
        let source = match &self.keys {
            Some(_) => self.files(),
            None => Source::Nothing,
        };
        Verified { report, subject: None, career_data: None, lookups: None, source }
    }

    fn files(&self) -> Source {
        Source::Files { has_status: !self.status.is_empty() }
    }

    /// Reports an option with a wrong value. Nothing was verified.
    #[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
    fn wrong_usage(&self, message: &str) -> CommandResult {
        if self.json {
            let whole = json!({ "valid": false, "conclusion": null, "verdicts": [], "error": message });
            print(&escaped(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?))?;
        }
        eprintln!("tenure: {}", printable(message));
        Ok(ExitCode::from(WRONG_USAGE))
    }

    /// Verifies the token. Names its subject if the signature is valid.
    fn verify(&self, text: &str, now: i64) -> Result<Verified, Failure> {
        let mut token = match Token::read(text) {
            Ok(token) => token,
            Err(refusal) => return Ok(self.unreadable(Report::refused(text, &refusal, now))),
        };
        let (status, metadata) = (self.status.as_slice(), self.metadata.as_deref());
        let files = self.keys.as_deref().map(|keys| OfflineFiles { keys, status, metadata });
        let at = Timestamp::from_micros(now.saturating_mul(1_000_000));
        if let Some(files) = files {
            files.identify_issuer(&mut token, at).map_err(Failure::Usage)?;
        }
        let lookups = token.lookups();
        let (mut inputs, origins) = match files {
            Some(files) => files.read(&token, at).map(|(inputs, origins)| (inputs, Some(origins))),
            None => Ok((block_on(look_up(&token, self.local, at)).map_err(Failure::Other)?, None)),
        }
        .map_err(Failure::Usage)?;
        let (audience, nonce) = (self.audience.as_deref(), self.nonce.as_deref());
        let most_age = self.max_age.map(i64::from);
        let challenge = Challenge { audience, nonce, now, most_age };
        let mut report = token.verify(&inputs, &challenge);
        let signature = report.verdict(Step::Signature);
        if self.keys.is_some() && signature.and_then(|found| found.code) == Some(VerifyError::UnknownKey.code()) {
            // The file is not the issuer's own list, so this says nothing about the token.
            inputs.issuer_keys =
                LookupResult::Failed("the file of --keys has no key with the token's key ID".to_owned());
            report = token.verify(&inputs, &challenge);
        }
        if let Some(origins) = origins {
            origins.explain(&token, &mut report, at);
        }
        let subject = TokenSubject::new(&token, &report);
        let career_data = TokenCareerData::new(&token, &report, at);
        let source = match &self.keys {
            Some(_) => self.files(),
            None => Source::Requests { would_be_local: !self.local && is_on_this_machine(&lookups) },
        };
        Ok(Verified { report, subject, career_data, lookups: Some(lookups), source })
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
            Err(_) if is_text(&self.token) => Ok(self.token.clone().into_bytes()),
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

/// Returns whether an argument that names no file is a token, or something that a message can name.
fn is_text(argument: &str) -> bool {
    match find_token(argument.as_bytes()) {
        Ok(_) | Err(VerifyError::SeveralTokens) => true,
        // The name of a file can look like base64, or like the name of a file in it.
        Err(VerifyError::OtherContent(content)) => matches!(
            content,
            OtherContent::Jwe
                | OtherContent::JsonLd
                | OtherContent::JsonJws
                | OtherContent::WalletLink
                | OtherContent::CutToken
        ),
        Err(_) => false,
    }
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

/// Fetches the documents that a token refers to, which is verified as of `now`.
async fn look_up(token: &Token<'_>, local: bool, now: Timestamp) -> Result<VerificationInputs, String> {
    let mut settings = Config::load(None, [], &[]).map_err(|error| error.to_string())?.outbound;
    // The user of this command chose the token and sees the response, so any port is allowed.
    settings.allowed_ports = vec![PortRange::ALL];
    let client = if local { Outbound::allow_loopback(&settings) } else { Outbound::new(&settings, Lookup::System) }?;
    Ok(IssuerLookup::new(client).all(&token.lookups(), token.jws(), now).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_distinguished_as_tokens_or_files() {
        for (argument, expected) in [
            ("eyJ9.e30.AA", true),
            ("eyJ9.e30.AA,eyJ8.e30.AA", true),
            ("openid-credential-offer://?credential_offer=%7B%7D", true),
            ("no-such-file", false),
            ("credential-01890a5d-ac96-774b-bcce-b302099a8057", false),
            ("folder/token.txt", false),
        ] {
            assert_eq!(is_text(argument), expected, "{argument}");
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
}
