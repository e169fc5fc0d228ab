//! W3C Verifiable Credentials 1.1 as a JWT (Verifiable Credentials Data Model 1.1, section 6.3.1):
//! registered claims, and the credential as the claim `vc`.
//!
//! Both directions convert from and to the form of data model 2.0, so that the rest of the code
//! knows only that form.

use serde_json::{Map, Value, json};

use super::statement::Statement;
use crate::jws::{Jws, without_nulls};
use crate::verify_error::VerifyError;

/// Claims of the JWT that are not members of the credential.
const REGISTERED: [&str; 9] = ["iss", "sub", "aud", "nbf", "iat", "exp", "jti", "cnf", "status"];

/// Members with another name in data model 2.0.
const RENAMED: [(&str, &str); 2] = [("issuanceDate", "validFrom"), ("expirationDate", "validUntil")];

/// The context of data model 1.1, and that of the status list entry, which model 1.1 lacks
/// (Bitstring Status List 1.0, appendix A).
const CONTEXTS: [&str; 2] = ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/status/v1"];

/// Converts a credential of data model 2.0 to the payload of a JWT of data model 1.1.
pub(super) fn encode(credential: Value, statement: &Statement<'_>, address: &str) -> Value {
    let (mut payload, mut inner) = (Map::new(), Map::new());
    let Value::Object(members) = credential else { return Value::Null };
    for (name, value) in members {
        if REGISTERED.contains(&name.as_str()) {
            payload.insert(name, value);
        } else {
            let renamed = RENAMED.iter().find(|(_, newer)| *newer == name).map(|(older, _)| (*older).to_owned());
            inner.insert(renamed.unwrap_or(name), value);
        }
    }
    let known = statement.credential_type;
    let [model, status] = CONTEXTS;
    let terms = json!({ "@vocab": format!("{address}/credentials/{known}#") });
    inner.insert("@context".to_owned(), json!([model, status, terms]));
    payload.insert("vc".to_owned(), inner.into());
    payload.into()
}

/// Returns whether a JWT is a credential of data model 1.1: it has the claim `vc`, and its `typ` is
/// `JWT` or absent.
pub(super) fn is_one(jws: &Jws<'_>) -> bool {
    is_untyped(jws) && jws.payload.contains_key("vc")
}

/// Returns whether `typ` says nothing about the kind of a JWT: it is `JWT` or absent.
pub(super) fn is_untyped(jws: &Jws<'_>) -> bool {
    !jws.header.contains_key("typ") || jws.require_type("JWT").is_ok()
}

/// Replaces a list of one subject by that subject, which means the same in JSON-LD.
pub(super) fn take_single_subject(payload: &mut Map<String, Value>) {
    if let Some(Value::Array(subjects)) = payload.get_mut("credentialSubject")
        && subjects.len() == 1
        && let Some(subject) = subjects.pop()
    {
        payload.insert("credentialSubject".to_owned(), subject);
    }
}

