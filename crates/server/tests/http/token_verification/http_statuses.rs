//! HTTP statuses of the documents that other issuers publish.

use axum::http::StatusCode;
use credential::status::{StatusList, token_payload};
use serde_json::json;

use super::access_token;
use super::other_issuers::{Issuer, verify};
use crate::support::wallet::signed;

/// Token Status List, section 8.2: a response with any status of 2xx is good. The page /verify
/// reads them alike (`browser/units/issuer-documents.test.mjs`).
#[tokio::test]
async fn status_list_is_read_with_any_status_of_success() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    for (status, verdict) in [
        (StatusCode::OK, "issuer_unknown"),
        (StatusCode::CREATED, "issuer_unknown"),
        (StatusCode::NON_AUTHORITATIVE_INFORMATION, "issuer_unknown"),
        (StatusCode::FOUND, "not_checkable"),
        (StatusCode::NOT_FOUND, "not_checkable"),
        (StatusCode::INTERNAL_SERVER_ERROR, "not_checkable"),
    ] {
        // An address of its own, so that no list is taken from the cache.
        let path = format!("/status/{}", status.as_u16());
        let uri = format!("{}{path}", issuer.address);
        let payload = token_payload(&StatusList::of_revoked(64, [4]), &uri, (now, now + 60), 60);
        issuer.publish(&path, &signed(&issuer.key, json!({ "typ": "statuslist+jwt", "kid": "k1" }), &payload));
        issuer.respond_with(&path, status);
        let token =
            issuer.credential(now, |payload| payload["status"] = json!({ "status_list": { "idx": 3, "uri": uri } }));
        let report = verify(&test, &access, &token).await;
        assert_eq!(report["verdict"], verdict, "{status}: {report}");
    }
}

/// SD-JWT VC, section 4: the response with an issuer's keys has the status 200.
#[tokio::test]
async fn keys_are_read_only_with_status_200() {
    let issuer = Issuer::new().await;
    issuer.respond_with("/.well-known/jwt-vc-issuer", StatusCode::CREATED);
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let report = verify(&test, &access, &issuer.credential(test.app.now().seconds(), |_| {})).await;
    assert_eq!(report["verdict"], "not_checkable", "{report}");
    assert!(report.to_string().contains("the response has the HTTP status 201."), "{report}");
}
