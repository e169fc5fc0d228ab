//! `tenure verify FILE|TOKEN`: checks something signed, and says each step that it took.
//!
//! With `--keys` nothing is asked of anybody. Without, the issuer's keys, the status list and the type's metadata are
//! fetched from where the token says, through the filtering client.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use credential::format::sd_jwt::Challenge;
use credential::key::PublicKey;
use credential::verification::{
    Answer, Lookups, NotShown, Outcome as Step, Report, Token, VerificationInputs, keys_of,
};
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use url::Url;

use super::command::{Outcome, block_on, print};
use crate::config::Config;
use crate::outbound::{Lookup, Outbound};
use ambient::{Clock, Timestamp};

/// Largest document that is fetched, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

/// Check a signed credential or a showing of one, and explain each step.
#[derive(Debug, Args)]
pub struct Verify {
    /// A file with the token, - for standard input, or the token itself.
    token: String,
    /// Offline: a file with the issuer's keys (a JWK Set); nothing is asked of anybody then.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Offline: a file with the status list (with --keys).
    #[arg(long, value_name = "FILE", requires = "keys")]
    status: Option<PathBuf>,
    /// Offline: a file with the type's metadata (with --keys).
    #[arg(long, value_name = "FILE", requires = "keys")]
    metadata: Option<PathBuf>,
    /// Who the holder must have shown it to.
    #[arg(long, value_name = "WHO")]
    audience: Option<String>,
    /// The challenge that the holder must have answered.
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
    /// How long ago the holder may have answered the challenge, in seconds (with --nonce).
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    max_age: u32,
    /// Check as if it were this time, like 2026-11-24T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Ask servers on this machine too, by http: for trying things out.
    #[arg(long, conflicts_with = "keys")]
    local: bool,
    /// Print the verdicts and claims as JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let text = self.read_token()?;
        let now = self.now()?;
        let report = match Token::read(&text) {
            Ok(token) => {
                let inputs = match &self.keys {
                    Some(keys) => self.given(keys)?,
                    None => block_on(ask(&token.lookups(), self.local))?,
                };
                let (audience, nonce) = (self.audience.as_deref(), self.nonce.as_deref());
                let most_age = nonce.map(|_| i64::from(self.max_age));
                token.verify(&inputs, &Challenge { audience, nonce, now, most_age })
            }
            Err(refusal) => Report::unreadable(&refusal),
        };
        if self.json {
            print_json(&report)?;
        } else {
            print_text(&report)?;
        }
        Ok(if report.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn now(&self) -> Result<i64, String> {
        let Some(text) = &self.at else { return Ok(Clock::System.now().seconds()) };
        let time: jiff::Timestamp =
            text.parse().map_err(|_| format!("--at {text} is not a time like 2026-11-24T12:00:00Z"))?;
        Ok(Timestamp::from_micros(time.as_microsecond()).seconds())
    }

    fn read_token(&self) -> Result<String, String> {
        if self.token == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
            return Ok(text);
        }
        // A token starts with the base64url of a JSON object and has dots in it; whatever else is meant as a file.
        if self.token.starts_with("eyJ") && self.token.contains('.') && !Path::new(&self.token).exists() {
            return Ok(self.token.clone());
        }
        std::fs::read_to_string(&self.token).map_err(|error| format!("{}: {error}", self.token))
    }

    fn given(&self, keys: &Path) -> Result<VerificationInputs, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let jwks: Value =
            serde_json::from_slice(&read(keys)?).map_err(|error| format!("{}: {error}", keys.display()))?;
        let found = keys_of(&jwks);
        if found.is_empty() {
            return Err(format!("{} is no JWK Set with a key on P-256 or an Ed25519 key", keys.display()));
        }
        let status = self.status.as_deref().map(read).transpose()?;
        let status = status.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let metadata = self.metadata.as_deref().map(read).transpose()?;
        Ok(VerificationInputs {
            issuer_keys: Answer::Some(found),
            status: status.map_or(Answer::NotAsked, Answer::Some),
            metadata: metadata.map_or(Answer::NotAsked, Answer::Some),
        })
    }
}

/// Asks what is to be known, wherever the token says.
async fn ask(lookups: &Lookups, local: bool) -> Result<VerificationInputs, String> {
    let settings = Config::load(None, [], &[]).map_err(|error| error.to_string())?.outbound;
    let client = if local { Outbound::with_this_machine(&settings) } else { Outbound::new(&settings, Lookup::System) }?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    let fetched = async |address: &Option<String>| match address {
        None => Answer::NotAsked,
        Some(address) => fetch(&client, address).await.map_or_else(Answer::None, Answer::Some),
    };
    let issuer_keys = match &lookups.issuer {
        None => Answer::NotAsked,
        Some(issuer) => issuer_keys(&client, issuer, local).await.map_or_else(Answer::None, Answer::Some),
    };
    let status = match fetched(&lookups.status).await {
        Answer::Some(bytes) => Answer::Some(text(bytes)),
        Answer::None(why) => Answer::None(why),
        Answer::NotAsked => Answer::NotAsked,
    };
    Ok(VerificationInputs { issuer_keys, status, metadata: fetched(&lookups.metadata).await })
}

