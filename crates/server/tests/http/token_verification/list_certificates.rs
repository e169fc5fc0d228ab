//! Status lists of an issuer that is trusted by its certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::status::{StatusList, token_payload};
use rcgen::SanType;
use serde_json::{Value, json};

use super::other_issuers::{Issuer, verify};
use super::{access_token, not_passed};
use crate::support::certificates::TestAuthority;
use crate::support::wallet::{key, signed};

/// Number of the key that signs tokens, and of the one that signs status lists.
const TOKENS: u8 = 50;
const LISTS: u8 = 51;

/// Returns the chain of a key, whose certificate names `address`.
fn certified(authority: &TestAuthority, number: u8, address: &str) -> Value {
    let name = SanType::URI(address.try_into().expect("ASCII"));
    let made = authority.certify(&key(number), |params| params.subject_alt_names = vec![name]);
    json!([STANDARD.encode(made.der())])
}

/// HAIP 1.0, section 6.1: status lists have their key in `x5c`, which may differ from that of the
/// token.
#[tokio::test]
async fn list_with_another_certificate_of_its_issuer_counts() {
    let issuer = Issuer::new().await;
    let authority = TestAuthority::new("Issuers Root CA");
    let trusted = json!({ issuer.address.as_str(): { "types": { "career_history": ["urn:example:career"] } } });
    let test = issuer.app_with(Some(&trusted), Some(&authority.certificate.pem())).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    let chain = certified(&authority, TOKENS, &issuer.address);
    // Each list has an address of its own, so that none is taken from a cache.
    let report = async |number: u32, list_chain: Value, revoked: &[u32]| {
        let (path, uri) = (format!("/lists/{number}"), format!("{}/lists/{number}", issuer.address));
        let list = StatusList::of_revoked(64, revoked.iter().copied());
        let payload = token_payload(&list, &uri, (now, now + 60), 60);
        let header = json!({ "typ": "statuslist+jwt", "x5c": list_chain });
        issuer.publish(&path, &signed(&key(LISTS), header, &payload));
        let payload = json!({
            "iss": issuer.address,
            "vct": "urn:example:career",
            "full_name": "Ada Marker-Lovelace",
            "status": { "status_list": { "idx": 3, "uri": uri } },
        });
        let token = signed(&key(TOKENS), json!({ "typ": "dc+sd-jwt", "x5c": chain }), &payload);
        verify(&test, &access, &format!("{token}~")).await
    };
    let own = || certified(&authority, LISTS, &issuer.address);
    let good = report(1, own(), &[4]).await;
    assert_eq!((&good["verdict"], &good["issuer"]["trust"]), (&json!("valid"), &json!("listed")), "{good}");
    let revoked = report(2, own(), &[3]).await;
    assert!(not_passed(&revoked).contains(&"status failed revoked".to_owned()), "{revoked}");
    let elsewhere = report(3, certified(&authority, LISTS, "https://elsewhere.example"), &[]).await;
    assert_eq!(elsewhere["verdict"], "not_checkable", "the certificate names another issuer: {elsewhere}");
    let stranger = TestAuthority::new("Another Root CA");
    let unknown = report(4, certified(&stranger, LISTS, &issuer.address), &[]).await;
    assert_eq!(unknown["verdict"], "not_checkable", "the authority is not trusted: {unknown}");
}
