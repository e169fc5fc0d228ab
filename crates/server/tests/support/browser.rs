//! A browser that talks to the application under test.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use uuid::Uuid;

use super::app::TestApp;
use super::response::TestResponse;

/// A browser: it keeps cookies and sends `Sec-Fetch-Site` with each request.
#[derive(Debug)]
pub struct Browser<'a> {
    app: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
    /// The network address that the proxy in front of the application reports; `None` without a
    /// proxy.
    pub address: Option<String>,
}

impl<'a> Browser<'a> {
    /// A browser without cookies.
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: BTreeMap::new(), address: None }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> TestResponse {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; ")).header("sec-fetch-site", "same-origin");
        let request = match &self.address {
            Some(address) => request.header("x-forwarded-for", address),
            None => request,
        };
        let response = self.app.send(request.body(Body::from(body)).expect("a request")).await;
        for line in response.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = line.to_str().expect("readable").split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// Gets a page.
    pub async fn get(&mut self, path: &str) -> TestResponse {
        self.send(Request::get(path), String::new()).await
    }

    /// Gets a page, asserts status 200 and returns its text.
    pub async fn text(&mut self, path: &str) -> String {
        self.get(path).await.assert_status(200).text
    }

    /// Gets a page like [`Self::text`] and returns its text without the marks around names.
    pub async fn plain(&mut self, path: &str) -> String {
        self.text(path).await.replace("<bdi>", "").replace("</bdi>", "")
    }

    /// Submits a form.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, encode_form(form)).await
    }

    /// Requests a code for `email` and returns the path of the page where it is entered. Follows
    /// the redirect that checks whether cookies are kept.
    pub async fn ask_for_code(&mut self, email: &str) -> String {
        // Mails are sorted by id, and ids contain the time in milliseconds.
        self.app.advance(Duration::from_millis(1));
        let sent = self.post("/sign-in", &[("email", email)]).await.redirect().to_owned();
        self.get(&sent).await.redirect().to_owned()
    }

    /// Signs in with a mailed code and returns the location of the redirect.
    pub async fn sign_in(&mut self, email: &str) -> String {
        let page = self.ask_for_code(email).await;
        let code = self.app.newest_code().await;
        self.post(&page, &[("code", &code)]).await.redirect().to_owned()
    }

    /// Opens the link of a push as the page's script does.
    pub async fn open(&mut self, content: Uuid) -> TestResponse {
        self.post("/partner/add/careerHistory", &[("content", &content.to_string())]).await
    }

    /// Opens the link of a push and accepts it, confirming every name.
    pub async fn accept(&mut self, content: Uuid) {
        self.accept_with(content, &[]).await;
    }

    /// Opens the link of a push and accepts it with the choices in `form`.
    pub async fn accept_with(&mut self, content: Uuid, form: &[(&str, &str)]) {
        let page = self.open(content).await.redirect().to_owned();
        let text = self.text(&page).await;
        let confirmed = confirmations(&text);
        let confirmed = confirmed.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let form: Vec<(&str, &str)> = form.iter().copied().chain(confirmed).collect();
        self.post(&format!("{page}/accept"), &form).await.assert_status(303);
    }

    /// Opens the link of a verification request and returns the location of the redirect.
    pub async fn open_verification(&mut self, content: Uuid) -> String {
        let form = [("content", &*content.to_string())];
        self.post("/partner/verify/careerHistory", &form).await.redirect().to_owned()
    }
}

/// Returns the form fields that confirm every name and date of birth on the consent page `text`.
pub fn confirmations(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (kind, reason) in [("name", "changed"), ("birth-date", "mistake")] {
        for part in text.split(&format!("name=\"own-{kind}-")).skip(1) {
            let mut quoted = part.split('"');
            let (Some(id), _, Some(value)) = (quoted.next(), quoted.next(), quoted.next()) else { continue };
            fields.push((format!("own-{kind}-{id}"), value.to_owned()));
            fields.push((format!("{kind}-reason-{id}"), reason.to_owned()));
        }
    }
    fields
}

/// Encodes a form as `application/x-www-form-urlencoded`.
pub fn encode_form(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
