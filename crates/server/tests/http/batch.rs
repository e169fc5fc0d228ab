//! Batches: one link, several credentials, each decided separately (docs/partner-api.md sections 3,
//! 7 and 8).

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use credential::{Type, batch_sample, v1_batch_sample};
use serde_json::{Value, json};
use uuid::Uuid;

const BATCH: &str = "/api/partner/v2/add/requests/batch";
const HOUR: Duration = Duration::from_secs(3600);

fn item(name: &str, id: &str) -> Value {
    let mut item = (name.parse::<Type>().expect("a type").sample)();
    item["credential_id"] = json!(id);
    item["fields"]["full_name"] = json!("Ada Marker-Lovelace");
    item
}

/// A batch of three: a career, a right to work, a microcredential.
fn three(id: &str) -> Value {
    json!({
        "credential_id": id,
        "career_history": career(&format!("{id}-career")),
        "right_to_work_items": [item("right_to_work", &format!("{id}-right"))],
        "microcredential_items": [item("microcredential", &format!("{id}-micro"))],
    })
}

fn request_id(answer: &Value) -> Uuid {
    answer["request_id"].as_str().expect("an id").parse().expect("a UUID")
}

/// Returns the requests that a page has an accept form for.
fn forms(page: &str) -> Vec<Uuid> {
    let parts = page.split("action=\"/requests/").skip(1).filter_map(|part| part.split_once("/accept\""));
    parts.filter_map(|(id, _)| id.parse().ok()).collect()
}

#[tokio::test]
async fn batch_has_one_link_and_each_item_is_decided_separately() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let answer = test.post(BATCH, &token, &three("b")).await.assert_status(201).json();
    let id = request_id(&answer);
    let link = format!("http://localhost:8080/partner/add/batch#clientId={}&content={id}", partner.id);
    assert_eq!(answer, json!({ "redirect_uri": link, "credential_id": "b", "request_id": id }));
    let status = |id: &'static str| test.status(&token, id);
    assert_eq!(status("b").await["items"].as_array().expect("items").len(), 3);
    assert_eq!(status("b-right").await["status"], "incomplete");

    let mut person = test.browser();
    person.get("/partner/add/batch").await.assert_status(200);
    assert_eq!(person.open(id).await.redirect(), "/sign-in");
    let sign_in = person.text("/sign-in").await;
    assert!(sign_in.contains("<bdi>Acme Payroll</bdi> has sent you 3 credentials."), "{sign_in}");
    let location = person.sign_in("ada@example.org").await;
    assert_eq!(location, format!("/requests/{id}"));
    let page = person.text(&location).await;
    for said in ["3 credentials", "Career timeline</title>", "May work in Singapore", "Project Management Foundations"]
    {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("Add to my wallet").count(), 3);
    assert_eq!(page.matches("that you declined (never why). You cannot undo this.").count(), 3);
    assert!(page.contains("We delete all 3 now and tell <bdi>Acme Payroll</bdi> that you declined them"), "{page}");
    // The name of each button includes the heading of its item.
    let headed = |item: &Uuid| page.contains(&format!("<h2 id=\"item-{item}\">"));
    let headed: Vec<Uuid> = forms(&page).into_iter().filter(headed).collect();
    assert_eq!(headed.len(), 3, "{page}");
    for item in headed {
        for button in ["accept-button", "decline-button"] {
            let named = format!("id=\"{button}-{item}\" aria-labelledby=\"{button}-{item} item-{item}\"");
            assert_eq!(page.matches(&named).count(), 1, "{named}: {page}");
        }
    }
    let places =
        ["Career history: ", "Microcredential: ", "Right to work: "].map(|title| page.find(title).expect(title));
    assert!(places.is_sorted(), "in the order of the types");
    assert!(person.get("/wallet").await.text.contains("<bdi>Acme Payroll</bdi> sent you 3 credentials."));

    let items = forms(&page);
    let next = person.post(&format!("/requests/{}/accept", items[0]), &[]).await.assert_status(303);
    assert_eq!(next.header("location"), location, "two still wait");
    let page = person.text(&location).await;
    assert!(page.contains("Career history: added to your wallet."), "{page}");
    let next = person.post(&format!("/requests/{}/decline", items[1]), &[]).await.assert_status(303);
    assert_eq!(next.header("location"), location, "one still waits");
    assert_eq!(status("b").await["status"], "incomplete");
    test.advance(HOUR / 2);
    let next = person.post(&format!("/requests/{}/accept", items[2]), &[]).await.assert_status(303);
    assert_eq!(next.header("location"), "/wallet", "nothing waits any more");
    let whole = status("b").await;
    assert_eq!((&whole["status"], &whole["finalized_at"]), (&json!("verified"), &json!("2026-11-23T09:30:00Z")));
    let each: Vec<&Value> = whole["items"].as_array().expect("items").iter().map(|item| &item["status"]).collect();
    assert_eq!(each.iter().filter(|status| **status == "verified").count(), 2);
    let page = person.text(&location).await;
    assert!(page.contains("You have decided") && page.contains("declined and deleted."));
    assert!(page.contains("<title>You have decided ·"), "{page}");
    // Accepting again from a stale page has no effect.
    person.post(&format!("/requests/{}/accept", items[1]), &[]).await.assert_status(303);
    assert_eq!(person.get("/wallet").await.text.matches("class=\"card\">\n      <h3>").count(), 2);
}

