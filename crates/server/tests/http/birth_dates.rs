//! Verified identities with different dates of birth in one wallet: the holder must confirm the
//! second one, and readers see the doubt whatever the holder leaves out.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::{Browser, confirmations};
use crate::support::response::content;
use crate::verification::support::{ask, asker, result, share_all};

const IDENTITIES: &str = "/api/partner/v2/add/requests/digital_identity";

/// The text about dates of birth that the page does not show.
const NOT_SHOWN: &str = "holds verified identities with different dates of birth, and this page does not show all";

/// Pushes an identity with this date of birth; returns the request's id.
async fn pushed(test: &TestApp, token: &str, ids: (&str, Option<&str>), born: &str) -> Uuid {
    let known: credential::Type = "digital_identity".parse().expect("a type");
    let mut body = (known.sample)();
    let (credential_id, replaces) = ids;
    body["credential_id"] = json!(credential_id);
    body["fields"]["date_of_birth"] = json!(born);
    if let Some(replaces) = replaces {
        body["replaces"] = json!(replaces);
    }
    test.advance(std::time::Duration::from_secs(1));
    content(&test.post(IDENTITIES, token, &body).await.assert_status(201).json())
}

/// Pushes an identity with this date of birth and opens its link; returns the request's id.
async fn opened(test: &TestApp, person: &mut Browser<'_>, token: &str, credential_id: &str, born: &str) -> Uuid {
    let id = pushed(test, token, (credential_id, None), born).await;
    person.open(id).await.assert_status(303);
    id
}

/// Accepts an identity with this date of birth.
async fn identity(test: &TestApp, person: &mut Browser<'_>, token: &str, credential_id: &str, born: &str) -> Uuid {
    let id = pushed(test, token, (credential_id, None), born).await;
    person.accept(id).await;
    id
}

/// Accepts a job in the name of the identities.
async fn job(test: &TestApp, person: &mut Browser<'_>, token: &str) -> Uuid {
    let mut body = career("job");
    body["fields"]["full_name"] = json!("John Doe");
    let id = content(&test.post(PUSH, token, &body).await.assert_status(201).json());
    person.accept(id).await;
    id
}

/// Shares these credentials with these parts of them; returns the hirer's path.
async fn shared(
    person: &mut Browser<'_>,
    credentials: &[Uuid],
    parts: &[(Uuid, &str)],
    more: &[(&str, &str)],
) -> String {
    let ids: Vec<String> = credentials.iter().map(Uuid::to_string).collect();
    let parts: Vec<String> = parts.iter().map(|(id, place)| format!("{id}{place}")).collect();
    let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("credential", id.as_str())).collect();
    form.extend(parts.iter().map(|part| ("part", part.as_str())));
    form.push(("days", "14"));
    form.extend(more);
    let own = person.post("/wallet/share", &form).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    link[link.find("/share/").expect("a path")..].to_owned()
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

#[tokio::test]
async fn dates_of_birth_stay_doubtful_whatever_is_left_out() {
    const DATES: [&str; 2] = ["30 April 1990", "1 May 1991"];
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    let first = identity(&test, &mut person, &token, "1", "1990-04-30").await;
    let other = identity(&test, &mut person, &token, "2", "1991-05-01").await;
    let work = job(&test, &mut person, &token).await;
    let [born, other_born] = [first, other].map(|id| (id, "/date_of_birth"));
    let employment = (work, "/employment/0");
    for (credentials, parts, shown) in [
        (vec![first, other, work], vec![born, other_born, employment], [true, true]),
        (vec![first, other, work], vec![born, employment], [true, false]),
        (vec![first, other, work], vec![employment], [false, false]),
        (vec![first, work], vec![born, employment], [true, false]),
        (vec![work], vec![employment], [false, false]),
    ] {
        let link = shared(&mut person, &credentials, &parts, &[]).await;
        let page = test.text(&link).await;
        let (_, verdict) = page.split_once("<div class=\"verdict\"").expect("a verdict");
        assert!(verdict.starts_with(" data-level=\"doubtful\""), "{shown:?}: {verdict}");
        assert_eq!(verdict.contains("These records have different dates of birth"), shown == [true, true], "{verdict}");
        assert_eq!(verdict.contains(NOT_SHOWN), shown != [true, true], "{shown:?}: {verdict}");
        assert_eq!(DATES.map(|date| page.contains(date)), shown, "a date that is not shown is not told: {page}");
        let row = page.split("data-step=\"names\"").nth(1).and_then(|row| row.split("</li>").next()).expect("a row");
        assert!(row.contains("holds verified identities with different dates of birth"), "{row}");
    }
    let link = shared(&mut person, &[work], &[employment], &[]).await;
    assert!(test.text(&link).await.contains(NOT_SHOWN));
    person.post(&format!("/wallet/credentials/{other}/delete"), &[]).await.assert_status(303);
    assert!(!test.text(&link).await.contains(NOT_SHOWN), "one identity is left");
}

#[tokio::test]
async fn link_does_not_follow_to_another_date_of_birth() {
    for (born, follows) in [("1990-04-30", true), ("1991-05-01", false)] {
        let test = TestApp::new().await;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in("john@example.org").await;
        let first = identity(&test, &mut person, &token, "1", "1990-04-30").await;
        let current = [("keep_current", "yes")];
        let links = [
            shared(&mut person, &[first], &[(first, "/date_of_birth")], &current).await,
            shared(&mut person, &[first], &[], &current).await,
        ];
        let newer = pushed(&test, &token, ("2", Some("1")), born).await;
        person.accept_with(newer, &[(&format!("version-{newer}-{first}"), "replace")]).await;
        for link in &links {
            let page = test.text(link).await;
            let is_replaced = page.contains("A newer version has been available since");
            assert_eq!(is_replaced, !follows, "{born}: {page}");
            assert!(!page.contains("1 May 1991"), "{born}: {page}");
        }
    }
}

#[tokio::test]
async fn results_tell_that_dates_of_birth_differ() {
    let test = TestApp::new().await;
    let (_, reader) = asker(&test).await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    identity(&test, &mut person, &token, "1", "1990-04-30").await;
    job(&test, &mut person, &token).await;
    let mut found = Vec::new();
    for is_second in [false, true] {
        if is_second {
            identity(&test, &mut person, &token, "2", "1991-05-01").await;
        }
        let (id, request) = ask(&test, &reader, &json!({ "claims": ["employment"] })).await;
        share_all(&mut person, request).await;
        found.push(result(&test, &reader, &id).await["subject"].clone());
    }
    let subject = json!({ "names": ["John Doe"], "consistency": "same", "confirmed_by_holder": false });
    assert_eq!(found[0], subject);
    assert_eq!((&found[1]["birth_dates_differ"], &found[1]["names"]), (&json!(true), &subject["names"]));
}
