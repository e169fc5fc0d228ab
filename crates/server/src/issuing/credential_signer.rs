//! Signs credentials.

use credential::format::{Format, ListForm, Statement};
use credential::key::PublicKey;
use credential::status::StatusReference;

use super::issuable::IssuableCredential;
use super::issuer_keys::IssuerKeys;
use crate::links::Links;
use ambient::{Clock, HOUR, Rng, Timestamp};
use store::{StatusPlace, StoreError};

/// Signs credentials with the current key.
#[derive(Clone, Debug)]
pub struct CredentialSigner {
    keys: IssuerKeys,
    links: Links,
    clock: Clock,
    rng: Rng,
}

impl CredentialSigner {
    /// Creates a signer that uses `keys`.
    pub fn new(keys: IssuerKeys, links: Links, clock: Clock, rng: Rng) -> Self {
        Self { keys, links, clock, rng }
    }

    /// Signs `credential` in `format`, bound to `holder_key`. In an SD-JWT VC, `lists` is how
    /// finely its lists can be disclosed. `place` is its status list index; it expires at
    /// `expires_at`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the key cannot sign; retry later.
    pub fn sign(
        &self,
        credential: &IssuableCredential,
        (format, lists): (Format, ListForm),
        (place, expires_at): (StatusPlace, Timestamp),
        holder_key: &PublicKey,
    ) -> Result<String, StoreError> {
        let keys = self.keys.current()?;
        let status = StatusReference { uri: self.links.status_list(place.list), index: u64::from(place.position) };
        let id = format!("urn:uuid:{}", self.rng.anonymous_id());
        let attested_at = jiff::tz::Offset::UTC.to_datetime(credential.pushed_at.to_jiff()).date().to_string();
        let statement = Statement {
            id: &id,
            credential_type: credential.credential_type,
            fields: &credential.payload.fields,
            lists,
            partner_chain: &credential.payload.partner_chain,
            attester: &credential.attester,
            attested_at: &attested_at,
            // Rounded to the hour, so that the times do not link copies that were issued together
            // (OpenID4VCI 1.0, section 15.4.1). The expiry is rounded up, so that no credential has
            // a shorter lifetime than promised.
            issued_at: self.clock.now().floor(HOUR).seconds(),
            expires_at: (expires_at + HOUR).floor(HOUR).seconds(),
            status: Some(&status),
            holder: Some(holder_key),
        };
        let signed = keys.issuer.sign(format, &statement, &mut |bytes| self.rng.fill(bytes));
        signed.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}
