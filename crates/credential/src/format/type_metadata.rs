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

/// The first version of the metadata under which credentials always show the members that the type
/// always shows.
const FIRST_ALWAYS_SHOWN: usize = 2;

/// Returns the `vct`s of a type that requests ask for, newest first. Credentials under the first
/// could withhold members that are always shown today.
pub fn requested_vcts(credential_type: Type, address: &str) -> Vec<String> {
    let numbers = (FIRST_ALWAYS_SHOWN..=current(credential_type)).rev();
    numbers.map(|number| numbered(credential_type, address, number)).collect()
}

/// Returns whether credentials under a `vct` may contain decoy digests. Only those of the issuer at
/// `address` under the second metadata version or later contain none.
pub(crate) fn may_have_decoys(vct: &str, address: &str) -> bool {
    parse_vct(vct, address).is_none_or(|(_, number)| number == 1)
}

/// A type's metadata document (section 5), byte for byte as it is served and hashed.
#[derive(Clone, Debug)]
pub struct TypeMetadata {
    pub credential_type: Type,
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
        let claims = describe(credential_type);
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

/// The `sd` of a claim (section 5.6.4): whether it is a disclosure of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disclosure {
    /// In every credential.
    Always,
    /// In the credentials in which the items of each list are disclosed individually.
    Allowed,
    /// In none.
    Never,
}

impl Disclosure {
    fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Allowed => "allowed",
            Self::Never => "never",
        }
    }
}

/// A claim whose parts are described next.
#[derive(Clone, Debug)]
struct Place {
    path: Vec<Value>,
    /// Its JSON Pointer, in which `*` stands for each item of a list.
    pointer: String,
    /// Whether every credential of the type has it.
    is_mandatory: bool,
    /// Whether its parts are disclosed only together with it.
    is_whole: bool,
}

impl Place {
    /// The whole credential.
    const ROOT: Self = Self { path: Vec::new(), pointer: String::new(), is_mandatory: true, is_whole: false };

    /// Returns the place of a member of this object.
    fn member(&self, name: &str, is_required: bool) -> Self {
        let path = [&self.path[..], &[json!(name)]].concat();
        let is_mandatory = self.is_mandatory && is_required;
        Self { path, pointer: format!("{}/{name}", self.pointer), is_mandatory, is_whole: self.is_whole }
    }

    /// Returns the place of each item of this list.
    fn item(&self, least: usize) -> Self {
        let path = [&self.path[..], &[Value::Null]].concat();
        let is_mandatory = self.is_mandatory && least > 0;
        Self { path, pointer: format!("{}/*", self.pointer), is_mandatory, is_whole: true }
    }

    fn describe(&self, label: &str, disclosure: Disclosure) -> Value {
        json!({
            "path": self.path,
            "display": [{ "locale": "en", "label": label }],
            "mandatory": self.is_mandatory,
            "sd": disclosure.name(),
        })
    }
}

/// Describes every claim of a type's credentials, parents before their parts. Claims that any
/// SD-JWT VC may have, such as `exp`, are left out.
fn describe(known: Type) -> Vec<Value> {
    let mut claims = Vec::new();
    for member in known.members() {
        describe_member(known, member, Place::ROOT.member(member.name, known.requires(member.name)), &mut claims);
    }
    let attester = Place { is_whole: true, ..Place::ROOT.member("attested_by", true) };
    claims.push(attester.describe("Issuing partner", Disclosure::Never));
    claims.push(attester.member("name", true).describe("Name of the partner", Disclosure::Never));
    claims.push(Place::ROOT.member("attested_at", true).describe("Confirmed on", Disclosure::Never));
    let chain = Place::ROOT.member("partner_chain", false);
    claims.push(chain.describe("Sent via", Disclosure::Always));
    claims.push(chain.item(1).describe("Institution", Disclosure::Never));
    claims.push(chain.item(1).member("name", true).describe("Name of the institution", Disclosure::Never));
    claims
}

fn describe_member(known: Type, member: &Member, mut place: Place, claims: &mut Vec<Value>) {
    let is_open = place.is_whole || known.always_shows(&place.pointer);
    claims.push(place.describe(member.label, if is_open { Disclosure::Never } else { Disclosure::Always }));
    place.is_whole = is_open;
    match member.shape {
        Shape::Object(inner) => describe_members(known, inner, &place, claims),
        Shape::List { of, least, .. } => {
            let item = place.item(least);
            let disclosure = match of {
                Shape::Object(_) if !is_open && known.keeps_items_apart(&place.pointer) => Disclosure::Always,
                Shape::Object(_) if !is_open => Disclosure::Allowed,
                _ => Disclosure::Never,
            };
            claims.push(item.describe(known.item_label(&place.pointer), disclosure));
            if let Shape::Object(inner) = of {
                describe_members(known, inner, &item, claims);
            }
        }
        _ => {}
    }
}

fn describe_members(known: Type, members: &[Member], parent: &Place, claims: &mut Vec<Value>) {
    for member in members {
        let is_required = member.presence == Presence::Required;
        describe_member(known, member, parent.member(member.name, is_required), claims);
    }
}
