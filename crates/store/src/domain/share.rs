//! A share: a link that shows selected parts of credentials to a hirer. Pure: no I/O.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use credential::{Employment, Payload, Shape, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use ambient::Timestamp;

/// Lifetimes that a holder can choose, in days.
pub const DAYS: [u32; 5] = [1, 7, 14, 30, 90];
/// Preselected lifetime in days.
pub const DEFAULT_DAYS: u32 = 14;
/// Most active shares per holder.
pub const MAX_ACTIVE: i64 = 50;
/// Longest purpose, in characters.
pub const PURPOSE_LENGTH: usize = 200;
/// Allowed passcode length, in characters.
pub const PASSCODE_LENGTH: std::ops::RangeInclusive<usize> = 6..=64;
/// Wrong passcodes in a row after which the link is locked for everyone. With a million six-digit
/// passcodes, guessing succeeds with probability 1 in 10,000.
pub const MAX_PASSCODE_ATTEMPTS: i64 = 100;

/// A link that shows parts of credentials to a hirer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Public id. It cannot be derived from the link.
    pub id: Uuid,
    /// The holder who created it.
    pub holder: Uuid,
    /// SHA-256 of the link's secret.
    pub token_hash: Vec<u8>,
    /// Nonce that the holder's key-binding signature covers.
    pub nonce: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Keyed hash of the passcode, if there is one.
    pub passcode: Option<Vec<u8>>,
    /// Wrong passcodes since the last right one.
    pub passcode_tries: i64,
    /// Number of views.
    pub views: i64,
    /// When it was last viewed.
    pub viewed_at: Option<Timestamp>,
    /// Whether the share moves to newer versions of its credentials.
    pub keep_current: bool,
    /// When it last moved to a newer version. Strictly increases with every update.
    pub updated_at: Option<Timestamp>,
    /// [`Contents`], encrypted with the key in the link's secret; `None` once the share has ended.
    pub sealed: Option<Vec<u8>>,
    /// [`DisclosureRecord`], encrypted with the holder's key.
    pub holder_sealed: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareState {
    /// The link works.
    Active,
    /// There were too many wrong passcodes.
    Locked,
    /// Expired.
    Ended,
    /// Revoked by its holder, at this time.
    Revoked(Timestamp),
}

impl Share {
    /// Returns the state at `now`.
    pub fn standing(&self, now: Timestamp) -> ShareState {
        match self.revoked_at {
            Some(at) => ShareState::Revoked(at),
            None if self.expires_at <= now => ShareState::Ended,
            None if self.passcode_tries >= MAX_PASSCODE_ATTEMPTS => ShareState::Locked,
            None => ShareState::Active,
        }
    }
}

/// Data that the link decrypts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Purpose, in the holder's words; may be empty.
    pub purpose: String,
    /// Presentations, each an SD-JWT VC with key binding.
    pub presentations: Vec<String>,
}

/// Record of a share that the holder's wallet keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureRecord {
    /// The link's secret.
    pub secret: String,
    /// Purpose, in the holder's words; may be empty.
    pub purpose: String,
    /// Short title of each credential.
    pub titles: Vec<String>,
    /// Selection from each credential, in the order of the presentations. Empty in records of
    /// earlier releases, whose shares therefore cannot move to newer versions.
    #[serde(default)]
    pub chosen: Vec<Chosen>,
    /// Fingerprint of the form that created the share. It distinguishes a repeated request from a
    /// different one. Empty in records that an earlier release created or updated.
    #[serde(default)]
    pub form: String,
}

/// One part of a credential. Some parts are always disclosed, others can be left out.
#[derive(Clone, Debug)]
pub struct Part {
    /// JSON Pointer (RFC 6901) into the credential's claims.
    pub place: String,
    /// Name of the type's field that this part is, or is an entry of.
    pub member: &'static str,
    /// Label for people; `None` for a list entry, which describes itself.
    pub label: Option<&'static str>,
    /// The shape of the value.
    pub shape: &'static Shape,
    pub value: Value,
    /// List entries, each of which can be disclosed separately.
    pub entries: Vec<Part>,
}

