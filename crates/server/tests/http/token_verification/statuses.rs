//! Statuses of tokens of other issuers: the places where they stand, and the addresses of lists.

use credential::status::{StatusList, token_payload};
use serde_json::{Value, json};

use super::other_issuers::{Issuer, verify};
use super::{access_token, not_passed};
use crate::support::wallet::signed;

/// An issuer may revoke by any of the lists that a token names (D-428).
#[tokio::test]
async fn revocation_by_any_list_of_a_token_counts() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    let uri = |name: &str| format!("{}/{name}", issuer.address);
    let sign = |typ: &str, payload: &Value| signed(&issuer.key, json!({ "typ": typ, "kid": "k1" }), payload);
    let list = token_payload(&StatusList::of_revoked(64, []), &uri("tokens"), (now, now + 60), 60);
    issuer.publish("/tokens", &sign("statuslist+jwt", &list));
    let publish = |name: &str, revoked: &[u32]| {
        let bits = StatusList::of_revoked(131_072, revoked.iter().copied()).bitstring();
        let list = json!({
            "id": uri(name),
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": issuer.address,
            "credentialSubject": {
                "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": bits,
            },
        });
        issuer.publish(&format!("/{name}"), &sign("vc+jwt", &list));
    };
    publish("revoked", &[7]);
    publish("good", &[]);
    let status = |name: &str| json!({ "status_list": { "idx": 7, "uri": uri(name) } });
    let entry = |name: &str| {
        json!({
            "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
            "statusListIndex": "7", "statusListCredential": uri(name),
        })
    };
    for (statuses, verdict) in [
        (json!({ "status": status("tokens"), "credentialStatus": entry("good") }), "issuer_unknown"),
        (json!({ "status": status("tokens"), "credentialStatus": entry("nowhere") }), "not_checkable"),
        (json!({ "status": status("tokens"), "credentialStatus": entry("revoked") }), "invalid"),
        (json!({ "status": status("nowhere"), "credentialStatus": entry("revoked") }), "invalid"),
        (json!({ "credentialStatus": [entry("nowhere"), entry("revoked")] }), "invalid"),
        (json!({ "status": status("tokens"), "vc": { "credentialStatus": entry("revoked") } }), "invalid"),
    ] {
        let mut credential = json!({
            "type": ["VerifiableCredential"],
            "issuer": issuer.address,
            "credentialSubject": { "full_name": "Ada Marker-Lovelace" },
        });
        for (name, value) in statuses.as_object().expect("an object") {
            credential[name] = value.clone();
        }
        let report = verify(&test, &access, &sign("vc+jwt", &credential)).await;
        assert_eq!(report["verdict"], verdict, "{statuses}: {report}");
        let is_revoked = not_passed(&report).contains(&"status failed revoked".to_owned());
        assert_eq!(is_revoked, verdict == "invalid", "{statuses}: {report}");
    }
}

#[tokio::test]
async fn status_lists_are_fetched_from_https_addresses_only() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    let plain = issuer.address.replacen("https", "http", 1);
    for address in ["data:application/statuslist+jwt,x", "file:///etc/passwd", "ftp://issuer.example/1", &plain] {
        let status = json!({ "status_list": { "idx": 3, "uri": address } });
        let report = verify(&test, &access, &issuer.credential(now, |payload| payload["status"] = status)).await;
        assert_eq!(report["verdict"], "not_checkable", "{address}: {report}");
        let said = report.to_string();
        assert!(said.contains("does not begin with https") && !said.contains("port 443"), "{address}: {said}");
    }
}
