//! Verified identities with different dates of birth in one wallet: the holder must confirm the
//! second one.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::{Browser, confirmations};
use crate::support::response::content;

const IDENTITIES: &str = "/api/partner/v2/add/requests/digital_identity";

/// Pushes an identity with this date of birth and opens its link; returns the request's id.
async fn opened(test: &TestApp, person: &mut Browser<'_>, token: &str, credential_id: &str, born: &str) -> Uuid {
    let known: credential::Type = "digital_identity".parse().expect("a type");
    let mut body = (known.sample)();
    body["credential_id"] = json!(credential_id);
    body["fields"]["date_of_birth"] = json!(born);
    test.advance(std::time::Duration::from_secs(1));
    let id = content(&test.post(IDENTITIES, token, &body).await.assert_status(201).json());
    person.open(id).await.assert_status(303);
    id
}

#[tokio::test]
async fn other_date_of_birth_needs_the_holders_confirmation() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    let first = opened(&test, &mut person, &token, "1", "1990-04-30").await;
    person.post(&format!("/requests/{first}/accept"), &[]).await.assert_status(303);
    let other = opened(&test, &mut person, &token, "2", "1991-05-01").await;
    let accept = format!("/requests/{other}/accept");
    let page = person.text(&format!("/requests/{other}")).await;
    for said in ["Is this also your date of birth?", "Born on 1 May 1991", "Born on 30 April 1990"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let fields = confirmations(&page);
    let form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for wrong in [vec![], vec![form[0]], vec![form[1]], vec![(form[0].0, "on"), form[1]]] {
        person.post(&accept, &wrong).await.assert_status(422);
        assert_eq!(test.status(&token, "2").await["status"], "incomplete");
    }
    person.post(&accept, &form).await.assert_status(303);
    let record = person.text(&format!("/wallet/credentials/{other}")).await;
    for said in ["differs from the one in your wallet", "Born on 30 April 1990", "One of the dates is a mistake"] {
        assert!(record.contains(said), "{said}: {record}");
    }
    let export = person.get("/wallet/export").await.json();
    let held = export["credentials"].as_array().expect("a list");
    let confirmed: Vec<&Value> = held.iter().map(|held| &held["confirmed_birth_date"]).collect();
    assert!(confirmed.contains(&&json!({ "reason": "mistake", "beside": ["1990-04-30"] })), "{confirmed:?}");
    assert!(confirmed.contains(&&Value::Null), "the first one was not asked about");
}

#[tokio::test]
async fn same_date_of_birth_needs_no_confirmation() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    for credential_id in ["1", "2"] {
        let id = opened(&test, &mut person, &token, credential_id, "1990-04-30").await;
        person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    }
}