/// Returns the parts that the holder can leave out, in the order of the type.
pub fn parts(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = every_part(credential_type, payload);
    parts.retain(|part| !credential_type.always_shows(&part.place));
    parts
}

/// Returns the parts that are always disclosed, in the order of the type.
pub fn fixed_parts(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = every_part(credential_type, payload);
    parts.retain(|part| credential_type.always_shows(&part.place));
    parts
}

fn every_part(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = Vec::new();
    for member in credential_type.members() {
        let (place, value) = (format!("/{}", member.name), &payload.fields[member.name]);
        if value.is_null() {
            continue;
        }
        let entries = match (&member.shape, value) {
            (Shape::List { of, .. }, Value::Array(items)) if matches!(of, Shape::Object(_)) => {
                let of: &'static Shape = of;
                let entry = |(at, item): (usize, &Value)| Part {
                    place: format!("{place}/{at}"),
                    member: member.name,
                    label: None,
                    shape: of,
                    value: item.clone(),
                    entries: Vec::new(),
                };
                sort_jobs(items.iter().enumerate().map(entry).collect())
            }
            _ => Vec::new(),
        };
        let (label, shape, value) = (Some(member.label), &member.shape, value.clone());
        parts.push(Part { place, member: member.name, label, shape, value, entries });
    }
    if !payload.partner_chain.is_empty() {
        let (place, label, value) = (format!("/{CHAIN}"), Some(CHAIN_LABEL), payload.partner_chain.clone().into());
        parts.push(Part { place, member: CHAIN, label, shape: &CHAIN_SHAPE, value, entries: Vec::new() });
    }
    parts
}

/// Sorts the entries of a list of jobs as all lists of jobs are; others keep their order.
fn sort_jobs(entries: Vec<Part>) -> Vec<Part> {
    let with_job = |entry: Part| (Employment::deserialize(&entry.value).ok(), entry);
    let mut entries: Vec<(Option<Employment>, Part)> = entries.into_iter().map(with_job).collect();
    entries.sort_by(|(one, _), (other, _)| match (one, other) {
        (Some(one), Some(other)) => one.listing_order(other),
        _ => Ordering::Equal,
    });
    entries.into_iter().map(|(_, entry)| entry).collect()
}

const CHAIN: &str = "partner_chain";
const CHAIN_LABEL: &str = "Sent via";
static CHAIN_SHAPE: Shape = Shape::List { of: &Shape::Text, least: 0, most: usize::MAX };

/// Parts of one credential that were selected for disclosure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The credential's submission.
    pub submission: Uuid,
    /// JSON Pointers to the selected parts. A list's pointer includes all of its items.
    pub places: BTreeSet<String>,
}

impl Chosen {
    /// Returns whether the value at `place`, or a value that contains it, was selected.
    pub fn shows(&self, place: &str) -> bool {
        self.places.iter().any(|chosen| lies_in(chosen, place))
    }
}

/// Returns whether this selection discloses more than the holder's name.
pub fn says_something(credential_type: Type, payload: &Payload, chosen: &Chosen) -> bool {
    !chosen.places.is_empty() || fixed_parts(credential_type, payload).len() > 1
}

