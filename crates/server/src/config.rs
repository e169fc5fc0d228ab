//! The settings: the embedded, documented default, then a file, then the environment, then the command line.
//!
//! Owns every setting's name and meaning (`default.toml` is their reference). Unknown keys are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use config::{Environment, File, FileFormat};
use credential::key::{Algorithm, PublicKey};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};
use url::Url;

use store::LONGEST_RING_PERIOD;
use store::domain::presentation::Mode;

/// The documented default, as text; `tenure config` prints it.
pub const DEFAULT: &str = include_str!("default.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Listening, addresses and limits of the HTTP server.
    pub server: Server,
    /// Where data lives.
    pub storage: Storage,
    /// Where documents live.
    pub objects: Objects,
    /// What the server fetches from elsewhere.
    pub outbound: Outbound,
    /// Webhooks of partners.
    pub webhooks: Webhooks,
    /// The credential types.
    pub credentials: Credentials,
    /// Other people's wallets.
    pub wallets: Wallets,
    /// Other people's wallets, as they answer what partners ask people to show.
    pub openid4vp: Openid4vp,
    /// How mail leaves.
    pub mail: Mail,
    /// Access tokens.
    pub tokens: Tokens,
    /// How long what is kept.
    pub retention: Retention,
    /// What partners ask people to show.
    pub verification: Verification,
    /// Holders' sign-in.
    pub sign_in: SignIn,
    /// Rate limits.
    pub rate_limit: RateLimit,
    /// Logging.
    pub log: Log,
}

/// Listening, addresses and limits of the HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The public address; its path is empty.
    pub base_url: Url,
    /// How many proxies add to `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// Largest request body, bytes.
    pub body_limit: usize,
    /// Longest time for one request.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Longest time without the whole head of a request until a connection is closed.
    #[serde(deserialize_with = "duration")]
    pub head_timeout: Duration,
    /// How long a stopping server waits for what it has accepted.
    #[serde(deserialize_with = "duration")]
    pub shutdown_grace: Duration,
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

#[cfg(test)]
impl Objects {
    /// A local store.
    pub(crate) fn local() -> Self {
        Config::load(None, [], &[]).expect("the default is good").objects
    }
}

/// What the server fetches from elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Networks that may be reached although they are not public, in CIDR notation.
    #[serde(deserialize_with = "words")]
    pub allowed_networks: Vec<IpNet>,
    /// A PEM file with certificate authorities to trust besides the public ones.
    #[serde(default)]
    pub extra_roots: Option<PathBuf>,
    /// Longest time for one document.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
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
    /// Codes to one address in an hour.
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

/// Why the settings could not be read; the message names the key.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the default, then `file`, then `TENURE_*` of `environment`, then `overrides` (key, value) of the command line.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, a value of the wrong kind.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let variables =
            environment.into_iter().filter(|(name, _)| name.starts_with("TENURE_") && name.contains("__")).collect();
        let environment = Environment::with_prefix("TENURE")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .source(Some(variables));
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULT, FileFormat::Toml));
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        builder = builder.add_source(environment);
        for (key, value) in overrides {
            builder = builder.set_override(key, value.as_str()).map_err(explain)?;
        }
        let config: Self = builder.build().and_then(config::Config::try_deserialize).map_err(explain)?;
        config.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        let base = &self.server.base_url;
        if !matches!(base.scheme(), "http" | "https")
            || base.host().is_none()
            || base.path() != "/"
            || base.query().is_some()
        {
            return Err(ConfigError(format!(
                "server.base_url must be like https://passport.example, without a path; it is {base}"
            )));
        }
        let asks = &self.openid4vp;
        if asks.client_id_prefix == ClientIdPrefix::X509SanDns && base.domain().is_none() {
            return Err(ConfigError(format!(
                "openid4vp.client_id_prefix x509_san_dns needs a name in server.base_url; it is {base}"
            )));
        }
        let is_scheme =
            |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "+-.".contains(character);
        if !asks.scheme.starts_with(|first: char| first.is_ascii_lowercase()) || !asks.scheme.chars().all(is_scheme) {
            return Err(ConfigError(format!(
                "openid4vp.scheme must be like openid4vp or haip-vp; it is '{}'",
                asks.scheme
            )));
        }
        if self.verification.lifetime > self.retention.ring_key_lifetime() {
            return Err(ConfigError(
                "verification.lifetime must not be longer than retention.incomplete: a request is sealed under a key that lives as long".to_owned(),
            ));
        }
        Ok(self)
    }

    /// The public address without a slash at the end, to put a path behind.
    pub fn base(&self) -> &str {
        self.server.base_url.as_str().trim_end_matches('/')
    }

    /// Whether people reach the server by https, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.server.base_url.scheme() == "https"
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn explain(error: config::ConfigError) -> ConfigError {
    ConfigError(error.to_string())
}

