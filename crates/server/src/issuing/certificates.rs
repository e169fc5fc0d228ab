//! Certificates of the keys that sign credentials and verification requests: the server's own
//! authority, and one certificate per key.
//!
//! HAIP 1.0 (section 6.1.1) requires the key in a certificate that is not self-signed, and the
//! trust anchor left out of the credential. Offline verifiers trust the authority's certificate,
//! which the server publishes.

use credential::key::{Algorithm, SoftwareKey};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SanType, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use url::Host;

use ambient::Timestamp;
use store::StoreError;

/// Lifetime of the authority's certificate, in years.
const AUTHORITY_YEARS: i16 = 30;
/// Lifetime of a key's certificate, in years: longer than that of any credential signed by the key.
const KEY_YEARS: i16 = 10;

/// Maximum length of a common name (X.520, `ub-common-name`).
const LONGEST_NAME: usize = 64;

/// The server's own certificate authority.
pub(super) struct Authority {
    pub key: SoftwareKey,
    /// Its certificate in DER.
    pub certificate: Vec<u8>,
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(format!("a certificate cannot be created: {error}"))
}

fn pair(key: &SoftwareKey) -> Result<KeyPair, StoreError> {
    let algorithm: &'static SignatureAlgorithm = match key.public().algorithm() {
        Algorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
        Algorithm::EdDsa => &PKCS_ED25519,
    };
    let document = key.pkcs8().map_err(failed)?;
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(document), algorithm).map_err(failed)
}

/// Returns the parameters of the certificate of `role` at `address`. A long address is cut in the
/// common name; the subject alternative names have it whole.
fn params(role: &str, address: &str, serial: &[u8], now: Timestamp, years: i16) -> CertificateParams {
    let name: String = format!("{role} of {address}").chars().take(LONGEST_NAME).collect();
    let date = jiff::tz::Offset::UTC.to_datetime(now.to_jiff()).date();
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs().min(28));
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(serial));
    // Starts a day earlier, to allow for slow clocks.
    let start = date.yesterday().unwrap_or(date);
    let (start_month, start_day) = (start.month().unsigned_abs(), start.day().unsigned_abs());
    params.not_before = date_time_ymd(i32::from(start.year()), start_month, start_day);
    params.not_after = date_time_ymd(i32::from(date.year() + years), month, day);
    params
}

fn authority_params(address: &str, serial: &[u8], now: Timestamp) -> CertificateParams {
    let mut params = params("Credential authority", address, serial, now, AUTHORITY_YEARS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// Returns the authority's self-signed certificate for the issuer at `address`, in DER.
pub(super) fn authority(
    key: &SoftwareKey,
    address: &str,
    serial: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let mut params = authority_params(address, serial, now);
    params.subject_alt_names = vec![SanType::URI(address.try_into().map_err(failed)?)];
    let made: Certificate = params.self_signed(&pair(key)?).map_err(failed)?;
    Ok(made.der().to_vec())
}

/// Returns the certificate of `key`, signed by the authority, in DER. It names the issuer's
/// address.
pub(super) fn certify(
    key: &SoftwareKey,
    address: &str,
    serial: &[u8],
    authority: &Authority,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let names = vec![SanType::URI(address.try_into().map_err(failed)?)];
    signed(key, params("Credentials", address, serial, now, KEY_YEARS), names, authority)
}

/// Returns the certificate of the `key` that signs verification requests, signed by the authority,
/// in DER.
///
/// It also names the server's host, as the client identifier prefix `x509_san_dns` requires
/// (OpenID4VP 1.0, section 5.9.3).
pub(super) fn certify_verifier(
    key: &SoftwareKey,
    address: &str,
    host: &Host<String>,
    serial: &[u8],
    authority: &Authority,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let host = match host {
        Host::Domain(name) => SanType::DnsName(name.as_str().try_into().map_err(failed)?),
        Host::Ipv4(address) => SanType::IpAddress((*address).into()),
        Host::Ipv6(address) => SanType::IpAddress((*address).into()),
    };
    let names = vec![host, SanType::URI(address.try_into().map_err(failed)?)];
    let params = params("Presentation requests", address, serial, now, KEY_YEARS);
    signed(key, params, names, authority)
}

/// Returns the authority's key identifier, as in every certificate that it signs (RFC 5280, section
/// 4.2.1.1).
pub(super) fn authority_identifier(authority: &Authority, address: &str) -> Result<Vec<u8>, StoreError> {
    Ok(authority_params(address, &[], Timestamp::from_micros(0)).key_identifier(&pair(&authority.key)?))
}

fn signed(
    key: &SoftwareKey,
    mut params: CertificateParams,
    names: Vec<SanType>,
    authority: &Authority,
) -> Result<Vec<u8>, StoreError> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = names;
    // The issuer name and key identifier are copied from the authority's certificate, which keeps
    // the address that the server had when it was created.
    let certificate = CertificateDer::from(authority.certificate.as_slice());
    let issuer = Issuer::from_ca_cert_der(&certificate, pair(&authority.key)?).map_err(failed)?;
    let made = params.signed_by(&pair(key)?, &issuer).map_err(failed)?;
    Ok(made.der().to_vec())
}

#[cfg(test)]
mod tests {
    use url::Url;
    use x509_parser::extensions::GeneralName;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    /// Returns the common name and the URIs and DNS names of a certificate.
    fn names(der: &[u8]) -> (String, Vec<String>) {
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        let common =
            certificate.subject().iter_common_name().next().expect("a name").as_str().expect("text").to_owned();
        let others = certificate.subject_alternative_name().expect("an extension").expect("names");
        let other = |name: &GeneralName<'_>| match name {
            GeneralName::URI(name) | GeneralName::DNSName(name) => (*name).to_owned(),
            other => panic!("{other}"),
        };
        (common, others.value.general_names.iter().map(other).collect())
    }

    #[test]
    fn long_addresses_are_cut_in_common_names_only() {
        let label = "a".repeat(60);
        for host in ["passport.example".to_owned(), format!("{label}.{label}.{label}.example")] {
            let (address, now) = (format!("https://{host}"), Timestamp::from_micros(1_795_000_000_000_000));
            let key = |number: u8| SoftwareKey::from_bytes(Algorithm::Es256, &[number; 32]).expect("a key");
            let certificate = authority(&key(1), &address, &[1; 16], now).expect("an authority");
            let (name, others) = names(&certificate);
            assert!(name.starts_with("Credential authority of https://") && name.chars().count() <= LONGEST_NAME);
            assert_eq!(others, [address.as_str()]);
            let authority = Authority { key: key(1), certificate };
            let made = certify(&key(2), &address, &[2; 16], &authority, now).expect("a certificate");
            let (name, others) = names(&made);
            assert!(name.starts_with("Credentials of https://") && name.chars().count() <= LONGEST_NAME, "{name}");
            assert_eq!(others, [address.as_str()]);
            let url: Url = address.parse().expect("a URL");
            let host_name = url.host().expect("a host").to_owned();
            let made =
                certify_verifier(&key(3), &address, &host_name, &[3; 16], &authority, now).expect("a certificate");
            let (name, others) = names(&made);
            assert!(
                name.starts_with("Presentation requests of https://") && name.chars().count() <= LONGEST_NAME,
                "{name}"
            );
            assert_eq!(others, [host.as_str(), address.as_str()]);
        }
    }
}
