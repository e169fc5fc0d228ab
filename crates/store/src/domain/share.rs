//! What a person shows to a hirer: what is chosen, for how long, and where it stands. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use credential::{Payload, Shape, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use ambient::Timestamp;

/// For how many days a link can be good.
pub const DAYS: [u32; 5] = [1, 7, 14, 30, 90];
/// For how many days it is good if nobody chooses.
pub const DEFAULT_DAYS: u32 = 14;
/// Most links of one person that are good at the same time.
pub const MOST_ACTIVE: i64 = 50;
/// Longest purpose, in characters.
pub const PURPOSE_LENGTH: usize = 200;
/// Fewest and most characters of a passcode.
pub const PASSCODE_LENGTH: std::ops::RangeInclusive<usize> = 6..=64;
/// After so many wrong passcodes in a row a link opens no more, whoever tries: of a million passcodes of six digits, that
/// is one in ten thousand.
pub const MOST_PASSCODE_TRIES: i64 = 100;

/// A link that shows something to a hirer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its public id, which its link does not tell.
    pub id: Uuid,
    /// Whose.
    pub holder: Uuid,
    /// SHA-256 of the link's secret.
    pub token_hash: Vec<u8>,
    /// What the holder's signature answers.
    pub nonce: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Keyed hash of the passcode, if it has one.
    pub passcode: Option<Vec<u8>>,
    /// How many passcodes were tried since the last right one.
    pub passcode_tries: i64,
    /// How often it was looked at.
    pub views: i64,
    /// When it was last looked at.
    pub viewed_at: Option<Timestamp>,
    /// Whether the link goes on to newer versions of what it shows.
    pub keep_current: bool,
    /// When it last went on to one. It grows with every update.
    pub updated_at: Option<Timestamp>,
    /// What is shown, under a key that the link alone holds; `None` once it is over.
    pub sealed: Option<Vec<u8>>,
    /// What the wallet says of it, under the holder's key.
    pub holder_sealed: Vec<u8>,
}

/// Where a share stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be opened.
    Active,
    /// It cannot be opened, since somebody tried too many passcodes.
    Locked,
    /// Its time is over.
    Ended,
    /// Its holder took it back.
    Revoked(Timestamp),
}

impl Share {
    /// Where it stands at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.revoked_at {
            Some(at) => Standing::Revoked(at),
            None if self.expires_at <= now => Standing::Ended,
            None if self.passcode_tries >= MOST_PASSCODE_TRIES => Standing::Locked,
            None => Standing::Active,
        }
    }
}

/// What the link opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// What it is for, in the person's words; empty if they said nothing.
    pub purpose: String,
    /// The presentations, each an SD-JWT VC with its key binding.
    pub presentations: Vec<String>,
}

/// What the wallet remembers of a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The link's secret.
    pub secret: String,
    /// What it is for.
    pub purpose: String,
    /// What it shows, each in a few words.
    pub titles: Vec<String>,
    /// What was chosen of each credential, in the order of the presentations. Empty for links of earlier releases, which
    /// therefore cannot go on to newer versions.
    #[serde(default)]
    pub chosen: Vec<Chosen>,
    /// Fingerprint of the form that created it, so that a repeat is told from another choice. Empty for links of earlier releases,
    /// and of those that they have updated.
    #[serde(default)]
    pub form: String,
}

/// A part of a credential: what is always shown with it, or what a person may leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it stands: a JSON Pointer (RFC 6901) into the credential's claims.
    pub place: String,
    /// The member of the type that it is, or is an entry of.
    pub member: &'static str,
    /// What the type says of it; `None` for an entry of a list, which says it itself.
    pub meaning: Option<&'static str>,
    /// What it says.
    pub says: String,
    /// The entries of a list, each of which can be shown without the others.
    pub entries: Vec<Part>,
}

/// The parts of a credential that its holder may leave out, in the order of its type.
pub fn parts(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = every_part(credential_type, payload);
    parts.retain(|part| !credential_type.always_shows(&part.place));
    parts
}

