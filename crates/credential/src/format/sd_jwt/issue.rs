//! Issuing: salts, disclosures and digests.

use serde_json::{Map, Value};

use crate::encoding::{encode, encode_into, sha256};
use crate::jws;
use crate::key::{CannotSign, Signer};

/// Fills bytes with random data: salts need 128 bits or more each (RFC 9901, section 9.3).
pub type Rng<'a> = dyn FnMut(&mut [u8]) + 'a;

/// A claim, and how finely it can be disclosed.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim<'a> {
    /// In the clear: it is shown wherever the object or list that holds it is.
    Open(&'a Value),
    /// All or nothing.
    Whole(&'a Value),
    /// An object, each of whose members can be disclosed apart.
    Members(Vec<(&'a str, Claim<'a>)>),
    /// A list, each of whose items can be disclosed apart.
    Items(Vec<Claim<'a>>),
}

/// Signs `open`, which everybody sees, with `claims`, of which the holder shows what they like as far as they are not
/// open. The result ends with a tilde (RFC 9901, section 4).
///
/// There are no decoys (section 4.2.5): the digests that have no disclosure tell a reader how much was left out.
///
/// # Errors
/// See [`CannotSign`].
pub fn issue(
    protected: &str,
    open: &Map<String, Value>,
    claims: &[(&str, Claim<'_>)],
    signer: &impl Signer,
    rng: &mut Rng<'_>,
) -> Result<String, CannotSign> {
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
    /// The disclosures, each with a tilde behind it.
    disclosures: String,
}

impl Writer<'_, '_> {
    fn salt(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.rng)(&mut bytes);
        bytes
    }

    /// Writes an object: what is open as it is, then the digests of the rest, in an order that tells nothing.
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

    /// Writes a list; its digests keep the order of the items.
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

    /// Adds the disclosure of a claim, and of whatever can be disclosed apart in it; returns its digest.
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

/// A comma, unless the object or list that is being written has just begun.
fn separate(text: &mut String) {
    if !text.ends_with(['{', '[']) {
        text.push(',');
    }
}

fn write_json(value: &(impl serde::Serialize + ?Sized), text: &mut String) {
    // Neither strings nor values can fail to be written.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}
