//! One struct per section of the settings file. The ranges of numbers and durations are in [`super::ranges`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use credential::key::{Algorithm, PublicKey};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use store::LONGEST_RING_PERIOD;
use store::domain::presentation::Mode;
use url::Url;

use super::values::{PortRange, algorithm, choice, duration, optional_url, response_mode, words};

/// Listening, addresses and limits of the HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The public address; its path is empty.
    pub base_url: Url,
    /// How many proxies add to `forwarded_header`.
    pub trusted_proxies: usize,
    /// The header to which they add the address that they saw.
    #[serde(deserialize_with = "choice")]
    pub forwarded_header: ForwardedHeader,
    /// Largest request body, bytes.
    pub body_limit: usize,
    /// Longest time for one request.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Longest time without the whole head of a request until a connection is closed.
    #[serde(deserialize_with = "duration")]
    pub head_timeout: Duration,
    /// Most connections at once, but for probes.
    pub max_connections: usize,
    /// How long a stopping server goes on serving while `/readyz` is 503.
    #[serde(deserialize_with = "duration")]
    pub shutdown_delay: Duration,
    /// How long a stopping server waits for what it has accepted.
    #[serde(deserialize_with = "duration")]
    pub shutdown_grace: Duration,
}

/// The header in which proxies name the client. Exactly one counts: a proxy passes on the other as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// The header's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Where data lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The data folder.
    pub data: PathBuf,
    /// PostgreSQL URL, or empty for SQLite.
    pub database_url: String,
    /// Connections to PostgreSQL; of SQLite's readers at most.
    pub connections: u32,
}

/// Where documents live.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// A folder or a bucket.
    #[serde(deserialize_with = "choice")]
    pub kind: ObjectStoreKind,
    /// The bucket.
    pub bucket: String,
    /// The bucket's region.
    pub region: String,
    /// Where the bucket is, unless it is Amazon's.
    #[serde(deserialize_with = "optional_url")]
    pub endpoint: Option<Url>,
    /// The key's id.
    pub access_key: String,
    /// The key.
    pub secret_key: SecretString,
    /// How long an upload link lives.
    #[serde(deserialize_with = "duration")]
    pub upload_lifetime: Duration,
    /// Longest time for one upload.
    #[serde(deserialize_with = "duration")]
    pub upload_timeout: Duration,
    /// How old an object must be before it can be taken to be left over.
    #[serde(deserialize_with = "duration")]
    pub orphan_age: Duration,
}

/// Where documents live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectStoreKind {
    /// In the data folder.
    Local,
    /// In an S3-compatible bucket.
    S3,
}

/// What the server fetches from elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Networks that may be reached although they are not public, in CIDR notation.
    #[serde(deserialize_with = "words")]
    pub allowed_networks: Vec<IpNet>,
    /// A PEM file with certificate authorities to trust besides the public ones: by documents, webhooks, object storage and mail.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Longest time for one document.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Ports that documents and issuers may have besides 443.
    #[serde(deserialize_with = "words")]
    pub allowed_ports: Vec<PortRange>,
}

impl Outbound {
    /// Lets servers on this machine be reached.
    pub fn allow_this_machine(&mut self) {
        let here = ["127.0.0.0/8", "::1/128"].iter().filter_map(|network| network.parse::<IpNet>().ok());
        self.allowed_networks.extend(here);
    }
}

/// Webhooks of partners.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether receivers may be on this machine, by http.
    pub allow_loopback: bool,
    /// Longest time for one attempt.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Ports that receivers may have besides 443.
    #[serde(deserialize_with = "words")]
    pub allowed_ports: Vec<PortRange>,
    /// How many attempts at once for one webhook.
    pub concurrency: u32,
}

/// The credential types.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The categories of a `universal_credential`.
    #[serde(deserialize_with = "words")]
    pub categories: Vec<String>,
    /// What signed credentials are signed by.
    #[serde(deserialize_with = "algorithm")]
    pub algorithm: Algorithm,
    /// How long a signed credential lives.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Age at which a key for credentials is followed by a new one.
    #[serde(deserialize_with = "duration")]
    pub signing_key_age: Duration,
}

/// Other people's wallets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallets {
    /// A file with the JWK Set of the wallet providers that are trusted.
    #[serde(default)]
    pub providers: Option<PathBuf>,
    /// Whether a token is given with a DPoP proof alone (HAIP 1.0, section 4).
    pub dpop_required: bool,
    /// Whether a wallet, and its keys, must be vouched for by one of them.
    pub attestation_required: bool,
}

