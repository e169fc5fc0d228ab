//! Where a link and a repeated push lead after the person's decision, and ids reused for another
//! type (docs/partner-api.md section 8).

use std::time::Duration;

use credential::Type;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::response::{TestResponse, content};

const BATCH: &str = "/api/partner/v2/add/requests/batch";
const HOUR: Duration = Duration::from_secs(3600);

fn item(name: &str, id: &str) -> Value {
    let mut item = (name.parse::<Type>().expect("a type").sample)();
    item["credential_id"] = json!(id);
    item
}

fn path(name: &str) -> String {
    format!("/api/partner/v2/add/requests/{name}")
}

/// Follows a link to the page that it ends at.
async fn follow(person: &mut Browser<'_>, link: Uuid) -> (String, TestResponse) {
    let mut location = person.open(link).await.redirect().to_owned();
    loop {
        let page = person.get(&location).await;
        if page.status != 303 {
            return (location, page);
        }
        location = page.redirect().to_owned();
    }
}

#[tokio::test]
async fn link_leads_to_the_accepted_credential() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = test.push(&test.token(&partner).await, "1").await;
    person.accept(id).await;
    let own_page = format!("/wallet/credentials/{id}");
    for hours in [0, 47, 2, 300] {
        test.advance(hours * HOUR);
        let again = test.push(&test.token(&partner).await, "1").await;
        assert_eq!(again, id, "any further push of that id");
        let (location, page) = follow(&mut person, again).await;
        assert_eq!(location, own_page);
        assert!(page.assert_status(200).text.contains("Marker-Lovelace"));
    }
    // Signing in first leads to the same page.
    let mut later = test.browser();
    assert_eq!(later.open(id).await.redirect(), "/sign-in");
    let location = later.sign_in("ada@example.org").await;
    assert_eq!(later.get(&location).await.redirect(), own_page);
    let mut other = test.signed_in("eve@example.org").await;
    let (_, page) = follow(&mut other, id).await;
    assert!(!page.assert_status(403).text.contains("Marker-Lovelace"));
    // A withdrawn credential stays in the person's wallet.
    let reason = json!({ "reason": "It was sent twice." }).to_string();
    let withdraw = test.api(axum::http::Method::DELETE, &format!("{PUSH}/1"), &test.token(&partner).await, &reason);
    test.send(withdraw).await.assert_status(204);
    assert_eq!(follow(&mut person, id).await.0, own_page);
    person.post(&format!("{own_page}/delete"), &[]).await.assert_status(303);
    let (_, page) = follow(&mut person, id).await;
    assert!(page.assert_status(200).text.contains("You deleted this"));
}

#[tokio::test]
async fn decided_batch_links_to_its_accepted_credentials() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let batch = json!({
        "credential_id": "b",
        "career_history": career("career"),
        "right_to_work_items": [item("right_to_work", "right")],
    });
    let link = content(&test.post(BATCH, &token, &batch).await.assert_status(201).json());
    let mut person = test.signed_in("ada@example.org").await;
    let (_, page) = follow(&mut person, link).await;
    let forms = page.text.split("action=\"/requests/").skip(1).filter_map(|part| part.split_once("/accept\""));
    let items: Vec<String> = forms.map(|(id, _)| id.to_owned()).filter(|id| *id != link.to_string()).collect();
    assert_eq!(items.len(), 2);
    person.post(&format!("/requests/{}/accept", items[0]), &[]).await.assert_status(303);
    person.post(&format!("/requests/{}/decline", items[1]), &[]).await.assert_status(303);
    let again = test.post(PUSH, &token, &career("career")).await.assert_status(201).json();
    assert_eq!(content(&again), link);
    let (_, page) = follow(&mut person, link).await;
    let page = page.assert_status(200).text;
    assert!(page.contains(&format!("href=\"/wallet/credentials/{}\"", items[0])), "{page}");
    assert!(!page.contains(&items[1]));
}

#[tokio::test]
async fn id_of_another_type_is_rejected() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let taken = |pointer: &str| vec![("credential_id.taken".to_owned(), pointer.to_owned())];
    let link = test.push(&token, "1").await;
    let right = item("right_to_work", "1");
    let refused = test.post(&path("right_to_work"), &token, &right).await.assert_status(422);
    assert_eq!(refused.errors(), taken("/credential_id"));
    let mut v1 = "right_to_work".parse::<Type>().expect("a type").v1_sample().expect("v1 takes it");
    v1["id"] = json!("1");
    let refused = test.post("/api/partner/v1/add/right_to_work", &token, &v1).await.assert_status(422);
    assert_eq!(refused.errors(), taken("/id"));
    assert_eq!(test.push(&token, "1").await, link, "the first one stands");
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(link).await;
    test.post(&path("right_to_work"), &token, &right).await.assert_status(422);
    person.post(&format!("/wallet/credentials/{link}/delete"), &[]).await.assert_status(303);
    test.post(&path("right_to_work"), &token, &right).await.assert_status(422);
    // After 48 hours without a decision the id is free again, for any type.
    test.push(&token, "2").await;
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    test.post(&path("right_to_work"), &token, &item("right_to_work", "2")).await.assert_status(201);
}

#[tokio::test]
async fn batch_items_of_another_type_are_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let batch = |name: &str| json!({ "credential_id": "b", name: [item(name.trim_end_matches("_items"), "1")] });
    let first = test.post(BATCH, &token, &batch("right_to_work_items")).await.assert_status(201).json();
    let refused = test.post(BATCH, &token, &batch("microcredential_items")).await.assert_status(422);
    let pointer = "/microcredential_items/0/credential_id".to_owned();
    assert_eq!(refused.errors(), [("credential_id.taken".to_owned(), pointer)]);
    let again = test.post(BATCH, &token, &batch("right_to_work_items")).await.assert_status(201).json();
    assert_eq!(again, first);
}
