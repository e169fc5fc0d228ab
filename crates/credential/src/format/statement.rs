//! An issuer's statement in a credential, independent of the signed format.

use serde_json::Value;

use crate::key::PublicKey;
use crate::status::StatusReference;
use crate::types::Type;

/// How finely the lists of objects in an SD-JWT VC can be disclosed, such as employment records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListForm {
    /// As the type declares: each list is one disclosure, unless its items are kept apart. For
    /// outside wallets, many of which cannot select items.
    #[default]
    AsDeclared,
    /// Item by item in every list, so that a holder can choose single ones.
    ItemByItem,
}

/// An issuer's statement about one credential.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// A unique name, such as a `urn:uuid:`. W3C credentials contain it; SD-JWT VCs do not.
    pub id: &'a str,
    pub credential_type: Type,
    /// The `fields` of a valid submission.
    pub fields: &'a Value,
    /// How finely its lists can be disclosed.
    pub lists: ListForm,
    /// The institutions between the attester and the credential's issuer, parent first.
    pub partner_chain: &'a [String],
    /// The name of the partner that attests the credential.
    pub attester: &'a str,
    /// The day of the attestation, `YYYY-MM-DD`.
    pub attested_at: &'a str,
    /// When it is signed, in seconds since the Unix epoch.
    pub issued_at: i64,
    /// When the signature expires, in seconds since the Unix epoch. It expires earlier if the
    /// credential's last day of validity is earlier.
    pub expires_at: i64,
    /// The status list reference.
    pub status: Option<&'a StatusReference>,
    /// The holder's key that it is bound to.
    pub holder: Option<&'a PublicKey>,
}

impl Statement<'_> {
    /// Returns when the signed credential expires, in seconds since the Unix epoch.
    pub(super) fn ends_at(&self) -> i64 {
        let last_day = self.fields.as_object().and_then(|fields| self.credential_type.last_day(fields));
        last_day.map_or(self.expires_at, |day| day.end_on_earth().as_second().min(self.expires_at))
    }
}

/// The issuer as named in a credential.
#[derive(Clone, Copy, Debug)]
pub struct IssuerProfile<'a> {
    /// The did:web.
    pub id: &'a str,
    pub name: &'a str,
    /// The base URL of schemas and status lists.
    pub address: &'a str,
}

/// Formats seconds since the Unix epoch as RFC 3339 in UTC, at most to the end of the year 9999.
pub(crate) fn moment(seconds: i64) -> String {
    let limit = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_second(seconds).unwrap_or(limit).to_string()
}
