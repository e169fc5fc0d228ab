//! The certificate of a signing key without its chain.

use ambient::Timestamp;
use credential::key::PublicKey;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::{ChainError, Leaf, parse, public_key, require_current};

/// A certificate that is not compared with an authority: only its user knows whether it is genuine.
#[derive(Clone, Debug)]
pub struct LoneCertificate {
    der: CertificateDer<'static>,
    leaf: Leaf,
}

impl LoneCertificate {
    /// Reads a certificate in DER; `None` for that of an authority, and for one of an unsupported
    /// key.
    pub fn read(der: Vec<u8>) -> Option<Self> {
        let der = CertificateDer::from(der);
        if parse(&der).ok()?.is_ca() {
            return None;
        }
        let entity = EndEntityCert::try_from(&der).ok()?;
        let leaf = Leaf {
            key: public_key(entity.subject_public_key_info().as_ref())?,
            authority: None,
            uris: entity.valid_uri_names().map(ToOwned::to_owned).collect(),
            hosts: entity.valid_dns_names().map(ToOwned::to_owned).collect(),
        };
        Some(Self { der, leaf })
    }

    /// Returns the certified key.
    pub fn key(&self) -> &PublicKey {
        &self.leaf.key
    }

    /// Returns whether it names the server of `issuer`; false if it names none.
    ///
    /// # Errors
    /// It has expired at `now`, is not valid yet or names only others; the words follow "it".
    pub fn names(&self, issuer: &str, now: Timestamp) -> Result<bool, String> {
        let certificate = parse(&self.der).map_err(|error| error.to_string())?;
        let time = |seconds: i64| jiff::Timestamp::from_second(seconds).map(|at| at.to_string()).unwrap_or_default();
        match require_current(&certificate, now) {
            Err(ChainError::Expired) => {
                return Err(format!("has expired ({})", time(certificate.validity().not_after.timestamp())));
            }
            Err(_) => {
                return Err(format!("is not valid until {}", time(certificate.validity().not_before.timestamp())));
            }
            Ok(()) => {}
        }
        let names: Vec<&str> = self.leaf.uris.iter().chain(&self.leaf.hosts).map(String::as_str).collect();
        match names.as_slice() {
            [] => Ok(false),
            _ if self.leaf.names(issuer) => Ok(true),
            names => Err(format!("names another issuer: {}", names.join(", "))),
        }
    }
}
