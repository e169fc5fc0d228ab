//! The application under test: a real store, real keys, a manual clock, and requests without a
//! socket.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ambient::{Clock, Rng};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use axum::response::Response;
use credential::encoding::sha256;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::{Partner, PreviousSecret, StatusPlace, WantedEntry};
use tempfile::TempDir;
use tenure::app::{App, Surroundings};
use tenure::config::Config;
use tenure::outbound::Lookup;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::browser::{Browser, encode_form};
use super::response::TestResponse;

/// The path of a push.
pub const PUSH: &str = "/api/partner/v2/add/requests/career_history";

/// The application and its data folder.
#[derive(Debug)]
pub struct TestApp {
    /// The application.
    pub app: App,
    /// The data folder; mails are in `mail`.
    pub folder: TempDir,
    /// Built once, because building it takes longer than most requests.
    router: OnceLock<Router>,
}

/// A partner with its secret.
#[derive(Clone, Debug)]
pub struct TestPartner {
    /// The `client_id`.
    pub id: Uuid,
    /// The `client_secret`.
    pub secret: String,
}

/// Configures and starts a [`TestApp`].
#[derive(Debug)]
pub struct TestAppBuilder {
    folder: Option<TempDir>,
    settings: Vec<(String, String)>,
    lookup: Lookup,
    inspector: PathBuf,
    time: String,
}

impl TestAppBuilder {
    /// Uses `folder`, which may hold data of an earlier application, instead of a new one.
    pub fn folder(mut self, folder: TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Sets one setting, named as `section.key`.
    pub fn setting(self, key: &str, value: &str) -> Self {
        self.settings(&[(key, value)])
    }

    /// Sets several settings, named as `section.key`.
    pub fn settings(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        self
    }

    /// Resolves host names with `lookup` instead of the system's resolver.
    pub fn lookup(mut self, lookup: Lookup) -> Self {
        self.lookup = lookup;
        self
    }

    /// Inspects documents with another program than `tenure`.
    pub fn inspector(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.inspector);
        self
    }

    /// Starts the clock at `time` (RFC 3339).
    pub fn time(mut self, time: &str) -> Self {
        time.clone_into(&mut self.time);
        self
    }

    /// Starts the application.
    pub async fn start(self) -> TestApp {
        let folder = self.folder.unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
        let mut overrides = vec![
            ("storage.data_dir", folder.path().display().to_string()),
            ("mail.transport", format!("dir:{}", folder.path().join("mail").display())),
            // Inspecting ten mebibytes takes seconds without optimisation, and longer beside other
            // tests.
            ("server.timeout", "120s".to_owned()),
        ];
        overrides.extend(self.settings.iter().map(|(key, value)| (key.as_str(), value.clone())));
        let config = Config::load(None, [], &overrides).expect("valid settings");
        let clock = Clock::manual(self.time.parse().expect("a time"));
        let surroundings = Surroundings { lookup: self.lookup, inspector: self.inspector };
        let app = App::open_with(config, clock, Rng::System, false, surroundings).await.expect("the application");
        TestApp { app, folder, router: OnceLock::new() }
    }
}

impl TestApp {
    /// Starts on SQLite in a new folder with the default settings.
    pub async fn new() -> Self {
        Self::builder().start().await
    }

    /// Returns a builder: SQLite, a new folder, the default settings, the system's resolver,
    /// 2026-11-23 09:00 UTC.
    pub fn builder() -> TestAppBuilder {
        let time = "2026-11-23T09:00:00Z".to_owned();
        TestAppBuilder {
            folder: None,
            settings: Vec::new(),
            lookup: Lookup::System,
            inspector: env!("CARGO_BIN_EXE_tenure").into(),
            time,
        }
    }

    /// Returns the router that requests go through.
    pub fn router(&self) -> Router {
        self.router.get_or_init(|| tenure::server::router(&self.app)).clone()
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.app.clock().advance(by);
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> TestResponse {
        let request = tenure::server::without_json_suffix(request);
        let response: Response = self.router().oneshot(request).await.expect("a response");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    /// Sends a GET request without a token.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Sends a GET request without a token, asserts status 200 and returns the text.
    pub async fn text(&self, path: &str) -> String {
        self.get(path).await.assert_status(200).text
    }

    /// Posts a form without a token.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        self.send(form_request(path, form)).await
    }

    /// Adds a partner with all scopes.
    pub async fn partner(&self) -> TestPartner {
        self.partner_with(&all_scopes()).await
    }

    /// Adds a partner with `scopes`.
    pub async fn partner_with(&self, scopes: &str) -> TestPartner {
        self.partner_named("Acme Payroll", scopes).await
    }

    /// Adds a partner with a name and `scopes`.
    pub async fn partner_named(&self, name: &str, scopes: &str) -> TestPartner {
        self.add_partner(name, scopes, false).await
    }

    /// Adds a sandbox partner with all scopes.
    pub async fn sandbox_partner(&self) -> TestPartner {
        self.add_partner("Acme Sandbox", &all_scopes(), true).await
    }

    async fn add_partner(&self, name: &str, scopes: &str, sandbox: bool) -> TestPartner {
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
            sandbox,
            callback_urls: String::new(),
            previous_secret: PreviousSecret::default(),
        };
        let mut tx = self.app.store().write().await.expect("a transaction");
        tx.add_partner(&partner).await.expect("added");
        tx.commit().await.expect("committed");
        TestPartner { id, secret }
    }

