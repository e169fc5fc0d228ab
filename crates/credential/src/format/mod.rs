//! The signed formats: one file per format, and their common parts.
//!
//! A [`Statement`] is an issuer's statement about one credential; an [`Issuer`] signs it in any
//! [`Format`]. The claims, and which of them can be disclosed individually, follow from the
//! declaration of the credential type. No format matches on a type.

mod did_document;
mod jwt_vc_json;
mod multikey;
mod open_badge;
pub mod sd_jwt;
pub mod sd_jwt_vc;
mod signed_format;
mod statement;
mod type_metadata;
pub mod vc_jwt;

use std::str::FromStr;

use serde_json::json;

use crate::jws;
use crate::key::{SignError, Signer};
use crate::key_set::OLDER_NAME;
use crate::types::{ALL, Type, UnknownTypeError};

pub use did_document::{did_document, did_web, verification_methods};
pub(crate) use multikey::from_multikey;
pub use signed_format::{Format, UnknownFormatError};
pub use statement::{ListForm, Statement};

/// A type in a format: a credential configuration of OpenID4VCI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub credential_type: Type,
    pub format: Format,
}

impl Configuration {
    /// Returns every type in every format.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().flat_map(|known| Format::ALL.map(|format| Self { credential_type: *known, format }))
    }

    /// Returns the id, such as `career_history_dc+sd-jwt`. It is also the OAuth scope.
    pub fn id(self) -> String {
        format!("{}_{}", self.credential_type, self.format.name())
    }
}

impl FromStr for Configuration {
    type Err = UnknownTypeError;

    fn from_str(id: &str) -> Result<Self, UnknownTypeError> {
        let matching = |format: &Format| {
            let name = id.strip_suffix(format.name())?.strip_suffix('_')?;
            Some(Self { credential_type: name.parse().ok()?, format: *format })
        };
        Format::ALL.iter().find_map(matching).ok_or(UnknownTypeError)
    }
}

/// An issuer: its address, its key, and the JWT header for each format.
#[derive(Clone, Debug)]
pub struct Issuer<S> {
    address: String,
    did: String,
    name: String,
    signer: S,
    headers: [String; Format::ALL.len()],
    types: Vec<sd_jwt_vc::TypeMetadata>,
}

impl<S: Signer> Issuer<S> {
    /// Creates an issuer at `address` (its `https` identifier, without a trailing slash). `kid`
    /// names the key. `certificates` is the key's certificate chain, which may be empty (base64 of
    /// DER, the key's own first; RFC 7515, section 4.1.6).
    pub fn new(address: &str, name: &str, kid: &str, certificates: &[String], signer: S) -> Self {
        let did = did_web(address);
        let header = |format: Format| {
            let mut header = json!({ "alg": signer.algorithm().name(), "typ": format.typ() });
            match format {
                Format::SdJwtVc => header["kid"] = kid.into(),
                Format::VcJwt => {
                    header["kid"] = format!("{did}#{kid}").into();
                    header["cty"] = "vc".into();
                }
                Format::JwtVcJson => header["kid"] = format!("{did}#{kid}{OLDER_NAME}").into(),
            }
            if !certificates.is_empty() {
                header["x5c"] = json!(certificates);
            }
            jws::protected(&header)
        };
        let headers = Format::ALL.map(header);
        let types = ALL.iter().map(|known| sd_jwt_vc::TypeMetadata::new(*known, address)).collect();
        Self { address: address.to_owned(), name: name.to_owned(), did, signer, headers, types }
    }

    /// Returns the issuer's `https` identifier.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the encoded header for `format`, for [`jws::sign`].
    pub fn header(&self, format: Format) -> &str {
        let [sd_jwt_vc, vc_jwt, jwt_vc_json] = &self.headers;
        match format {
            Format::SdJwtVc => sd_jwt_vc,
            Format::VcJwt => vc_jwt,
            Format::JwtVcJson => jwt_vc_json,
        }
    }

    /// Returns the signing key.
    pub fn signer(&self) -> &S {
        &self.signer
    }

    /// Signs `statement` in `format`.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(
        &self,
        format: Format,
        statement: &Statement<'_>,
        rng: &mut sd_jwt::Rng<'_>,
    ) -> Result<String, SignError> {
        let header = self.header(format);
        let issuer = vc_jwt::IssuerProfile { id: &self.did, name: &self.name, address: &self.address };
        let payload = match format {
            Format::SdJwtVc => {
                let metadata = self.types.iter().find(|metadata| metadata.credential_type == statement.credential_type);
                return sd_jwt_vc::issue(header, &self.address, metadata, statement, &self.signer, rng);
            }
            Format::VcJwt => vc_jwt::payload(&issuer, statement),
            Format::JwtVcJson => vc_jwt::older_payload(&issuer, statement),
        };
        jws::sign(header, payload.to_string().as_bytes(), &self.signer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_found_by_their_ids() {
        for known in Configuration::all() {
            assert_eq!(known.id().parse(), Ok(known));
        }
        assert_eq!("jwt_vc_json".parse(), Ok(Format::JwtVcJson));
        assert_eq!("ldp_vc".parse::<Format>(), Err(UnknownFormatError));
        assert_eq!("career_history_ldp_vc".parse::<Configuration>(), Err(UnknownTypeError));
        assert_eq!("salary_dc+sd-jwt".parse::<Configuration>(), Err(UnknownTypeError));
    }

    // Conforms: DID Core 3.1
    #[test]
    fn urls_become_did_web_identifiers() {
        assert_eq!(did_web("https://passport.example"), "did:web:passport.example");
        assert_eq!(did_web("http://localhost:8080"), "did:web:localhost%3A8080");
        assert_eq!(did_web("https://passport.example/a/b"), "did:web:passport.example:a:b");
    }
}
