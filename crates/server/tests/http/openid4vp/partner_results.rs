//! Results of requests with a partner's query: what they contain, and how people without an account
//! respond.

use serde_json::{Value, json};

use super::pid::{CERTIFIED, LISTED, Person, begin, certified_key, names, present, query, trusting};
use super::support::{CALLBACK, Scene, refused, scene, sent_to};
use crate::support::wallet::key;
use crate::verification::support::{listen, told};

/// Presents `shown` of a person with more claims; returns the result.
async fn result(scene: &Scene<'_>, asked: &Value, more: &Value, shown: Vec<&'static str>) -> Value {
    let mut person = Person::new(scene, LISTED);
    person.more = more.as_object().expect("an object").clone();
    person.shown = shown;
    present(scene, asked, &person, (&key(30), json!({ "kid": "k1" }))).await
}

/// Gives each claim of a query an id, and adds claim sets.
fn with_sets(mut asked: Value, ids: &[&str], sets: Value) -> Value {
    for (at, id) in ids.iter().enumerate() {
        asked["credentials"][0]["claims"][at]["id"] = (*id).into();
    }
    asked["credentials"][0]["claim_sets"] = sets;
    asked
}

// Conforms: OpenID4VP 7
#[tokio::test]
async fn positions_count_entries_that_are_not_shown() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let more = json!({ "nationalities": ["DE", "FR"] });
    let second = query(&json!([["nationalities", 1]]));
    let found = result(&scene, &second, &more, vec!["/nationalities/1"]).await;
    assert_eq!((&found["credential"], found.get("withheld")), (&json!({ "nationalities": ["FR"] }), None), "{found}");
    let either = query(&json!([["nationalities", 0], ["nationalities", 1]]));
    let either = with_sets(either, &["first", "second"], json!([["first", "second"], ["second"]]));
    let found = result(&scene, &either, &more, vec!["/nationalities/1"]).await;
    assert_eq!(found["credential"], json!({ "nationalities": ["FR"] }));
    assert_eq!(found["withheld"], json!(["/nationalities/0"]), "{found}");
}

#[tokio::test]
async fn claims_with_slashes_in_their_names_are_returned() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let more = json!({ "a/b": 1, "https://ns.example/role": ["x", "y"] });
    let asked = query(&json!([["a/b"], ["https://ns.example/role", null]]));
    let shown = vec!["/a~1b", "/https:~1~1ns.example~1role/0"];
    let found = result(&scene, &asked, &more, shown).await;
    assert_eq!(found["credential"], json!({ "a/b": 1, "https://ns.example/role": ["x"] }), "{found}");
    assert_eq!(found.get("withheld"), None);
    assert_eq!(found["verification"]["not_shown"]["in_part"], json!(["/https:~1~1ns.example~1role"]));
    assert!(found["verification"]["presentation"].is_object(), "nothing else was shown: {found}");
}

// Conforms: OpenID4VP 6
#[tokio::test]
async fn alternatives_are_named_and_one_is_returned() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let asked = query(&json!([["given_name"], ["family_name"], ["birthdate"]]));
    let asked = with_sets(asked, &["given", "family", "born"], json!([["given", "family"], ["born"]]));
    let (_, content) = scene.ask_for("digital_identity", &json!({ "dcql_query": asked })).await;
    let page = test.browser().text(&format!("/verifications/{content}/other-wallet")).await;
    for line in ["<li>Either: First names, Surname</li>", "<li>Or: Date of birth</li>"] {
        assert!(page.contains(line), "{line}: {page}");
    }
    let found = result(&scene, &asked, &json!({}), vec!["/given_name", "/family_name", "/birthdate"]).await;
    assert_eq!(found["credential"], json!({ "given_name": "Ada", "family_name": "Marker-Lovelace" }), "{found}");
    assert_eq!(found["withheld"], json!(["/birthdate"]));
    assert_eq!(found["verification"]["presentation"], Value::Null, "it shows more");
}

#[tokio::test]
async fn names_of_another_issuer_cannot_turn_text_around() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let more = json!({ "given_name": "A\u{202e}da" });
    let found = result(&scene, &names(), &more, vec!["/given_name", "/family_name"]).await;
    assert_eq!(found["subject"]["names"], json!(["Ada Marker-Lovelace"]));
    assert_eq!(found["credential"]["given_name"], "A\u{202e}da", "as its issuer signed it");
}

