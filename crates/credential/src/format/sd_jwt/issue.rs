//! Issuing: salts, disclosures, digests and decoys.

use serde_json::{Map, Value};

use crate::encoding::{encode, encode_into, sha256};
use crate::jws;
use crate::key::{CannotSign, Signer};

/// Fills bytes with random data: salts and decoys need 128 bits or more each (RFC 9901, section 9.3).
pub type Rng<'a> = dyn FnMut(&mut [u8]) + 'a;

/// A claim, and how finely it can be disclosed.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim<'a> {
    /// All or nothing.
    Whole(&'a Value),
    /// An object, each of whose members can be disclosed apart.
    Members(Vec<(&'a str, Claim<'a>)>),
    /// A list, each of whose items can be disclosed apart.
    Items(Vec<Claim<'a>>),
}

/// Signs `open`, which everybody sees, with `apart`, of which the holder shows what they like. The result ends with a
/// tilde (RFC 9901, section 4).
///
/// # Errors
/// See [`CannotSign`].
pub fn issue(
    protected: &str,
    open: &Map<String, Value>,
    apart: &[(&str, Claim<'_>)],
    signer: &impl Signer,
    rng: &mut Rng<'_>,
) -> Result<String, CannotSign> {
    let mut writer = Writer { rng, disclosures: String::new() };
    let digests = writer.members(apart);
    let mut payload = serde_json::to_string(open).unwrap_or_default();
    if !apart.is_empty() {
        payload.pop();
        if !open.is_empty() {
            payload.push(',');
        }
        write_digests(&digests, &mut payload);
        payload.push_str(",\"_sd_alg\":\"sha-256\"}");
    }
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
    fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.rng)(&mut bytes);
        bytes
    }

    /// Discloses each member; returns their digests among decoys, in an order that tells nothing.
    fn members(&mut self, members: &[(&str, Claim<'_>)]) -> Vec<String> {
        let mut digests: Vec<String> = members.iter().map(|(name, claim)| self.disclose(Some(name), claim)).collect();
        while !digests.len().is_multiple_of(4) {
            digests.push(self.decoy());
        }
        digests.sort_unstable();
        digests
    }

    /// Discloses each item; returns their digests in their order, with decoys after them up to a power of two, so that how
    /// many there are is not told. None stand between them: libraries name an item by its place among all digests.
    fn items(&mut self, items: &[Claim<'_>]) -> Vec<String> {
        let mut digests: Vec<String> = items.iter().map(|claim| self.disclose(None, claim)).collect();
        for _ in digests.len()..digests.len().next_power_of_two().max(4) {
            digests.push(self.decoy());
        }
        digests
    }

    fn disclose(&mut self, name: Option<&str>, claim: &Claim<'_>) -> String {
        let salt: [u8; 16] = self.random();
        let mut plain = String::with_capacity(128);
        plain.push_str("[\"");
        encode_into(&salt, &mut plain);
        plain.push_str("\",");
        if let Some(name) = name {
            write_json(name, &mut plain);
            plain.push(',');
        }
        match claim {
            Claim::Whole(value) => write_json(value, &mut plain),
            Claim::Members(members) => {
                let digests = self.members(members);
                plain.push('{');
                write_digests(&digests, &mut plain);
                plain.push('}');
            }
            Claim::Items(items) => {
                plain.push('[');
                for (at, digest) in self.items(items).iter().enumerate() {
                    plain.push_str(if at == 0 { "{\"...\":\"" } else { ",{\"...\":\"" });
                    plain.push_str(digest);
                    plain.push_str("\"}");
                }
                plain.push(']');
            }
        }
        plain.push(']');
        let start = self.disclosures.len();
        encode_into(plain.as_bytes(), &mut self.disclosures);
        let digest = encode(&sha256(&self.disclosures.as_bytes()[start..]));
        self.disclosures.push('~');
        digest
    }

    /// A digest of nothing that anybody knows (RFC 9901, section 4.2.5).
    fn decoy(&mut self) -> String {
        let random: [u8; 32] = self.random();
        encode(&sha256(&random))
    }
}

fn write_json(value: &(impl serde::Serialize + ?Sized), text: &mut String) {
    // Neither strings nor values can fail to be written.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}

fn write_digests(digests: &[String], text: &mut String) {
    text.push_str("\"_sd\":[");
    for (at, digest) in digests.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(digest);
        text.push('"');
    }
    text.push(']');
}
