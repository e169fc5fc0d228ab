//! The lists of submissions and verification requests (docs/partner-api.md sections 8 and 10).

use std::time::Duration;

use axum::http::Method;
use credential::Type;
use serde_json::{Value, json};

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::response::content;
use crate::verification::support::{ASK, ask, asker, holder, share_all};

const SUBMISSIONS: &str = "/api/partner/v2/submissions";
const REQUESTS: &str = "/api/partner/v2/verify/requests";
const BATCH: &str = "/api/partner/v2/add/requests/batch";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Returns one member of each entry of a page.
fn each(page: &Value, member: &str) -> Vec<String> {
    let list = page["submissions"].as_array().or(page["requests"].as_array()).expect("a list");
    list.iter().map(|entry| entry[member].as_str().expect("a text").to_owned()).collect()
}

async fn page(test: &TestApp, token: &str, path: &str) -> Value {
    test.get_with(path, token).await.assert_status(200).json()
}

async fn ids(test: &TestApp, token: &str, query: &str) -> Vec<String> {
    each(&page(test, token, &format!("{SUBMISSIONS}?{query}")).await, "id")
}

/// Pushes careers a second apart.
async fn push_all(test: &TestApp, token: &str, ids: &[&str]) {
    for id in ids {
        test.advance(SECOND);
        test.push(token, id).await;
    }
}

/// Returns a token of `partner` with fewer scopes.
async fn narrow(test: &TestApp, partner: &TestPartner, scope: &str) -> String {
    let id = partner.id.to_string();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", partner.secret.as_str()),
        ("scope", scope),
    ];
    let answer = test.token_form(&form, None).await.assert_status(200).json();
    answer["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn submissions_are_paged_while_new_ones_arrive() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    push_all(&test, &token, &["1", "2", "3", "4", "5"]).await;
    let first = page(&test, &token, &format!("{SUBMISSIONS}?limit=2")).await;
    assert_eq!(each(&first, "id"), ["5", "4"]);
    let (mut found, mut cursor) = (Vec::new(), first["next_cursor"].clone());
    while let Some(next) = cursor.as_str() {
        push_all(&test, &token, &[&format!("new{}", found.len())]).await;
        let page = page(&test, &token, &format!("{SUBMISSIONS}.json?limit=2&cursor={next}")).await;
        found.extend(each(&page, "id"));
        cursor = page["next_cursor"].clone();
    }
    assert_eq!(found, ["3", "2", "1"], "nothing twice, and nothing left out");
    assert_eq!(cursor, Value::Null);
    let all = page(&test, &token, SUBMISSIONS).await;
    assert_eq!(each(&all, "id"), ["new2", "new0", "5", "4", "3", "2", "1"]);
    assert_eq!(all["next_cursor"], Value::Null);
    assert_eq!(all["submissions"][0]["created_at"], test.app.now().to_string());
}

#[tokio::test]
async fn submissions_are_listed_with_the_status_that_is_reported() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    for (id, choice) in [("accepted", "accept"), ("declined", "decline")] {
        test.advance(SECOND);
        let request = test.push(&token, id).await;
        person.open(request).await;
        person.post(&format!("/requests/{request}/{choice}"), &[]).await.assert_status(303);
    }
    push_all(&test, &token, &["withdrawn", "waiting"]).await;
    let reason = json!({ "reason": "It was sent twice." }).to_string();
    test.send(test.api(Method::DELETE, &format!("{PUSH}/withdrawn"), &token, &reason)).await.assert_status(204);
    test.advance(SECOND);
    let batch = json!({ "credential_id": "batch", "career_history": career("item") });
    test.post(BATCH, &token, &batch).await.assert_status(201);
    let answer = test.get_with(SUBMISSIONS, &token).await.assert_status(200);
    for private in ["Marker", "ada@example.org", "Company A", "content"] {
        assert!(!answer.text.contains(private), "{private}: {}", answer.text);
    }
    let listed = answer.json();
    assert_eq!(each(&listed, "id"), ["item", "waiting", "withdrawn", "declined", "accepted"]);
    for entry in listed["submissions"].as_array().expect("a list") {
        let status = test.status(&token, entry["id"].as_str().expect("an id")).await;
        for member in ["id", "status", "reason", "finalized_at"] {
            assert_eq!(entry.get(member), status.get(member), "{member} of {entry}");
        }
        assert_eq!(entry["type"], "career_history");
    }
    for (query, expected) in [
        ("status=incomplete", vec!["item", "waiting"]),
        ("status=verified", vec!["accepted"]),
        ("status=canceled", vec!["withdrawn", "declined"]),
        ("status=canceled&limit=1", vec!["withdrawn"]),
        ("type=education", vec![]),
        ("type=career_history&status=verified", vec!["accepted"]),
    ] {
        assert_eq!(ids(&test, &token, query).await, expected, "{query}");
    }
    let other = test.token(&test.partner().await).await;
    let nothing = json!({ "submissions": [], "next_cursor": null });
    assert_eq!(page(&test, &other, SUBMISSIONS).await, nothing, "another partner's");
    let education = narrow(&test, &partner, "write.education").await;
    assert_eq!(ids(&test, &education, "limit=2").await, ["item", "waiting"], "any scope is sufficient");
}

