//! SD-JWT (RFC 9901): claims that are signed once and disclosed apart.
//!
//! Owns making, showing in part, binding to a key and reading. What the claims mean, and which of them must stand in the
//! open, is for the format above it ([`super::sd_jwt_vc`]).

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::encoding::{decode, encode, encode_into, sha256};
use crate::jws::{self, CLOCK_SKEW, Jws};
use crate::key::{CannotSign, PublicKey, Signer};
use crate::refusal::Refusal;

/// Fills bytes with chance: salts and decoys need 128 bits or more each (RFC 9901, section 9.3).
pub type Rng<'a> = dyn FnMut(&mut [u8]) + 'a;

/// Most disclosures that are read.
const MOST_DISCLOSURES: usize = 4096;
/// How deep disclosures may lie in one another.
const DEPTH: usize = 32;

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

/// An SD-JWT, with or without a key binding, that was read and not yet checked.
#[derive(Clone, Debug)]
pub struct SdJwt<'a> {
    /// The part that the issuer signed.
    pub jws: Jws<'a>,
    /// The holder's part, if there is one.
    pub key_binding: Option<Jws<'a>>,
    issuer_part: &'a str,
    disclosures: Vec<&'a str>,
    /// All up to the last tilde and with it: what a key binding covers.
    bound: &'a str,
}

/// What an SD-JWT says once its disclosures are put in their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosed {
    /// The claims; whatever was not disclosed is not there.
    pub claims: Map<String, Value>,
    /// For each disclosure, in its order, where it stands in `claims`: a JSON Pointer (RFC 6901).
    pub places: Vec<String>,
}

impl<'a> SdJwt<'a> {
    /// Reads `jws~disclosure~..~` or `jws~disclosure~..~key binding` (RFC 9901, section 4).
    ///
    /// # Errors
    /// [`Refusal::Malformed`], and those of [`Jws::read`].
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        let (issuer_part, rest) = text.split_once('~').ok_or(Refusal::Malformed("an SD-JWT has a tilde in it"))?;
        let jws = Jws::read(issuer_part)?;
        let (disclosures, last) = rest.rsplit_once('~').unwrap_or(("", rest));
        let disclosures: Vec<&str> = if disclosures.is_empty() { Vec::new() } else { disclosures.split('~').collect() };
        if disclosures.len() > MOST_DISCLOSURES {
            return Err(Refusal::Malformed("it has more than 4,096 disclosures"));
        }
        let key_binding = if last.is_empty() { None } else { Some(Jws::read(last)?) };
        let bound = &text[..text.len() - last.len()];
        Ok(Self { jws, key_binding, issuer_part, disclosures, bound })
    }

    /// Puts the disclosures in their places (RFC 9901, section 7.1, steps 2.b to 6). Says nothing of the signature.
    ///
    /// # Errors
    /// [`Refusal::HashAlgorithm`], [`Refusal::DuplicateDigest`], [`Refusal::StrayDisclosure`], [`Refusal::Disclosure`].
    pub fn disclose(&self) -> Result<Disclosed, Refusal> {
        let mut payload = self.jws.payload.clone();
        match payload.remove("_sd_alg") {
            None => {}
            Some(Value::String(name)) if name == "sha-256" => {}
            Some(other) => return Err(Refusal::HashAlgorithm(jws::shown(other.as_str().unwrap_or_default()))),
        }
        let mut reader = Reader { waiting: HashMap::with_capacity(self.disclosures.len()), seen: HashSet::new() };
        for (at, text) in self.disclosures.iter().enumerate() {
            let disclosure = Disclosure::read(text, at)?;
            if reader.waiting.insert(encode(&sha256(text.as_bytes())), disclosure).is_some() {
                return Err(Refusal::DuplicateDigest);
            }
        }
        let mut places = vec![String::new(); self.disclosures.len()];
        let claims = reader.object(payload, "", &mut places, 0)?;
        if !reader.waiting.is_empty() {
            return Err(Refusal::StrayDisclosure);
        }
        Ok(Disclosed { claims, places })
    }

    /// The same with those disclosures alone for whose place `keep` is true, and those that they lie in; ends with a tilde.
    /// A key binding is left out, for it covers what was shown before.
    ///
    /// # Errors
    /// Those of [`SdJwt::disclose`].
    pub fn present(&self, keep: impl Fn(&str) -> bool) -> Result<String, Refusal> {
        let places = self.disclose()?.places;
        let kept: Vec<&String> = places.iter().filter(|place| keep(place)).collect();
        let lies_in = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let mut text = format!("{}~", self.issuer_part);
        for (disclosure, place) in self.disclosures.iter().zip(&places) {
            if kept.iter().any(|kept| *kept == place || lies_in(place, kept)) {
                text.push_str(disclosure);
                text.push('~');
            }
        }
        Ok(text)
    }

    /// Checks the key binding (RFC 9901, section 7.3): that `key` signed exactly what is shown, for this challenge.
    ///
    /// # Errors
    /// [`Refusal::NotBound`] without one; else what is wrong with it.
    pub fn verify_key_binding(&self, key: &PublicKey, challenge: &Challenge<'_>) -> Result<(), Refusal> {
        let binding = self.key_binding.as_ref().ok_or(Refusal::NotBound)?;
        binding.require_type("kb+jwt")?;
        binding.verify(key)?;
        let text = |name: &str| binding.payload.get(name).and_then(Value::as_str);
        let made = binding.payload.get("iat").and_then(Value::as_i64).ok_or(Refusal::Claim("iat, seconds"))?;
        if made > challenge.now.saturating_add(CLOCK_SKEW) {
            return Err(Refusal::FromTheFuture);
        }
        if challenge.most_age.is_some_and(|most| made < challenge.now.saturating_sub(most).saturating_sub(CLOCK_SKEW)) {
            return Err(Refusal::TooOld);
        }
        if text("sd_hash") != Some(encode(&sha256(self.bound.as_bytes())).as_str()) {
            return Err(Refusal::SdHash);
        }
        if challenge.audience.is_some_and(|wanted| text("aud") != Some(wanted)) {
            return Err(Refusal::Audience);
        }
        if challenge.nonce.is_some_and(|wanted| text("nonce") != Some(wanted)) {
            return Err(Refusal::Nonce);
        }
        // Both must be there even where nobody knows what to expect.
        let both = text("aud").is_some() && text("nonce").is_some();
        if both { Ok(()) } else { Err(Refusal::Claim("aud and nonce of the key binding")) }
    }
}

