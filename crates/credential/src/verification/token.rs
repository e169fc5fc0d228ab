//! Parses tokens of both formats.

use serde_json::{Map, Value};

use super::inputs::Lookups;
use super::report::NotShown;
use crate::date::Date;
use crate::format::Format;
use crate::format::sd_jwt_vc::{self, SdJwtVc};
use crate::jws::Jws;
use crate::status::StatusReference;
use crate::types::Type;
use crate::verify_error::VerifyError;

/// A parsed token that is not verified yet.
#[derive(Clone, Debug)]
pub enum Token<'a> {
    /// An SD-JWT VC, with or without a key binding.
    SdJwtVc(Box<SdJwtVc<'a>>),
    /// A W3C credential as a JWT.
    VcJwt(Jws<'a>),
}

impl<'a> Token<'a> {
    /// Parses a token: an SD-JWT VC if it contains a tilde, otherwise a W3C credential.
    ///
    /// # Errors
    /// The reason why its form is invalid, as a [`VerifyError`].
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        let text = text.trim();
        if text.contains('~') {
            return Ok(Self::SdJwtVc(Box::new(SdJwtVc::read(text)?)));
        }
        let jws = Jws::read(text)?;
        jws.require_type("vc+jwt")?;
        let is_credential = jws.payload.get("type").and_then(Value::as_array);
        let is_credential = is_credential.is_some_and(|types| types.iter().any(|name| name == "VerifiableCredential"));
        if is_credential {
            Ok(Self::VcJwt(jws))
        } else {
            Err(VerifyError::Claim("type must contain VerifiableCredential"))
        }
    }

    pub(super) fn jws(&self) -> &Jws<'a> {
        match self {
            Self::SdJwtVc(credential) => &credential.sd_jwt.jws,
            Self::VcJwt(jws) => jws,
        }
    }

    pub(super) fn claims(&self) -> &Map<String, Value> {
        match self {
            Self::SdJwtVc(credential) => &credential.disclosed.claims,
            Self::VcJwt(jws) => &jws.payload,
        }
    }

    /// Returns the issuer's identifier.
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Self::SdJwtVc(credential) => credential.text("iss"),
            Self::VcJwt(jws) => {
                let issuer = jws.payload.get("issuer")?;
                issuer.as_str().or_else(|| issuer["id"].as_str())
            }
        }
    }

    /// Returns the credential type, if the issuer uses Tenure's names.
    pub fn credential_type(&self) -> Option<Type> {
        match self {
            Self::SdJwtVc(credential) => sd_jwt_vc::type_of(credential.text("vct")?, credential.text("iss")?),
            Self::VcJwt(jws) => {
                let schemas = jws.payload.get("credentialSchema")?;
                let schemas = schemas.as_array().map_or(std::slice::from_ref(schemas), Vec::as_slice);
                schemas.iter().find_map(|schema| {
                    let (_, name) = schema["id"].as_str()?.strip_suffix("/schema")?.rsplit_once("/credentials/")?;
                    name.parse().ok()
                })
            }
        }
    }

    /// Returns the last day of validity, if the type has one and the token discloses it.
    pub fn last_day(&self) -> Option<Date> {
        let known = self.credential_type()?;
        match self {
            Self::SdJwtVc(credential) => known.last_day(&credential.disclosed.claims),
            Self::VcJwt(jws) => known.last_day(jws.payload.get("credentialSubject")?.as_object()?),
        }
    }

    /// Returns the name of the person that it is about.
    pub fn full_name(&self) -> Option<&str> {
        let fields = match self {
            Self::SdJwtVc(credential) => &credential.disclosed.claims,
            Self::VcJwt(jws) => jws.payload.get("credentialSubject")?.as_object()?,
        };
        fields.get("full_name")?.as_str()
    }

    /// Returns the withheld part of the credential.
    pub fn not_shown(&self) -> NotShown {
        let Self::SdJwtVc(credential) = self else { return NotShown::default() };
        let (vct, issuer) = (credential.text("vct").unwrap_or_default(), credential.text("iss").unwrap_or_default());
        let by_place = credential.disclosed.withheld.clone();
        let count = by_place.values().sum();
        NotShown { count, at_most: count > 0 && sd_jwt_vc::may_have_decoys(vct, issuer), by_place }
    }

    /// Returns the format.
    pub fn format(&self) -> Format {
        match self {
            Self::SdJwtVc(_) => Format::SdJwtVc,
            Self::VcJwt(_) => Format::VcJwt,
        }
    }

    /// Returns the `vct` of an SD-JWT VC.
    pub fn vct(&self) -> Option<&str> {
        match self {
            Self::SdJwtVc(credential) => credential.text("vct"),
            Self::VcJwt(_) => None,
        }
    }

    /// Returns the certificate chain in the header (RFC 7515, section 4.1.6).
    pub fn certificates(&self) -> Option<&Value> {
        self.jws().header.get("x5c")
    }

    /// Returns the URLs to fetch before the token can be verified.
    pub fn lookups(&self) -> Lookups {
        let status = self.status().ok().flatten();
        let metadata = match self {
            Self::SdJwtVc(credential) => {
                credential.text("vct").filter(|vct| vct.contains("://")).map(ToOwned::to_owned)
            }
            Self::VcJwt(_) => None,
        };
        let issuer = self.issuer().filter(|issuer| !issuer.starts_with("did:jwk:")).map(ToOwned::to_owned);
        Lookups { issuer, status: status.map(|entry| entry.reference().uri.clone()), metadata }
    }

    /// Returns the status list and index that the token names, if it has a status.
    pub fn status_reference(&self) -> Option<StatusReference> {
        self.status().ok().flatten().map(|entry| entry.reference().clone())
    }

    /// Returns the status list entry. If a W3C credential has both kinds, the Token Status List is
    /// preferred, because it has more detail.
    pub(super) fn status(&self) -> Result<Option<StatusEntry>, VerifyError> {
        let jws = match self {
            Self::SdJwtVc(credential) => return Ok(credential.status()?.map(StatusEntry::Token)),
            Self::VcJwt(jws) => jws,
        };
        if let Some(reference) = jws.payload.get("status").map_or(Ok(None), StatusReference::from_claim)? {
            return Ok(Some(StatusEntry::Token(reference)));
        }
        let Some(entry) = jws.payload.get("credentialStatus") else { return Ok(None) };
        if entry["statusPurpose"] != "revocation" {
            return Err(VerifyError::Claim("credentialStatus must have the purpose revocation"));
        }
        let index = entry["statusListIndex"].as_str().and_then(|index| index.parse().ok());
        match (entry["type"].as_str(), index, entry["statusListCredential"].as_str()) {
            (Some("BitstringStatusListEntry"), Some(index), Some(uri)) => {
                Ok(Some(StatusEntry::Bitstring(StatusReference { uri: uri.to_owned(), index })))
            }
            _ => Err(VerifyError::Claim("credentialStatus must be a BitstringStatusListEntry")),
        }
    }
}

/// An entry of a status list, by the kind of list.
pub(super) enum StatusEntry {
    /// In a Token Status List.
    Token(StatusReference),
    /// In a Bitstring Status List.
    Bitstring(StatusReference),
}

impl StatusEntry {
    pub(super) fn reference(&self) -> &StatusReference {
        match self {
            Self::Token(reference) | Self::Bitstring(reference) => reference,
        }
    }
}
