//! W3C Verifiable Credentials 2.0, secured as a JWT (VC-JOSE-COSE, section 3.1): the credential is
//! the payload.
//!
//! The registered JWT claims repeat the credential's own members, for verifiers that process only
//! those (Open Badges 3.0, section 8.2.4, requires them).

use serde_json::{Map, Value, json};

use super::signed_format::Format;
pub use super::statement::IssuerProfile;
use super::statement::{Statement, moment};
use super::{jwt_vc_json, open_badge};
use crate::jws::Jws;
use crate::media_type::media_type;
use crate::types::Type;
use crate::verify_error::{MISSING_TILDE, OtherToken, VerifyError};

/// Returns the payload: the credential as JSON.
pub(super) fn payload(issuer: &IssuerProfile<'_>, statement: &Statement<'_>) -> Value {
    let mut credential = credential(issuer, statement, Format::VcJwt);
    if let Some(achievement) = &statement.credential_type.achievement {
        open_badge::add_achievement(&mut credential, achievement, issuer, statement);
    }
    credential
}

/// Returns the payload of data model 1.1. Achievements are not Open Badges there, because
/// Open Badges 3.0 needs data model 2.0.
pub(super) fn older_payload(issuer: &IssuerProfile<'_>, statement: &Statement<'_>) -> Value {
    jwt_vc_json::encode(credential(issuer, statement, Format::JwtVcJson), statement, issuer.address)
}

/// Returns the credential with the claims of the JWT, in the form of data model 2.0.
fn credential(issuer: &IssuerProfile<'_>, statement: &Statement<'_>, format: Format) -> Value {
    let known = statement.credential_type;
    let address = issuer.address;
    let mut subject = statement.fields.clone();
    if let Some(holder) = statement.holder {
        subject["id"] = holder.did_jwk().into();
    }
    let mut credential = json!({
        "@context": [CONTEXT, { "@vocab": format!("{address}/credentials/{known}#") }],
        "id": statement.id,
        "type": types(known, format),
        "name": known.title,
        "issuer": { "id": issuer.id, "name": issuer.name },
        "validFrom": moment(statement.issued_at),
        "validUntil": moment(statement.ends_at()),
        "credentialSubject": subject,
        "attestedBy": { "name": statement.attester },
        "attestedAt": statement.attested_at,
        "credentialSchema": { "id": format!("{address}/credentials/{known}/schema"), "type": "JsonSchema" },
        "iss": issuer.id,
        "jti": statement.id,
        "nbf": statement.issued_at,
        "exp": statement.ends_at(),
    });
    if !statement.partner_chain.is_empty() {
        credential["partnerChain"] = statement.partner_chain.iter().map(|name| json!({ "name": name })).collect();
    }
    if let Some(status) = statement.status {
        // The same index in both kinds of list. The Bitstring Status List has one bit; the Token
        // Status List distinguishes replaced from revoked credentials (D-121).
        credential["status"] = status.claim();
        credential["credentialStatus"] = json!({
            "id": format!("{}/bitstring#{}", status.uri, status.index),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": status.index.to_string(),
            "statusListCredential": format!("{}/bitstring", status.uri),
        });
    }
    if let Some(holder) = statement.holder {
        credential["sub"] = holder.did_jwk().into();
        credential["cnf"] = json!({ "jwk": holder.jwk() });
    }
    credential
}

