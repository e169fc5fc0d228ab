//! SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-19): a credential as an SD-JWT.
//!
//! The members of a type's fields can be disclosed individually, as can the members of objects. A
//! list of objects, such as employment records, is one disclosure or has one for each item
//! ([`ListForm`]). Members that the type always shows are in the clear within their parent, so that
//! a holder cannot withhold them. The attester and the date are always visible, because a statement
//! needs its source.

use serde_json::{Map, Value, json};

use super::sd_jwt::{self, Claim, Disclosed, Rng, SdJwt};
use super::statement::{ListForm, Statement};
pub(crate) use super::type_metadata::may_have_decoys;
pub use super::type_metadata::{TypeMetadata, integrity, requested_vcts, type_of, vct};
use crate::key::{InvalidKey, PublicKey, SignError, Signer};
use crate::numeric_date::JwtDates;
use crate::schema::Shape;
use crate::status::StatusReference;
use crate::types::Type;
use crate::verify_error::VerifyError;

/// Claims that must not be selectively disclosable (section 2.2.2.3).
const OPEN: [&str; 8] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];

/// Returns how finely `value`, at `place` and with `shape`, can be disclosed.
fn apart<'a>((known, lists): (Type, ListForm), shape: Option<&Shape>, value: &'a Value, place: &str) -> Claim<'a> {
    if known.always_shows(place) {
        return Claim::Open(value);
    }
    match (shape, value) {
        (Some(Shape::Object(members)), Value::Object(object)) => {
            let shape = |name: &str| members.iter().find(|member| member.name == name).map(|member| &member.shape);
            Claim::Members(members_apart((known, lists), shape, object, place))
        }
        (Some(Shape::List { of: Shape::Object(_), .. }), Value::Array(items))
            if lists == ListForm::ItemByItem || known.keeps_items_apart(place) =>
        {
            Claim::Items(items.iter().map(Claim::Whole).collect())
        }
        _ => Claim::Whole(value),
    }
}

fn members_apart<'a, 'm>(
    (known, lists): (Type, ListForm),
    shape: impl Fn(&str) -> Option<&'m Shape>,
    object: &'a Map<String, Value>,
    place: &str,
) -> Vec<(&'a str, Claim<'a>)> {
    let claim = |(name, value): (&'a String, &'a Value)| {
        (name.as_str(), apart((known, lists), shape(name), value, &format!("{place}/{name}")))
    };
    object.iter().map(claim).collect()
}

/// Signs `statement`. `metadata` is the metadata of its type.
pub(super) fn issue(
    protected: &str,
    address: &str,
    metadata: Option<&TypeMetadata>,
    statement: &Statement<'_>,
    signer: &impl Signer,
    rng: &mut Rng<'_>,
) -> Result<String, SignError> {
    let mut open = Map::new();
    open.insert("iss".to_owned(), address.into());
    open.insert("iat".to_owned(), statement.issued_at.into());
    open.insert("exp".to_owned(), statement.ends_at().into());
    if let Some(metadata) = metadata {
        open.insert("vct".to_owned(), metadata.vct.as_str().into());
        open.insert("vct#integrity".to_owned(), metadata.integrity.as_str().into());
    }
    open.insert("attested_by".to_owned(), json!({ "name": statement.attester }));
    open.insert("attested_at".to_owned(), statement.attested_at.into());
    if let Some(holder) = statement.holder {
        open.insert("cnf".to_owned(), json!({ "jwk": holder.jwk() }));
    }
    if let Some(status) = statement.status {
        open.insert("status".to_owned(), status.claim());
    }
    let (known, nothing) = (statement.credential_type, Map::new());
    let fields = statement.fields.as_object().unwrap_or(&nothing);
    let shape = |name: &str| known.members().find(|member| member.name == name).map(|member| &member.shape);
    let mut claims = members_apart((known, statement.lists), shape, fields, "");
    let chain = json!(statement.partner_chain.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>());
    if !statement.partner_chain.is_empty() {
        claims.push(("partner_chain", Claim::Whole(&chain)));
    }
    sd_jwt::issue(protected, &open, &claims, signer, rng)
}

/// A parsed SD-JWT VC: the disclosures are inserted and the form is valid. Signatures are not
/// verified yet.
#[derive(Clone, Debug)]
pub struct SdJwtVc<'a> {
    pub sd_jwt: SdJwt<'a>,
    /// The claims with the disclosures inserted.
    pub disclosed: Disclosed,
    /// The issuer according to its certificate, for a credential without `iss`. Set by a caller
    /// that has validated the certificate.
    pub certified_issuer: Option<String>,
}

