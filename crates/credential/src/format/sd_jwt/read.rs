//! Reading, and presenting in part.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::disclosure::{Disclosure, Reader};
use crate::encoding::{encode, sha256};
use crate::jws::{self, Jws};
use crate::refusal::Refusal;

/// Most disclosures that are read.
const MOST_DISCLOSURES: usize = 4096;

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
    pub(super) bound: &'a str,
}

/// What an SD-JWT says once its disclosures are put in their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosed {
    /// The claims; whatever was not disclosed is not there. A list of which nothing was disclosed is absent: an empty one
    /// would say that there is nothing.
    pub claims: Map<String, Value>,
    /// For each disclosure, in its order, where it stands in `claims`: a JSON Pointer (RFC 6901).
    pub places: Vec<String>,
    /// How many digests have no disclosure, by the place of the object or list that holds them. Each is something that the
    /// holder left out, or a decoy if the issuer makes any.
    pub withheld: BTreeMap<String, usize>,
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
        let mut reader = Reader {
            waiting: HashMap::with_capacity(self.disclosures.len()),
            seen: HashSet::new(),
            places: vec![String::new(); self.disclosures.len()],
            withheld: BTreeMap::new(),
        };
        for (at, text) in self.disclosures.iter().enumerate() {
            let disclosure = Disclosure::read(text, at)?;
            if reader.waiting.insert(encode(&sha256(text.as_bytes())), disclosure).is_some() {
                return Err(Refusal::DuplicateDigest);
            }
        }
        let claims = reader.object(payload, "", 0)?;
        if !reader.waiting.is_empty() {
            return Err(Refusal::StrayDisclosure);
        }
        Ok(Disclosed { claims, places: reader.places, withheld: reader.withheld })
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
}
