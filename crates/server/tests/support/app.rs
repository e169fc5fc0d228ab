//! The application under test: real store, real keys, a clock that moves when told, requests without a socket.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use ambient::Clock;
use ambient::Rng;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::{Partner, StatusPlace, WantedEntry};
use tempfile::TempDir;
use tenure::app::App;
use tenure::config::Config;
use tenure::outbound::Lookup;
use tenure::seal::sha256;
use tower::ServiceExt as _;
use uuid::Uuid;

/// The path of a push.
pub const PUSH: &str = "/api/partner/v2/add/requests/career_history";

/// The application, and the folder it lives in.
#[derive(Debug)]
pub struct TestApp {
    /// The application.
    pub app: App,
    /// Its folder; mails are in `mail`.
    pub folder: TempDir,
    /// Made once: with all its descriptions it takes longer than most requests.
    router: OnceLock<Router>,
}

/// A partner with its secret.
#[derive(Clone, Debug)]
pub struct TestPartner {
    /// `client_id`.
    pub id: Uuid,
    /// `client_secret`.
    pub secret: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as bytes.
    pub bytes: axum::body::Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header")).unwrap_or_default()
    }

    /// Asserts the status and returns the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The codes and pointers of all faults.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.json()["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fault| (text(&fault["code"]), text(&fault["pointer"])))
            .collect()
    }
}

impl TestApp {
    /// On SQLite, with the default settings.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// On SQLite, with some settings (`section.key`).
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::start(tempfile::tempdir().expect("a folder"), settings).await
    }

    /// In `folder`, which may hold the data of an earlier one.
    pub async fn start(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        Self::start_with(folder, settings, Lookup::System).await
    }

    /// In `folder`, with names looked up elsewhere.
    pub async fn start_with(folder: TempDir, settings: &[(&str, &str)], lookup: Lookup) -> Self {
        Self::start_at("2026-11-23T09:00:00Z", folder, settings, lookup).await
    }

    /// In `folder`, at a time.
    pub async fn start_at(time: &str, folder: TempDir, settings: &[(&str, &str)], lookup: Lookup) -> Self {
        let mut overrides = vec![
            ("storage.data", folder.path().display().to_string()),
            ("mail.transport", format!("dir:{}", folder.path().join("mail").display())),
        ];
        overrides.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let config = Config::load(None, [], &overrides).expect("the settings are good");
        let clock = Clock::manual(time.parse().expect("a time"));
        let app = App::open_with(config, clock, Rng::System, false, lookup).await.expect("the application opens");
        Self { app, folder, router: OnceLock::new() }
    }

    /// The router that requests go through.
    pub fn router(&self) -> Router {
        self.router.get_or_init(|| tenure::server::router(&self.app)).clone()
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.app.clock().advance(by);
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let request = tenure::http::without_json_suffix(request);
        let response: Response = self.router().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    /// GET without a token.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Adds a partner that may do everything.
    pub async fn partner(&self) -> TestPartner {
        let scopes: Vec<&str> =
            credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect();
        self.partner_with(&scopes.join(" ")).await
    }

    /// Adds a partner with `scopes`.
    pub async fn partner_with(&self, scopes: &str) -> TestPartner {
        self.partner_named("Acme Payroll", scopes).await
    }

    /// Adds a partner with a name and `scopes`.
    pub async fn partner_named(&self, name: &str, scopes: &str) -> TestPartner {
        let (id, secret) = (Rng::System.anonymous_id(), Rng::System.secret());
        let partner = Partner {
            id,
            name: name.to_owned(),
            scopes: scopes.to_owned(),
            secret_hash: sha256(secret.as_bytes()).to_vec(),
            created_at: self.app.now(),
            rotated_at: None,
            disabled_at: None,
            document_hosts: String::new(),
            sandbox: false,
            callback_urls: String::new(),
        };
        let mut tx = self.app.store().write().await.expect("a transaction");
        tx.add_partner(&partner).await.expect("added");
        tx.commit().await.expect("committed");
        TestPartner { id, secret }
    }

    /// Adds a sandbox partner, as the command line does.
    pub async fn sandbox_partner(&self) -> TestPartner {
        let partner = self.partner_named("Acme Sandbox", "write.career_history read.career_history").await;
        let mut tx = self.app.store().write().await.expect("a transaction");
        let known = tx.partner(partner.id).await.expect("read").expect("added");
        let added = Partner { id: Rng::System.anonymous_id(), sandbox: true, ..known };
        tx.add_partner(&added).await.expect("added");
        tx.commit().await.expect("committed");
        TestPartner { id: added.id, secret: partner.secret }
    }

    /// Disables a partner, as the command line does.
    pub async fn disable(&self, partner: &TestPartner) {
        let mut tx = self.app.store().write().await.expect("a transaction");
        assert!(tx.disable_partner(partner.id, self.app.now()).await.expect("disabled"));
        tx.commit().await.expect("committed");
    }

    /// Sends the token form.
    pub async fn token_form(&self, form: &[(&str, &str)], authorization: Option<&str>) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::post("/api/partner/v1/oauth/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// A token with all scopes of `partner`.
    pub async fn token(&self, partner: &TestPartner) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &partner.id.to_string()),
            ("client_secret", &partner.secret),
        ];
        let answer = self.token_form(&form, None).await.expect(200);
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// A request with a token and a JSON body.
    pub fn api(&self, method: Method, path: &str, token: &str, body: &str) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request")
    }

    /// POST with a token and a JSON body.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.send(self.api(Method::POST, path, token, &body.to_string())).await
    }

    /// PUT of a document to its upload link.
    pub async fn upload(&self, link: &Value, content_type: &str, bytes: impl Into<Body>) -> Answer {
        let url = link.as_str().expect("a link");
        let path = url.strip_prefix(self.app.config().base()).expect("a link of this server");
        self.send(Request::put(path).header(header::CONTENT_TYPE, content_type).body(bytes.into()).expect("a request"))
            .await
    }

    /// GET with a token.
    pub async fn get_with(&self, path: &str, token: &str) -> Answer {
        self.send(self.api(Method::GET, path, token, "")).await
    }

    /// Pushes a career history under `credential_id`; returns the link's `content`.
    pub async fn push(&self, token: &str, credential_id: &str) -> Uuid {
        let answer = self.post(PUSH, token, &career(credential_id)).await.expect(201);
        answer.json()["request_id"].as_str().expect("an id").parse().expect("a UUID")
    }

    /// What is told of one credential id.
    pub async fn status(&self, token: &str, credential_id: &str) -> Value {
        self.get_with(&format!("/api/partner/v1/submissions/{credential_id}/status"), token).await.expect(200).json()
    }

    /// Sends what the outbox holds and returns the texts of all mails, oldest first.
    pub async fn mails(&self) -> Vec<String> {
        while tenure::jobs::send_due(&self.app).await.expect("sent") > 0 {}
        let folder = self.folder.path().join("mail");
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
    }

    /// The six digits in the newest mail.
    pub async fn newest_code(&self) -> String {
        let mails = self.mails().await;
        let body = mails.last().expect("a mail").split("\r\n\r\n").nth(1).expect("a body").to_owned();
        body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).expect("six digits").to_owned()
    }

    /// Gives a status entry for a credential in somebody's wallet, as signing it does; `None` where nothing may be signed.
    pub async fn sign(&self, submission: Uuid) -> Option<StatusPlace> {
        let mut tx = self.app.store().read().await.expect("a transaction");
        let found = tx.linked_submission(submission, self.app.now()).await.expect("read").expect("it is known");
        drop(tx);
        let expires_at = self.app.now() + Duration::from_secs(90 * 86_400);
        let entry = WantedEntry { submission, holder: found.holder()?, expires_at, issuance: None };
        self.app.issuing().give(vec![entry]).await.expect("an answer")[0]
    }

    /// Whether a status entry is revoked.
    pub async fn is_revoked(&self, place: StatusPlace) -> bool {
        let mut tx = self.app.store().read().await.expect("a transaction");
        tx.revoked_positions(place.list).await.expect("read").contains(&place.position)
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: BTreeMap::new() }
    }

    /// A browser that is signed in as `email`.
    pub async fn signed_in(&self, email: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.sign_in(email).await;
        browser
    }
}