impl Wallets {
    /// The keys of the providers, with their names.
    ///
    /// # Errors
    /// In words: the file cannot be read or holds no key, or attestation is required of nobody.
    pub fn provider_keys(&self) -> Result<Vec<(String, PublicKey)>, String> {
        let Some(path) = &self.providers else {
            return if self.attestation_required {
                Err("wallets.attestation_required needs wallets.providers: a file with the providers' JWK Set"
                    .to_owned())
            } else {
                Ok(Vec::new())
            };
        };
        let refused = |what: String| format!("wallets.providers: {}: {what}", path.display());
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let jwks = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
        let keys = credential::verification::keys_of(&jwks);
        if keys.is_empty() {
            Err(refused("there is no key on P-256 and no Ed25519 key in it".to_owned()))
        } else {
            Ok(keys)
        }
    }
}

/// Other people's wallets, as they answer what partners ask people to show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Openid4vp {
    /// How a wallet knows the server.
    #[serde(deserialize_with = "choice")]
    pub client_id_prefix: ClientIdPrefix,
    /// How an answer is sent.
    #[serde(deserialize_with = "response_mode")]
    pub response_mode: Mode,
    /// What a link to a wallet begins with, without `://`.
    pub scheme: String,
    /// Whether a wallet on another device may answer.
    pub cross_device: bool,
    /// How long a wallet has to answer.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Under whose authority wallets are told that a credential must be: `own`, or key identifiers in base64url.
    #[serde(deserialize_with = "words")]
    pub authorities: Vec<String>,
    /// A file with the issuers that are trusted besides this server.
    #[serde(default)]
    pub trusted_issuers: Option<PathBuf>,
    /// A PEM file with certificate authorities, for those of them that are known by certificate.
    #[serde(default)]
    pub trust_anchors: Option<PathBuf>,
}

/// By what a wallet knows who asks (OpenID4VP 1.0, section 5.9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientIdPrefix {
    /// By its certificate.
    X509Hash,
    /// By a name in its certificate.
    X509SanDns,
    /// By its DID.
    DecentralizedIdentifier,
}

/// How mail leaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `console`, `dir:..`, `smtp://..`.
    pub transport: String,
    /// Sender.
    pub from: String,
    /// Most SMTP sessions at once.
    pub connections: u32,
}

/// Access tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Lifetime of a token.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Age at which a signing key is followed by a new one.
    #[serde(deserialize_with = "duration")]
    pub signing_key_age: Duration,
}

/// How long what is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Unaccepted submissions.
    #[serde(deserialize_with = "duration")]
    pub incomplete: Duration,
    /// Documents of an accepted credential whose wallet was not kept.
    #[serde(deserialize_with = "duration")]
    pub unkept_documents: Duration,
    /// Statuses.
    #[serde(deserialize_with = "duration")]
    pub status: Duration,
    /// Deliveries to webhooks, with their attempts.
    #[serde(deserialize_with = "duration")]
    pub deliveries: Duration,
    /// Answers kept for an `Idempotency-Key`.
    #[serde(deserialize_with = "duration")]
    pub idempotency: Duration,
}

impl Retention {
    /// How long one ring key seals what arrives: an hour, or less where submissions live shorter than that.
    pub fn ring_period(&self) -> Duration {
        self.incomplete.clamp(Duration::from_secs(1), LONGEST_RING_PERIOD)
    }

    /// How long a ring key lives after its period, and so what is sealed under it: as long as a submission, and never so
    /// short that a mailed code could not be used.
    pub fn ring_key_lifetime(&self) -> Duration {
        self.incomplete.max(Duration::from_secs(3600))
    }
}

/// What partners ask people to show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// How long a request can be answered.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
}

/// Holders' sign-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Lifetime of a code.
    #[serde(deserialize_with = "duration")]
    pub code_lifetime: Duration,
    /// Wrong tries that end a code.
    pub code_attempts: u32,
    /// Lifetime of a session without a visit.
    #[serde(deserialize_with = "duration")]
    pub session_lifetime: Duration,
    /// Codes to one address in an hour for one network address; links to it from one partner.
    pub codes_per_address: u32,
    /// Codes asked for from one network address in an hour.
    pub codes_per_client: u32,
}

/// Rate limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Off for load tests alone.
    pub enabled: bool,
    /// Sustained requests a second for a partner.
    pub partner_per_second: u32,
    /// Requests a partner may make at once.
    pub partner_burst: u32,
    /// Token requests in a minute from one network address.
    pub tokens_per_minute: u32,
    /// Requests and codes of wallets in a minute from one network address.
    pub wallets_per_minute: u32,
}

/// Logging.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// tracing's filter.
    pub filter: String,
    /// Shape of a line.
    #[serde(deserialize_with = "choice")]
    pub format: LogFormat,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Text,
}
