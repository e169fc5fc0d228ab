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
/// The member that is always shown: a career of nobody says nothing.
pub const ALWAYS_SHOWN: &str = "/full_name";

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
}

/// A part of a credential that can be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it stands: a JSON Pointer (RFC 6901) into the credential's claims.
    pub place: String,
    /// What the type says of it; `None` for one of several, which say it themselves.
    pub meaning: Option<&'static str>,
    /// What it says.
    pub says: String,
}

/// The parts of a credential that a link may leave out, in the order of its type; what is always shown is not among them.
pub fn parts(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = every_part(credential_type, payload);
    parts.retain(|part| part.place != ALWAYS_SHOWN);
    parts
}

/// All parts of a credential, in the order of its type.
pub fn every_part(credential_type: Type, payload: &Payload) -> Vec<Part> {
    let mut parts = Vec::new();
    for member in credential_type.fields {
        let (place, value) = (format!("/{}", member.name), &payload.fields[member.name]);
        match (&member.shape, value) {
            (_, Value::Null) => {}
            (Shape::List { of: of @ Shape::Object(_), .. }, Value::Array(items)) => {
                let part = |(at, item)| Part { place: format!("{place}/{at}"), meaning: None, says: said(of, item) };
                parts.extend(items.iter().enumerate().map(part));
            }
            (shape, value) => {
                let meaning = Some(member.meaning.trim_end_matches('.'));
                parts.push(Part { place, meaning, says: said(shape, value) });
            }
        }
    }
    if !payload.partner_chain.is_empty() {
        let says = payload.partner_chain.join(", ");
        parts.push(Part { place: "/partner_chain".to_owned(), meaning: Some(CHAIN), says });
    }
    parts
}

const CHAIN: &str = "The institutions in between, parent first";

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The credential.
    pub submission: Uuid,
    /// The places of the parts that are shown.
    pub places: BTreeSet<String>,
}

impl Chosen {
    /// Whether what stands at `place` was chosen, or lies in what was.
    pub fn shows(&self, place: &str) -> bool {
        self.places.iter().any(|chosen| lies_in(chosen, place))
    }
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
    use super::*;

    fn payload(fields: Value, chain: &[&str]) -> Payload {
        let partner_chain = chain.iter().map(|name| (*name).to_owned()).collect();
        Payload { fields, partner_chain, assets: Vec::new(), confirmed_name: None }
    }

    #[test]
    fn records_and_fields_are_shareable_parts_except_the_name() {
        let known = Type::default();
        let sample = (known.sample)();
        let parts = parts(known, &payload(sample["fields"].clone(), &["Parent", "Child"]));
        let places: Vec<&str> = parts.iter().map(|part| part.place.as_str()).collect();
        assert_eq!(places, ["/employment/0", "/employment/1", "/partner_chain"]);
        assert_eq!(
            parts[0].says,
            "Company A, Software Engineer, Associate Software Engineer, 2020-01, 2022-12, 2023-01"
        );
        assert_eq!(parts[2].says, "Parent, Child");
    }

    #[test]
    fn every_type_has_parts_with_a_description() {
        for known in credential::ALL {
            let sample = (known.sample)();
            let parts = parts(*known, &payload(sample["fields"].clone(), &[]));
            assert!(!parts.is_empty() && parts.iter().all(|part| !part.says.is_empty()), "{known}");
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
