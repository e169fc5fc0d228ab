//! A holder's links: what their pages say after a withdrawal, a deletion and a revocation.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::shares::share;
use crate::support::app::{PUSH, TestApp};
use crate::support::browser::Browser;

const STILL_SHOWN: &str = "This link shows a credential that was withdrawn or deleted";
const WARNING: &str = "Links you shared will still show it, marked as revoked";

/// Signs in a holder who has the sample; returns the browser, the credential's id and the partner's
/// token.
async fn holder(test: &TestApp) -> (Browser<'_>, Uuid, String) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    (person, id, token)
}

/// Asserts whether the list of links and the details of one say that it shows a revoked credential.
async fn assert_says_still_shown(person: &mut Browser<'_>, own: &str, expected: bool) {
    for path in ["/wallet/shares", own] {
        let page = person.text(path).await;
        assert_eq!(page.contains(STILL_SHOWN), expected, "{path}: {page}");
    }
    if expected {
        let list = person.text("/wallet/shares").await;
        assert!(!list.contains("Active."), "{list}");
    }
}

#[tokio::test]
async fn links_to_a_withdrawn_credential_ask_to_be_revoked() {
    let test = TestApp::new().await;
    let (mut person, id, token) = holder(&test).await;
    let (own, _) = share(&mut person, id, &[]).await;
    assert_says_still_shown(&mut person, &own, false).await;
    assert!(person.text("/wallet/shares").await.contains("Active."));
    let reason = json!({ "reason": "Sent by mistake" }).to_string();
    test.send(test.api(Method::DELETE, &format!("{PUSH}/1"), &token, &reason)).await.assert_status(204);
    assert_says_still_shown(&mut person, &own, true).await;
    let details = person.text(&own).await;
    assert!(details.contains("<button class=\"danger\""), "revoking is what to do now: {details}");
    assert!(person.text("/wallet").await.contains("A link that you shared still shows this."));
    person.post(&format!("{own}/revoke"), &[]).await.assert_status(303);
    assert_says_still_shown(&mut person, &own, false).await;
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("Sent by mistake") && !wallet.contains("A link that you shared"), "{wallet}");
}

#[tokio::test]
async fn deletion_warns_about_links_only_if_there_are_any() {
    let test = TestApp::new().await;
    let (mut person, id, _) = holder(&test).await;
    let delete = format!("/wallet/credentials/{id}/delete");
    assert!(!person.text(&delete).await.contains(WARNING));
    let (own, _) = share(&mut person, id, &[]).await;
    assert!(person.text(&delete).await.contains(WARNING));
    person.post(&delete, &[]).await.assert_status(303);
    assert_says_still_shown(&mut person, &own, true).await;
}

#[tokio::test]
async fn revoked_record_says_so_beside_its_content() {
    let test = TestApp::new().await;
    let (mut person, id, _) = holder(&test).await;
    let (_, link) = share(&mut person, id, &[]).await;
    let note = "<p class=\"problem\">Revoked by the issuer or the holder.";
    let noted = |page: &str| page.split("<div data-states=\"1\">").nth(1).map(|rest| rest.trim().starts_with(note));
    let before = test.text(&link).await;
    assert!(noted(&before) == Some(false) && !before.contains("but no longer valid."), "{before}");
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(2));
    let after = test.text(&link).await;
    assert!(noted(&after) == Some(true) && after.contains("but no longer valid."), "{after}");
}

#[tokio::test]
async fn revoked_link_promises_no_future() {
    let test = TestApp::new().await;
    let (mut person, id, _) = holder(&test).await;
    let (own, _) = share(&mut person, id, &[("keep_current", "yes")]).await;
    let details = person.text(&own).await;
    assert!(details.contains("Newer versions") && details.contains("Expiry date"), "{details}");
    let copy = "<button class=\"primary\" type=\"button\" hidden data-copy=\"share-link\"";
    assert!(details.contains(copy) && details.contains("<button class=\"secondary danger\""), "{details}");
    person.post(&format!("{own}/revoke"), &[]).await.assert_status(303);
    let details = person.text(&own).await;
    assert_eq!(details.matches("Revoked").count(), 1, "{details}");
    assert!(details.contains("This deleted nothing from your wallet."), "{details}");
    assert!(!details.contains("Newer versions") && !details.contains("Expiry date"), "{details}");
}

#[tokio::test]
async fn empty_wallet_says_what_comes_first() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let form = person.text("/wallet/share").await;
    assert!(form.contains("There is nothing in your wallet.") && !form.contains("withdrew"), "{form}");
    let list = person.text("/wallet/shares").await;
    assert!(list.contains("Once your wallet has something to share"), "{list}");
    let (mut other, _, _) = holder(&test).await;
    assert!(!other.text("/wallet/shares").await.contains("Once your wallet has something to share"));
}