/// The parts of a credential that are always shown with it, in the order of its type.
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
            (Shape::List { of: of @ Shape::Object(_), .. }, Value::Array(items)) => {
                let entry = |(at, item)| Part {
                    place: format!("{place}/{at}"),
                    member: member.name,
                    meaning: None,
                    says: said(of, item),
                    entries: Vec::new(),
                };
                items.iter().enumerate().map(entry).collect()
            }
            _ => Vec::new(),
        };
        let (meaning, says) = (Some(member.meaning.trim_end_matches('.')), said(&member.shape, value));
        parts.push(Part { place, member: member.name, meaning, says, entries });
    }
    if !payload.partner_chain.is_empty() {
        let says = payload.partner_chain.join(", ");
        let place = format!("/{CHAIN}");
        parts.push(Part { place, member: CHAIN, meaning: Some(CHAIN_MEANING), says, entries: Vec::new() });
    }
    parts
}

const CHAIN: &str = "partner_chain";
const CHAIN_MEANING: &str = "The institutions in between, parent first";

/// The words in a value, in the order of its shape.
fn said(shape: &Shape, value: &Value) -> String {
    let several = |words: Vec<String>| words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
    match (shape, value) {
        (Shape::Object(members), Value::Object(_)) => {
            several(members.iter().map(|member| said(&member.shape, &value[member.name])).collect())
        }
        (Shape::List { of, .. }, Value::Array(items)) => several(items.iter().map(|item| said(of, item)).collect()),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

/// What of one credential is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The credential.
    pub submission: Uuid,
    /// The places of the parts that are shown. The place of a list stands for all of its items.
    pub places: BTreeSet<String>,
}

impl Chosen {
    /// Whether what stands at `place` was chosen, or lies in what was.
    pub fn shows(&self, place: &str) -> bool {
        self.places.iter().any(|chosen| lies_in(chosen, place))
    }
}

/// Whether a credential shows more than a name, if this is chosen of it.
pub fn says_something(credential_type: Type, payload: &Payload, chosen: &Chosen) -> bool {
    !chosen.places.is_empty() || fixed_parts(credential_type, payload).len() > 1
}

/// Whether `place` is `outer` or lies in it; both are JSON Pointers.
pub fn lies_in(outer: &str, place: &str) -> bool {
    place.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How long a link is good for `days`, which is one of [`DAYS`].
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
        assert_eq!(places(&found[0].entries), ["/employment/0", "/employment/1"]);
        assert_eq!(
            found[0].entries[0].says,
            "Company A, Software Engineer, Associate Software Engineer, 2020-01, 2022-12, 2023-01"
        );
        assert_eq!(found[1].says, "Parent, Child");
        fields["employment"].as_array_mut().expect("jobs").truncate(1);
        let found = parts(known, &payload(fields, &[]));
        assert!(found[0].says.starts_with("Company A, "), "a list of one says what its entry says");
    }

    #[test]
    fn every_part_is_described_and_either_chosen_or_fixed() {
        for known in credential::ALL {
            let payload = payload((known.sample)()["fields"].clone(), &[]);
            let (chosen, fixed) = (parts(*known, &payload), fixed_parts(*known, &payload));
            let all = || chosen.iter().chain(&fixed);
            assert!(all().all(|part| !part.says.is_empty() && part.meaning.is_some()), "{known}");
            assert!(places(&fixed).contains(&"/full_name"), "{known}");
            let expected =
                payload.fields.as_object().expect("fields").values().filter(|value| !value.is_null()).count();
            assert_eq!(all().count(), expected, "{known}");
        }
    }

    #[test]
    fn what_qualifies_a_credential_cannot_be_left_out() {
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
        assert_eq!(share.standing(at(9)), Standing::Active);
        assert_eq!(share.standing(at(10)), Standing::Ended);
        assert_eq!(Share { revoked_at: Some(at(3)), ..share.clone() }.standing(at(10)), Standing::Revoked(at(3)));
        assert_eq!(Share { passcode_tries: MOST_PASSCODE_TRIES, ..share }.standing(at(9)), Standing::Locked);
        assert_eq!((lifetime(14), lifetime(15)), (Some(Duration::from_secs(1_209_600)), None));
    }
}
