//! An application whose mail goes through a relay.

use serde_json::{Value, json};

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::relay::Relay;

/// Starts the application with a mail transport and settings.
pub async fn server(transport: &str, settings: &[(&str, &str)]) -> TestApp {
    let limits = [("sign_in.codes_per_ip_per_hour", "10000"), ("rate_limit.enabled", "false")];
    TestApp::builder().setting("mail.transport", transport).settings(&limits).settings(settings).start().await
}

/// Returns the transport to `relay` without TLS.
pub fn plain(relay: &Relay) -> String {
    format!("smtp://tenure:secret@localhost:{}", relay.port)
}

/// Requests a sign-in code.
pub async fn ask_for_code(test: &TestApp, email: &str) {
    test.browser().post("/sign-in", &[("email", email)]).await.assert_status(303);
}

/// Returns a push whose link is mailed to `email`.
pub fn with_notify(credential_id: &str, email: &str) -> Value {
    let mut body = career(credential_id);
    body["notify"] = json!({ "email": email });
    body
}

/// Pushes and has the link mailed; returns the response.
pub async fn push_link(test: &TestApp, token: &str, credential_id: &str, email: &str) -> Value {
    test.post(PUSH, token, &with_notify(credential_id, email)).await.assert_status(201).json()
}

/// Requests a token; an earlier one may have expired.
pub async fn fresh_token(test: &TestApp, partner: &TestPartner) -> String {
    test.token(partner).await
}

/// Counts the pending messages.
pub async fn waiting(test: &TestApp) -> i64 {
    test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read")
}
