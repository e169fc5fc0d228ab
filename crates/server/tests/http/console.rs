//! A partner's console: who gets in, what they see, and that nobody sees anybody else's.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use tenure::seal::sha256;
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::browser::Browser;
use crate::support::response::TestResponse;

const HOUR: Duration = Duration::from_secs(3600);

/// What of [`career`] a partner's console must never show.
const SECRETS: [&str; 3] = ["Marker-Lovelace", "Company A", "Software Engineer"];

async fn sign_in(browser: &mut Browser<'_>, id: &str, secret: &str) -> TestResponse {
    browser.post("/console/sign-in", &[("client_id", id), ("client_secret", secret)]).await
}

/// A browser that is signed in for `partner`.
async fn console<'a>(test: &'a TestApp, partner: &TestPartner) -> Browser<'a> {
    let mut browser = test.browser();
    assert_eq!(sign_in(&mut browser, &partner.id.to_string(), &partner.secret).await.redirect(), "/console");
    browser
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/console").await.status == 200
}

/// Every page, and every form that changes something, for a request and a webhook with these ids.
fn pages(id: Uuid) -> Vec<(Method, String)> {
    let get = ["", "/submissions", "/credentials", "/credentials/rotate", "/webhooks", "/webhooks/new", "/explorer"];
    let get_one =
        ["/submissions/ID", "/webhooks/ID", "/webhooks/ID/edit", "/webhooks/ID/delete", "/webhooks/ID/rotate"];
    let post = [
        "/sign-out-others",
        "/credentials/rotate",
        "/passkeys/remove",
        "/passkey/register/start",
        "/passkey/register/finish",
        "/submissions/find",
        "/webhooks/new",
        "/explorer",
    ];
    let post_one = [
        "/webhooks/ID/edit",
        "/webhooks/ID/delete",
        "/webhooks/ID/rotate",
        "/webhooks/ID/test",
        "/webhooks/ID/replay",
        "/webhooks/ID/deliveries/ID/replay",
    ];
    let path = |path: &&str| format!("/console{}", path.replace("ID", &id.to_string()));
    let get = get.iter().chain(&get_one).map(|found| (Method::GET, path(found)));
    get.chain(post.iter().chain(&post_one).map(|found| (Method::POST, path(found)))).collect()
}

#[tokio::test]
async fn the_secret_signs_in_and_the_cookie_is_for_this_console_alone() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let partner = test.partner().await;
    let mut browser = test.browser();
    let form = browser.get("/console/sign-in").await.assert_status(200);
    assert!(form.text.contains("Client secret") && form.text.contains(r#"type="password""#));
    let answer = sign_in(&mut browser, &format!(" {} ", partner.id), &partner.secret).await.assert_status(303);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-tenure-console="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=28800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(browser.get("/console/sign-in").await.redirect(), "/console");
    let page = browser.get("/console").await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.text.contains(&partner.secret) && page.text.contains("Acme Payroll"));
}