async fn fetch(client: &Outbound, address: &str) -> Result<Vec<u8>, String> {
    let url: Url = address.parse().map_err(|_| format!("{address} is not an address"))?;
    let because = |failure: store::domain::asset::Failure| format!("{address}: {}", failure.name());
    let mut stream = std::pin::pin!(client.fetch(&url, MOST).await.map_err(because)?);
    let mut bytes = Vec::new();
    while let Some(piece) = stream.try_next().await.map_err(because)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MOST {
            return Err(format!("{address}: longer than 4 MiB"));
        }
    }
    Ok(bytes)
}

async fn fetch_json(client: &Outbound, address: &str) -> Result<Value, String> {
    serde_json::from_slice(&fetch(client, address).await?).map_err(|_| format!("{address}: not JSON"))
}

/// The keys that an issuer publishes: by JWT VC Issuer Metadata (SD-JWT VC, section 5), or in its DID document (did:web).
async fn issuer_keys(client: &Outbound, issuer: &str, local: bool) -> Result<Vec<(String, PublicKey)>, String> {
    if let Some(did) = issuer.strip_prefix("did:web:") {
        let document = fetch_json(client, &did_document_address(did, local)).await?;
        let methods = document["verificationMethod"].as_array().cloned().unwrap_or_default();
        let named = |method: &Value| {
            let name = method["id"].as_str()?.rsplit_once('#')?.1.to_owned();
            Some((name, PublicKey::from_jwk(&method["publicKeyJwk"]).ok()?))
        };
        return Ok(methods.iter().filter_map(named).collect());
    }
    let url: Url = issuer.parse().map_err(|_| format!("{issuer} is not an address"))?;
    let mut well_known = url.clone();
    // The name goes between host and path (section 5).
    well_known.set_path(&format!("/.well-known/jwt-vc-issuer{}", url.path().trim_end_matches('/')));
    let metadata = fetch_json(client, well_known.as_str()).await?;
    if metadata["issuer"].as_str() != Some(issuer) {
        return Err(format!("{well_known}: it is of another issuer"));
    }
    let jwks = match metadata["jwks_uri"].as_str() {
        Some(address) => fetch_json(client, address).await?,
        None => metadata["jwks"].clone(),
    };
    Ok(keys_of(&jwks))
}

/// did:web, section 3.2: dots and slashes are colons, a port's colon is percent-encoded.
fn did_document_address(did: &str, local: bool) -> String {
    let mut parts = did.split(':').map(|part| part.replace("%3A", ":"));
    let host = parts.next().unwrap_or_default();
    let path: Vec<String> = parts.collect();
    let path = if path.is_empty() { ".well-known".to_owned() } else { path.join("/") };
    let is_local = local && (host.starts_with("localhost") || host.starts_with("127.0.0.1"));
    format!("{}://{host}/{path}/did.json", if is_local { "http" } else { "https" })
}

fn print_json(report: &Report) -> Result<(), String> {
    let mut whole = serde_json::to_value(report).map_err(|error| error.to_string())?;
    whole["valid"] = json!(report.is_valid());
    print(&serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?)
}

fn print_text(report: &Report) -> Result<(), String> {
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
            lines.push(format!("{:24}asked: {asked}", ""));
        }
    }
    if report.is_genuine() {
        lines.push(format!("\nIt says:\n{}", serde_json::to_string_pretty(&report.claims).unwrap_or_default()));
    }
    lines.extend(not_shown(&report.not_shown));
    lines.push(match report.expired_on {
        _ if report.is_valid() => "\nVALID, as far as it was checked.".to_owned(),
        Some(day) if report.is_genuine() => {
            format!("\nEXPIRED on {}. It is genuine, as far as it was checked, and counts no more.", day.in_words())
        }
        _ if report.is_replaced() => {
            "\nREPLACED, and so not valid: a newer version exists. Ask the holder for it.".to_owned()
        }
        _ => "\nNOT VALID. What it says is not to be believed.".to_owned(),
    });
    print(&lines.join("\n"))
}

/// How much was left out.
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
    fn did_web_ids_resolve_to_document_urls() {
        for (did, address) in [
            ("passport.example", "https://passport.example/.well-known/did.json"),
            ("localhost%3A8080", "https://localhost:8080/.well-known/did.json"),
            ("passport.example:a:b", "https://passport.example/a/b/did.json"),
        ] {
            assert_eq!(did_document_address(did, false), address);
        }
        assert_eq!(did_document_address("localhost%3A8080", true), "http://localhost:8080/.well-known/did.json");
    }
}
