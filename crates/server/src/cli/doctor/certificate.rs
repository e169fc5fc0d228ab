//! Validity periods of certificates. Whether a certificate is trusted is decided elsewhere.

use x509_parser::prelude::{FromDer as _, X509Certificate};

use ambient::Timestamp;

/// The period in which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// Parses the validity period of a certificate, DER.
pub(super) fn validity(certificate: &[u8]) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let [from, until] = [certificate.validity.not_before, certificate.validity.not_after]
        .map(|time| Timestamp::from_micros(time.timestamp().saturating_mul(1_000_000)));
    Some(Validity { from, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_time_and_generalized_time_are_read() {
        let mut params = rcgen::CertificateParams::new(vec!["passport.example".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2026, 11, 25);
        params.not_after = rcgen::date_time_ymd(2055, 1, 2);
        let key = rcgen::KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        let found = validity(made.der()).expect("it is read");
        assert_eq!(found.from.to_string(), "2026-11-25T00:00:00Z");
        assert_eq!(found.until.to_string(), "2055-01-02T00:00:00Z");
        for length in 0..made.der().len().min(200) {
            assert_eq!(validity(&made.der()[..length]), None, "{length}");
        }
        assert_eq!(validity(b"nonsense"), None);
    }
}