/// Returns the values of `type` for a credential type in a W3C format.
pub fn types(known: Type, format: Format) -> [String; 2] {
    let own = match known.achievement {
        Some(_) if format == Format::VcJwt => "OpenBadgeCredential".to_owned(),
        _ => known.name().split('_').map(capitalised).collect(),
    };
    ["VerifiableCredential".to_owned(), own]
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

/// The context of data model 2.0, which every credential of that model has (VCDM 2.0, section 4.3).
const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// The type of every W3C credential.
const TYPE: &str = "VerifiableCredential";

/// Parses a W3C credential of either data model as a JWT. The returned payload has the form of data
/// model 2.0.
///
/// # Errors
/// The form is invalid, or it is another kind of token.
pub(crate) fn read(text: &str) -> Result<Jws<'_>, VerifyError> {
    let mut jws = Jws::read(text)?;
    if jwt_vc_json::is_one(&jws) {
        jws = jwt_vc_json::decode(jws)?;
    } else {
        require_newer_model(&jws)?;
        if !jwt_vc_json::is_by_iss(&jws.payload) {
            return Err(VerifyError::Claim("the issuer must be iss"));
        }
    }
    jwt_vc_json::take_single_subject(&mut jws.payload);
    if has(&jws.payload, "type", TYPE) {
        Ok(jws)
    } else {
        Err(VerifyError::Claim("type must contain VerifiableCredential"))
    }
}

/// Checks that a JWT is a credential of data model 2.0: by `typ` or, for the `typ` `JWT` and for
/// none, which signers of Open Badges 3.0 write (its section 8.2.4.1), by `@context` and `type`.
fn require_newer_model(jws: &Jws<'_>) -> Result<(), VerifyError> {
    let Err(refusal) = jws.require_type(Format::VcJwt.typ()) else { return Ok(()) };
    let typ = jws.header_text("typ").unwrap_or_default();
    if media_type(typ).ends_with("+sd-jwt") {
        return Err(VerifyError::Malformed(MISSING_TILDE));
    }
    // A presentation of data model 1.1 (its section 6.3.1).
    if jwt_vc_json::is_untyped(jws) && jws.payload.contains_key("vp") {
        return Err(VerifyError::OtherToken(OtherToken::Presentation));
    }
    if let Some(other) = OtherToken::of_type(typ)
        && !jws.payload.contains_key("vc")
    {
        return Err(VerifyError::OtherToken(other));
    }
    let (has_context, has_type) = (jws.payload.contains_key("@context"), has(&jws.payload, "type", TYPE));
    if !jwt_vc_json::is_untyped(jws) || !has_context && !has_type {
        return Err(refusal);
    }
    if has_type && has(&jws.payload, "@context", CONTEXT) { Ok(()) } else { Err(VerifyError::DataModel) }
}

/// Returns whether a member has a value, alone or in a list (JSON-LD 1.1, section 4.3).
fn has(object: &Map<String, Value>, name: &str, value: &str) -> bool {
    match object.get(name) {
        Some(Value::Array(values)) => values.iter().any(|one| one == value),
        Some(one) => one == value,
        None => false,
    }
}

/// Returns a payload in the form of data model 2.0, as far as that is possible.
pub(crate) fn newer_form(payload: Map<String, Value>) -> Map<String, Value> {
    if payload.contains_key("vc") { jwt_vc_json::newer_form(payload).unwrap_or_default() } else { payload }
}

/// Returns the format of a credential that was read: data model 1.1 has another `typ` and context.
pub(crate) fn format_of(jws: &Jws<'_>) -> Format {
    let is_newer = jws.require_type(Format::VcJwt.typ()).is_ok() || has(&jws.payload, "@context", CONTEXT);
    if is_newer { Format::VcJwt } else { Format::JwtVcJson }
}

/// Returns the Bitstring Status List credential at `uri` (Bitstring Status List 1.0, section 2.2),
/// not signed yet.
pub fn status_list_credential(
    issuer: &IssuerProfile<'_>,
    uri: &str,
    list: &crate::status::StatusList,
    (now, expires): (i64, i64),
) -> Value {
    json!({
        "@context": [CONTEXT],
        "id": uri,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": moment(now),
        "validUntil": moment(expires),
        "credentialSubject": {
            "id": format!("{uri}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": list.bitstring(),
        },
        "iss": issuer.id,
        "nbf": now,
        "exp": expires,
    })
}
