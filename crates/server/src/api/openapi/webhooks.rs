//! The requests that webhooks receive, one for each type of event.

use serde_json::{Map, Value, json};

use super::examples::ID;

/// Types of events, each with its meaning, the operation id of its request, and the reason in its
/// example.
const EVENTS: [(&str, &str, &str, Option<&str>); 9] = [
    ("vwsp_request.verified", "A person responded to a verification request", "receiveVerificationVerified", None),
    (
        "vwsp_request.canceled",
        "A verification request was declined, or has expired",
        "receiveVerificationCanceled",
        Some("declined"),
    ),
    ("atsp_request.created", "A push was stored", "receivePushCreated", None),
    ("atsp_request.opened", "A person opened the link of a push", "receivePushOpened", None),
    ("atsp_request.signed_in", "A person signed in to the link of a push", "receivePushSignedIn", None),
    ("atsp_request.verified", "A person accepted a push", "receivePushVerified", None),
    (
        "atsp_request.canceled",
        "A push was declined or withdrawn, or has expired",
        "receivePushCanceled",
        Some("withdrawn"),
    ),
    ("atsp_request.notify_failed", "The link of a push could not be mailed", "receivePushNotifyFailed", None),
    ("tenure.test", "A test event that you requested", "receiveTest", None),
];

const DESCRIPTION: &str = "Verify the signature, drop a repeated `event_id`, and respond with any 2xx within 10 seconds. Any other response is retried for three days. The body has no personal data: fetch the status or the result by the ids in it.";

/// Adds the section `webhooks`, and the headers of a delivery.
pub(super) fn describe(document: &mut Value) {
    let parameters = parameters();
    let references: Vec<Value> =
        parameters.keys().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    document["components"]["parameters"] = Value::Object(parameters);
    for (name, meaning, operation_id, reason) in EVENTS {
        document["webhooks"][name] = json!({ "post": {
            "tags": ["Webhooks"],
            "operationId": operation_id,
            "summary": meaning,
            "description": DESCRIPTION,
            "security": [],
            "parameters": references,
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/WebhookEvent" },
                "example": event(name, reason),
            } } },
            "responses": {
                "2XX": { "description": "The event was received" },
                "410": { "description": "The receiver is gone: the webhook is disabled" },
            },
        } });
    }
}

fn event(name: &str, reason: Option<&str>) -> Value {
    let mut event = json!({
        "event_id": "0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a",
        "request_id": ID,
        "type": name,
        "created_at": "2026-11-25T09:30:00Z",
    });
    if name.starts_with("atsp_request.") {
        event["credential_id"] = json!("fa651300-b91a-49cb-8ee7-cac68b3fdf74");
    }
    if let Some(reason) = reason {
        event["reason"] = json!(reason);
    }
    event
}

/// Returns the headers of a delivery.
fn parameters() -> Map<String, Value> {
    const SIGNATURE: &str = "3684b5950691f7be1e69c5d4934df31527f7509af9fd4cc64857f192934066dd";
    let headers = [
        (
            "X-Timestamp",
            true,
            "integer",
            "The time of the delivery, in seconds since 1970. Refuse one that differs by more than 900 seconds.",
            json!(1_795_599_000),
        ),
        (
            "X-Signature",
            true,
            "string",
            "The HMAC-SHA256 of `X-Timestamp`, a full stop and the raw body, in hexadecimal. The key is `secret`.",
            json!(SIGNATURE),
        ),
        (
            "X-Signature-Previous",
            false,
            "string",
            "Likewise with the previous secret, for 24 hours after a rotation.",
            json!(SIGNATURE),
        ),
        (
            "webhook-id",
            true,
            "string",
            "The `event_id` (Standard Webhooks).",
            json!("0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a"),
        ),
        ("webhook-timestamp", true, "integer", "The same as `X-Timestamp` (Standard Webhooks).", json!(1_795_599_000)),
        (
            "webhook-signature",
            true,
            "string",
            "The signatures by `standard_webhooks_secret`, separated by spaces (Standard Webhooks).",
            json!("v1,RTdX1CF1kgGiz84OI8lMACI3iue4rewXZiZ22F1jKQQ="),
        ),
    ];
    let described = headers.map(|(name, required, kind, description, example)| {
        let schema = json!({ "type": kind });
        let header = json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema, "example": example });
        (name.to_owned(), header)
    });
    described.into_iter().collect()
}
