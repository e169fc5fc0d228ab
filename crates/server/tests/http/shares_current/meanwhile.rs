//! Pages of links that move to a newer version while a request reads them.

use credential::status::Status;
use tenure::flows::share::{self, Access};

use super::{FOLLOWING, Scene, job, status};
use crate::support::app::TestApp;

#[tokio::test]
async fn page_of_a_link_that_is_updated_meanwhile_is_consistent() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    scene.accept(&[job("Company A", "2020-01", "2026-08")]).await;
    // Only the holder says that this name is theirs, too.
    scene.name = "Jane Roe";
    let second = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let link = scene.share(second, &["/employment/0"], &[FOLLOWING]).await;
    let secret = link.path.strip_prefix("/share/").expect("a secret");
    let Access::Open(share) = share::access(&test.app, secret, None).await.expect("read") else {
        panic!("it has no passcode");
    };
    // The link moves on after the request has read the share, and before it reads the rest.
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    let opened = share::open(&test.app, &share, secret).await.expect("read").expect("it is open");
    assert_ne!(opened.share.updated_at, share.updated_at, "the share is read again");
    assert_eq!(opened.names_confirmed, Some(true), "the doubt about the name stays");
    let [shown] = opened.presentations.as_slice() else { panic!("one credential: {opened:?}") };
    assert!(shown.report.is_valid() && shown.replaced.is_none(), "{shown:?}");
    assert_eq!(shown.report.claims["employment"][0]["last_processed_month"], "2026-10");
    scene.person.post(&format!("{}/revoke", link.own), &[]).await.assert_status(303);
    assert!(share::open(&test.app, &share, secret).await.expect("read").is_none(), "it was revoked meanwhile");
}

#[tokio::test]
async fn page_waits_for_the_update_of_a_link_that_keeps_current() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let links =
        [scene.share(first, &["/employment/0"], &[FOLLOWING]).await, scene.share(first, &["/employment/0"], &[]).await];
    let mut shares = Vec::new();
    for link in &links {
        let secret = link.path.strip_prefix("/share/").expect("a secret");
        let Access::Open(share) = share::access(&test.app, secret, None).await.expect("read") else {
            panic!("it has no passcode");
        };
        shares.push((share, secret));
    }
    // A newer version arrives after the requests have read the shares. The outbox has not run.
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    for ((share, secret), (month, is_doubtful)) in shares.iter().zip([("2026-10", false), ("2026-09", true)]) {
        let opened = share::open(&test.app, share, secret).await.expect("read").expect("it is open");
        let [shown] = opened.presentations.as_slice() else { panic!("one credential: {opened:?}") };
        assert_eq!((shown.replaced.is_some(), shown.report.is_valid()), (is_doubtful, !is_doubtful), "{month}");
        assert_eq!(shown.report.claims["employment"][0]["last_processed_month"], month);
    }
}

#[tokio::test]
async fn token_of_a_link_that_keeps_current_is_updated_first() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let current = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let fixed = scene.share(first, &["/employment/0"], &[]).await;
    let before = [scene.token(&current).await, scene.token(&fixed).await];
    // The page is not opened, and the outbox does not run.
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    let after = [scene.token(&current).await, scene.token(&fixed).await];
    assert_ne!(after[0], before[0], "it is the newer version");
    assert_eq!(after[1], before[1], "this link stays with its version");
    assert_eq!(status(&test, &after[0]).await, Status::Valid);
    assert!(scene.page(&current).await.contains(&after[0]), "the page shows the same token");
    scene.person.post(&format!("{}/revoke", current.own), &[]).await.assert_status(303);
    test.get(&format!("{}/token/1", current.path)).await.assert_status(410);
}
