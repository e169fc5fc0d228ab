//! What an issuer states in a credential, in whichever format it is signed.

use serde_json::Value;

use crate::key::PublicKey;
use crate::status::StatusReference;
use crate::types::Type;

/// What an issuer says of one credential.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// A name that nothing else has, such as a `urn:uuid:`. Formats that let credentials be told apart by it alone carry it.
    pub id: &'a str,
    /// Its type.
    pub credential_type: Type,
    /// What is said, as a submission's `fields` without faults.
    pub fields: &'a Value,
    /// The institutions between the attester and the credential's issuer, parent first.
    pub partner_chain: &'a [String],
    /// Who says so: the partner's name.
    pub attester: &'a str,
    /// The day on which they said so, `YYYY-MM-DD`.
    pub attested_at: &'a str,
    /// When it is signed, in seconds since the Unix epoch.
    pub issued_at: i64,
    /// When the signature ends, in seconds since the Unix epoch. It ends earlier with the last day that the credential
    /// counts.
    pub expires_at: i64,
    /// Where its status stands.
    pub status: Option<&'a StatusReference>,
    /// Whose key it is bound to.
    pub holder: Option<&'a PublicKey>,
}

impl Statement<'_> {
    /// When what is signed ends, in seconds since the Unix epoch.
    pub(super) fn ends_at(&self) -> i64 {
        let last_day = self.fields.as_object().and_then(|fields| self.credential_type.last_day(fields));
        last_day.map_or(self.expires_at, |day| day.end_on_earth().as_second().min(self.expires_at))
    }
}

/// Who issues, as a credential says it.
#[derive(Clone, Copy, Debug)]
pub struct IssuerProfile<'a> {
    /// The did:web.
    pub id: &'a str,
    /// The name.
    pub name: &'a str,
    /// The address below which schemas and status lists are.
    pub address: &'a str,
}

/// Writes a time, in seconds since the Unix epoch, as RFC 3339 in UTC.
pub(crate) fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
