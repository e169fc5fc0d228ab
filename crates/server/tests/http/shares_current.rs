//! Current links: a newer version replaces the older one behind a link. A replaced credential
//! raises no alarm, a revoked one does.

mod choice;
mod meanwhile;

use std::time::Duration;

use credential::format::sd_jwt_vc::SdJwtVc;
use credential::status::{Status, StatusList};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shares::look;
use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::browser::Browser;

const EMAIL: &str = "ada@example.org";
const FOLLOWING: (&str, &str) = ("keep_current", "yes");

/// A person whose partner sends several versions.
struct Scene<'a> {
    test: &'a TestApp,
    partner: TestPartner,
    person: Browser<'a>,
    versions: usize,
    /// The credential that was accepted last.
    last: Uuid,
    /// The name in the next accepted credential.
    name: &'static str,
}

/// A link, with the holder's page and the hirer's page.
struct Link {
    own: String,
    path: String,
}

impl<'a> Scene<'a> {
    async fn new(test: &'a TestApp) -> Self {
        let partner = test.partner().await;
        Self {
            test,
            partner,
            person: test.signed_in(EMAIL).await,
            versions: 0,
            last: Uuid::nil(),
            name: "Ada Marker-Lovelace",
        }
    }

    /// Accepts a career with these jobs, which supersedes the previous one.
    async fn accept(&mut self, jobs: &[Value]) -> Uuid {
        self.test.advance(Duration::from_secs(2));
        self.versions += 1;
        let mut body = career(&self.versions.to_string());
        body["fields"]["employment"] = json!(jobs);
        body["fields"]["full_name"] = json!(self.name);
        if self.versions > 1 {
            body["replaces"] = json!((self.versions - 1).to_string());
        }
        let token = self.test.token(&self.partner).await;
        let answer = self.test.post(PUSH, &token, &body).await.assert_status(201).json();
        let id = answer["request_id"].as_str().expect("an id").parse().expect("a UUID");
        let replaced = format!("version-{id}-{}", std::mem::replace(&mut self.last, id));
        self.person.accept_with(id, &[(&replaced, "replace")]).await;
        self.test.advance(Duration::from_secs(2));
        id
    }

    /// Shares these parts of a credential.
    async fn share(&mut self, id: Uuid, places: &[&str], more: &[(&str, &str)]) -> Link {
        let parts: Vec<String> = places.iter().map(|place| format!("{id}{place}")).collect();
        let mut form: Vec<(&str, &str)> = parts.iter().map(|part| ("part", part.as_str())).collect();
        if !more.iter().any(|(name, _)| *name == "days") {
            form.push(("days", "14"));
        }
        form.extend(more);
        let own = self.person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
        self.link(own).await
    }

    async fn link(&mut self, own: String) -> Link {
        let page = self.person.text(&own).await;
        let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next());
        let link = link.expect("a link");
        Link { path: link[link.find("/share/").expect("a path")..].to_owned(), own }
    }

    /// Returns the page that a hirer sees.
    async fn page(&self, link: &Link) -> String {
        look(self.test, &link.path).await.assert_status(200).text
    }

    /// Returns the token that a hirer may store.
    async fn token(&self, link: &Link) -> String {
        self.test.text(&format!("{}/token/1", link.path)).await
    }

    async fn delete(&mut self, id: Uuid) {
        self.person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
        self.test.advance(Duration::from_secs(2));
    }

    /// Runs the jobs in the outbox.
    async fn outbox(&self) {
        while tenure::flows::outbox::send_due(&self.test.app).await.expect("done") > 0 {}
    }
}

fn job(organisation: &str, start: &str, until: &str) -> Value {
    json!({ "organisation": organisation, "role_title": "Engineer", "start_date": start, "last_processed_month": until })
}

/// Returns a token's status in the published Token Status List.
async fn status(test: &TestApp, token: &str) -> Status {
    let reference = SdJwtVc::read(token).expect("a presentation").status().expect("a status").expect("there");
    let list = test.text(reference.uri.strip_prefix(test.app.config().base()).expect("ours")).await;
    let keys = test.app.issuer_keys().current().expect("keys");
    let now = test.app.now().seconds();
    let list = credential::status::read_token(&list, &reference.uri, &keys.published, now);
    list.expect("a list").get(reference.index).expect("an entry")
}

#[track_caller]
fn assert_genuine(page: &str) {
    assert!(page.contains("data-together=\"hire-all-passed\""), "{page}");
    assert!(!page.contains("A newer version has been available since"), "{page}");
}