#[tokio::test]
async fn submissions_are_filtered_by_type_and_time() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    push_all(&test, &token, &["1", "2"]).await;
    test.advance(SECOND);
    let mut education = ("education".parse::<Type>().expect("a type").sample)();
    education["credential_id"] = json!("3");
    test.post("/api/partner/v2/add/requests/education", &token, &education).await.assert_status(201);
    push_all(&test, &token, &["4"]).await;
    for (query, expected) in [
        ("type=education", vec!["3"]),
        ("created_after=2026-11-23T09:00:03Z", vec!["4", "3"]),
        ("created_before=2026-11-23T09:00:03Z", vec!["2", "1"]),
        ("created_after=2026-11-23T09:00:02Z&created_before=2026-11-23T11:00:04%2B02:00", vec!["3", "2"]),
        ("created_after=2026-11-23T09:00:02Z&type=career_history", vec!["4", "2"]),
        ("created_after=2027-01-01T00:00:00Z", vec![]),
        ("created_after=2026-11-24T00:00:00Z&created_before=2026-11-23T00:00:00Z", vec![]),
    ] {
        assert_eq!(ids(&test, &token, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn lists_can_be_narrowed_to_one_id() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (_, other) = asker(&test).await;
    push_all(&test, &token, &["1", "10", "a-b"]).await;
    test.push(&other, "2").await;
    for (query, expected) in [
        ("credential_id=1", vec!["1"]),
        ("credential_id=a%2Db", vec!["a-b"]),
        ("credential_id=1&type=education", vec![]),
        ("credential_id=1&created_after=2027-01-01T00:00:00Z", vec![]),
        ("credential_id=2", vec![]),
        ("credential_id=A-B", vec![]),
    ] {
        assert_eq!(ids(&test, &token, query).await, expected, "{query}");
    }
    for id in ["r", "r2"] {
        ask(&test, &token, &json!({ "request_id": id })).await;
    }
    for (query, expected) in
        [("request_id=r", vec!["r"]), ("request_id=R", vec![]), ("request_id=r&limit=1", vec!["r"])]
    {
        let found = page(&test, &token, &format!("{REQUESTS}?{query}")).await;
        assert_eq!(each(&found, "request_id"), expected, "{query}");
        assert_eq!(found["next_cursor"], Value::Null, "{query}");
    }
    for path in [format!("{SUBMISSIONS}?credential_id="), format!("{REQUESTS}?request_id=a%00")] {
        let refused = test.get_with(&path, &token).await.assert_status(400);
        assert!(refused.text.contains("must be an id of yours"), "{}", refused.text);
    }
    test.get_with(&format!("{SUBMISSIONS}?request_id=r"), &token).await.assert_status(400);
}

#[tokio::test]
async fn erased_submissions_are_listed_for_400_days() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    test.push(&test.token(&partner).await, "1").await;
    test.advance(48 * HOUR + 399 * DAY);
    tenure::jobs::run_retention(&test.app).await.expect("done");
    let listed = page(&test, &test.token(&partner).await, SUBMISSIONS).await;
    assert_eq!((each(&listed, "id"), each(&listed, "reason")), (vec!["1".to_owned()], vec!["expired".to_owned()]));
    assert_eq!(listed["submissions"][0]["finalized_at"], "2026-11-25T09:00:00Z");
    test.advance(2 * DAY);
    tenure::jobs::run_retention(&test.app).await.expect("done");
    assert!(ids(&test, &test.token(&partner).await, "limit=1").await.is_empty());
}

#[tokio::test]
async fn verification_requests_are_paged_filtered_and_hide_links() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let mut links = Vec::new();
    for id in ["a", "b", "c"] {
        test.advance(SECOND);
        links.push(ask(&test, &token, &json!({ "request_id": id })).await.1);
    }
    share_all(&mut person, links[1]).await;
    test.advance(SECOND);
    let education = json!({ "request_id": "d" });
    let answer = test.post(&format!("{REQUESTS}/education"), &token, &education).await.assert_status(201).json();
    links.push(content(&answer));
    let first = page(&test, &token, &format!("{REQUESTS}?limit=2")).await;
    assert_eq!(
        (each(&first, "request_id"), each(&first, "type")),
        (vec!["d".to_owned(), "c".to_owned()], vec!["education".to_owned(), "career_history".to_owned()])
    );
    test.advance(SECOND);
    ask(&test, &token, &json!({ "request_id": "e" })).await;
    let cursor = first["next_cursor"].as_str().expect("more");
    let rest = test.get_with(&format!("{REQUESTS}.json?cursor={cursor}"), &token).await.assert_status(200);
    for link in &links {
        assert!(!rest.text.contains(&link.to_string()) && !first.to_string().contains(&link.to_string()));
    }
    assert!(!rest.text.contains("Marker"), "{}", rest.text);
    let rest = rest.json();
    assert_eq!((each(&rest, "request_id"), &rest["next_cursor"]), (vec!["b".to_owned(), "a".to_owned()], &Value::Null));
    assert_eq!(rest["requests"][0]["status"], "verified");
    let open = json!({ "request_id": "a", "type": "career_history", "status": "incomplete",
        "created_at": "2026-11-23T09:00:01Z", "finalized_at": null });
    assert_eq!(rest["requests"][1], open);
    test.advance(15 * Duration::from_secs(60));
    for (query, expected) in [
        ("status=verified", vec!["b"]),
        ("status=canceled", vec!["e", "d", "c", "a"]),
        ("status=incomplete", vec![]),
        ("type=education", vec!["d"]),
        ("created_before=2026-11-23T09:00:02Z", vec!["a"]),
    ] {
        let found = page(&test, &token, &format!("{REQUESTS}?{query}")).await;
        assert_eq!(each(&found, "request_id"), expected, "{query}");
    }
    let (_, other) = asker(&test).await;
    let nothing = json!({ "requests": [], "next_cursor": null });
    assert_eq!(page(&test, &other, REQUESTS).await, nothing, "another partner's");
    test.advance(HOUR);
    let later = page(&test, &test.token(&partner).await, &format!("{REQUESTS}?status=canceled&limit=1")).await;
    assert_eq!(later["requests"][0]["reason"], "expired");
}

