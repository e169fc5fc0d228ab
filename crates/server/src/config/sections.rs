//! One struct per section of the settings file. [`super::ranges`] has the ranges of numbers and
//! durations.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use credential::format::Format;
use credential::key::Algorithm;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use store::LONGEST_EPOCH;
use store::domain::presentation::Mode;
use url::Url;

use super::values::{PortRange, algorithm, choice, duration, optional_url, response_mode, socket_address, words};

/// Listen address, public address and limits of the HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Public address, with an empty path.
    pub base_url: Url,
    /// Number of reverse proxies that add to `forwarded_header`.
    pub trusted_proxies: usize,
    /// Header to which the proxies add the address that they saw.
    #[serde(deserialize_with = "choice")]
    pub forwarded_header: ForwardedHeader,
    /// Maximum size of a request body, in bytes.
    pub body_limit: usize,
    /// Maximum size of the body of a push that may contain documents, in bytes.
    pub document_body_limit: usize,
    /// Request timeout.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Time in which the complete headers of a request must arrive before the connection is
    /// closed.
    #[serde(deserialize_with = "duration")]
    pub header_read_timeout: Duration,
    /// Maximum number of open connections, not counting those reserved for health probes.
    pub max_connections: usize,
    /// Time that a stopping server continues to serve requests while `/readyz` returns 503.
    #[serde(deserialize_with = "duration")]
    pub shutdown_delay: Duration,
    /// Time that a stopping server waits for accepted requests.
    #[serde(deserialize_with = "duration")]
    pub shutdown_grace: Duration,
}

impl Server {
    /// Returns the maximum size of a body that may contain documents, which is never smaller than
    /// that of other bodies.
    pub fn with_documents(&self) -> usize {
        self.document_body_limit.max(self.body_limit)
    }
}

/// The header in which proxies name the client. Only one is read: a proxy forwards the other one
/// as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// Returns the header's name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Database and data folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The data folder.
    pub data_dir: PathBuf,
    /// PostgreSQL URL, or empty for SQLite.
    pub database_url: String,
    /// Maximum number of PostgreSQL connections, and of SQLite readers.
    pub connections: u32,
}

/// Storage of documents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectStorage {
    /// Where documents are stored: a folder or a bucket.
    #[serde(deserialize_with = "choice")]
    pub kind: ObjectStoreKind,
    pub bucket: String,
    /// The bucket's region.
    pub region: String,
    /// Address of another S3 provider than Amazon.
    #[serde(deserialize_with = "optional_url")]
    pub endpoint: Option<Url>,
    /// Access key ID.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: SecretString,
    /// Lifetime of an upload URL.
    #[serde(deserialize_with = "duration")]
    pub upload_lifetime: Duration,
    #[serde(deserialize_with = "duration")]
    pub upload_timeout: Duration,
    /// Age from which an object without a row is an orphan and deleted.
    #[serde(deserialize_with = "duration")]
    pub orphan_age: Duration,
}

/// Where documents are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectStoreKind {
    /// In the data folder.
    Local,
    /// In an S3-compatible bucket.
    S3,
}

/// Outgoing requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Networks that are allowed although they are not public, in CIDR notation.
    #[serde(deserialize_with = "words")]
    pub allowed_networks: Vec<IpNet>,
    /// PEM file with certificate authorities to trust in addition to the public ones. Applies to
    /// documents, webhooks, object storage and mail.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Timeout of fetching a document.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Ports, besides 443, from which documents and issuer metadata may be fetched.
    #[serde(deserialize_with = "words")]
    pub allowed_ports: Vec<PortRange>,
}

impl Outbound {
    /// Allows connections to servers on this machine.
    pub fn allow_this_machine(&mut self) {
        let here = ["127.0.0.0/8", "::1/128"].iter().filter_map(|network| network.parse::<IpNet>().ok());
        self.allowed_networks.extend(here);
    }
}

/// Webhook deliveries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether http URLs on this machine are allowed.
    pub allow_loopback: bool,
    /// Timeout of a delivery attempt.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Ports, besides 443, that webhook URLs may use.
    #[serde(deserialize_with = "words")]
    pub allowed_ports: Vec<PortRange>,
    /// Maximum number of concurrent attempts for one webhook.
    pub concurrency: u32,
}

/// Credential types and signing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Values that the category of a `universal_credential` may have.
    #[serde(deserialize_with = "words")]
    pub categories: Vec<String>,
    /// Signature algorithm of credentials.
    #[serde(deserialize_with = "algorithm")]
    pub algorithm: Algorithm,
    /// Lifetime of a signed credential.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Age at which a credential signing key is replaced.
    #[serde(deserialize_with = "duration")]
    pub key_rotation_interval: Duration,
    /// PEM file with the operator's own key for credentials.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// PEM file with the certificate chain of that key.
    #[serde(default)]
    pub certificate_chain_file: Option<PathBuf>,
}

