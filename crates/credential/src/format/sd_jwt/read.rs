//! Parses SD-JWTs, and presents a part of their disclosures.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::disclosure::{Disclosure, Reader};
use super::positions::Positions;
use crate::encoding::{encode, sha256};
use crate::json::MAX_OTHER_VALUES;
use crate::jws::{self, Jws};
use crate::verify_error::{MISSING_TILDE, VerifyError};

/// Maximum number of disclosures.
const MAX_DISCLOSURES: usize = 4096;

/// A parsed SD-JWT, with or without a key binding. Signatures are not verified yet.
#[derive(Clone, Debug)]
pub struct SdJwt<'a> {
    /// The part that the issuer signed.
    pub jws: Jws<'a>,
    /// The holder's key binding, if present.
    pub key_binding: Option<Jws<'a>>,
    /// The refusal of a key binding by its header or a limit; [`SdJwt::key_binding`] is then
    /// `None`. [`SdJwt::read`] returns it as an error.
    pub(crate) refused_binding: Option<VerifyError>,
    issuer_part: &'a str,
    pub(super) disclosures: Vec<&'a str>,
    /// Everything up to and including the last tilde: the part that a key binding covers.
    pub(super) bound: &'a str,
}

/// The claims of an SD-JWT with the disclosures inserted.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosed {
    /// The claims, without those that are withheld. A list is absent if all of its items are
    /// withheld, because an empty one would mean that there are none.
    pub claims: Map<String, Value>,
    /// The JSON Pointer (RFC 6901) of each disclosure in `claims`, in the order of the disclosures.
    pub places: Vec<String>,
    /// Number of digests without a disclosure, by the JSON Pointer of their object or list. Each is
    /// a claim that the holder withheld, or a decoy if the issuer adds any.
    pub withheld: BTreeMap<String, usize>,
    /// The positions of the shown items in the issuer's lists. `claims` has lists without gaps.
    pub positions: Positions,
}

impl<'a> SdJwt<'a> {
    /// Parses `jws~disclosure~..~` or `jws~disclosure~..~key binding` (RFC 9901, section 4).
    ///
    /// # Errors
    /// [`VerifyError::Malformed`], [`VerifyError::Limit`], and those of [`Jws::read`].
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        let mut this = Self::read_with_any_binding(text)?;
        this.refused_binding.take().map_or(Ok(this), Err)
    }

    /// Parses an SD-JWT, as [`SdJwt::read`] does, but keeps the refusal of a key binding by its
    /// header or a limit as [`SdJwt::refused_binding`]: it says nothing about the issuer's part.
    pub(crate) fn read_with_any_binding(text: &'a str) -> Result<Self, VerifyError> {
        let (issuer_part, rest) =
            text.split_once('~').ok_or(VerifyError::Malformed("an SD-JWT must contain a tilde"))?;
        let jws = Jws::read(issuer_part)?;
        let (disclosures, last) = rest.rsplit_once('~').unwrap_or(("", rest));
        let disclosures: Vec<&str> = if disclosures.is_empty() { Vec::new() } else { disclosures.split('~').collect() };
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(VerifyError::Limit("it has more than 4,096 disclosures"));
        }
        // A disclosure is a JSON list, so its base64url begins with W. A JWS begins with e.
        if last.starts_with('W') && !last.contains('.') {
            return Err(VerifyError::Malformed(MISSING_TILDE));
        }
        if last.starts_with('e') && last.matches('.').count() < 2 {
            return Err(VerifyError::Malformed("the holder's signature is incomplete, so copy all of it"));
        }
        let (key_binding, refused_binding) = match (!last.is_empty()).then(|| Jws::read(last)) {
            None => (None, None),
            Some(Ok(binding)) => (Some(binding), None),
            Some(Err(refusal @ (VerifyError::Algorithm(_) | VerifyError::Critical | VerifyError::Limit(_)))) => {
                (None, Some(refusal))
            }
            Some(Err(refusal)) => return Err(refusal),
        };
        let bound = &text[..text.len() - last.len()];
        Ok(Self { jws, key_binding, refused_binding, issuer_part, disclosures, bound })
    }

    /// Inserts the disclosures into the claims (RFC 9901, section 7.1, steps 2.b to 6). Does not
    /// verify the signature.
    ///
    /// # Errors
    /// [`VerifyError::HashAlgorithm`], [`VerifyError::DuplicateDigest`],
    /// [`VerifyError::StrayDisclosure`], [`VerifyError::Disclosure`], [`VerifyError::Limit`].
    pub fn disclose(&self) -> Result<Disclosed, VerifyError> {
        let payload = self.jws.payload.clone();
        match payload.get("_sd_alg") {
            None => {}
            Some(Value::String(name)) if name == "sha-256" => {}
            Some(Value::String(name)) => return Err(VerifyError::HashAlgorithm(jws::shown(name))),
            Some(other) => return Err(VerifyError::HashAlgorithm(jws::shown(&other.to_string()))),
        }
        let mut reader = Reader {
            waiting: HashMap::with_capacity(self.disclosures.len()),
            seen: HashSet::new(),
            places: vec![String::new(); self.disclosures.len()],
            withheld: BTreeMap::new(),
            positions: Positions::default(),
        };
        let mut left = MAX_OTHER_VALUES;
        for (at, text) in self.disclosures.iter().enumerate() {
            let disclosure = Disclosure::read(text, at, &mut left)?;
            if reader.waiting.insert(encode(&sha256(text.as_bytes())), disclosure).is_some() {
                return Err(VerifyError::DuplicateDigest);
            }
        }
        let mut claims = reader.object(payload, "", 0)?;
        // Removed only now, because a disclosure must not reuse its name.
        claims.remove("_sd_alg");
        if !reader.waiting.is_empty() {
            return Err(VerifyError::StrayDisclosure);
        }
        let Reader { places, withheld, positions, .. } = reader;
        Ok(Disclosed { claims, places, withheld, positions })
    }

    /// Returns a presentation with only the disclosures for whose JSON Pointer `keep` returns true,
    /// and those that contain them. The result ends with a tilde. An existing key binding is
    /// dropped, because it covers other disclosures.
    ///
    /// # Errors
    /// Those of [`SdJwt::disclose`].
    pub fn present(&self, keep: impl Fn(&str) -> bool) -> Result<String, VerifyError> {
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