/// Asserts that the page mentions a newer version and raises no alarm.
#[track_caller]
fn assert_replaced(page: &str) {
    assert!(page.contains("data-together=\"hire-some-doubtful\""), "{page}");
    let said = crate::support::moments::without_times(page);
    assert!(said.contains("A newer version has been available since 23 November 2026."), "{page}");
    let shown = page.split("<template").next().unwrap_or_default();
    assert!(!shown.contains("outcome-failed") && !shown.contains("It was revoked"), "{page}");
}

/// Asserts that the page says that what it shows is not current, and claims no newer version.
#[track_caller]
fn assert_not_current(page: &str) {
    assert!(page.contains("data-together=\"hire-some-doubtful\""), "{page}");
    let said = crate::support::moments::without_times(page);
    assert!(said.contains("This version has not been current since 23 November 2026."), "{page}");
    assert!(!page.contains("newer version"), "{page}");
}

#[track_caller]
fn assert_revoked(page: &str) {
    assert!(page.contains("data-together=\"hire-some-failed\""), "{page}");
    let status = page.split("class=\"outcome-failed\" data-step=\"status\"").nth(1).expect("the status failed");
    assert!(status.split("</li>").next().is_some_and(|row| row.contains("It was revoked.")), "{status}");
    assert!(!page.contains("A newer version has been available since"), "{page}");
}

#[tokio::test]
async fn link_shows_a_year_of_updates_without_an_alarm() {
    const MONTHS: [(&str, &str); 13] = [
        ("2025-10", "October 2025"),
        ("2025-11", "November 2025"),
        ("2025-12", "December 2025"),
        ("2026-01", "January 2026"),
        ("2026-02", "February 2026"),
        ("2026-03", "March 2026"),
        ("2026-04", "April 2026"),
        ("2026-05", "May 2026"),
        ("2026-06", "June 2026"),
        ("2026-07", "July 2026"),
        ("2026-08", "August 2026"),
        ("2026-09", "September 2026"),
        ("2026-10", "October 2026"),
    ];
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let jobs = |until| [job("Company A", "2020-01", until), job("Company B", "2023-02", until)];
    let first = scene.accept(&jobs(MONTHS[0].0)).await;
    let link = scene.share(first, &["/employment/0"], &[("days", "90"), FOLLOWING]).await;
    let mut kept = scene.token(&link).await;
    for (number, ((_, before), (month, said))) in MONTHS.iter().zip(&MONTHS[1..]).enumerate() {
        // A link expires after 90 days; advancing a week for each month keeps it valid.
        test.advance(Duration::from_secs(7 * 86_400));
        scene.person = test.signed_in(EMAIL).await;
        scene.accept(&jobs(month)).await;
        assert_eq!(status(&test, &kept).await, Status::Replaced, "a copy says that a newer version exists");
        // The update is made by the outbox or by the hirer's visit, whichever comes first.
        if number % 2 == 0 {
            scene.outbox().await;
        }
        let page = scene.page(&link).await;
        assert_genuine(&page);
        assert!(page.contains(&format!("data to {said}")) && !page.contains(before), "{month}: {page}");
        assert!(page.contains("<dt>Updated</dt>") && !page.contains("Company B"), "{page}");
        let token = scene.token(&link).await;
        assert_eq!(status(&test, &token).await, Status::Valid);
        kept = token;
    }
    scene.outbox().await;
    let own = scene.person.text(&link.own).await;
    let updates = own.split("<dt>Updated</dt><dd>").nth(1).and_then(|rest| rest.split("</dd>").next()).expect("a list");
    assert_eq!(updates.matches(" 2026, ").count() + updates.matches(" 2027, ").count(), 12, "{updates}");
    assert!(own.contains("The link shows them."), "{own}");
}

#[tokio::test]
async fn outbox_updates_unopened_links() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let link = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    assert!(!scene.person.text(&link.own).await.contains("<dt>Updated</dt>"));
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    let own = scene.person.text(&link.own).await;
    let plain = crate::support::moments::without_times(&own);
    assert!(plain.contains("<dt>Updated</dt><dd>23 November 2026"), "{own}");
    let export = scene.person.get("/wallet/export").await.assert_status(200).json();
    assert_eq!(export["shares"][0]["keeps_current"], true);
    assert!(export["shares"][0]["updated_at"].is_string());
}

