//! Issuers that publish their keys in a did:web document.

use credential::format::{did_web, verification_methods};
use serde_json::{Value, json};

use super::access_token;
use super::other_issuers::{Issuer, verify};

#[tokio::test]
async fn keys_of_a_did_web_are_used_until_they_end() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let did = did_web(&issuer.address);
    let token = issuer.credential(test.app.now().seconds(), |payload| payload["iss"] = did.as_str().into());
    let [jwk, _, multikey] = verification_methods(&did, "k1", issuer.key.public());
    let named = |mut method: Value, members: Value| {
        method["id"] = json!(format!("{did}#k1"));
        for (name, value) in members.as_object().expect("members") {
            method[name] = value.clone();
        }
        method
    };
    let past = "2020-01-01T00:00:00Z";
    for (method, verdict, reason) in [
        (named(jwk.clone(), json!({})), "issuer_unknown", "belongs to did:web"),
        (named(multikey.clone(), json!({})), "issuer_unknown", "belongs to did:web"),
        (named(multikey.clone(), json!({ "expires": "2100-01-01T00:00:00Z" })), "issuer_unknown", "belongs to did:web"),
        (named(jwk, json!({ "revoked": past })), "not_checkable", "it was revoked at 2020-01-01T00:00:00Z"),
        (named(multikey, json!({ "expires": past })), "not_checkable", "it expired at 2020-01-01T00:00:00Z"),
        (json!({ "id": format!("{did}#k1") }), "not_checkable", "neither publicKeyJwk nor publicKeyMultibase"),
    ] {
        let document = json!({ "id": did, "verificationMethod": [method], "assertionMethod": [method["id"]] });
        issuer.publish("/.well-known/did.json", &document.to_string());
        let report = verify(&test, &access, &token).await;
        assert_eq!(report["verdict"], verdict, "{document}: {report}");
        assert!(report.to_string().contains(reason), "{reason}: {report}");
    }
}
