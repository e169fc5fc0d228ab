//! `POST /api/partner/v2/verify/token` and the page `/verify`.

mod body;
mod did_documents;
mod endings;
mod http_statuses;
mod list_certificates;
mod other_issuers;
mod own_tokens;
mod page;
mod statuses;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, all_scopes, career};
use crate::support::browser::Browser;
use crate::support::response::content;
use crate::support::wallet::{TestWallet, make_offer};

const VERIFY: &str = "/api/partner/v2/verify/token";

/// A partner whose career history a holder has accepted.
struct Scene<'a> {
    test: &'a TestApp,
    /// The partner's access token.
    token: String,
    person: Browser<'a>,
    /// The accepted submission.
    held: Uuid,
}

impl<'a> Scene<'a> {
    async fn new(test: &'a TestApp) -> Self {
        Self::holding(test, "career_history", &career("held")).await
    }

    async fn holding(test: &'a TestApp, name: &str, body: &Value) -> Self {
        let token = access_token(test, "").await;
        let path = format!("/api/partner/v2/add/requests/{name}");
        let held = content(&test.post(&path, &token, body).await.assert_status(201).json());
        let mut person = test.signed_in("ada@example.org").await;
        person.accept(held).await;
        Self { test, token, person, held }
    }

    /// Shares the name and the first job; returns the presentation.
    async fn presentation(&mut self) -> String {
        self.share("/employment/0").await
    }

    /// Shares one part and the claims that are always shown; returns the presentation.
    async fn share(&mut self, part: &str) -> String {
        let part = format!("{}{part}", self.held);
        let path = format!("/wallet/credentials/{}/share", self.held);
        let own = self.person.post(&path, &[("part", part.as_str()), ("days", "14")]).await.redirect().to_owned();
        let page = self.person.text(&own).await;
        let link =
            page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
        let path = link.strip_prefix(self.test.app.config().base()).expect("here");
        self.test.text(&format!("{path}/token/1")).await
    }

    /// Fetches the credential into another wallet, in this configuration.
    async fn credential(&mut self, configuration: &str) -> String {
        let wallet = TestWallet::new(self.test);
        let offer = make_offer(self.test, &mut self.person, self.held).await;
        let access = wallet.token(&offer).await;
        let fetched = wallet.fetch(&access, configuration).await.assert_status(200).json();
        fetched["credentials"][0]["credential"].as_str().expect("a credential").to_owned()
    }

    async fn delete(&mut self) {
        self.person.post(&format!("/wallet/credentials/{}/delete", self.held), &[]).await.assert_status(303);
        self.test.advance(std::time::Duration::from_secs(2));
    }

    async fn verify(&self, token: &str) -> Value {
        self.verify_body(&json!({ "token": token })).await
    }

    async fn verify_body(&self, body: &Value) -> Value {
        self.test.post(VERIFY, &self.token, body).await.assert_status(200).json()
    }
}

/// Returns the checks that did not pass: name, outcome and code.
fn not_passed(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().expect("checks").iter().filter(|check| check["outcome"] != "passed");
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or("-").to_owned();
    checks.map(|check| ["name", "outcome", "code"].map(|name| text(check, name)).join(" ")).collect()
}

/// Returns the access token of a new partner with these scopes.
async fn access_token(test: &TestApp, scopes: &str) -> String {
    let scopes = if scopes.is_empty() { all_scopes() } else { scopes.to_owned() };
    test.token(&test.partner_with(&scopes).await).await
}
