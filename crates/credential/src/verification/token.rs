//! Parses tokens of both formats.

use serde_json::{Map, Value};

use super::dates;
use super::inputs::Lookups;
use super::report::NotShown;
use super::status_entries::StatusEntries;
use crate::date::Date;
use crate::format::sd_jwt_vc::{self, SdJwtVc};
use crate::format::{Format, vc_jwt};
use crate::jws::Jws;
use crate::status::StatusReference;
use crate::types::Type;
use crate::verify_error::VerifyError;

/// A parsed token that is not verified yet.
#[derive(Clone, Debug)]
pub enum Token<'a> {
    /// An SD-JWT VC, with or without a key binding.
    SdJwtVc(Box<SdJwtVc<'a>>),
    /// A W3C credential as a JWT, in the form of data model 2.0 also if it is of data model 1.1.
    VcJwt(Jws<'a>),
}

impl<'a> Token<'a> {
    /// Parses a token: an SD-JWT VC if it contains a tilde, otherwise a W3C credential. A key
    /// binding that is refused by its header or a limit affects only the step of the holder.
    ///
    /// # Errors
    /// The reason why its form is invalid, as a [`VerifyError`].
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        let text = text.trim();
        if text.contains('~') {
            return Ok(Self::SdJwtVc(Box::new(SdJwtVc::read_with_any_binding(text)?)));
        }
        vc_jwt::read(text).map(Self::VcJwt)
    }

    /// Returns what the issuer signed.
    pub fn jws(&self) -> &Jws<'a> {
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
            Self::SdJwtVc(credential) => credential.issuer(),
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

    /// Returns the last day of validity, of any issuer's credential, if the token discloses one.
    pub fn last_day(&self) -> Option<Date> {
        dates::last_day(self.claims())
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

    pub fn format(&self) -> Format {
        match self {
            Self::SdJwtVc(_) => Format::SdJwtVc,
            Self::VcJwt(jws) => vc_jwt::format_of(jws),
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
        let statuses = self.statuses().unwrap_or_default();
        let mut lists = statuses.addresses().map(ToOwned::to_owned);
        let metadata = match self {
            Self::SdJwtVc(credential) => {
                credential.text("vct").filter(|vct| vct.contains("://")).map(ToOwned::to_owned)
            }
            Self::VcJwt(_) => None,
        };
        let issuer = self.issuer().filter(|issuer| !issuer.starts_with("did:jwk:")).map(ToOwned::to_owned);
        Lookups { issuer, status: lists.next(), more_status: lists.collect(), metadata }
    }

    /// Returns the first status list entry that the token names, if any.
    pub fn status_reference(&self) -> Option<StatusReference> {
        self.statuses().ok()?.entries.first().map(|entry| entry.reference().clone())
    }

    /// Returns the statuses that the token refers to.
    pub(super) fn statuses(&self) -> Result<StatusEntries, VerifyError> {
        StatusEntries::read(self.claims(), self.is_w3c())
    }

    /// Returns whether it is a W3C credential.
    pub(super) fn is_w3c(&self) -> bool {
        matches!(self, Self::VcJwt(_))
    }
}
