//! W3C Verifiable Credentials 2.0, secured as a JWT (VC-JOSE-COSE, section 3.1): the credential is
//! the payload.
//!
//! The registered JWT claims repeat the credential's own members, for verifiers that process only
//! those (Open Badges 3.0, section 8.2.4, requires them).

use serde_json::{Value, json};

use super::open_badge;
pub use super::statement::IssuerProfile;
use super::statement::{Statement, moment};

/// Returns the credential as JSON.
pub(super) fn credential(issuer: &IssuerProfile<'_>, statement: &Statement<'_>) -> Value {
    let known = statement.credential_type;
    let address = issuer.address;
    let mut subject = statement.fields.clone();
    if let Some(holder) = statement.holder {
        subject["id"] = holder.did_jwk().into();
    }
    let mut credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", { "@vocab": format!("{address}/credentials/{known}#") }],
        "id": statement.id,
        "type": types(known),
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
    if let Some(achievement) = &known.achievement {
        open_badge::add_achievement(&mut credential, achievement, issuer, statement);
    }
    credential
}

/// Returns the values of `type` for a credential type.
pub fn types(known: crate::Type) -> [String; 2] {
    let own = match known.achievement {
        Some(_) => "OpenBadgeCredential".to_owned(),
        None => known.name().split('_').map(capitalised).collect(),
    };
    ["VerifiableCredential".to_owned(), own]
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
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
        "@context": ["https://www.w3.org/ns/credentials/v2"],
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
