//! Certificate chains: authorities, and certificates of signing keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::key::{Algorithm, SoftwareKey};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;

/// A certificate authority.
pub struct TestAuthority {
    pub certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// Returns the parameters of a certificate with a common name.
fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn of_authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.use_authority_key_identifier_extension = true;
    params
}

/// Returns a key in the form that certificates need.
pub fn pair(key: &SoftwareKey) -> KeyPair {
    let algorithm = match key.public().algorithm() {
        Algorithm::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        Algorithm::EdDsa => &rcgen::PKCS_ED25519,
    };
    let document = PrivatePkcs8KeyDer::from(key.pkcs8().expect("PKCS #8"));
    KeyPair::from_pkcs8_der_and_sign_algo(&document, algorithm).expect("a key")
}

impl TestAuthority {
    /// Creates a root authority with a new key.
    pub fn new(name: &str) -> Self {
        Self::new_with(name, |_| {})
    }

    /// Creates a root authority with a new key; `change` changes its parameters.
    pub fn new_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (of_authority(name), KeyPair::generate().expect("a key"));
        change(&mut params);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Creates an authority below this one.
    pub fn below(&self, name: &str) -> Self {
        self.below_with(name, |_| {})
    }

    /// Creates an authority below this one; `change` changes its parameters.
    pub fn below_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (of_authority(name), KeyPair::generate().expect("a key"));
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Issues a certificate for a signing key; `change` changes its parameters.
    pub fn certify(&self, key: &SoftwareKey, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = named("Signing key");
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        params.signed_by(&pair(key), &self.issuer).expect("a certificate")
    }
}

/// Returns a self-signed certificate of a signing key.
pub fn self_signed(key: &SoftwareKey, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = named("Signing key");
    change(&mut params);
    params.self_signed(&pair(key)).expect("a certificate")
}

/// Returns the alternative name of the server at `address`.
pub fn uri(address: &str) -> SanType {
    SanType::URI(address.try_into().expect("ASCII"))
}

/// Returns the header `x5c` for a chain.
pub fn x5c(chain: &[&Certificate]) -> Value {
    chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect()
}

/// Returns a chain as the text of a PEM file.
pub fn pem(chain: &[&Certificate]) -> String {
    chain.iter().map(|certificate| certificate.pem()).collect()
}