/// What a key binding must answer; `None`: whatever it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// Who it is meant for.
    pub audience: Option<&'a str>,
    /// What was asked for.
    pub nonce: Option<&'a str>,
    /// The time, in seconds since the Unix epoch.
    pub now: i64,
    /// How old it may be, in seconds.
    pub most_age: Option<i64>,
}

/// Binds a presentation, which ends with a tilde, to the holder's key (RFC 9901, section 4.3).
///
/// # Errors
/// See [`CannotSign`].
pub fn bind(
    presentation: &str,
    (audience, nonce): (&str, &str),
    now: i64,
    holder: &impl Signer,
) -> Result<String, CannotSign> {
    let header = jws::protected(&json!({ "alg": holder.algorithm().name(), "typ": "kb+jwt" }));
    let hash = encode(&sha256(presentation.as_bytes()));
    let payload = json!({ "iat": now, "aud": audience, "nonce": nonce, "sd_hash": hash });
    Ok(format!("{presentation}{}", jws::sign(&header, payload.to_string().as_bytes(), holder)?))
}

struct Disclosure {
    at: usize,
    name: Option<String>,
    value: Value,
}

impl Disclosure {
    fn read(text: &str, at: usize) -> Result<Self, Refusal> {
        let bytes = decode(text).ok_or(Refusal::Disclosure("not base64url"))?;
        let parts: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| Refusal::Disclosure("not a JSON array"))?;
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self { at, name: None, value }),
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                Ok(Self { at, name: Some(name), value })
            }
            _ => Err(Refusal::Disclosure("not a salt, a name and a value, nor a salt and a value")),
        }
    }
}

/// Walks what was signed, putting disclosures in their places.
struct Reader {
    /// By digest, those that no place has asked for yet.
    waiting: HashMap<String, Disclosure>,
    seen: HashSet<String>,
}

impl Reader {
    fn take(&mut self, digest: Value) -> Result<Option<Disclosure>, Refusal> {
        let Value::String(digest) = digest else { return Err(Refusal::Disclosure("a digest is not a string")) };
        let found = self.waiting.remove(&digest);
        if self.seen.insert(digest) { Ok(found) } else { Err(Refusal::DuplicateDigest) }
    }

    fn value(&mut self, value: Value, place: &str, places: &mut [String], depth: usize) -> Result<Value, Refusal> {
        Ok(match value {
            Value::Object(object) => Value::Object(self.object(object, place, places, depth)?),
            Value::Array(items) => Value::Array(self.items(items, place, places, depth)?),
            other => other,
        })
    }

    fn object(
        &mut self,
        mut object: Map<String, Value>,
        place: &str,
        places: &mut [String],
        depth: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::Disclosure("it lies too deep in others"));
        }
        let digests = match object.remove("_sd") {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(Refusal::Disclosure("_sd is not a list")),
        };
        for (name, value) in &mut object {
            if value.is_object() || value.is_array() {
                *value = self.value(value.take(), &step(place, name), places, depth + 1)?;
            }
        }
        for digest in digests {
            let Some(Disclosure { at, name, value }) = self.take(digest)? else { continue };
            let name = name.ok_or(Refusal::Disclosure("an item stands where a member should"))?;
            if matches!(name.as_str(), "_sd" | "...") || object.contains_key(&name) {
                return Err(Refusal::Disclosure("its name is taken"));
            }
            let here = step(place, &name);
            let value = self.value(value, &here, places, depth + 1)?;
            places[at] = here;
            object.insert(name, value);
        }
        Ok(object)
    }

    fn items(
        &mut self,
        items: Vec<Value>,
        place: &str,
        places: &mut [String],
        depth: usize,
    ) -> Result<Vec<Value>, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::Disclosure("it lies too deep in others"));
        }
        let mut shown = Vec::with_capacity(items.len());
        for mut item in items {
            let here = format!("{place}/{}", shown.len());
            let digest = item.as_object_mut().filter(|object| object.len() == 1);
            let value = match digest.and_then(|object| object.remove("...")) {
                None => item,
                Some(digest) => match self.take(digest)? {
                    None => continue,
                    Some(Disclosure { name: Some(_), .. }) => {
                        return Err(Refusal::Disclosure("a member stands where an item should"));
                    }
                    Some(Disclosure { at, value, .. }) => {
                        places[at].clone_from(&here);
                        value
                    }
                },
            };
            shown.push(self.value(value, &here, places, depth + 1)?);
        }
        Ok(shown)
    }
}

fn step(place: &str, name: &str) -> String {
    format!("{place}/{}", crate::pointer::escape(name))
}