/// Issuing credentials to other wallets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oid4vci {
    /// File with the JWK Set of trusted wallet providers.
    #[serde(default)]
    pub trusted_wallet_providers_file: Option<PathBuf>,
    /// PEM file with the authorities of trusted wallet providers.
    #[serde(default)]
    pub wallet_trust_anchors_file: Option<PathBuf>,
    /// Whether a token request needs a DPoP proof (HAIP 1.0, section 4).
    pub dpop_required: bool,
    /// Whether wallets and their keys must be attested by a trusted wallet provider.
    pub attestation_required: bool,
    /// Formats that the metadata lists.
    #[serde(deserialize_with = "words")]
    pub formats: Vec<Format>,
    /// Formats that offers list, preferred ones first.
    #[serde(deserialize_with = "words")]
    pub offered_formats: Vec<Format>,
}

/// Requesting presentations from other wallets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Openid4vp {
    /// How wallets identify this server.
    #[serde(deserialize_with = "choice")]
    pub client_id_prefix: ClientIdPrefix,
    /// Whether the wallet's response is encrypted.
    #[serde(deserialize_with = "response_mode")]
    pub response_mode: Mode,
    /// URL scheme of links to a wallet, without `://`.
    pub scheme: String,
    /// Whether the wallet may be on another device than the browser.
    pub cross_device: bool,
    /// Time that a wallet has to respond.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Authorities that requests ask for: `own`, or key identifiers in base64url.
    #[serde(deserialize_with = "words")]
    pub trusted_authorities: Vec<String>,
    /// File with the issuers that are trusted in addition to this server.
    #[serde(default)]
    pub trusted_issuers: Option<PathBuf>,
    /// PEM file with the certificate authorities for issuers without listed keys.
    #[serde(default)]
    pub trust_anchors: Option<PathBuf>,
}

/// How a wallet identifies the verifier (OpenID4VP 1.0, section 5.9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientIdPrefix {
    /// The hash of the verifier's certificate.
    X509Hash,
    /// A DNS name in the verifier's certificate.
    X509SanDns,
    /// The verifier's DID.
    DecentralizedIdentifier,
}

/// Sending email.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `console`, `dir:FOLDER`, `smtp://..` or `smtps://..`.
    pub transport: String,
    /// Sender of all messages.
    pub from: String,
    /// Maximum number of SMTP sessions.
    pub connections: u32,
}

/// Access tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// Age at which the token signing key is replaced.
    #[serde(deserialize_with = "duration")]
    pub key_rotation_interval: Duration,
}

/// Retention periods.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Submissions that have not been accepted.
    #[serde(deserialize_with = "duration")]
    pub incomplete: Duration,
    /// Documents of an accepted credential whose holder has not returned to the wallet.
    #[serde(deserialize_with = "duration")]
    pub unclaimed_documents: Duration,
    /// Status of a submission, after its data is deleted.
    #[serde(deserialize_with = "duration")]
    pub status: Duration,
    /// Webhook deliveries, with their attempts.
    #[serde(deserialize_with = "duration")]
    pub deliveries: Duration,
    /// Requests in the request log of partners.
    #[serde(deserialize_with = "duration")]
    pub request_log: Duration,
    /// Responses stored for an `Idempotency-Key`.
    #[serde(deserialize_with = "duration")]
    pub idempotency: Duration,
}

impl Retention {
    /// Returns the period in which one epoch key encrypts new data: one hour, or less if
    /// submissions live shorter.
    pub fn epoch_length(&self) -> Duration {
        self.incomplete.clamp(Duration::from_secs(1), LONGEST_EPOCH)
    }

    /// Returns the lifetime of an epoch key after its period, and so of the data encrypted with
    /// it: that of a submission, and at least an hour so that emailed codes can be used.
    pub fn epoch_key_lifetime(&self) -> Duration {
        self.incomplete.max(Duration::from_secs(3600))
    }
}

/// Verification requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Time that a person has to answer a verification request.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
}

/// Sign-in of holders.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Lifetime of an emailed code.
    #[serde(deserialize_with = "duration")]
    pub code_lifetime: Duration,
    /// Number of wrong attempts that invalidate a code.
    pub max_code_attempts: u32,
    /// Time without a visit after which a session expires.
    #[serde(deserialize_with = "duration")]
    pub session_lifetime: Duration,
    /// Codes an hour to one email address from one network address; links an hour from one partner.
    pub codes_per_address: u32,
    /// Codes an hour that one network address can request.
    pub codes_per_ip_per_hour: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Whether rate limits are enforced. Off only in load tests.
    pub enabled: bool,
    /// Sustained requests a second of a partner.
    pub partner_per_second: u32,
    /// Requests that a partner can make in one burst.
    pub partner_burst: u32,
    /// Token requests a minute from one network address.
    pub token_requests_per_ip_per_minute: u32,
    /// Requests of other wallets a minute from one network address.
    pub wallet_requests_per_ip_per_minute: u32,
}