#[tokio::test]
async fn a_wrong_id_a_wrong_secret_and_a_disabled_partner_get_the_same_answer() {
    let test = TestApp::new().await;
    let (partner, disabled) = (test.partner().await, test.partner().await);
    test.disable(&disabled).await;
    let mut answers = Vec::new();
    for (id, secret) in [
        (partner.id.to_string(), "no-such-secret"),
        (Uuid::from_u128(7).to_string(), partner.secret.as_str()),
        ("nobody-7".to_owned(), partner.secret.as_str()),
        (disabled.id.to_string(), disabled.secret.as_str()),
    ] {
        let answer = sign_in(&mut test.browser(), &id, secret).await.assert_status(422);
        assert!(answer.headers.get("set-cookie").is_none() && answer.text.contains(r#"role="alert""#));
        assert!(!answer.text.contains(secret), "what was typed as the secret is not sent back");
        answers.push(answer.text.replace(&id, "ID"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn sign_in_is_limited_by_network_address_and_by_client_id() {
    let test = TestApp::builder().setting("server.trusted_proxies", "1").start().await;
    let partner = test.partner().await;
    let attempt = async |address: String, secret: &str| {
        let body = format!("client_id={}&client_secret={secret}", partner.id);
        let request = Request::post("/console/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", address);
        test.send(request.body(Body::from(body)).expect("a request")).await
    };
    for _ in 0..60 {
        attempt("192.0.2.1".to_owned(), "no-such-secret").await.assert_status(422);
    }
    let refused = attempt("192.0.2.1".to_owned(), &partner.secret).await.assert_status(429);
    assert!(
        refused.text.contains("Please wait") && refused.header("retry-after").parse::<u32>().expect("seconds") > 30
    );
    attempt("192.0.2.2".to_owned(), &partner.secret).await.assert_status(303);
    for number in 0..240 {
        attempt(format!("198.51.100.{}", number % 200), "no-such-secret").await;
    }
    attempt("192.0.2.3".to_owned(), &partner.secret).await.assert_status(429);
    let mut other = test.browser();
    let theirs = test.partner().await;
    sign_in(&mut other, &theirs.id.to_string(), &theirs.secret).await.assert_status(303);
    test.advance(HOUR);
    attempt("192.0.2.1".to_owned(), &partner.secret).await.assert_status(303);
}

#[tokio::test]
async fn without_a_session_every_page_leads_to_sign_in_and_back() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = Uuid::from_u128(7);
    for (method, path) in pages(id) {
        let mut visitor = test.browser();
        let answer = if method == Method::GET { visitor.get(&path).await } else { visitor.post(&path, &[]).await };
        let back = if method == Method::GET { format!("?to={path}") } else { String::new() };
        assert_eq!(answer.redirect(), format!("/console/sign-in{back}"), "{method} {path}");
    }
    let mut person = test.signed_in("ada@example.org").await;
    person.get("/console").await.assert_status(303);
    for (to, leads) in [
        ("/console/webhooks", "/console/webhooks"),
        ("https://evil.example", "/console"),
        ("//evil.example", "/console"),
        ("/wallet", "/console"),
    ] {
        let mut browser = test.browser();
        let form = browser.get(&format!("/console/sign-in?to={to}")).await.assert_status(200);
        assert_eq!(form.text.contains(r#"name="to""#), leads == to, "{to}");
        let answer = browser
            .post(
                "/console/sign-in",
                &[("client_id", &partner.id.to_string()), ("client_secret", &partner.secret), ("to", to)],
            )
            .await;
        assert_eq!(answer.redirect(), leads, "{to}");
    }
}

#[tokio::test]
async fn another_partner_s_things_are_not_there() {
    let test = TestApp::new().await;
    let (one, other) = (test.partner().await, test.partner_named("Other Payroll", "write.career_history").await);
    let token = test.token(&one).await;
    let request = test.push(&token, "mine").await;
    let mut mine = console(&test, &one).await;
    let webhook = make_webhook(&mut mine, "https://hooks.example.com/tenure").await;
    mine.get(&format!("/console/submissions/{request}")).await.assert_status(200);
    let mut theirs = console(&test, &other).await;
    theirs.get(&format!("/console/submissions/{request}")).await.assert_status(404);
    theirs.post("/console/submissions/find", &[("id", "mine")]).await.assert_status(404);
    theirs.post("/console/submissions/find", &[("id", &request.to_string())]).await.assert_status(404);
    let of_webhook = pages(webhook)
        .into_iter()
        .filter(|(_, path)| path.contains("/webhooks/") && path.contains(&webhook.to_string()));
    let form = [
        ("url", "https://evil.example/x"),
        ("event", "atsp_request.created"),
        ("from", "2026-11-23T00:00"),
        ("to", "2026-11-24T00:00"),
    ];
    for (method, path) in of_webhook {
        let answer = if method == Method::GET { theirs.get(&path).await } else { theirs.post(&path, &form).await };
        assert_eq!(answer.status, 404, "{method} {path}");
        assert!(
            answer.text.contains("not yours") && answer.text.contains("/console"),
            "an error is a page of the console"
        );
    }
    assert!(!theirs.get("/console/webhooks").await.text.contains("hooks.example.com"));
    assert!(!theirs.get("/console/submissions").await.text.contains("mine"));
    assert!(mine.text(&format!("/console/webhooks/{webhook}")).await.contains("hooks.example.com/tenure"));
}

#[tokio::test]
async fn a_rotated_secret_ends_every_session_but_the_one_that_rotated() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let (mut mine, mut colleague) = (console(&test, &partner).await, console(&test, &partner).await);
    let before = mine.cookies.clone();
    let page = mine.text("/console/credentials").await;
    assert!(page.contains("One other browser is signed in too.") && page.contains("never rotated"), "{page}");
    assert!(mine.text("/console/credentials/rotate").await.contains("Rotate now"));
    let shown = mine.post("/console/credentials/rotate", &[]).await.assert_status(200).text;
    let secret = shown
        .split(r#"<pre id="new-secret""#)
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .expect("the secret");
    assert!(is_signed_in(&mut mine).await && mine.cookies != before);
    let answer = colleague.get("/console/submissions").await.assert_status(303);
    assert_eq!(answer.header("location"), "/console/sign-in?to=/console/submissions");
    assert!(colleague.get("/console/sign-in").await.text.contains("Your session is over."));
    mine.cookies = before;
    assert!(!is_signed_in(&mut mine).await, "nor does the old cookie live on");
    sign_in(&mut test.browser(), &partner.id.to_string(), &partner.secret).await.assert_status(422);
    let renewed = TestPartner { id: partner.id, secret: secret.to_owned() };
    test.token(&renewed).await;
    let mut mine = console(&test, &renewed).await;
    // And as the command line rotates.
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert!(tx.rotate_partner(partner.id, &sha256(b"another"), test.app.now()).await.expect("rotated"));
    tx.commit().await.expect("committed");
    assert!(!is_signed_in(&mut mine).await);
}

#[tokio::test]
async fn sessions_end_after_eight_hours_by_signing_out_and_with_their_partner() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut early = console(&test, &partner).await;
    test.advance(8 * HOUR - Duration::from_secs(1));
    assert!(is_signed_in(&mut early).await);
    test.advance(Duration::from_secs(1));
    assert!(!is_signed_in(&mut early).await, "a visit does not prolong it");
    let (mut mine, mut colleague) = (console(&test, &partner).await, console(&test, &partner).await);
    mine.post("/console/sign-out-others", &[]).await.assert_status(303);
    assert!(is_signed_in(&mut mine).await && !is_signed_in(&mut colleague).await);
    let stolen = mine.cookies.clone();
    assert_eq!(mine.post("/console/sign-out", &[]).await.redirect(), "/console/sign-in");
    mine.cookies = stolen;
    assert!(!is_signed_in(&mut mine).await, "the cookie is worth nothing after sign-out");
    let mut last = console(&test, &partner).await;
    test.disable(&partner).await;
    assert!(!is_signed_in(&mut last).await);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post("/console/credentials/rotate")
        .header("cookie", cookie.join("; "))
        .header("host", "localhost:8080")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    test.send(request.body(Body::empty()).expect("a request")).await.assert_status(403);
    assert!(is_signed_in(&mut browser).await, "nothing was rotated");
}

#[tokio::test]
async fn the_overview_begins_with_the_first_push_and_then_counts() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let empty = browser.text("/console").await;
    assert!(
        empty.contains(&format!("client_id={}", partner.id))
            && empty.contains("/api/partner/v2/add/requests/career_history")
    );
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
    let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, count, share) in [("Pushed", "4", "100 %"), ("Signed in", "2", "50 %"), ("Accepted", "1", "25 %")] {
        let row = format!(r#"<th scope="row">{name}</th><td class="num">{count}</td><td class="num">{share}</td>"#);
        assert!(text.contains(&row), "{row}: {text}");
    }
    for part in ["Declined: 1, 25 %.", "No answer: 2, 50 %.", "Bureau &#60;South&#62;", "Most on 23 November 2026: 4."]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(SECRETS.iter().all(|secret| !page.contains(secret)) && !page.contains("style="));
    let chosen = browser.text("/console?days=7&chain=Bureau+%3CSouth%3E").await;
    assert!(chosen.contains(r#"<td class="num">1</td><td class="num">100 %</td>"#), "{chosen}");
    test.advance(8 * 24 * HOUR);
    let mut browser = console(&test, &partner).await;
    assert!(browser.text("/console?days=7").await.contains("Nothing was pushed in this time."));
    assert!(browser.text("/console?days=90").await.contains("Most on 23 November 2026: 4."));
}

#[tokio::test]
async fn submissions_are_listed_found_and_shown_without_anything_personal() {
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
    assert!(browser.text("/console/submissions?state=declined").await.contains("nothing here in this state"));
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
    for part in ["accepted-one", "The person has added it", "You pushed it.", "became theirs", "Accepted."] {
        assert!(shown.contains(part), "{part}");
    }
    assert!(!shown.contains("#clientId="), "who has accepted needs no link");
    for page in [&first, &second, &shown] {
        assert!(SECRETS.iter().chain(&["ada@example.org"]).all(|secret| !page.contains(secret)));
    }
    person.post(&format!("/wallet/credentials/{accepted}/delete"), &[]).await.assert_status(303);
    let after = browser.text(&format!("/console/submissions/{accepted}")).await;
    assert_eq!(after, shown, "what a person does with what they hold is not told");
}

#[tokio::test]
async fn what_waits_shows_its_link_and_a_batch_its_items() {
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
    assert!(late.contains("Nobody accepted it in time.") && !late.contains("#clientId="));
}

/// Registers a webhook by the form; returns its id.
async fn make_webhook(browser: &mut Browser<'_>, url: &str) -> Uuid {
    let form = [("url", url), ("name", ""), ("description", ""), ("event", "atsp_request.created")];
    let made = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let id = made
        .split("href=\"/console/webhooks/")
        .filter_map(|rest| rest.split('"').next())
        .find_map(|id| id.parse().ok());
    id.expect("the webhook's page")
}

#[tokio::test]
async fn a_webhook_is_made_changed_tried_and_deleted() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    for (url, said) in [("http://hooks.example.com", "https alone"), ("https://127.0.0.1/x", "not public"), ("", "")] {
        let refused = browser
            .post("/console/webhooks/new", &[("url", url), ("event", "atsp_request.created")])
            .await
            .assert_status(422);
        assert!(refused.text.contains(said) && refused.text.contains(r#"id="url-problem""#), "{url}: {}", refused.text);
    }
    let none =
        browser.post("/console/webhooks/new", &[("url", "https://hooks.example.com/a")]).await.assert_status(422).text;
    assert!(none.contains(r#"id="events-problem""#), "at least one event");
    let form = [
        ("url", "https://hooks.example.com/a"),
        ("name", "Production"),
        ("event", "atsp_request.created"),
        ("event", "vwsp_request.verified"),
    ];
    let made = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let secret = made
        .split("id=\"hook-secret\"")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .expect("a secret");
    assert!(secret.len() == 64 && made.contains("whsec_"));
    let id = made
        .split("href=\"/console/webhooks/")
        .filter_map(|rest| rest.split('"').next())
        .find_map(|id| id.parse::<Uuid>().ok())
        .expect("its page");
    let page = format!("/console/webhooks/{id}");
    let shown = browser.text(&page).await;
    assert!(shown.contains("Production") && !shown.contains(secret), "the secret is shown once");
    let cleared = [("url", "https://hooks.example.com/b"), ("name", ""), ("event", "atsp_request.verified")];
    assert_eq!(browser.post(&format!("{page}/edit"), &cleared).await.redirect(), page);
    let shown = browser.text(&page).await;
    assert!(shown.contains("Saved.") && shown.contains("hooks.example.com/b") && !shown.contains("Production"));
    browser.post(&format!("{page}/test"), &[]).await.assert_status(303);
    let log = browser.text(&page).await;
    assert!(log.contains("tenure.test") && log.contains("No attempt yet") && log.contains("To be sent"), "{log}");
    let rotated = browser.post(&format!("{page}/rotate"), &[]).await.assert_status(200).text;
    assert!(rotated.contains("whsec_") && !rotated.contains(secret));
    assert!(browser.text(&page).await.contains("signs too, until 24 November 2026, 09:00 UTC"));
    assert_eq!(browser.post(&format!("{page}/delete"), &[]).await.redirect(), "/console/webhooks");
    browser.get(&page).await.assert_status(404);
}

#[tokio::test]
async fn deliveries_are_sent_again_one_by_one_or_by_their_time() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let id = make_webhook(&mut browser, "https://hooks.example.com/a").await;
    let token = test.token(&partner).await;
    test.push(&token, "told").await;
    let page = format!("/console/webhooks/{id}");
    let log = browser.text(&page).await;
    assert!(log.contains("You pushed something") && log.contains("told"));
    let again = log
        .split(&format!("action=\"{page}/deliveries/"))
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a button");
    browser.post(&format!("{page}/deliveries/{again}"), &[]).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("Queued again."));
    browser.post(&format!("{page}/deliveries/{}/replay", Uuid::nil()), &[]).await.assert_status(404);
    // After three days it is given up, and can be sent again by its time.
    test.advance(73 * HOUR);
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert_eq!(tx.give_up_deliveries(test.app.now(), 10).await.expect("given up"), 1);
    tx.commit().await.expect("committed");
    let mut browser = console(&test, &partner).await;
    assert!(browser.get(&format!("{page}?state=failed")).await.text.contains("Given up after three days"));
    let range = [("from", "2026-11-23T00:00"), ("to", "2026-11-24T00:00"), ("state", "failed")];
    browser.post(&format!("{page}/replay"), &range).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("Queued again."));
    browser.post(&format!("{page}/replay"), &range).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("nothing to send again"));
    let wrong = [("from", "2026-11-24T00:00"), ("to", "2026-11-23T00:00")];
    assert!(browser.post(&format!("{page}/replay"), &wrong).await.assert_status(422).text.contains("later than from"));
}

#[tokio::test]
async fn the_explorer_is_for_sandboxes_alone() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let closed = browser.text("/console/explorer").await;
    assert!(closed.contains("Only in a sandbox") && !closed.contains("<textarea"));
    let body = career("from-a-page").to_string();
    let form = [("operation", "add_career_history"), ("path", PUSH), ("body", &body)];
    browser.post("/console/explorer", &form).await.assert_status(403);
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v1/submissions/from-a-page/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn the_explorer_sends_real_requests_and_shows_what_came_back() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let mut browser = console(&test, &partner).await;
    for known in credential::ALL {
        let page = browser.text(&format!("/console/explorer?operation=add_{known}")).await;
        assert!(page.contains(known.title) && page.contains("&#34;credential_id&#34;: &#34;try-"), "{known}");
    }
    let body = serde_json::to_string_pretty(&career("from-a-page")).expect("JSON");
    let form = [("operation", "add_career_history"), ("path", PUSH), ("body", &body)];
    let pushed = browser.post("/console/explorer", &form).await.assert_status(200).text;
    for part in [
        "201 Created",
        "redirect_uri",
        "Open the link as the person",
        "ratelimit",
        "-H &#34;Authorization: Bearer $TOKEN&#34;",
    ] {
        assert!(pushed.contains(part), "{part}: {pushed}");
    }
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "from-a-page").await["status"], "incomplete");
    let asked = browser.text("/console/explorer?operation=many_v2").await;
    assert!(asked.contains("&#34;from-a-page&#34;"), "a status is asked of what was pushed last");
    let wrong = body.replace("2020-01", "January 2020");
    let faults = browser
        .post("/console/explorer", &[("operation", "add_career_history"), ("path", PUSH), ("body", &wrong)])
        .await
        .assert_status(200)
        .text;
    assert!(faults.contains("422 Unprocessable") && faults.contains("/fields/employment/0/start_date"), "{faults}");
    let line = wrong.lines().position(|line| line.contains("January 2020")).expect("a line") + 1;
    assert!(faults.contains(&format!("line {line} of the body")), "{faults}");
    let token_form = format!("grant_type=client_credentials&client_id={}", partner.id);
    let path = "/api/partner/v1/oauth/token";
    for (secret, status) in [(partner.secret.as_str(), "200 OK"), ("no-such-secret", "401 Unauthorized")] {
        let form = [("operation", "token"), ("path", path), ("body", &token_form), ("client_secret", secret)];
        let answer = browser.post("/console/explorer", &form).await.assert_status(200).text;
        assert!(
            answer.contains(status) && answer.contains("client_secret=$CLIENT_SECRET") && !answer.contains(secret),
            "{answer}"
        );
    }
    for path in ["/console/credentials/rotate", "https://elsewhere.example/api/partner/", "/api/partner/v2/{id}"] {
        let form = [("operation", "add_career_history"), ("path", path), ("body", "{}")];
        browser.post("/console/explorer", &form).await.assert_status(422);
    }
    browser.post("/console/explorer", &[("operation", "nothing"), ("path", PUSH)]).await.assert_status(404);
}

#[tokio::test]
async fn errors_are_pages_of_the_console_even_without_a_store() {
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
    test.app.store().close().await;
    let down = browser.get("/console").await.assert_status(503);
    assert!(down.text.contains("console.css") && down.text.contains("Nothing is lost"), "{}", down.text);
}
