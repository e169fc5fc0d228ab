//! Markup for assistive technology and for names in any script.

use serde_json::json;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::moments::outside_times;
use crate::support::response::content;

#[tokio::test]
async fn navigation_marks_the_current_page() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let marked = |path: &str| format!("<a href=\"{path}\" aria-current=\"page\">");
    assert!(person.text("/sign-in").await.contains(&marked("/sign-in")));
    person.sign_in("ada@example.org").await;
    for (path, other) in [("/wallet", "/account"), ("/account", "/wallet")] {
        let page = person.text(path).await;
        assert!(page.contains(&marked(path)) && !page.contains(&marked(other)), "{page}");
    }
}

#[tokio::test]
async fn wrong_method_on_a_page_has_its_own_text() {
    let test = TestApp::new().await;
    let page = test.browser().post("/wallet/print", &[]).await.assert_status(405);
    assert!(page.text.contains("This page cannot be opened like this"), "{}", page.text);
    assert!(!page.text.contains("Page not found"));
}

#[tokio::test]
async fn pages_of_people_use_plain_words() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = test.push(&token, "1").await;
    person.accept(id).await;
    let path = format!("/wallet/credentials/{id}");
    let record = person.text(&path).await;
    let (shown, raw) = record.split_once("<summary>For your own tools</summary>").expect("a disclosure");
    assert!(!shown.contains("id=\"json\"") && raw.contains("id=\"json\""), "{record}");
    let deletion = person.text(&format!("{path}/delete")).await;
    let kept = "<bdi>Acme Payroll</bdi> keeps its own records";
    assert!(deletion.contains(kept) && !deletion.contains("under a new id"), "{deletion}");
    let own = person.text("/wallet/print").await;
    assert!(own.contains("Your own copy of what organisations confirm today."), "{own}");
    let offer = person.post(&format!("{path}/offer"), &[]).await.redirect().to_owned();
    let offer = person.text(&offer).await;
    assert!(offer.contains("Most wallet apps for digital credentials") && !offer.contains("OpenID4VCI"), "{offer}");
    assert!(offer.contains("<p class=\"one-time-code\"><output"), "{offer}");
}

#[tokio::test]
async fn days_of_pages_carry_their_moment() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = test.push(&token, "1").await;
    person.accept(id).await;
    for path in ["/account", "/wallet", &format!("/wallet/credentials/{id}")] {
        let page = person.text(path).await;
        assert!(page.contains("\" data-local"), "{path}: {page}");
        let outside = outside_times(&page);
        let shown = outside.split("<summary>For your own tools</summary>").next().unwrap_or_default();
        assert!(!shown.contains("November 2026"), "{path}: {shown}");
    }
}

#[tokio::test]
async fn form_errors_name_their_field() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.browser();
    let refused = person.post("/sign-in", &[("email", "ada")]).await.assert_status(422);
    assert!(refused.text.contains("aria-describedby=\"email-help problem\" aria-invalid=\"true\" autofocus"));
    person.sign_in("ada@example.org").await;
    person.accept(test.push(&token, "1").await).await;
    let form = person.text("/wallet/share").await;
    let part = form.split("name=\"part\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a part");
    let long = "x".repeat(201);
    for (field, value, described) in [
        ("passcode", "12345", "aria-describedby=\"passcode-help problem\" aria-invalid=\"true\" autofocus"),
        ("purpose", &*long, "aria-describedby=\"purpose-help problem\" aria-invalid=\"true\" autofocus"),
        ("days", "0", "name=\"days\" aria-describedby=\"problem\" aria-invalid=\"true\" autofocus"),
    ] {
        let id = part.split('/').next().expect("an id");
        let days = if field == "days" { value } else { "7" };
        let sent = [("credential", id), ("part", part), ("days", days), (field, value)];
        let refused = person.post("/wallet/share", &sent).await.assert_status(422);
        assert!(refused.text.contains(described), "{field}: {}", refused.text);
        assert!(refused.text.contains("<title>Error: "), "{field}");
        // The message stands directly before the field's label.
        let before = refused.text.split(&format!("<label for=\"{field}\">")).next().expect("a text");
        let message = before.trim_end().lines().last().expect("a line");
        assert!(message.contains("<p id=\"problem\" class=\"problem\" role=\"alert\">"), "{field}: {message}");
        assert_eq!(refused.text.matches("id=\"problem\"").count(), 1, "{field}");
    }
    assert!(form.contains("minlength=\"6\" maxlength=\"64\""), "{form}");
}

#[tokio::test]
async fn names_in_other_scripts_are_isolated() {
    let test = TestApp::new().await;
    let partner = test.partner_named("شركة الرواتب", "write.career_history").await;
    let mut body = career("1");
    body["fields"]["full_name"] = json!("منى سامي");
    body["fields"]["employment"][0]["organisation"] = json!("مستشفى");
    let answer = test.post(PUSH, &test.token(&partner).await, &body).await.assert_status(201).json();
    let mut person = test.browser();
    person.open(content(&answer)).await.assert_status(303);
    let sign_in = person.text("/sign-in").await;
    let location = person.sign_in("ada@example.org").await;
    let consent = person.text(&location).await;
    person.accept(content(&answer)).await;
    let wallet = person.text("/wallet").await;
    assert!(sign_in.contains("<bdi>شركة الرواتب</bdi> has sent your career history."), "{sign_in}");
    for name in ["شركة الرواتب", "منى سامي", "مستشفى"] {
        assert!(consent.contains(&format!("<bdi>{name}</bdi>")), "{name}: {consent}");
        assert!(wallet.contains(&format!("<bdi>{name}</bdi>")), "{name}: {wallet}");
    }
}

#[tokio::test]
async fn composed_lines_isolate_each_name() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = career("1");
    body["partner_chain"] = json!([{ "name": "مكتب" }, { "name": "Child Bureau" }]);
    for (at, role) in [(0_usize, "مهندسة"), (1, "مديرة")] {
        body["fields"]["employment"][at]["role_title"] = json!(role);
        body["fields"]["employment"][at]["organisation"] = json!("شركة (م) Ltd.");
    }
    let id = content(&test.post(PUSH, &token, &body).await.assert_status(201).json());
    let mut person = test.signed_in("ada@example.org").await;
    let consent = person.open(id).await.redirect().to_owned();
    let consent = person.text(&consent).await;
    assert!(consent.contains("via <bdi>مكتب</bdi>, then <bdi>Child Bureau</bdi>"), "{consent}");
    let headline = "<bdi>مديرة</bdi> at <bdi>شركة (م) Ltd.</bdi>, and one earlier job";
    assert!(consent.contains(&format!("Career history: {headline}</h2>")), "{consent}");
    person.accept(id).await;
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains(&format!("<h3><span id=\"headline-{id}\">{headline}</span></h3>")), "{wallet}");
    let form = person.text("/wallet/share").await;
    assert!(form.contains("><bdi>مهندسة</bdi>, <bdi>شركة (م) Ltd.</bdi>, Jan 2020 to Dec 2022</label>"), "{form}");
    assert!(form.contains(&format!("Career history from <bdi>Acme Payroll</bdi>: {headline}</legend>")), "{form}");
}