#[tokio::test]
async fn verification_requests_are_listed_by_readable_type() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    test.post(ASK, &token, &json!({ "request_id": "career" })).await.assert_status(201);
    test.post(&format!("{REQUESTS}/education"), &token, &json!({ "request_id": "degree" })).await.assert_status(201);
    for (scope, expected) in [
        ("read.career_history", vec!["career"]),
        ("read.education write.career_history", vec!["degree"]),
        ("write.career_history", vec![]),
    ] {
        let token = narrow(&test, &partner, scope).await;
        assert_eq!(each(&page(&test, &token, REQUESTS).await, "request_id"), expected, "{scope}");
    }
    let token = narrow(&test, &partner, "read.education").await;
    let answer = test.get_with(&format!("{REQUESTS}?type=career_history"), &token).await.assert_status(403);
    assert!(answer.header("www-authenticate").contains(r#"scope="read.career_history""#));
}

#[tokio::test]
async fn list_queries_with_errors_and_foreign_cursors_are_rejected() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (_, other) = asker(&test).await;
    for (owner, id) in [(&token, "1"), (&token, "2"), (&other, "3")] {
        test.push(owner, id).await;
        ask(&test, owner, &json!({ "request_id": id })).await;
    }
    let cursor = async |path: &str, token: &str| {
        page(&test, token, &format!("{path}?limit=1")).await["next_cursor"].as_str().map(ToOwned::to_owned)
    };
    let submissions = cursor(SUBMISSIONS, &token).await.expect("more");
    let requests = cursor(REQUESTS, &token).await.expect("more");
    assert_eq!(cursor(SUBMISSIONS, &other).await, None, "the only one");
    let mut garbled = submissions.clone();
    garbled.replace_range(20..21, if garbled[20..21] == *"A" { "B" } else { "A" });
    for (path, token, cursor, status) in [
        (SUBMISSIONS, &token, &*submissions, 200),
        (REQUESTS, &token, &*requests, 200),
        (SUBMISSIONS, &token, &*requests, 400),
        (REQUESTS, &token, &*submissions, 400),
        (SUBMISSIONS, &other, &*submissions, 400),
        (REQUESTS, &other, &*requests, 400),
        (SUBMISSIONS, &token, &*garbled, 400),
        (SUBMISSIONS, &token, "0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21", 400),
        (SUBMISSIONS, &token, "", 400),
    ] {
        let answer = test.get_with(&format!("{path}?cursor={cursor}"), token).await.assert_status(status);
        assert_eq!(answer.text.contains("cursor must be the next_cursor"), status == 400, "{}", answer.text);
    }
    for path in [SUBMISSIONS, REQUESTS] {
        for (query, named) in [
            ("limit=0", "limit must be 1 to 100"),
            ("limit=101", "limit must be 1 to 100"),
            ("limit=all", "limit must be 1 to 100"),
            ("limit=1&limit=2", "each parameter may be given once"),
            ("type=education&type=education", "type is there twice"),
            ("created_after=9999-12-31T23:59:59Z", "no later than 9999-12-30T22:00:00Z"),
            ("status=accepted", "status must be incomplete, verified or canceled"),
            ("type=salary", "type must be one of career_history"),
            ("created_after=yesterday", "created_after must be a time in RFC 3339"),
            ("created_before=2026-11-24T00:00:00+02:00", "write + as %2B"),
            ("page=2", "Unknown query parameter"),
        ] {
            let answer = test.get_with(&format!("{path}?{query}"), &token).await.assert_status(400);
            assert!(answer.text.contains(named), "{query}: {}", answer.text);
        }
        test.get_with(&format!("{path}?limit=100"), &token).await.assert_status(200);
        test.get_with(&format!("{path}?created_before=9999-12-30T22:00:00Z"), &token).await.assert_status(200);
        let head = test.api(Method::HEAD, &format!("{path}?limit=100"), &token, "");
        test.send(head).await.assert_status(200);
    }
}