impl<'a> SdJwtVc<'a> {
    /// Parses a credential or a presentation (section 2.4).
    ///
    /// # Errors
    /// The form is invalid, or `typ` is not `dc+sd-jwt`. The older `vc+sd-jwt` is rejected too.
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        Self::parse(SdJwt::read(text.trim())?)
    }

    /// Parses a credential or a presentation, as [`SdJwtVc::read`] does, but keeps the refusal of a
    /// key binding by its header or a limit as [`SdJwt::refused_binding`].
    pub(crate) fn read_with_any_binding(text: &'a str) -> Result<Self, VerifyError> {
        Self::parse(SdJwt::read_with_any_binding(text.trim())?)
    }

    fn parse(sd_jwt: SdJwt<'a>) -> Result<Self, VerifyError> {
        sd_jwt.jws.require_type("dc+sd-jwt")?;
        let disclosed = sd_jwt.disclose()?;
        for place in &disclosed.places {
            // The first step of a pointer is the claim. None of these names contains a character
            // that is escaped.
            let name = place.split('/').nth(1).unwrap_or_default();
            if OPEN.contains(&name) {
                return Err(VerifyError::MustNotBeDisclosed(name.to_owned()));
            }
        }
        let this = Self { sd_jwt, disclosed, certified_issuer: None };
        if this.text("vct").is_none() {
            return Err(VerifyError::Claim("vct"));
        }
        Ok(this)
    }

    /// Returns a string claim.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.disclosed.claims.get(name).and_then(Value::as_str)
    }

    /// Returns the issuer's identifier: `iss`, or the name in a validated certificate.
    pub fn issuer(&self) -> Option<&str> {
        match self.disclosed.claims.get("iss") {
            Some(iss) => iss.as_str(),
            None => self.certified_issuer.as_deref(),
        }
    }

    /// Returns the key that the credential is bound to, if there is one. `null` counts as absent.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if `cnf.jwk` is no usable key.
    pub fn holder(&self) -> Result<Option<PublicKey>, VerifyError> {
        let jwk = self.disclosed.claims.get("cnf").and_then(|confirmation| confirmation.get("jwk"));
        let key = jwk.filter(|jwk| !jwk.is_null()).map(PublicKey::from_jwk).transpose();
        key.map_err(|why| {
            VerifyError::Claim(match why {
                InvalidKey::Unsupported => "cnf.jwk must be a key on P-256 or Ed25519",
                InvalidKey::Malformed => "cnf.jwk lacks a parameter, or is not a point on its curve",
                InvalidKey::Private => "cnf.jwk contains private parameters, so anyone can sign as its holder",
                InvalidKey::OtherUse => "use or alg of cnf.jwk is not for the holder's signature",
            })
        })
    }

    /// Returns the status list reference, if any.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if the reference is invalid.
    pub fn status(&self) -> Result<Option<StatusReference>, VerifyError> {
        self.disclosed.claims.get("status").map_or(Ok(None), StatusReference::from_claim)
    }

    /// Checks that it is valid at `now`, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`VerifyError::Expired`], [`VerifyError::NotYetValid`], [`VerifyError::FromTheFuture`],
    /// [`VerifyError::Claim`].
    pub fn require_time(&self, now: i64) -> Result<(), VerifyError> {
        require_time(&self.disclosed.claims, now)
    }
}

/// Checks that claims are valid at `now` (RFC 7519, sections 4.1.4 to 4.1.6).
pub(crate) fn require_time(claims: &Map<String, Value>, now: i64) -> Result<(), VerifyError> {
    JwtDates::read(claims)?.require_current(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_one_disclosure_unless_their_items_are_kept_apart() {
        let fields = json!({ "full_name": "Ada", "employment": [{ "organisation": "A" }] });
        let fields = fields.as_object().expect("an object");
        let (whole, apart) = (Type::default(), Type::default().with_items_apart(&["/employment"]));
        for (known, lists, is_split) in [
            (whole, ListForm::AsDeclared, false),
            (apart, ListForm::AsDeclared, true),
            (whole, ListForm::ItemByItem, true),
        ] {
            let shape = |name: &str| known.members().find(|member| member.name == name).map(|member| &member.shape);
            let claims = members_apart((known, lists), shape, fields, "");
            let (_, jobs) = claims.iter().find(|(name, _)| *name == "employment").expect("the jobs");
            let found = (matches!(jobs, Claim::Items(_)), matches!(jobs, Claim::Whole(_)));
            assert_eq!(found, (is_split, !is_split), "{lists:?}");
        }
    }
}