/// Returns whether the JSON Pointer `place` equals `outer` or points inside it.
pub fn lies_in(outer: &str, place: &str) -> bool {
    place.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the lifetime of a link, or `None` if `days` is not one of [`DAYS`].
pub fn lifetime(days: u32) -> Option<Duration> {
    DAYS.contains(&days).then(|| Duration::from_secs(u64::from(days) * 86_400))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(fields: Value, chain: &[&str]) -> Payload {
        let partner_chain = chain.iter().map(|name| (*name).to_owned()).collect();
        Payload { fields, partner_chain, ..Payload::default() }
    }

    fn places(parts: &[Part]) -> Vec<&str> {
        parts.iter().map(|part| part.place.as_str()).collect()
    }

    #[test]
    fn lists_are_one_part_with_entries() {
        let known = Type::default();
        let mut fields = (known.sample)()["fields"].clone();
        let found = parts(known, &payload(fields.clone(), &["Parent", "Child"]));
        assert_eq!(places(&found), ["/employment", "/partner_chain"]);
        let entries = &found[0].entries;
        assert_eq!(places(entries), ["/employment/1", "/employment/0"], "the job with later data is first");
        assert_eq!(entries[0].value, fields["employment"][1]);
        assert_eq!(found[1].value, json!(["Parent", "Child"]));
        fields["employment"].as_array_mut().expect("jobs").truncate(1);
        let found = parts(known, &payload(fields, &[]));
        assert_eq!(found[0].value, json!([found[0].entries[0].value]), "a list of one contains its entry");
    }

    #[test]
    fn every_part_is_described_and_either_chosen_or_fixed() {
        for known in credential::ALL {
            let payload = payload((known.sample)()["fields"].clone(), &[]);
            let (chosen, fixed) = (parts(*known, &payload), fixed_parts(*known, &payload));
            let all = || chosen.iter().chain(&fixed);
            let is_described = |part: &Part| !part.value.is_null() && part.label.is_some_and(|label| !label.is_empty());
            assert!(all().all(is_described), "{known}");
            assert!(places(&fixed).contains(&"/full_name"), "{known}");
            let expected =
                payload.fields.as_object().expect("fields").values().filter(|value| !value.is_null()).count();
            assert_eq!(all().count(), expected, "{known}");
        }
    }

    #[test]
    fn qualifying_fields_cannot_be_withheld() {
        for (name, change, expected) in [
            ("education", json!({ "awaiting_graduation": true, "conferral_year": null }), "/awaiting_graduation"),
            ("education", json!({}), "/conferral_year"),
            ("universal_credential", json!({ "expiry_date": "2020-01-01" }), "/expiry_date"),
            ("microcredential", json!({}), "/expiry_date"),
            ("english_proficiency", json!({}), "/completion_date"),
            ("right_to_work", json!({}), "/singapore_work_rights"),
            ("digital_identity", json!({}), "/identity_document_liveness"),
            ("digital_identity", json!({ "identity_verification_level": "basic" }), "/identity_verification_level"),
        ] {
            let known: Type = name.parse().expect("a type");
            let mut fields = (known.sample)()["fields"].clone();
            fields.as_object_mut().expect("fields").extend(change.as_object().expect("a change").clone());
            let payload = payload(fields, &[]);
            assert!(places(&fixed_parts(known, &payload)).contains(&expected), "{name}");
            assert!(!places(&parts(known, &payload)).contains(&expected), "{name}");
        }
    }

    #[test]
    fn only_values_inside_chosen_parts_are_shown() {
        let places = ["/employment/1", "/address"].map(str::to_owned).into();
        let chosen = Chosen { submission: Uuid::nil(), places };
        for shown in ["/employment/1", "/employment/1/organisation", "/address/street"] {
            assert!(chosen.shows(shown), "{shown}");
        }
        for hidden in ["/full_name", "/employment/0", "/employment/10", "/address2", "/employment", "/partner_chain"] {
            assert!(!chosen.shows(hidden), "{hidden}");
        }
    }

    #[test]
    fn shares_end_by_expiry_revocation_or_passcode_lock() {
        let at = Timestamp::from_micros;
        let share = Share {
            id: Uuid::nil(),
            holder: Uuid::nil(),
            token_hash: Vec::new(),
            nonce: String::new(),
            created_at: at(0),
            expires_at: at(10),
            revoked_at: None,
            passcode: None,
            passcode_tries: 0,
            views: 0,
            viewed_at: None,
            keep_current: false,
            updated_at: None,
            sealed: None,
            holder_sealed: Vec::new(),
        };
        assert_eq!(share.standing(at(9)), ShareState::Active);
        assert_eq!(share.standing(at(10)), ShareState::Ended);
        assert_eq!(Share { revoked_at: Some(at(3)), ..share.clone() }.standing(at(10)), ShareState::Revoked(at(3)));
        assert_eq!(Share { passcode_tries: MAX_PASSCODE_ATTEMPTS, ..share }.standing(at(9)), ShareState::Locked);
        assert_eq!((lifetime(14), lifetime(15)), (Some(Duration::from_secs(1_209_600)), None));
    }
}
