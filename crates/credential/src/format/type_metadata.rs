//! Type metadata of SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-19, sections 5 and 6), and the `vct` that leads to it.
//!
//! A published document never changes, because what was signed under it names its hash. A type whose claims change gets the
//! next number in its `vct`, and the document before stays where it was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::encoding::sha256;
use crate::schema::{Member, Presence, Shape};
use crate::types::Type;

/// The identifier of a type: where its metadata is.
pub fn vct(credential_type: Type, address: &str) -> String {
    numbered(credential_type, address, current(credential_type))
}

/// The number of a type's present metadata, counted from 1.
fn current(credential_type: Type) -> usize {
    credential_type.earlier_metadata.len() + 1
}

/// Which metadata a `vct` leads to says its number; the first has none.
fn numbered(credential_type: Type, address: &str, number: usize) -> String {
    match number {
        1 => format!("{address}/credentials/{credential_type}"),
        number => format!("{address}/credentials/{credential_type}/{number}"),
    }
}

/// The type that a `vct` of the issuer at `address` is of, and the number of its metadata.
fn parse_vct(vct: &str, address: &str) -> Option<(Type, usize)> {
    let path = vct.strip_prefix(address)?.strip_prefix("/credentials/")?;
    let (name, number) = match path.split_once('/') {
        Some((name, number)) => (name, number.parse().ok()?),
        None => (path, 1),
    };
    let known: Type = name.parse().ok()?;
    // A number that is written in another way is another address.
    Some((known, number)).filter(|_| numbered(known, address, number) == vct)
}

/// The type that a `vct` of the issuer at `address` is of, now or earlier.
pub fn type_of(vct: &str, address: &str) -> Option<Type> {
    parse_vct(vct, address).map(|(known, _)| known)
}

/// Whether credentials under a `vct` of the issuer at `address` may hold decoys: all do but those that were signed under
/// the second metadata or a later one.
pub(crate) fn may_have_decoys(vct: &str, address: &str) -> bool {
    parse_vct(vct, address).is_none_or(|(_, number)| number == 1)
}

/// A type's metadata (section 5), as it is served and hashed.
#[derive(Clone, Debug)]
pub struct TypeMetadata {
    /// Of which type.
    pub credential_type: Type,
    /// The `vct`.
    pub vct: String,
    /// The document, byte for byte.
    pub document: String,
    /// The document's hash, as `vct#integrity` has it (section 6).
    pub integrity: String,
}

impl TypeMetadata {
    /// Of a type as the issuer at `address` publishes it.
    pub fn new(credential_type: Type, address: &str) -> Self {
        let vct = vct(credential_type, address);
        let mut claims = Vec::new();
        describe(credential_type, &mut claims);
        let open = [("attested_by", "Who attests this"), ("attested_at", "When they said so")];
        claims.extend(open.map(|(name, label)| claim(&[json!(name)], label, true, "never")));
        claims.push(claim(&[json!("partner_chain")], "The institutions in between", false, "always"));
        let document = json!({
            "vct": vct,
            "name": credential_type.title,
            "description": credential_type.summary,
            "display": [{ "locale": "en", "name": credential_type.title, "description": credential_type.summary }],
            "claims": claims,
        });
        Self::of(credential_type, vct, document.to_string())
    }

    /// What the issuer at `address` publishes at `vct`, now as it did before; `None` if that is no type of its own.
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

/// The hash of a document as Subresource Integrity writes it (section 6).
pub fn integrity(document: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(sha256(document)))
}

/// The claims of a type's fields, as far down as they can be disclosed apart.
fn describe(known: Type, claims: &mut Vec<Value>) {
    for member in known.members() {
        let (path, place) = (vec![json!(member.name)], format!("/{}", member.name));
        describe_member(known, member, (&path, &place), known.requires(member.name), claims);
    }
}

/// `must`: whether every credential of the type has the member. What stands in something that may be missing may be, too.
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
            claims.push(claim(&[path, &[Value::Null]].concat(), "One of them.", false, "always"));
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