/// Converts the payload of a JWT of data model 1.1 to the form of data model 2.0. The signature is
/// over the bytes as received, so this does not affect it.
///
/// # Errors
/// [`VerifyError::Claim`], if the claims contradict the credential.
pub(super) fn decode(mut jws: Jws<'_>) -> Result<Jws<'_>, VerifyError> {
    jws.payload = newer_form(std::mem::take(&mut jws.payload))?;
    Ok(jws)
}

/// Converts a payload of data model 1.1 to the form of data model 2.0. Members of the credential
/// that are `null` count as absent, as claims do. A date that the payload has already, under either
/// name, stays in `vc`, so that both are checked (D-423), and so does a status (D-428).
///
/// # Errors
/// See [`decode`].
pub(super) fn newer_form(mut payload: Map<String, Value>) -> Result<Map<String, Value>, VerifyError> {
    let Some(Value::Object(inner)) = payload.remove("vc") else {
        return Err(VerifyError::Claim("vc must be an object"));
    };
    let mut others = Map::new();
    for (name, value) in without_nulls(inner) {
        if name == "status" || name == "credentialStatus" && payload.contains_key(&name) {
            others.insert(name, value);
            continue;
        }
        // A registered claim of the credential itself has no meaning, and must not replace the
        // signed claim that verification checks.
        if REGISTERED.contains(&name.as_str()) {
            continue;
        }
        let date = RENAMED.iter().find(|(older, newer)| *older == name || *newer == name);
        match date {
            Some((_, newer)) if payload.contains_key(*newer) => drop(others.insert(name, value)),
            Some((_, newer)) => drop(payload.insert((*newer).to_owned(), value)),
            None => drop(payload.insert(name, value)),
        }
    }
    if !others.is_empty() {
        payload.insert("vc".to_owned(), others.into());
    }
    let issuer = payload.get("iss").and_then(Value::as_str).map(ToOwned::to_owned);
    match issuer {
        Some(issuer) if !payload.contains_key("issuer") => drop(payload.insert("issuer".to_owned(), issuer.into())),
        _ if !is_by_iss(&payload) => return Err(VerifyError::Claim("the issuer in vc must be iss")),
        _ => {}
    }
    take_single_subject(&mut payload);
    let subject = payload.get("credentialSubject").and_then(|subject| subject["id"].as_str());
    if let (Some(named), Some(sub)) = (subject, payload.get("sub"))
        && sub != named
    {
        return Err(VerifyError::Claim("the id of the credentialSubject in vc must be sub"));
    }
    Ok(payload)
}

/// Returns whether a credential names the same issuer as the claim `iss`, or either is absent.
pub(super) fn is_by_iss(payload: &Map<String, Value>) -> bool {
    let Some(iss) = payload.get("iss").and_then(Value::as_str) else { return true };
    payload.get("issuer").is_none_or(|issuer| issuer.as_str().or_else(|| issuer["id"].as_str()) == Some(iss))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::encode;

    fn read(header: &Value, payload: &Value) -> Result<Map<String, Value>, VerifyError> {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let text = format!("{}.{}.AAAA", part(header), part(payload));
        let jws = Jws::read(&text)?;
        if is_one(&jws) { Ok(decode(jws)?.payload) } else { Err(VerifyError::Claim("vc")) }
    }

    #[test]
    fn payload_is_converted_to_the_newer_form() {
        let payload = json!({
            "iss": "did:web:a.example", "sub": "did:jwk:x", "nbf": 1, "exp": 9, "jti": "urn:x",
            "vc": {
                "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"],
                "issuanceDate": "2026-01-01T00:00:00Z", "expirationDate": "2027-01-01T00:00:00Z",
                "credentialSubject": { "id": "did:jwk:x" }, "exp": 99,
            },
        });
        for header in [json!({ "alg": "ES256", "typ": "JWT" }), json!({ "alg": "ES256" })] {
            let read = read(&header, &payload).expect("a credential");
            assert_eq!((&read["issuer"], &read["exp"]), (&json!("did:web:a.example"), &json!(9)));
            assert_eq!(read["validFrom"], "2026-01-01T00:00:00Z");
            assert_eq!(read["validUntil"], "2027-01-01T00:00:00Z");
            assert!(!read.contains_key("vc") && !read.contains_key("issuanceDate"));
        }
        assert!(read(&json!({ "alg": "ES256", "typ": "at+jwt" }), &payload).is_err(), "another kind of token");
    }

    #[test]
    fn claims_that_contradict_the_credential_are_rejected() {
        let header = json!({ "alg": "ES256", "typ": "JWT" });
        for payload in [
            json!({ "vc": "x" }),
            json!({ "iss": "did:web:a.example", "vc": { "issuer": "did:web:b.example" } }),
            json!({ "iss": "did:web:a.example", "vc": { "issuer": { "id": "did:web:b.example" } } }),
            json!({ "iss": "did:web:a.example", "vc": { "issuer": 7 } }),
            json!({ "sub": "did:jwk:x", "vc": { "credentialSubject": { "id": "did:jwk:y" } } }),
            json!({ "sub": "did:jwk:x", "vc": { "credentialSubject": [{ "id": "did:jwk:y" }] } }),
        ] {
            let refused = read(&header, &payload).expect_err("a contradiction");
            assert!(matches!(refused, VerifyError::Claim(_)), "{payload}: {refused}");
        }
        let absent = json!({ "iss": "did:web:a.example", "vc": { "issuer": null, "expirationDate": null } });
        let read_absent = read(&header, &absent).expect("null counts as absent");
        assert_eq!((&read_absent["issuer"], read_absent.get("validUntil")), (&json!("did:web:a.example"), None));
        let twice = json!({
            "validUntil": "2027-01-01T00:00:00Z",
            "vc": { "expirationDate": "2026-01-01T00:00:00Z", "validFrom": "2025-01-01T00:00:00Z" },
        });
        let read_twice = read(&header, &twice).expect("both dates are kept");
        assert_eq!(read_twice["validUntil"], "2027-01-01T00:00:00Z");
        assert_eq!(read_twice["vc"], json!({ "expirationDate": "2026-01-01T00:00:00Z" }));
        let statuses = json!({ "credentialStatus": 1, "vc": { "status": 2, "credentialStatus": 3 } });
        let read_statuses = read(&header, &statuses).expect("every status is kept");
        assert_eq!(read_statuses["credentialStatus"], 1);
        assert_eq!((read_statuses.get("status"), &read_statuses["vc"]), (None, &statuses["vc"]));
        let issuer = json!({ "id": "did:web:a.example", "name": "A" });
        let same = json!({ "iss": "did:web:a.example", "vc": { "issuer": issuer } });
        assert_eq!(read(&header, &same).expect("the same issuer")["issuer"]["name"], "A");
    }
}
