//! Names after the verified identity that they were compared with has ended.

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use super::{add, career, link_of, verdict};
use crate::support::app::{PUSH, TestApp, all_scopes};
use crate::support::browser::Browser;
use crate::support::response::content;

const IDENTITY: &str = "/api/partner/v2/add/requests/digital_identity";

/// A person with Jane Roe's job, then an identity as John Doe, and then John Doe's job.
struct Scene<'a> {
    test: &'a TestApp,
    person: Browser<'a>,
    /// The access token of the identity's partner.
    bureau: String,
    identity: Uuid,
    jane: Uuid,
    john: Uuid,
}

impl<'a> Scene<'a> {
    async fn new(test: &'a TestApp) -> Self {
        let mut person = test.signed_in("john@example.org").await;
        let surgeon = career("Jane Roe", "Hospital", "Chief Surgeon", "2018-01");
        let jane = add(test, &mut person, "Harbour Hospital", PUSH, &surgeon).await;
        let bureau = test.token(&test.partner_named("Identity Bureau", &all_scopes()).await).await;
        let known: credential::Type = "digital_identity".parse().expect("a type");
        let mut body = (known.sample)();
        body["credential_id"] = json!("identity");
        let identity = content(&test.post(IDENTITY, &bureau, &body).await.assert_status(201).json());
        person.accept(identity).await;
        let porter = career("John Doe", "Company A", "Porter", "2020-01");
        let john = add(test, &mut person, "Northwind Payroll", PUSH, &porter).await;
        Self { test, person, bureau, identity, jane, john }
    }

    /// Shares the job of a career; returns the hirer's path.
    async fn share(&mut self, id: Uuid) -> String {
        let part = format!("{id}/employment/0");
        let form = [("part", part.as_str()), ("days", "14")];
        let own = self.person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
        link_of(&mut self.person, &own).await
    }

    async fn delete(&mut self, id: Uuid) {
        self.person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    }

    /// Asserts that the page of `link` is confirmed, or says that only the holder's word supports
    /// `name`.
    async fn assert_page(&self, link: &str, name: &str, is_confirmed: bool) {
        let page = self.test.text(link).await;
        let verdict = verdict(&page);
        let level = if is_confirmed { "confirmed" } else { "doubtful" };
        assert!(verdict.starts_with(&format!(" data-level=\"{level}\"")), "{name}: {verdict}");
        let said = format!("Only the person who shared this says that the name <bdi>{name}</bdi> is theirs");
        assert_eq!(verdict.contains(&said), !is_confirmed, "{name}: {verdict}");
    }
}

#[tokio::test]
async fn doubt_outlives_a_deleted_identity() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let (identity, john) = (scene.identity, scene.john);
    let links = [scene.share(scene.jane).await, scene.share(scene.john).await];
    scene.assert_page(&links[0], "Jane Roe", false).await;
    scene.assert_page(&links[1], "John Doe", true).await;
    scene.delete(identity).await;
    let later = scene.share(scene.jane).await;
    for link in [&links[0], &later] {
        scene.assert_page(link, "Jane Roe", false).await;
    }
    scene.assert_page(&links[1], "John Doe", false).await;
    // Then the wallet has one name only, as if there had been no identity.
    scene.delete(john).await;
    scene.assert_page(&links[0], "Jane Roe", true).await;
}

#[tokio::test]
async fn doubt_outlives_a_withdrawn_identity() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let (jane, identity) = (scene.jane, scene.identity);
    let link = scene.share(jane).await;
    let reason = json!({ "reason": "It was sent by mistake." }).to_string();
    let withdraw = test.api(Method::DELETE, &format!("{IDENTITY}/identity"), &scene.bureau, &reason);
    test.send(withdraw).await.assert_status(204);
    scene.assert_page(&link, "Jane Roe", false).await;
    scene.delete(identity).await;
    scene.assert_page(&link, "Jane Roe", false).await;
}

#[tokio::test]
async fn wallet_keeps_names_apart_after_the_identity() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let identity = scene.identity;
    scene.delete(identity).await;
    let wallet = scene.person.text("/wallet").await;
    assert!(!wallet.contains("<h1><bdi>"), "no name heads both: {wallet}");
    for name in ["Jane Roe", "John Doe"] {
        assert!(wallet.contains(&format!("<li><bdi>{name}</bdi></li>")), "{name}: {wallet}");
    }
    let print = scene.person.text("/wallet/print").await;
    assert!(print.contains("These records are in several names."), "{print}");
}