/// A person's browser: it keeps cookies and says where its requests come from.
#[derive(Debug)]
pub struct Browser<'a> {
    app: &'a TestApp,
    /// The cookies.
    pub cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; ")).header("sec-fetch-site", "same-origin");
        let answer = self.app.send(request.body(Body::from(body)).expect("a request")).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = line.to_str().expect("readable").split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// GET a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Submit a form.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body).await
    }

    /// Asks for a code for `email`; returns the path of the page that takes it.
    pub async fn ask_for_code(&mut self, email: &str) -> String {
        // Mails are told apart by ids that sort by time.
        self.app.advance(Duration::from_millis(1));
        self.post("/sign-in", &[("email", email)]).await.expect(303).header("location").to_owned()
    }

    /// Signs in by code; returns where that leads.
    pub async fn sign_in(&mut self, email: &str) -> String {
        let page = self.ask_for_code(email).await;
        let code = self.app.newest_code().await;
        self.post(&page, &[("code", &code)]).await.expect(303).header("location").to_owned()
    }

    /// Opens a link as the page's script does; returns where that leads.
    pub async fn open(&mut self, content: Uuid) -> Answer {
        self.post("/partner/add/careerHistory", &[("content", &content.to_string())]).await
    }
}

/// A career history as a partner would push it.
pub fn career(credential_id: &str) -> Value {
    json!({
        "credential_id": credential_id,
        "fields": {
            "full_name": "Ada Marker-Lovelace",
            "employment": [
                { "organisation": "Company A", "role_title": "Engineer", "start_date": "2020-01", "end_date": "2022-12", "last_processed_month": "2023-01" },
                { "organisation": "Company B", "role_classification": "Software Engineer", "start_date": "2023-02", "last_processed_month": "2024-05" },
            ],
        },
    })
}
