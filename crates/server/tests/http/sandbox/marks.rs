//! Data of the sandbox does not look real to hirers.

use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner};
use crate::support::browser::Browser;

const MARK: &str = "Test data: at least one of these records";

/// Shares a credential of `partner` and returns the hirer's page.
async fn shown_to_hirers(test: &TestApp, person: &mut Browser<'_>, partner: &TestPartner, id: &str) -> String {
    let credential: Uuid = test.push(&test.token(partner).await, id).await;
    person.accept(credential).await;
    let part = format!("{credential}/employment/0");
    let path = format!("/wallet/credentials/{credential}/share");
    let own = person.post(&path, &[("part", &part), ("days", "14")]).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    test.text(&link[link.find("/share/").expect("a path")..]).await
}

#[tokio::test]
async fn shared_page_says_that_sandbox_data_is_test_data() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let real = test.partner().await;
    let page = shown_to_hirers(&test, &mut person, &real, "1").await;
    assert!(!page.contains(MARK), "{page}");
    let sandbox = test.sandbox_partner().await;
    let page = shown_to_hirers(&test, &mut person, &sandbox, "2").await;
    assert!(page.contains(MARK), "{page}");
}

#[tokio::test]
async fn consent_page_record_and_wallet_mark_sandbox_data() {
    const MARK: &str = "Test data: this comes from a test partner of this server.";
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let partners = [(test.partner().await, "1", 0), (test.sandbox_partner().await, "2", 1)];
    for (partner, id, marks) in partners {
        let credential: Uuid = test.push(&test.token(&partner).await, id).await;
        person.open(credential).await.assert_status(303);
        let consent = person.text(&format!("/requests/{credential}")).await;
        assert_eq!(consent.matches(MARK).count(), marks, "{consent}");
        person.accept(credential).await;
        let record = person.text(&format!("/wallet/credentials/{credential}")).await;
        assert_eq!(record.matches(MARK).count(), marks, "{record}");
        let wallet = person.text("/wallet").await;
        assert_eq!(wallet.matches(MARK).count(), marks, "{wallet}");
    }
}
