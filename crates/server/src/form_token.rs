//! Form tokens prevent a double submit: one rendering of a form creates at most one object, even if
//! it is submitted twice.
//!
//! The id of the created object is derived from the token in the form, so the primary key of its
//! table rejects a second one. This needs no table of used tokens.

use std::fmt;

use ambient::Rng;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::keys::Keyring;

/// Name of the hidden form field.
const FIELD: &str = "form";

/// Length of a token, in characters.
const LENGTH: usize = 43;

/// A random value that identifies one rendering of a form.
#[derive(Clone, Debug)]
pub struct FormToken(String);

impl FormToken {
    /// Creates the token of a new rendering.
    pub fn new(rng: &Rng) -> Self {
        Self(rng.secret())
    }

    /// Returns the token among the submitted fields, or a new one if it is missing, as in forms of
    /// the previous release.
    pub fn sent(fields: &[(String, String)], rng: &Rng) -> Self {
        let sent = fields.iter().find(|(name, value)| name == FIELD && value.len() == LENGTH);
        sent.map_or_else(|| Self::new(rng), |(_, value)| Self(value.clone()))
    }

    /// Returns the id of the object that `owner` creates with this form. Another owner cannot
    /// derive it.
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

/// Returns a keyed hash of the submitted fields. It distinguishes a repeat from a form that was
/// changed before it was sent again.
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
