//! Whose the keys of `--keys` are, as far as the file and the certificates in the token show.

use credential::key::PublicKey;
use credential::verification::{Report, Step, StepOutcome, Token};
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde_json::Value;

use super::key_file;
use crate::certificate_chain::{Chain, LoneCertificate, TrustAnchors, public_key, separated};
use ambient::Timestamp;

/// What the keys are with which a token may be verified.
#[derive(Debug)]
pub(super) struct KeyOrigins {
    /// The key that the certificate chain of the token certifies, and the subject of the authority
    /// in the file to which the chain leads.
    chain: Option<(PublicKey, String)>,
    /// The keys of which the file does not say whose they are.
    bare: Vec<PublicKey>,
    /// The certificates of signing keys in the file.
    certificates: Vec<LoneCertificate>,
}

impl KeyOrigins {
    /// Reads `text`, a file that `key_file::read` accepts and whose keys are `keys`, for a token
    /// that is verified as of `now`.
    pub(super) fn read(text: &str, keys: &[(String, PublicKey)], token: &Token<'_>, now: Timestamp) -> Self {
        let mut found = Self { chain: None, bare: Vec::new(), certificates: Vec::new() };
        if !key_file::is_pem(text) {
            let shows_owner = key_file::shows_owner(text);
            found.bare = keys.iter().filter(|_| !shows_owner).map(|(_, key)| key.clone()).collect();
            return found;
        }
        found.chain = TrustAnchors::among(text.as_bytes(), now).ok().and_then(|anchors| {
            let x5c = token.certificates()?;
            let (_, key) = certified(&anchors, x5c, token.issuer(), now).ok()?;
            Some((key, anchors.anchor_of(&Chain::from_x5c(x5c).ok()?, now)?))
        });
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(separated(text).as_bytes()) {
            match section {
                Ok((SectionKind::PublicKey, der)) => found.bare.extend(public_key(&der)),
                Ok((SectionKind::Certificate, der)) => found.certificates.extend(LoneCertificate::read(der)),
                _ => {}
            }
        }
        found
    }

    /// Says of a token whose issuer passed which key signed it, and what shows whose key that is.
    /// A certificate that does not show it leaves the issuer unchecked.
    pub(super) fn explain(&self, token: &Token<'_>, report: &mut Report, now: Timestamp) {
        let (passed, issuer) = (report.has_passed(Step::Issuer), token.issuer().unwrap_or_default());
        let Some(row) = report.verdicts.iter_mut().find(|verdict| verdict.step == Step::Issuer && passed) else {
            return;
        };
        let signs = |key: &PublicKey| token.jws().verify(key).is_ok();
        if let Some((_, anchor)) = self.chain.as_ref().filter(|(key, _)| signs(key)) {
            row.reason = format!(
                "The signing key belongs to {issuer}: its certificate (x5c) leads to the authority {anchor} of --keys."
            );
        } else if self.bare.iter().any(signs) {
            "Signed by a key of the file of --keys. The file does not say whose keys these are, so you must know that."
                .clone_into(&mut row.reason);
        } else if let Some(found) = self.certificate(signs, issuer, now) {
            let signed = "Signed by the key of a certificate in the file of --keys";
            let known = "so you must know whose it is";
            row.reason = match found {
                Ok(true) => format!("{signed}, which names {issuer}. No authority vouches for that, {known}."),
                Ok(false) => format!("{signed}. It names no server, {known}."),
                Err(why) => {
                    row.outcome = StepOutcome::NotChecked;
                    format!("The certificate in the file of --keys does not show whose key signed this: it {why}.")
                }
            };
        }
    }

    /// Returns what a certificate of the key that signed a token says about its issuer; of several
    /// certificates of the key, the best.
    fn certificate(
        &self,
        signs: impl Fn(&PublicKey) -> bool,
        issuer: &str,
        now: Timestamp,
    ) -> Option<Result<bool, String>> {
        let of_key = self.certificates.iter().filter(|certificate| signs(certificate.key()));
        let found = of_key.map(|certificate| certificate.names(issuer, now));
        found.reduce(|best, other| if best.is_err() || other == Ok(true) { other } else { best })
    }
}

/// Returns the key of a certificate chain that leads to one of the authorities and names the
/// issuer.
///
/// # Errors
/// Why it does not.
pub(super) fn certified(
    anchors: &TrustAnchors,
    x5c: &Value,
    issuer: Option<&str>,
    now: Timestamp,
) -> Result<(String, PublicKey), String> {
    let leaf =
        Chain::from_x5c(x5c).and_then(|chain| anchors.validate(&chain, now)).map_err(|error| error.to_string())?;
    match issuer {
        Some(issuer) if !leaf.names(issuer) => Err("it names another issuer".to_owned()),
        _ => Ok((String::new(), leaf.key)),
    }
}
