//! Undoing an update that was accepted under a standing consent.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use super::support::{DAY, Job, career_of, current, push, push_and_accept, push_and_allow, replacing, share};
use crate::shares::look;
use crate::support::app::{PUSH, TestApp, TestPartner};
use crate::support::browser::Browser;
use crate::support::moments::without_times;
use crate::support::response::content;
use crate::verification::support::{ask, asker, result, share_all};

const BEFORE: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];
const AFTER: [Job; 1] = [("Company A", "Chief Surgeon", "2020-01", "", "2026-10")];

struct Updated<'a> {
    partner: TestPartner,
    person: Browser<'a>,
    older: Uuid,
    newer: Uuid,
}

/// Creates a career that its partner updated under a standing consent.
async fn updated(test: &TestApp) -> Updated<'_> {
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let update = push(test, &token, &replacing(career_of("2", &AFTER), "1")).await;
    assert_eq!(update["status"], "verified");
    Updated { partner, person, older, newer: content(&update) }
}

impl Updated<'_> {
    async fn undo(&mut self) {
        self.person.post(&format!("/wallet/credentials/{}/updates/undo", self.newer), &[]).await.assert_status(303);
    }
}

#[tokio::test]
async fn undo_restores_the_version_before() {
    let test = TestApp::new().await;
    let mut updated = updated(&test).await;
    let token = test.token(&updated.partner).await;
    let (old, new) = (test.sign(updated.older).await, test.sign(updated.newer).await.expect("signed"));
    assert_eq!(old, None, "it is not signed while it is superseded");
    let page = without_times(&updated.person.text(&format!("/wallet/credentials/{}", updated.newer)).await);
    for said in [
        "Updated by <bdi>Acme Payroll</bdi> on 23 November 2026",
        "<bdi>Company A</bdi>: changed from <bdi>Clerk</bdi> to <bdi>Chief Surgeon</bdi>",
        "Undo this update",
        "You can undo this update until 23 December 2026",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    updated.undo().await;
    let Updated { mut person, older, newer, .. } = updated;
    assert_eq!(current(&mut person).await, ["1"]);
    assert!(test.is_replaced(new).await && test.sign(newer).await.is_none() && test.sign(older).await.is_some());
    let wallet = without_times(&person.text("/wallet").await);
    assert!(
        wallet.contains("Earlier versions (1)") && wallet.contains("You undid this update on 23 November 2026."),
        "{wallet}"
    );
    let record = without_times(&person.text(&format!("/wallet/credentials/{older}")).await);
    assert!(
        record.contains("You undid the update from 23 November 2026, so this version is current again."),
        "{record}"
    );
    let record = person.text(&format!("/wallet/credentials/{newer}")).await;
    assert!(record.contains("You undid this update.") && !record.contains("which replaced it"), "{record}");
    assert_eq!(test.status(&token, "2").await["status"], "verified", "what the person does later is their affair");
}

#[tokio::test]
async fn undone_update_ends_the_consent() {
    let test = TestApp::new().await;
    let mut updated = updated(&test).await;
    updated.undo().await;
    let token = test.token(&updated.partner).await;
    for (id, replaces) in [("3", "2"), ("4", "1")] {
        assert_eq!(
            push(&test, &token, &replacing(career_of(id, &AFTER), replaces)).await["status"],
            json!(null),
            "{id}"
        );
    }
    // A push that replaces the undone version is offered as an update of the restored one.
    let asked = content(&push(&test, &token, &replacing(career_of("5", &AFTER), "2")).await);
    updated.person.open(asked).await;
    let page = updated.person.text(&format!("/requests/{asked}")).await;
    assert!(page.contains(&format!("version-{asked}-{}-replace", updated.older)), "{page}");
    updated.person.accept(asked).await;
    assert_eq!(current(&mut updated.person).await, ["5"]);
}

#[tokio::test]
async fn undo_ends_after_thirty_days_and_works_once() {
    let test = TestApp::new().await;
    let mut kept = updated(&test).await;
    test.advance(DAY * 30);
    let mut person = test.signed_in("ada@example.org").await;
    std::mem::swap(&mut kept.person, &mut person);
    let page = kept.person.plain(&format!("/wallet/credentials/{}", kept.newer)).await;
    assert!(page.contains("Updated by Acme Payroll") && !page.contains("Undo this update"));
    kept.undo().await;
    assert_eq!(current(&mut kept.person).await, ["2"]);

    let test = TestApp::new().await;
    let mut undone = updated(&test).await;
    for _ in 0..2 {
        undone.undo().await;
        assert_eq!(current(&mut undone.person).await, ["1"]);
    }
}

#[tokio::test]
async fn several_updates_are_undone_one_after_the_other() {
    let test = TestApp::new().await;
    let mut updated = updated(&test).await;
    let token = test.token(&updated.partner).await;
    let last = push(&test, &token, &replacing(career_of("3", &AFTER), "2")).await;
    updated.undo().await;
    assert_eq!(current(&mut updated.person).await, ["3"], "only what is current can be undone");
    updated.person.post(&format!("/wallet/credentials/{}/updates/undo", content(&last)), &[]).await.assert_status(303);
    assert_eq!(current(&mut updated.person).await, ["2"]);
    updated.undo().await;
    assert_eq!(current(&mut updated.person).await, ["1"]);
}

#[tokio::test]
async fn undo_says_why_it_changed_nothing() {
    let test = TestApp::new().await;
    let mut several = updated(&test).await;
    let token = test.token(&several.partner).await;
    let last = content(&push(&test, &token, &replacing(career_of("3", &AFTER), "2")).await);
    let record = format!("/wallet/credentials/{}", several.newer);
    let page = without_times(&several.person.text(&record).await);
    for said in [
        "You can undo this update until 23 December 2026. Later updates must be undone first, the newest first.",
        format!("<a href=\"/wallet/credentials/{last}\">Open the newest update</a>").as_str(),
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("updates/undo"), "{page}");
    several.undo().await;
    let page = several.person.text(&record).await;
    assert!(page.contains("Not undone yet, because there are later updates."), "{page}");
    several.person.post(&format!("/wallet/credentials/{last}/updates/undo"), &[]).await.assert_status(303);
    for said in ["Update undone. The previous version is current again.", "You have already undone this update."] {
        several.undo().await;
        let page = several.person.text(&record).await;
        assert!(page.contains(said), "{said}: {page}");
        assert_eq!(current(&mut several.person).await, ["1"]);
    }

    let test = TestApp::new().await;
    let mut deleted = updated(&test).await;
    deleted.person.post(&format!("/wallet/credentials/{}/delete", deleted.older), &[]).await.assert_status(303);
    deleted.undo().await;
    let page = deleted.person.text(&format!("/wallet/credentials/{}", deleted.newer)).await;
    assert!(page.contains("This update cannot be undone.") && !page.contains("too late"), "{page}");

    let test = TestApp::new().await;
    let mut late = updated(&test).await;
    test.advance(DAY * 30);
    late.person = test.signed_in("ada@example.org").await;
    late.undo().await;
    let page = late.person.text(&format!("/wallet/credentials/{}", late.newer)).await;
    assert!(page.contains("It is too late to undo this update."), "{page}");
}

#[tokio::test]
async fn link_at_an_undone_version_claims_no_newer_one() {
    const NOT_CURRENT: &str = "This version has not been current since 23 November 2026.";
    let test = TestApp::new().await;
    let mut updated = updated(&test).await;
    let token = test.token(&updated.partner).await;
    let fixed = share(&mut updated.person, updated.newer, &[]).await;
    let says = async |said: &str, is_newer: bool| {
        test.advance(Duration::from_secs(2));
        let page = without_times(&look(&test, &fixed).await.assert_status(200).text);
        assert!(page.contains(said) && page.contains("It was replaced by another version."), "{said}: {page}");
        assert!(page.contains("<div class=\"verdict\" data-level=\"doubtful\">"), "{page}");
        assert_eq!(page.contains("newer version"), is_newer, "{page}");
    };
    test.advance(Duration::from_secs(2));
    updated.undo().await;
    says(NOT_CURRENT, false).await;
    // A push that the holder accepts by hand is newer than the version that they undid.
    let newest = content(&push(&test, &token, &replacing(career_of("3", &AFTER), "2")).await);
    updated.person.open(newest).await;
    updated.person.accept(newest).await;
    assert_eq!(current(&mut updated.person).await, ["3"]);
    says("A newer version has been available since 23 November 2026.", true).await;
    for deleted in [newest, updated.older] {
        updated.person.post(&format!("/wallet/credentials/{deleted}/delete"), &[]).await.assert_status(303);
        says(NOT_CURRENT, false).await;
    }
}

#[tokio::test]
async fn deleted_or_withdrawn_versions_do_not_come_back() {
    let test = TestApp::new().await;
    let mut deleted = updated(&test).await;
    deleted.person.post(&format!("/wallet/credentials/{}/delete", deleted.older), &[]).await.assert_status(303);
    deleted.undo().await;
    assert_eq!(current(&mut deleted.person).await, ["2"], "there is nothing to go back to");

    let test = TestApp::new().await;
    let mut withdrawn = updated(&test).await;
    let token = test.token(&withdrawn.partner).await;
    test.send(test.api(Method::DELETE, &format!("{PUSH}/1"), &token, r#"{"reason":"A mistake."}"#))
        .await
        .assert_status(204);
    withdrawn.undo().await;
    assert_eq!(current(&mut withdrawn.person).await, ["2"], "its partner has taken it back");
    assert_eq!(test.sign(withdrawn.older).await, None);
}

#[tokio::test]
async fn only_the_holder_undoes_allows_and_stops() {
    let test = TestApp::new().await;
    let mut updated = updated(&test).await;
    let token = test.token(&updated.partner).await;
    let mut eve = test.signed_in("eve@example.org").await;
    let path = format!("/wallet/credentials/{}/updates", updated.newer);
    for action in ["undo", "stop"] {
        eve.post(&format!("{path}/{action}"), &[]).await.assert_status(303);
    }
    eve.post(&format!("{path}/allow"), &[]).await.assert_status(404);
    assert_eq!(current(&mut updated.person).await, ["2"]);
    assert_eq!(push(&test, &token, &replacing(career_of("3", &AFTER), "2")).await["status"], "verified");
    // A credential that its holder accepted by hand is not an update.
    let other = push_and_accept(&test, &token, &mut eve, &career_of("eve-1", &BEFORE)).await;
    let newer = push_and_accept(&test, &token, &mut eve, &replacing(career_of("eve-2", &AFTER), "eve-1")).await;
    for id in [other, newer] {
        eve.post(&format!("/wallet/credentials/{id}/updates/undo"), &[]).await.assert_status(303);
    }
    assert_eq!(current(&mut eve).await, ["eve-2"]);
}

#[tokio::test]
async fn links_follow_an_update_and_its_undo() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let following = share(&mut person, older, &[("keep_current", "yes")]).await;
    let fixed = share(&mut person, older, &[]).await;
    let shows = async |path: &str, said: &str, is_genuine: bool| {
        test.mails().await;
        let page = look(&test, path).await.assert_status(200).text;
        assert!(page.contains(said), "{said}: {page}");
        assert_eq!(page.contains("data-together=\"hire-all-passed\""), is_genuine, "{page}");
        assert_eq!(page.contains("A newer version has been available since"), !is_genuine, "{page}");
    };
    test.advance(Duration::from_secs(2));
    let update = push(&test, &token, &replacing(career_of("2", &AFTER), "1")).await;
    assert_eq!(update["status"], "verified");
    test.advance(Duration::from_secs(2));
    shows(&following, "Chief Surgeon", true).await;
    shows(&fixed, "Clerk", false).await;
    person.post(&format!("/wallet/credentials/{}/updates/undo", content(&update)), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(2));
    shows(&following, "Clerk", true).await;
    shows(&fixed, "Clerk", true).await;
}

#[tokio::test]
async fn undo_makes_copies_of_the_version_before_valid_again() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (_, hirer) = asker(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let (request_id, asked) = ask(&test, &hirer, &json!({})).await;
    share_all(&mut person, asked).await;
    let [kept, revoked] = [share(&mut person, older, &[]).await, share(&mut person, older, &[]).await];
    let downloaded = [test.text(&format!("{kept}/token/1")).await, test.text(&format!("{revoked}/token/1")).await];
    let verdicts = async || {
        let mut verdicts = vec![result(&test, &hirer, &request_id).await["verification"]["verdict"].clone()];
        for token in &downloaded {
            let body = json!({ "token": token });
            let report = test.post("/api/partner/v2/verify/token", &hirer, &body).await.assert_status(200).json();
            verdicts.push(report["verdict"].clone());
        }
        verdicts
    };
    assert_eq!(verdicts().await, ["valid", "valid", "valid"]);
    let update = push(&test, &token, &replacing(career_of("2", &AFTER), "1")).await;
    assert_eq!(update["status"], "verified");
    assert_eq!(verdicts().await, ["replaced", "replaced", "replaced"]);
    let own = person.text("/wallet/shares").await;
    let links: Vec<&str> =
        own.split("href=\"/wallet/shares/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for link in links {
        let page = person.text(&format!("/wallet/shares/{link}")).await;
        if page.contains(&revoked) {
            person.post(&format!("/wallet/shares/{link}/revoke"), &[]).await.assert_status(303);
        }
    }
    assert_eq!(verdicts().await, ["replaced", "replaced", "invalid"]);
    let newer = test.sign(content(&update)).await.expect("signed");
    person.post(&format!("/wallet/credentials/{}/updates/undo", content(&update)), &[]).await.assert_status(303);
    assert_eq!(verdicts().await, ["valid", "valid", "invalid"], "what the person revoked stays revoked");
    assert!(test.is_replaced(newer).await);
}