#[tokio::test]
async fn query_is_fulfilled_or_declined_without_an_account() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let hook = listen(&test, scene.partner.id).await;
    let body = json!({ "dcql_query": names(), "callback_url": CALLBACK });
    let (declined, content) = scene.ask_for("digital_identity", &body).await;
    let mut browser = test.browser();
    let page = browser.open_verification(content).await;
    assert_eq!(page, format!("/verifications/{content}/other-wallet"), "no sign-in");
    let again = browser.get(&format!("/verifications/{content}")).await;
    assert_eq!(again.redirect(), page);
    let shown = browser.text(&page).await;
    for said in ["Only continue if you came here from <bdi>Harbour Hiring</bdi>", "Cancel"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let back = browser.post(&format!("{page}/cancel"), &[]).await.assert_status(303);
    assert_eq!(back.redirect(), format!("{CALLBACK}&request_id={declined}&status=canceled"));
    let found = scene.result(&declined).await;
    assert_eq!((&found["status"], &found["reason"]), (&json!("canceled"), &json!("declined")));
    browser.post(&format!("{page}/cancel"), &[]).await.assert_status(410);
    let (verified, content) = scene.ask_for("digital_identity", &body).await;
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let shown = Person::new(&scene, LISTED).disclosed(&key(30), json!({ "kid": "k1" }));
    let answer = scene.answer(&asked, &scene.bind(&asked, &shown)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    let told = told(&test, scene.partner.id, hook).await;
    let events = [("vwsp_request.canceled", declined), ("vwsp_request.verified", verified)];
    assert_eq!(told, events.map(|(kind, id)| (kind.to_owned(), id)), "as for other requests");
}

#[tokio::test]
async fn opened_query_is_declined_by_its_account_only() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for("digital_identity", &json!({ "dcql_query": names() })).await;
    let mut person = test.signed_in("ada@example.org").await;
    person.open_verification(content).await;
    let path = format!("/verifications/{content}/other-wallet");
    test.browser().post(&format!("{path}/cancel"), &[]).await.assert_status(404);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    let page = person.text(&format!("/verifications/{content}")).await;
    assert!(page.contains(&format!("<a class=\"button\" href=\"{path}\">Use another wallet</a>")), "{page}");
    let said = person.post(&format!("{path}/cancel"), &[]).await.assert_status(200);
    assert!(said.text.contains("You declined") && said.text.contains("Nothing was shared."), "{}", said.text);
    assert_eq!(scene.result(&request_id).await["status"], "canceled");
}

/// PIDs of the EUDI wallets have a certificate and no `iss`.
// Conforms: OpenID4VP 8.6
#[tokio::test]
async fn issuer_without_iss_is_named_by_its_certificate() {
    let (test, chain) = trusting().await;
    let scene = scene(&test).await;
    let mut person = Person::new(&scene, CERTIFIED);
    person.open.remove("iss");
    let found = present(&scene, &names(), &person, (&certified_key(), json!({ "x5c": chain }))).await;
    let checked = &found["verification"];
    assert_eq!((&checked["verdict"], &checked["issuer"]), (&json!("valid"), &json!(CERTIFIED)), "{found}");
    let anchor = json!({ "kind": "certificate_chain", "anchor": "CN=PID Root CA" });
    assert_eq!(checked["trusted_by"], anchor);
    let untrusted = "not trusted for the requested credential type";
    for (iss, by, header, why) in [
        (None, certified_key(), json!({}), untrusted),
        (None, key(30), json!({ "kid": "k1" }), untrusted),
        (None, key(31), json!({ "x5c": chain }), "signature is not valid"),
        (Some(LISTED), certified_key(), json!({ "x5c": chain }), "signature is not valid"),
    ] {
        let (_, asked) = begin(&scene, &names()).await;
        person.open.remove("iss");
        person.open.extend(iss.map(|iss| ("iss".to_owned(), json!(iss))));
        refused(&scene.answer(&asked, &scene.bind(&asked, &person.disclosed(&by, header))).await, why);
    }
}
