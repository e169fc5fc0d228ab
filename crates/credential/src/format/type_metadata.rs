//! Type metadata of SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-19, sections 5 and 6), and the `vct` that
//! refers to it.
//!
//! A published document never changes, because credentials contain its hash. If the claims of a
//! type change, its `vct` gets the next number, and the previous document stays available.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::encoding::sha256;
use crate::schema::{Member, Presence, Shape};
use crate::types::Type;

/// Returns the current `vct` of a type: the URL of its metadata.
pub fn vct(credential_type: Type, address: &str) -> String {
    numbered(credential_type, address, current(credential_type))
}

/// Returns the version of a type's current metadata, starting at 1.
fn current(credential_type: Type) -> usize {
    credential_type.earlier_metadata.len() + 1
}

/// Returns the `vct` for a version of the metadata. The first has no number.
fn numbered(credential_type: Type, address: &str, number: usize) -> String {
    match number {
        1 => format!("{address}/credentials/{credential_type}"),
        number => format!("{address}/credentials/{credential_type}/{number}"),
    }
}

/// Returns the type and metadata version of a `vct` of the issuer at `address`.
fn parse_vct(vct: &str, address: &str) -> Option<(Type, usize)> {
    let path = vct.strip_prefix(address)?.strip_prefix("/credentials/")?;
    let (name, number) = match path.split_once('/') {
        Some((name, number)) => (name, number.parse().ok()?),
        None => (path, 1),
    };
    let known: Type = name.parse().ok()?;
    // Another spelling of the number, such as `02`, is another URL.
    Some((known, number)).filter(|_| numbered(known, address, number) == vct)
}

/// Returns the type of a current or earlier `vct` of the issuer at `address`.
pub fn type_of(vct: &str, address: &str) -> Option<Type> {
    parse_vct(vct, address).map(|(known, _)| known)
}

/// Returns whether credentials under a `vct` may contain decoy digests. Only those of the issuer at
/// `address` under the second metadata version or later contain none.
pub(crate) fn may_have_decoys(vct: &str, address: &str) -> bool {
    parse_vct(vct, address).is_none_or(|(_, number)| number == 1)
}

/// A type's metadata document (section 5), byte for byte as it is served and hashed.
#[derive(Clone, Debug)]
pub struct TypeMetadata {
    /// The credential type.
    pub credential_type: Type,
    /// The `vct`.
    pub vct: String,
    /// The document, byte for byte.
    pub document: String,
    /// The document's hash, as in `vct#integrity` (section 6).
    pub integrity: String,
}

impl TypeMetadata {
    /// Creates the current metadata of a type for the issuer at `address`.
    pub fn new(credential_type: Type, address: &str) -> Self {
        let vct = vct(credential_type, address);
        let mut claims = Vec::new();
        describe(credential_type, &mut claims);
        let open = [("attested_by", "Issuing partner"), ("attested_at", "Confirmed on")];
        claims.extend(open.map(|(name, label)| claim(&[json!(name)], label, true, "never")));
        claims.push(claim(&[json!("partner_chain")], "Sent via", false, "always"));
        let document = json!({
            "vct": vct,
            "name": credential_type.title,
            "description": credential_type.summary,
            "display": [{ "locale": "en", "name": credential_type.title, "description": credential_type.summary }],
            "claims": claims,
        });
        Self::of(credential_type, vct, document.to_string())
    }

    /// Returns the current or earlier metadata that the issuer at `address` publishes at `vct`;
    /// `None` if it is not one of its types.
    pub fn published(vct: &str, address: &str) -> Option<Self> {
        let (known, number) = parse_vct(vct, address)?;
        if number == current(known) {
            return Some(Self::new(known, address));
        }
        let document = known.earlier_metadata.get(number.checked_sub(1)?)?;
        Some(Self::of(known, vct.to_owned(), document.trim_end().replacen("{address}", address, 1)))
    }

    fn of(credential_type: Type, vct: String, document: String) -> Self {
        let integrity = integrity(document.as_bytes());
        Self { credential_type, vct, document, integrity }
    }
}

/// Returns the hash of a document in the format of Subresource Integrity (section 6).
pub fn integrity(document: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(sha256(document)))
}

/// Describes the claims of a type's fields, down to the level at which they can be disclosed
/// individually.
fn describe(known: Type, claims: &mut Vec<Value>) {
    for member in known.members() {
        let (path, place) = (vec![json!(member.name)], format!("/{}", member.name));
        describe_member(known, member, (&path, &place), known.requires(member.name), claims);
    }
}

/// Describes a member. `must` is whether every credential of the type has it; a part of an optional
/// member is optional too.
fn describe_member(known: Type, member: &Member, (path, place): (&[Value], &str), must: bool, claims: &mut Vec<Value>) {
    let is_open = known.always_shows(place);
    claims.push(claim(path, member.meaning, must, if is_open { "never" } else { "always" }));
    match member.shape {
        Shape::Object(inner) if !is_open => {
            for member in inner {
                let (path, place) = ([path, &[json!(member.name)]].concat(), format!("{place}/{}", member.name));
                let must = must && member.presence == Presence::Required;
                describe_member(known, member, (&path, &place), must, claims);
            }
        }
        Shape::List { of: Shape::Object(_), .. } if !is_open => {
            claims.push(claim(&[path, &[Value::Null]].concat(), "One of these values.", false, "always"));
        }
        _ => {}
    }
}

fn claim(path: &[Value], label: &str, mandatory: bool, disclosable: &str) -> Value {
    json!({
        "path": path,
        "display": [{ "locale": "en", "label": label.trim_end_matches('.') }],
        "mandatory": mandatory,
        "sd": disclosable,
    })
}
