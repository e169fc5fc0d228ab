//! The operator's own key for credentials, and its certificate chain, read from files.
//!
//! Wallets and verifiers that know only the operator's authority then accept the credentials. The
//! private key stays in its file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use credential::key::{Algorithm, SoftwareKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::certificate_chain::Chain;
use crate::config::Credentials;
use ambient::Timestamp;

/// The permissions that the key's file must not have: any for other users, and writing for its
/// group. Its group may read it, because orchestrators mount secrets that way.
const FORBIDDEN_MODE: u32 = 0o027;

/// The operator's key and its certificate chain.
#[derive(Clone, Debug)]
pub struct OperatorKey {
    /// The thumbprint of the key (RFC 7638).
    pub(super) kid: String,
    pub(super) signer: SoftwareKey,
    pub(super) chain: Chain,
}

impl PartialEq for OperatorKey {
    /// The key belongs to the chain, so the chains decide.
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl OperatorKey {
    /// Reads the key of the issuer at `address` from the files in the settings; `None` if there are
    /// none.
    ///
    /// # Errors
    /// A file cannot be used, or they do not belong together. The message is for the operator.
    pub fn read(settings: &Credentials, address: &str, now: Timestamp) -> Result<Option<Self>, String> {
        let (key, chain) = match (&settings.signing_key_file, &settings.certificate_chain_file) {
            (None, None) => return Ok(None),
            (Some(key), Some(chain)) => (key, chain),
            _ => {
                let both = "credentials.signing_key_file and credentials.certificate_chain_file need each other: set \
                            both or none";
                return Err(both.to_owned());
            }
        };
        let signer = read_key(key, settings.algorithm)
            .map_err(|why| format!("credentials.signing_key_file: {}: {why}", key.display()))?;
        let chain = read_chain(chain, &signer, address, now)
            .map_err(|why| format!("credentials.certificate_chain_file: {}: {why}", chain.display()))?;
        Ok(Some(Self { kid: signer.public().thumbprint(), signer, chain }))
    }

    /// Returns when the first certificate of the chain expires.
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.chain.valid_until()
    }
}

fn read_key(path: &Path, algorithm: Algorithm) -> Result<SoftwareKey, String> {
    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & FORBIDDEN_MODE != 0 {
        let fix = format!("chmod 600 {}", path.display());
        return Err(format!("it has mode {mode:o}, so other users may read or change it: {fix}"));
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| error.to_string())?);
    // The parser does not find a section after a byte order mark.
    let pem = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut keys = PrivateKeyDer::pem_slice_iter(pem);
    let der = keys.next().and_then(Result::ok).ok_or("it has no unencrypted private key (PEM)")?;
    if keys.next().is_some() {
        return Err("it has several private keys: leave only the one that signs credentials".to_owned());
    }
    SoftwareKey::from_der(algorithm, der.secret_der()).map_err(|_| {
        let fitting = Algorithm::ALL.into_iter().find(|other| SoftwareKey::from_der(*other, der.secret_der()).is_ok());
        let fix = fitting.map(|other| {
            format!(", but on {}: set credentials.algorithm to {}, or use another key", curve(other), other.name())
        });
        let fix = fix.unwrap_or_default();
        let (name, curve) = (algorithm.name(), curve(algorithm));
        format!("credentials.algorithm is {name}, and the private key is not one on {curve}{fix}")
    })
}

fn curve(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "P-256",
        Algorithm::EdDsa => "Ed25519",
    }
}

fn read_chain(path: &Path, signer: &SoftwareKey, address: &str, now: Timestamp) -> Result<Chain, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let chain = Chain::from_pem(&pem).map_err(|error| error.to_string())?;
    let leaf = chain.validate(now).map_err(|error| error.to_string())?;
    if leaf.key != *signer.public() {
        return Err("the first certificate is not that of the key in credentials.signing_key_file".to_owned());
    }
    if !leaf.names(address) {
        return Err(format!(
            "the first certificate does not name this server: it needs the URI {address}, or the host of that as a \
             DNS name, among its subject alternative names"
        ));
    }
    Ok(chain)
}