#[tokio::test]
async fn all_batch_items_can_be_decided_together() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    for (id, action, status) in [("a", "accept", "verified"), ("d", "decline", "canceled")] {
        let batch = request_id(&test.post(BATCH, &token, &three(id)).await.assert_status(201).json());
        person.open(batch).await.assert_status(303);
        person.post(&format!("/requests/{batch}/{action}"), &[]).await.assert_status(303);
        let found = test.status(&token, id).await;
        assert_eq!(found["status"], status);
        assert!(found["items"].as_array().expect("items").iter().all(|item| item["status"] == status));
    }
}

#[tokio::test]
async fn items_that_need_no_choice_are_added_together() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut batch = three("b");
    batch["right_to_work_items"][0]["fields"]["full_name"] = json!("Jane Roe");
    let id = request_id(&test.post(BATCH, &token, &batch).await.assert_status(201).json());
    person.open(id).await.assert_status(303);
    let location = format!("/requests/{id}");
    let page = person.text(&location).await;
    for said in ["This one needs a choice of its own, so add it by itself:", "Add the other 2</button>"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Add all"), "{page}");
    let others = page.split("name=\"item\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let others: Vec<(&str, &str)> = others.map(|item| ("item", item)).collect();
    assert_eq!(others.len(), 2, "{page}");
    let accept = format!("{location}/accept");
    let next = person.post(&accept, &others).await.assert_status(303);
    assert_eq!(next.header("location"), location, "one still waits");
    for (item, status) in [("b-career", "verified"), ("b-micro", "verified"), ("b-right", "incomplete")] {
        assert_eq!(test.status(&token, item).await["status"], status, "{item}");
    }
    // Items of other batches, or none, are not all.
    for unknown in ["x", &Uuid::nil().to_string()] {
        person.post(&accept, &[("item", unknown)]).await.assert_status(303);
        assert_eq!(test.status(&token, "b-right").await["status"], "incomplete", "{unknown}");
    }
}

#[tokio::test]
async fn batch_is_bound_to_the_first_account_that_opens_it() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = request_id(&test.post(BATCH, &token, &three("b")).await.assert_status(201).json());
    let mut first = test.signed_in("ada@example.org").await;
    let mut second = test.signed_in("eve@example.org").await;
    first.open(id).await.assert_status(303);
    let items = forms(&first.text(&format!("/requests/{id}")).await);
    second.open(id).await.assert_status(303);
    for request in [id, items[0]] {
        let page = second.get(&format!("/requests/{request}")).await.assert_status(403).text;
        assert!(!page.contains("Marker-Lovelace") && !page.contains("Acme"));
        second.post(&format!("/requests/{request}/accept"), &[]).await.assert_status(403);
        second.post(&format!("/requests/{request}/decline"), &[]).await.assert_status(403);
    }
    assert_eq!(test.status(&token, "b").await["status"], "incomplete");
    second.get(&format!("/requests/{}", Uuid::nil())).await.assert_status(404);
}

#[tokio::test]
async fn repeated_batch_returns_the_same_link() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let first = test.post(BATCH, &token, &three("b")).await.assert_status(201).json();
    assert_eq!(test.post(BATCH, &token, &three("b")).await.assert_status(201).json(), first);
    let mut other = three("b");
    other["career_history"]["fields"]["full_name"] = json!("Somebody Else");
    let warned = test.post(BATCH, &token, &other).await.assert_status(201).json();
    assert_eq!(
        (&warned["redirect_uri"], &warned["warnings"][0]["code"]),
        (&first["redirect_uri"], &json!("duplicate.different_body"))
    );
    // Pushing an item by itself returns the link of its batch.
    let single = test.post(PUSH, &token, &career("b-career")).await.assert_status(201).json();
    assert_eq!(single["redirect_uri"], first["redirect_uri"]);
    let v1 = test.post("/api/partner/v1/add/batch", &token, &v1_batch_sample()).await.assert_status(201).json();
    assert_eq!(v1.as_object().expect("an object").len(), 1);
    assert_eq!(test.post("/api/partner/v1/add/batch", &token, &v1_batch_sample()).await.assert_status(201).json(), v1);
}