#[tokio::test]
async fn link_that_is_not_kept_current_names_a_newer_version() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let form = scene.person.text(&format!("/wallet/credentials/{first}/share")).await;
    let checkbox = form.lines().find(|line| line.contains("name=\"keep_current\"")).expect("a checkbox");
    assert!(checkbox.contains(" checked"), "it is the default: {checkbox}");
    let link = scene.share(first, &["/employment/0"], &[]).await;
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    let page = scene.page(&link).await;
    assert_replaced(&page);
    assert!(page.contains("data to September 2026") && !page.contains("October 2026"), "{page}");
    assert!(scene.person.text(&link.own).await.contains("The link only says that one exists."));
    let token = scene.token(&link).await;
    assert_eq!(status(&test, &token).await, Status::Replaced);
    scene.delete(first).await;
    assert_revoked(&scene.page(&link).await);
    assert_eq!(status(&test, &token).await, Status::Invalid, "the person's last word");
}

#[tokio::test]
async fn revoked_and_expired_links_are_not_revived() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-08")]).await;
    let before = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let between = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let after = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let expiring = scene.share(first, &["/employment/0"], &[("days", "1"), FOLLOWING]).await;
    let mut tokens = Vec::new();
    for link in [&before, &between, &after] {
        tokens.push(scene.token(link).await);
    }
    scene.person.post(&format!("{}/revoke", before.own), &[]).await.assert_status(303);
    scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    scene.person.post(&format!("{}/revoke", between.own), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(86_400));
    scene.outbox().await;
    tokens.push(scene.token(&after).await);
    scene.person.post(&format!("{}/revoke", after.own), &[]).await.assert_status(303);
    scene.outbox().await;
    for link in [&before, &between, &after, &expiring] {
        look(&test, &link.path).await.assert_status(410);
    }
    test.advance(Duration::from_secs(2));
    for token in &tokens {
        assert_eq!(status(&test, token).await, Status::Invalid, "every version that a revoked link has shown");
    }
}

#[tokio::test]
async fn withdrawn_or_deleted_newer_version_is_an_alarm() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-08")]).await;
    let link = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let second = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    assert_genuine(&scene.page(&link).await);
    let still = scene.share(second, &["/employment/0"], &[FOLLOWING]).await;
    scene.delete(second).await;
    scene.outbox().await;
    for link in [&link, &still] {
        assert_revoked(&scene.page(link).await);
    }
    let third = scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    assert_revoked(&scene.page(&link).await);
    let link = scene.share(third, &["/employment/0"], &[FOLLOWING]).await;
    let token = test.token(&scene.partner).await;
    let reason = json!({ "reason": "Sent by mistake" }).to_string();
    let path = format!("{PUSH}/{}", scene.versions);
    test.send(test.api(axum::http::Method::DELETE, &path, &token, &reason)).await.assert_status(204);
    test.advance(Duration::from_secs(2));
    assert_revoked(&scene.page(&link).await);
}

#[tokio::test]
async fn link_does_not_follow_to_another_name() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let link = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    scene.name = "Jane Roe";
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    let page = scene.page(&link).await;
    assert_replaced(&page);
    assert!(page.contains("Ada Marker-Lovelace") && !page.contains("Jane Roe"), "{page}");
}

#[tokio::test]
async fn deleting_an_older_version_leaves_the_newer_one_in_its_link() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let link = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    // Neither the outbox nor a visit has updated the link yet.
    scene.delete(first).await;
    let page = scene.page(&link).await;
    assert_genuine(&page);
    assert!(page.contains("data to October 2026"), "{page}");
}

#[tokio::test]
async fn newer_version_deleted_before_the_update_is_not_shown() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-08")]).await;
    let link = scene.share(first, &["/employment/0"], &[FOLLOWING]).await;
    let second = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    scene.delete(second).await;
    scene.outbox().await;
    let page = scene.page(&link).await;
    assert_not_current(&page);
    assert!(page.contains("August 2026") && !page.contains("September 2026"), "{page}");
    scene.accept(&[job("Company A", "2020-01", "2026-10")]).await;
    scene.outbox().await;
    // The second version was not superseded: the person deleted it.
    assert_not_current(&scene.page(&link).await);
}

#[tokio::test]
async fn w3c_list_has_one_bit_for_both_ends() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let first = scene.accept(&[job("Company A", "2020-01", "2026-08")]).await;
    let place = test.sign(first).await.expect("signed");
    let second = scene.accept(&[job("Company A", "2020-01", "2026-09")]).await;
    let revoked = test.sign(second).await.expect("signed");
    scene.delete(second).await;
    assert!(test.is_replaced(place).await && test.is_revoked(revoked).await);
    let path = format!("/status/{}/bitstring", place.list);
    let payload = credential::jws::Jws::read(&test.text(&path).await).expect("a JWT").payload;
    let list = StatusList::from_bitstring(payload["credentialSubject"]["encodedList"].as_str().expect("a list"));
    let list = list.expect("a list");
    for place in [place, revoked] {
        assert_eq!(list.get(u64::from(place.position)), Some(Status::Invalid));
    }
}