/// Reads `20s`, `10m`, `48h`, `400d` (a day is 24 hours).
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text)
        .ok_or_else(|| de::Error::custom(format!("'{text}' is not a duration like 20s, 10m, 48h or 400d")))
}

fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    let name = String::deserialize(deserializer)?;
    Algorithm::from_name(&name).ok_or_else(|| de::Error::custom(format!("'{name}' is neither ES256 nor EdDSA")))
}

fn response_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
    let name = String::deserialize(deserializer)?;
    Mode::from_name(&name)
        .ok_or_else(|| de::Error::custom(format!("'{name}' is neither direct_post.jwt nor direct_post")))
}

fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(de::Error::custom) }
}

/// A list, or words with spaces between them, as the environment has them.
fn words<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        List(Vec<String>),
        Text(String),
    }
    let words = match Words::deserialize(deserializer)? {
        Words::List(list) => list,
        Words::Text(text) => text.split_whitespace().map(ToOwned::to_owned).collect(),
    };
    words.iter().map(|word| word.parse().map_err(|error| de::Error::custom(format!("'{word}': {error}")))).collect()
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().find(|c: char| !c.is_ascii_digit())?)?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_lists_or_words() {
        let networks = |text| {
            let config = load(&[("TENURE_OUTBOUND__ALLOWED_NETWORKS", text)]).map_err(|error| error.to_string())?;
            Ok::<_, String>(config.outbound.allowed_networks.len())
        };
        assert_eq!((networks(""), networks("10.0.0.0/8 fd00::/8")), (Ok(0), Ok(2)));
        assert!(networks("10.0.0.0/99").expect_err("not a network").contains("10.0.0.0/99"));
        assert_eq!(load(&[]).expect("good").credentials.categories, credential::CATEGORIES);
    }

    fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), &[])
    }

    #[test]
    fn the_default_is_complete_and_keeps_the_documented_48_hours() {
        let config = load(&[]).expect("the default loads");
        assert_eq!(config.retention.incomplete, Duration::from_secs(48 * 3600));
        assert_eq!(config.base(), "http://localhost:8080");
        assert!(config.rate_limit.enabled);
    }

    #[test]
    fn the_environment_overrides_and_the_command_line_overrides_both() {
        let variables = [("TENURE_RETENTION__INCOMPLETE", "20s"), ("TENURE_RATE_LIMIT__ENABLED", "false")];
        let config = load(&variables).expect("both are known");
        assert_eq!(config.retention.incomplete, Duration::from_secs(20));
        assert_eq!(config.retention.ring_period(), Duration::from_secs(20));
        assert!(!config.rate_limit.enabled);
        let over = Config::load(
            None,
            [("TENURE_SERVER__LISTEN".to_owned(), "127.0.0.1:1".to_owned())],
            &[("server.listen", "127.0.0.1:2".to_owned())],
        );
        assert_eq!(over.expect("loads").server.listen.port(), 2);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_duration_or_not(text in ".{0,12}") {
            let _ = parse_duration(&text);
        }
    }

    #[test]
    fn unknown_keys_and_bad_values_are_refused_by_name() {
        let unknown =
            load(&[("TENURE_RETENTION__INCOMPLET", "20s")]).expect_err("a typing error is not silence").to_string();
        assert!(unknown.contains("incomplet"), "{unknown}");
        let bad = load(&[("TENURE_RETENTION__INCOMPLETE", "soon")]).expect_err("not a duration").to_string();
        assert!(bad.contains("'soon'"), "{bad}");
        assert!(load(&[("TENURE_SERVER__BASE_URL", "https://passport.example/sub")]).is_err());
        let long = load(&[("TENURE_VERIFICATION__LIFETIME", "49h")]).expect_err("its key is gone by then").to_string();
        assert!(long.contains("verification.lifetime"), "{long}");
    }
}