#[tokio::test]
async fn batch_with_a_taken_id_is_rejected_whole() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.post(PUSH, &token, &career("b-career")).await.assert_status(201);
    let taken = |pointer: &str| vec![("credential_id.taken".to_owned(), pointer.to_owned())];
    let answer = test.post(BATCH, &token, &three("b")).await.assert_status(422);
    assert_eq!(answer.errors(), taken("/career_history/credential_id"));
    test.get_with("/api/partner/v1/submissions/b/status", &token).await.assert_status(404);
    test.get_with("/api/partner/v1/submissions/b-right/status", &token).await.assert_status(404);
    test.post(BATCH, &token, &three("c")).await.assert_status(201);
    let answer = test.post(PUSH, &token, &career("c")).await.assert_status(422);
    assert_eq!(answer.errors(), taken("/credential_id"), "a batch's id is no submission's");
    let mut same = three("d");
    same["credential_id"] = json!("c-right");
    assert_eq!(test.post(BATCH, &token, &same).await.assert_status(422).errors(), taken("/credential_id"));
    // Another partner may use the same id.
    let other = test.token(&test.partner().await).await;
    test.post(BATCH, &other, &three("c")).await.assert_status(201);
}

#[tokio::test]
async fn expired_batch_restarts_and_completed_batch_is_kept() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let first = test.post(BATCH, &token, &three("b")).await.assert_status(201).json();
    let answered = test.post(BATCH, &token, &three("c")).await.assert_status(201).json();
    let mut person = test.signed_in("ada@example.org").await;
    person.open(request_id(&answered)).await.assert_status(303);
    let item = forms(&person.get(&format!("/requests/{}", request_id(&answered))).await.text)[0];
    person.post(&format!("/requests/{item}/accept"), &[]).await.assert_status(303);
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "b").await["status"], "canceled");
    assert_eq!(test.status(&token, "c").await["status"], "verified");
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    let again = test.post(BATCH, &token, &three("b")).await.assert_status(201).json();
    assert_ne!(again["redirect_uri"], first["redirect_uri"]);
    let same = test.post(BATCH, &token, &three("c")).await.assert_status(201).json();
    assert_eq!(same["redirect_uri"], answered["redirect_uri"]);
    let mut late = test.signed_in("late@example.org").await;
    late.open(request_id(&first)).await.assert_status(303);
    late.get(&format!("/requests/{}", request_id(&first))).await.assert_status(410);
}

#[tokio::test]
async fn item_status_survives_rejected_and_restarted_batches() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &career("old-career")).await.assert_status(201);
    test.post(BATCH, &token, &three("b")).await.assert_status(201);
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &career("stands")).await.assert_status(201);
    let mixed = json!({ "credential_id": "old-career", "career_history": career("stands") });
    let answer = test.post(BATCH, &token, &mixed).await.assert_status(422);
    assert_eq!(answer.errors(), [("credential_id.taken".to_owned(), "/career_history/credential_id".to_owned())]);
    assert_eq!(test.status(&token, "old-career").await["status"], "canceled", "nothing was changed");
    let other = json!({ "credential_id": "b", "career_history": career("new-career") });
    test.post(BATCH, &token, &other).await.assert_status(201);
    assert_eq!(test.status(&token, "b").await["items"].as_array().expect("items").len(), 1);
    assert_eq!(test.status(&token, "b-right").await["status"], "canceled", "nobody has used this id again");
}

#[tokio::test]
async fn batch_requires_the_scopes_of_all_its_types() {
    let test = TestApp::new().await;
    let some = test.token(&test.partner_with("write.career_history write.universal").await).await;
    let answer = test.post(BATCH, &some, &three("b")).await.assert_status(403);
    assert_eq!(
        answer.header("www-authenticate"),
        r#"Bearer realm="tenure", error="insufficient_scope", scope="write.microcredential write.right_to_work""#
    );
    let one = json!({ "credential_id": "b", "career_history": career("1") });
    test.post(BATCH, &some, &one).await.assert_status(201);
    test.post("/api/partner/v1/add/batch", &some, &v1_batch_sample()).await.assert_status(403);
}

#[tokio::test]
async fn batch_dry_run_stores_nothing() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let dry = test.post(&format!("{BATCH}?dry_run=true"), &token, &batch_sample()).await.assert_status(200).json();
    assert_eq!(dry["items"][1]["headline"], "Bachelor of Commerce (Honours), Finance");
    let id = dry["credential_id"].as_str().expect("an id");
    test.get_with(&format!("/api/partner/v1/submissions/{id}/status"), &token).await.assert_status(404);
}

#[tokio::test]
async fn batch_accepts_100_items_and_rejects_101() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let many = |count: usize| {
        let items: Vec<Value> = (0..count).map(|at| item("education", &format!("e{at}"))).collect();
        json!({ "credential_id": "b", "education_items": items })
    };
    let answer = test.post(BATCH, &token, &many(101)).await.assert_status(422);
    assert_eq!(answer.errors(), [("list.too_long".to_owned(), String::new())]);
    let answer = test.post(BATCH, &token, &many(100)).await.assert_status(201).json();
    assert_eq!(answer["assets"].as_array().expect("links").len(), 100);
    assert_eq!(answer["assets"][99]["credential_id"], "e99");
    let mut person = test.signed_in("ada@example.org").await;
    let id = request_id(&answer);
    person.open(id).await.assert_status(303);
    assert_eq!(forms(&person.text(&format!("/requests/{id}")).await).len(), 101);
    person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "b").await["status"], "verified");
}
