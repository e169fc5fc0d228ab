//! Issuing: salts, disclosures and digests.

use serde_json::{Map, Value};

use crate::encoding::{encode, encode_into, sha256};
use crate::jws;
use crate::key::{SignError, Signer};

/// Fills bytes with random data. Salts need at least 128 bits each (RFC 9901, section 9.3).
pub type Rng<'a> = dyn FnMut(&mut [u8]) + 'a;

/// A claim, and how finely it can be disclosed.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim<'a> {
    /// In the clear: shown wherever its parent is.
    Open(&'a Value),
    /// Disclosed as a whole.
    Whole(&'a Value),
    /// An object whose members can be disclosed individually.
    Members(Vec<(&'a str, Claim<'a>)>),
    /// A list whose items can be disclosed individually.
    Items(Vec<Claim<'a>>),
}

/// Signs `open`, which is always visible, with `claims`, which the holder can disclose selectively
/// unless they are open. The result ends with a tilde (RFC 9901, section 4).
///
/// No decoy digests are added (section 4.2.5), so that the number of digests without a disclosure
/// tells a verifier how much was withheld.
///
/// # Errors
/// See [`SignError`].
pub fn issue(
    protected: &str,
    open: &Map<String, Value>,
    claims: &[(&str, Claim<'_>)],
    signer: &impl Signer,
    rng: &mut Rng<'_>,
) -> Result<String, SignError> {
    let algorithm = Value::from("sha-256");
    let mut members: Vec<(&str, Claim<'_>)> =
        open.iter().map(|(name, value)| (name.as_str(), Claim::Open(value))).collect();
    members.extend(claims.iter().cloned());
    if !claims.is_empty() {
        members.push(("_sd_alg", Claim::Open(&algorithm)));
    }
    let mut writer = Writer { rng, disclosures: String::new() };
    let mut payload = String::with_capacity(1024);
    writer.object(&members, &mut payload);
    let mut text = jws::sign(protected, payload.as_bytes(), signer)?;
    text.push('~');
    text.push_str(&writer.disclosures);
    Ok(text)
}

struct Writer<'a, 'b> {
    rng: &'a mut Rng<'b>,
    /// The disclosures, each followed by a tilde.
    disclosures: String,
}

impl Writer<'_, '_> {
    fn salt(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.rng)(&mut bytes);
        bytes
    }

    /// Writes an object: the open members, then the digests of the others. The digests are sorted,
    /// so that their order reveals nothing.
    fn object(&mut self, members: &[(&str, Claim<'_>)], text: &mut String) {
        let mut digests = Vec::new();
        text.push('{');
        for (name, claim) in members {
            let Claim::Open(value) = claim else {
                digests.push(self.disclose(Some(name), claim));
                continue;
            };
            separate(text);
            write_json(name, text);
            text.push(':');
            write_json(value, text);
        }
        if !digests.is_empty() {
            digests.sort_unstable();
            separate(text);
            text.push_str("\"_sd\":");
            write_json(&digests, text);
        }
        text.push('}');
    }

    /// Writes a list. Its digests keep the order of the items.
    fn list(&mut self, items: &[Claim<'_>], text: &mut String) {
        text.push('[');
        for item in items {
            separate(text);
            if let Claim::Open(value) = item {
                write_json(value, text);
            } else {
                text.push_str("{\"...\":");
                write_json(&self.disclose(None, item), text);
                text.push('}');
            }
        }
        text.push(']');
    }

    /// Adds the disclosures of a claim and of its parts. Returns the claim's digest.
    fn disclose(&mut self, name: Option<&str>, claim: &Claim<'_>) -> String {
        let mut plain = String::with_capacity(128);
        plain.push_str("[\"");
        encode_into(&self.salt(), &mut plain);
        plain.push_str("\",");
        if let Some(name) = name {
            write_json(name, &mut plain);
            plain.push(',');
        }
        match claim {
            Claim::Open(value) | Claim::Whole(value) => write_json(value, &mut plain),
            Claim::Members(members) => self.object(members, &mut plain),
            Claim::Items(items) => self.list(items, &mut plain),
        }
        plain.push(']');
        let start = self.disclosures.len();
        encode_into(plain.as_bytes(), &mut self.disclosures);
        let digest = encode(&sha256(&self.disclosures.as_bytes()[start..]));
        self.disclosures.push('~');
        digest
    }
}

/// Writes a comma unless an object or list has just begun.
fn separate(text: &mut String) {
    if !text.ends_with(['{', '[']) {
        text.push(',');
    }
}

fn write_json(value: &(impl serde::Serialize + ?Sized), text: &mut String) {
    // Serializing strings and JSON values cannot fail.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}