    /// Sets the callback URLs of a partner, separated by spaces.
    pub async fn allow_callbacks(&self, partner: &TestPartner, urls: &str) {
        let mut tx = self.app.store().write().await.expect("a transaction");
        assert!(tx.set_callback_urls(partner.id, urls).await.expect("set"));
        tx.commit().await.expect("committed");
    }

    /// Disables a partner.
    pub async fn disable(&self, partner: &TestPartner) {
        let mut tx = self.app.store().write().await.expect("a transaction");
        assert!(tx.disable_partner(partner.id, self.app.now()).await.expect("disabled"));
        tx.commit().await.expect("committed");
    }

    /// Sends a token request.
    pub async fn token_form(&self, form: &[(&str, &str)], authorization: Option<&str>) -> TestResponse {
        let mut request = form_request("/api/partner/v1/oauth/token", form);
        if let Some(authorization) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.parse().expect("a header"));
        }
        self.send(request).await
    }

    /// Requests a token with all scopes of `partner`.
    pub async fn token(&self, partner: &TestPartner) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &partner.id.to_string()),
            ("client_secret", &partner.secret),
        ];
        let response = self.token_form(&form, None).await.assert_status(200);
        response.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Builds a request with a token and a JSON body.
    pub fn api(&self, method: Method, path: &str, token: &str, body: &str) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request")
    }

    /// Sends a POST request with a token and a JSON body.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> TestResponse {
        self.send(self.api(Method::POST, path, token, &body.to_string())).await
    }

    /// Uploads a document to its upload URL.
    pub async fn upload(&self, link: &Value, content_type: &str, bytes: impl Into<Body>) -> TestResponse {
        let url = link.as_str().expect("a link");
        let path = url.strip_prefix(self.app.config().base()).expect("a link of this server");
        self.send(Request::put(path).header(header::CONTENT_TYPE, content_type).body(bytes.into()).expect("a request"))
            .await
    }

    /// Sends a GET request with a token.
    pub async fn get_with(&self, path: &str, token: &str) -> TestResponse {
        self.send(self.api(Method::GET, path, token, "")).await
    }

    /// Pushes a career history under `credential_id` and returns the `content` of its link.
    pub async fn push(&self, token: &str, credential_id: &str) -> Uuid {
        let response = self.post(PUSH, token, &career(credential_id)).await.assert_status(201);
        response.json()["request_id"].as_str().expect("an id").parse().expect("a UUID")
    }

    /// Returns the status of one credential id.
    pub async fn status(&self, token: &str, credential_id: &str) -> Value {
        let path = format!("/api/partner/v1/submissions/{credential_id}/status");
        self.get_with(&path, token).await.assert_status(200).json()
    }

    /// Sends the mails in the outbox and returns the texts of all mails, oldest first.
    pub async fn mails(&self) -> Vec<String> {
        while tenure::flows::outbox::send_due(&self.app).await.expect("sent") > 0 {}
        let folder = self.folder.path().join("mail");
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
    }

    /// Returns the six digits in the newest mail.
    pub async fn newest_code(&self) -> String {
        let mails = self.mails().await;
        let body = mails.last().expect("a mail").split("\r\n\r\n").nth(1).expect("a body").to_owned();
        body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).expect("six digits").to_owned()
    }

    /// Allocates a status list index for an accepted credential, as signing does; `None` if it may
    /// not be signed.
    pub async fn sign(&self, submission: Uuid) -> Option<StatusPlace> {
        let mut tx = self.app.store().read().await.expect("a transaction");
        let found = tx.linked_submission(submission, self.app.now()).await.expect("read").expect("it is known");
        drop(tx);
        let expires_at = self.app.now() + Duration::from_secs(90 * 86_400);
        let entry = WantedEntry { submission, holder: found.holder()?, expires_at, issuance: None };
        self.app.issuing().give(vec![entry]).await.expect("a response")[0]
    }

    /// Returns whether a status list index is revoked.
    pub async fn is_revoked(&self, place: StatusPlace) -> bool {
        self.ended(place).await == Some(false)
    }

    /// Returns whether a status list index is marked as replaced by a newer version.
    pub async fn is_replaced(&self, place: StatusPlace) -> bool {
        self.ended(place).await == Some(true)
    }

    async fn ended(&self, place: StatusPlace) -> Option<bool> {
        let mut tx = self.app.store().read().await.expect("a transaction");
        let ended = tx.ended_positions(place.list).await.expect("read");
        ended.into_iter().find(|(position, _)| *position == place.position).map(|(_, replaced)| replaced)
    }

    /// Asserts that no file of the data folder contains one of `marks`, except for mails and
    /// documents, which have their own folders.
    #[track_caller]
    pub fn assert_no_file_contains(&self, marks: &[&str]) {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let files: Vec<_> =
            entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect();
        assert!(files.len() >= 3, "the data, the key ring and the root key: {files:?}");
        for path in files {
            let bytes = std::fs::read(&path).expect("readable");
            for mark in marks {
                let is_there = bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
                assert!(!is_there, "{mark} in {}", path.display());
            }
        }
    }

    /// Returns a browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Returns a browser that is signed in as `email`.
    pub async fn signed_in(&self, email: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.sign_in(email).await;
        browser
    }
}

fn form_request(path: &str, form: &[(&str, &str)]) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode_form(form)))
        .expect("a request")
}

/// Returns all scopes of all credential types, separated by spaces.
pub fn all_scopes() -> String {
    let scopes = credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]);
    scopes.collect::<Vec<_>>().join(" ")
}

/// Returns a career history as a partner would push it.
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
