//! The overview, submissions and error pages.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::support::{HOUR, SECRETS, console};
use crate::support::app::{PUSH, TestApp, career};

/// Removes the names of columns, which cells carry for narrow screens.
fn without_columns(page: &str) -> String {
    let mut parts = page.split(" data-column=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}

#[tokio::test]
async fn overview_starts_with_a_first_push_and_then_counts() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let empty = browser.text("/console").await;
    assert!(
        empty.contains(&format!("client_id={}", partner.id))
            && empty.contains("/api/partner/v2/add/requests/career_history")
    );
    assert!(empty.contains("CLIENT_SECRET=YOUR_CLIENT_SECRET\nTOKEN=$(curl -s "), "{empty}");
    let token = test.token(&partner).await;
    let mut by_bureau = career("by-bureau");
    by_bureau["partner_chain"] = json!([{ "name": "Bureau <South>" }]);
    test.post(PUSH, &token, &by_bureau).await.assert_status(201);
    let ids = [test.push(&token, "one").await, test.push(&token, "two").await, test.push(&token, "three").await];
    for (id, answer) in [(ids[0], "accept"), (ids[1], "decline")] {
        let mut person = test.signed_in("ada@example.org").await;
        let page = person.open(id).await.redirect().to_owned();
        person.post(&format!("{page}/{answer}"), &[]).await.assert_status(303);
    }
    let page = browser.text("/console").await;
    let text = without_columns(&page);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, count, share) in [("Pushed", "4", "100 %"), ("Signed in", "2", "50 %"), ("Accepted", "1", "25 %")] {
        let row = format!(r#"<th scope="row">{name}</th><td class="num">{count}</td><td class="num">{share}</td>"#);
        assert!(text.contains(&row), "{row}: {text}");
    }
    for part in
        ["Declined: 1, 25 %.", "No decision: 2, 50 %.", "Bureau &#60;South&#62;", "Highest on 23 November 2026: 4."]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(SECRETS.iter().all(|secret| !page.contains(secret)) && !page.contains("style="));
    let chosen = browser.text("/console?days=7&chain=Bureau+%3CSouth%3E").await;
    let chosen = without_columns(&chosen);
    assert!(chosen.contains(r#"<td class="num">1</td><td class="num">100 %</td>"#), "{chosen}");
    test.advance(8 * 24 * HOUR);
    let mut browser = console(&test, &partner).await;
    assert!(browser.text("/console?days=7").await.contains("No submissions in this period."));
    assert!(browser.text("/console?days=90").await.contains("Highest on 23 November 2026: 4."));
}

#[tokio::test]
async fn submissions_are_shown_without_personal_data() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    for number in 0..30 {
        test.advance(Duration::from_millis(1));
        test.push(&token, &format!("row-{number:02}")).await;
    }
    test.advance(Duration::from_millis(1));
    let accepted = test.push(&token, "accepted-one").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(accepted).await;
    let mut browser = console(&test, &partner).await;
    let first = browser.text("/console/submissions").await;
    assert!(first.contains("accepted-one") && first.contains("row-29") && !first.contains("row-05"));
    let next = first.split("before=").nth(1).and_then(|rest| rest.split('"').next()).expect("there is more");
    let second = browser.text(&format!("/console/submissions?before={next}")).await;
    assert!(
        second.contains("row-05")
            && second.contains("row-00")
            && !second.contains("row-29")
            && second.contains("Back to the newest")
    );
    let filtered = browser.text("/console/submissions?state=accepted").await;
    assert!(filtered.contains("accepted-one") && !filtered.contains("row-0") && !filtered.contains("row-29"));
    assert!(browser.text("/console/submissions?state=declined").await.contains("No submissions in this state."));
    for words in ["accepted-one", &accepted.to_string(), " accepted-one "] {
        let found = browser.post("/console/submissions/find", &[("id", words)]).await.assert_status(303);
        assert_eq!(found.header("location"), format!("/console/submissions/{accepted}"));
    }
    assert!(
        browser
            .post("/console/submissions/find", &[("id", "<b>nothing</b>")])
            .await
            .assert_status(404)
            .text
            .contains("&#60;b&#62;nothing")
    );
    let shown = browser.text(&format!("/console/submissions/{accepted}")).await;
    for part in
        ["accepted-one", "The person has added it", "Pushed by you.", "The link now works only for them.", "Accepted."]
    {
        assert!(shown.contains(part), "{part}");
    }
    assert!(!shown.contains("#clientId="), "who has accepted needs no link");
    assert!(shown.contains("<dt>Decided</dt>") && !shown.contains("<dt>Expires</dt>"), "{shown}");
    for page in [&first, &second, &shown] {
        assert!(SECRETS.iter().chain(&["ada@example.org"]).all(|secret| !page.contains(secret)));
    }
    person.post(&format!("/wallet/credentials/{accepted}/delete"), &[]).await.assert_status(303);
    let after = browser.text(&format!("/console/submissions/{accepted}")).await;
    assert_eq!(after, shown, "what a person does with what they hold is not told");
}

#[tokio::test]
async fn pending_submission_shows_its_link_and_batch_its_items() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let request = test.push(&token, "waiting").await;
    let mut browser = console(&test, &partner).await;
    let shown = browser.text(&format!("/console/submissions/{request}")).await;
    let link =
        format!("/partner/add/careerHistory#clientId={}&#38;documentType=none&#38;content={request}", partner.id);
    assert!(shown.contains(&link), "{shown}");
    let batch = test
        .post("/api/partner/v2/add/requests/batch", &token, &credential::batch_sample_of(credential::ALL))
        .await
        .assert_status(201)
        .json();
    let batch = batch["request_id"].as_str().expect("an id");
    let found = browser.post("/console/submissions/find", &[("id", batch)]).await.redirect().to_owned();
    let items = browser.text(&found).await;
    assert_eq!(items.matches("class=\"row-id\"").count(), credential::ALL.len());
    test.advance(49 * HOUR);
    let mut browser = console(&test, &partner).await;
    let late = browser.text(&format!("/console/submissions/{request}")).await;
    assert!(late.contains("It was not accepted in time.") && !late.contains("#clientId="));
}

#[tokio::test]
async fn console_errors_are_rendered_even_without_a_store() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    for path in ["/console/nothing", "/console/submissions/none", &format!("/console/submissions/{}", Uuid::nil())] {
        let answer = browser.get(path).await.assert_status(404);
        assert!(
            answer.text.contains("console.css") && answer.text.contains(answer.header("x-request-id")),
            "{path}: {}",
            answer.text
        );
    }
    let wrong = browser.post("/console/submissions", &[]).await.assert_status(405).text;
    for page in [wrong, browser.get("/console/nothing").await.text] {
        for part in ["<bdi>Acme Payroll</bdi>", r#"action="/console/sign-out""#, r#"href="/console/webhooks""#] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
    let stranger = test.browser().get("/console/nothing").await.assert_status(404).text;
    assert!(!stranger.contains("sign-out") && !stranger.contains("Acme Payroll"), "{stranger}");
    test.app.store().close().await;
    let down = browser.get("/console").await.assert_status(503);
    assert!(down.text.contains("console.css") && down.text.contains("No data was lost"), "{}", down.text);
}

#[tokio::test]
async fn ended_submission_says_why_and_hides_the_text_of_a_withdrawal() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let [open, declined, withdrawn] =
        [test.push(&token, "open").await, test.push(&token, "declined").await, test.push(&token, "withdrawn").await];
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open(declined).await.redirect().to_owned();
    person.post(&format!("{page}/decline"), &[]).await.assert_status(303);
    let path = format!("{PUSH}/withdrawn");
    let reason = json!({ "reason": "Entered for the wrong person" }).to_string();
    let answer = test.send(test.api(axum::http::Method::DELETE, &path, &token, &reason)).await;
    assert!((200..300).contains(&answer.status.as_u16()), "{}", answer.text);
    let mut browser = console(&test, &partner).await;
    for (id, said, end) in [
        (declined, "Declined by the person", "<dt>Decided</dt>"),
        (withdrawn, "Withdrawn by you. The reason that you sent", "<dt>Withdrawn</dt>"),
    ] {
        let shown = browser.text(&format!("/console/submissions/{id}")).await;
        assert!(shown.contains(said) && shown.contains(end) && !shown.contains("<dt>Expires</dt>"), "{shown}");
        assert!(!shown.contains("wrong person") && !shown.contains("The person declined."), "{shown}");
    }
    let waiting = browser.text(&format!("/console/submissions/{open}")).await;
    assert!(waiting.contains("<dt>Expires</dt>") && !waiting.contains("<dt>Decided</dt>"), "{waiting}");
    assert!(!waiting.contains("<dt>Reason</dt>"), "{waiting}");
    test.advance(49 * HOUR);
    let late = console(&test, &partner).await.text(&format!("/console/submissions/{open}")).await;
    assert!(late.contains("Not accepted in time") && late.contains("<dt>Expired</dt>"), "{late}");
    assert!(!late.contains("<dt>Expires</dt>"), "{late}");
}
