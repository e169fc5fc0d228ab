//! Form tokens: one rendering of a form creates at most one thing, however often the form is sent.
//!
//! The id of what a form creates is derived from the token in it, so the primary key of that table refuses a second one. This
//! needs no table of used tokens.

use std::fmt;

use ambient::Rng;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::keys::Keyring;

/// The name of the hidden field.
const FIELD: &str = "form";

/// Length of a token, in characters.
const LENGTH: usize = 43;

/// A random value that tells one rendering of a form from another.
#[derive(Clone, Debug)]
pub struct FormToken(String);

impl FormToken {
    /// The token of a new rendering.
    pub fn new(rng: &Rng) -> Self {
        Self(rng.secret())
    }

    /// The token among the fields that were sent. A new one if there is none, as in forms of the release before.
    pub fn sent(fields: &[(String, String)], rng: &Rng) -> Self {
        let sent = fields.iter().find(|(name, value)| name == FIELD && value.len() == LENGTH);
        sent.map_or_else(|| Self::new(rng), |(_, value)| Self(value.clone()))
    }

    /// The id of what `owner` creates by this form. Another owner cannot derive it.
    pub fn id(&self, keyring: &Keyring, owner: Uuid) -> Uuid {
        let tag = keyring.fingerprint("form", &[owner.as_bytes().as_slice(), self.0.as_bytes()].concat());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

impl fmt::Display for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A keyed hash of what was filled in, which tells a repeat from a form that was changed before it was sent again.
pub fn fingerprint(keyring: &Keyring, fields: &[(String, String)]) -> String {
    let sent = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    URL_SAFE_NO_PAD.encode(keyring.fingerprint("form-fields", sent.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_tokens_are_read() {
        let rng = Rng::seeded(1);
        let token = FormToken::new(&rng);
        let field = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let read = |fields: &[(String, String)]| FormToken::sent(fields, &rng).to_string();
        let whole = token.to_string();
        assert_eq!(whole.len(), LENGTH);
        assert_eq!(read(&field(FIELD, &whole)), whole);
        for other in [field(FIELD, ""), field(FIELD, &whole[1..]), field("token", &whole), Vec::new()] {
            assert_ne!(read(&other), whole);
        }
    }
}
