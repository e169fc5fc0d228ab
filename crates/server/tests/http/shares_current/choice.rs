//! A link that moves on to a newer version shows the same choice of fields.

use std::time::Duration;

use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::json;
use store::domain::share::Chosen;
use tenure::flows::share::NewShare;
use uuid::Uuid;

use super::{FOLLOWING, Scene, assert_genuine, assert_replaced, job};
use crate::support::app::TestApp;

#[tokio::test]
async fn update_keeps_the_choice_of_jobs() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let [a, b] = [job("Company A", "2020-01", "2026-08"), job("Company B", "2022-01", "2026-08")];
    let first = scene.accept(&[a.clone(), b.clone()]).await;
    let one = scene.share(first, &["/employment/1"], &[FOLLOWING]).await;
    let gone = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let mut tx = test.app.store().read().await.expect("a transaction");
    let found = tx.linked_submission(first, test.app.now()).await.expect("read").expect("known");
    drop(tx);
    let all = NewShare {
        id: test.app.rng().anonymous_id(),
        form: String::new(),
        chosen: vec![Chosen { submission: first, places: ["/employment".to_owned()].into() }],
        purpose: String::new(),
        days: 14,
        passcode: None,
        keep_current: true,
    };
    let all = tenure::flows::share::create(&test.app, found.holder().expect("hers"), &all).await.expect("created");
    let all = scene.link(format!("/wallet/shares/{}", all.expect("created"))).await;
    // The older job was removed, the other one has another index, and a job was added.
    scene.accept(&[job("Company C", "2025-01", "2026-09"), job("Company B", "2022-01", "2026-09")]).await;
    scene.outbox().await;
    for (link, shown, hidden) in [
        (&one, vec!["Company B"], vec!["Company A", "Company C"]),
        (&all, vec!["Company B", "Company C"], vec!["Company A"]),
    ] {
        let page = scene.page(link).await;
        assert_genuine(&page);
        assert!(shown.iter().all(|name| page.contains(name)), "{page}");
        assert!(!hidden.iter().any(|name| page.contains(name)), "{page}");
        let token =
            SdJwtVc::read(&scene.token(link).await).expect("a presentation").disclosed.claims["employment"].clone();
        assert_eq!(token.as_array().map(Vec::len), Some(shown.len()));
    }
    // All shared data of this link was removed from the newer version, so the link is not updated.
    let page = scene.page(&gone).await;
    assert_replaced(&page);
    assert!(page.contains("Company A") && !page.contains("Company B") && !page.contains("Company C"), "{page}");
}

#[tokio::test]
async fn link_with_only_always_shown_fields_keeps_current() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = test.token(&scene.partner).await;
    let known: credential::Type = "microcredential".parse().expect("a type");
    let mut licence = async |id: &str, expiry: &str, older: Option<Uuid>| {
        test.advance(Duration::from_secs(2));
        let mut body = (known.sample)();
        body["credential_id"] = json!(id);
        body["fields"]["expiry_date"] = json!(expiry);
        if older.is_some() {
            body["replaces"] = json!("1");
        }
        let answer = test.post(&format!("/api/partner/v2/add/requests/{known}"), &token, &body).await;
        let pushed: Uuid = crate::support::response::content(&answer.assert_status(201).json());
        let replaced = format!("version-{pushed}-{}", older.unwrap_or_default());
        scene.person.accept_with(pushed, &[(&replaced, "replace")]).await;
        test.advance(Duration::from_secs(2));
        pushed
    };
    let first = licence("1", "2027-03-01", None).await;
    let mut tx = test.app.store().read().await.expect("a transaction");
    let found = tx.linked_submission(first, test.app.now()).await.expect("read").expect("known");
    drop(tx);
    let bare = NewShare {
        id: test.app.rng().anonymous_id(),
        form: String::new(),
        chosen: vec![Chosen { submission: first, places: [].into() }],
        purpose: String::new(),
        days: 14,
        passcode: None,
        keep_current: true,
    };
    let bare = tenure::flows::share::create(&test.app, found.holder().expect("hers"), &bare).await.expect("created");
    licence("2", "2028-03-01", Some(first)).await;
    let link = scene.link(format!("/wallet/shares/{}", bare.expect("created"))).await;
    scene.outbox().await;
    let token = scene.token(&link).await;
    let read = SdJwtVc::read(&token).expect("a presentation");
    assert_eq!(read.disclosed.claims["expiry_date"], "2028-03-01");
    assert_genuine(&scene.page(&link).await);
}
