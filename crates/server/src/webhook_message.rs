//! Webhook messages: the body and the signature headers of a delivery.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::encoding::hex;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::keys::Keyring;
use crate::openapi::values::CancelReason;
use ambient::{Rng, Timestamp};
use store::StoreError;
use store::domain::webhook::{Delivery, Webhook};

/// A signing secret: 64 hexadecimal characters, which are used as the key without decoding.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Generates a secret of 256 bits.
    pub fn random(rng: &Rng) -> Self {
        Self(hex(&rng.bytes::<32>()).into())
    }

    /// Returns the characters, which are the key of the documented signature.
    pub fn characters(&self) -> &str {
        &self.0
    }

    /// Returns the same key in the format of Standard Webhooks libraries.
    pub fn standard(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0.as_bytes()))
    }

    /// Encrypts the secret for the row of the webhook `id`.
    pub fn seal(&self, keyring: &Keyring, id: Uuid) -> Vec<u8> {
        keyring.seal_permanent(&[b"webhook", id.as_bytes()], self.0.as_bytes())
    }

    /// Decrypts a secret encrypted by [`Secret::seal`].
    ///
    /// # Errors
    /// The bytes cannot be authenticated, or are not a secret.
    pub fn open(keyring: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, StoreError> {
        let plain = keyring.open_permanent(&[b"webhook", id.as_bytes()], sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|error| StoreError::corrupt_row("webhook", error))?;
        Ok(Self(text.to_owned().into()))
    }

    fn sign(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes()));
        for part in parts {
            context.update(part);
        }
        context.sign()
    }
}

/// The currently valid signing secrets of a webhook.
#[derive(Debug)]
pub struct Signer {
    current: Secret,
    previous: Option<Secret>,
}

impl Signer {
    /// Decrypts the secrets of `webhook` that are valid at `now`.
    ///
    /// # Errors
    /// A secret cannot be decrypted.
    pub fn new(keyring: &Keyring, webhook: &Webhook, now: Timestamp) -> Result<Self, StoreError> {
        let open = |sealed: &[u8]| Secret::open(keyring, webhook.id, sealed);
        let previous = webhook.previous_secret(now).map(open).transpose()?;
        Ok(Self { current: open(&webhook.secret_sealed)?, previous })
    }

    /// Returns the headers of one delivery attempt at `now`.
    ///
    /// # Errors
    /// A value is not a valid header value, which would be a bug.
    pub fn headers(&self, event: Uuid, body: &[u8], now: Timestamp) -> Result<HeaderMap, StoreError> {
        let (event, time) = (event.to_string(), now.seconds().to_string());
        let documented = |secret: &Secret| hex(secret.sign(&[time.as_bytes(), b".", body]).as_ref());
        let standard = |secret: &Secret| {
            let signed = secret.sign(&[event.as_bytes(), b".", time.as_bytes(), b".", body]);
            format!("v1,{}", STANDARD.encode(signed.as_ref()))
        };
        let secrets = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        let mut headers = vec![
            ("x-timestamp", time.clone()),
            ("x-signature", documented(&self.current)),
            ("webhook-id", event.clone()),
            ("webhook-timestamp", time.clone()),
            ("webhook-signature", secrets.map(standard).collect::<Vec<_>>().join(" ")),
        ];
        headers.extend(self.previous.as_ref().map(|secret| ("x-signature-previous", documented(secret))));
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::try_from(value).map_err(|error| StoreError::Broken(error.to_string()))?;
            map.insert(HeaderName::from_static(name), value);
        }
        Ok(map)
    }
}

/// The body of an event. It contains no personal data; a receiver with permission fetches details
/// by the ids.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEvent)]
pub struct Event<'a> {
    /// The event's id, the same in each attempt and each replay.
    event_id: Uuid,
    /// The id of the request that the event is about.
    #[schema(example = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    request_id: &'a str,
    /// The event's type. More types may be added.
    r#type: &'a str,
    /// When the event happened (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// Your own id of the credential, if the event is about a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    credential_id: Option<&'a str>,
    /// Why the request was canceled. Omitted for other types of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CancelReason, required = false, nullable = false)]
    reason: Option<&'a str>,
}

/// Returns the body of a delivery, which is byte-identical in each attempt.
pub fn body(delivery: &Delivery) -> Vec<u8> {
    let event = Event {
        event_id: delivery.event_id,
        request_id: &delivery.request_id,
        r#type: &delivery.kind,
        created_at: delivery.created_at,
        credential_id: delivery.credential_id.as_deref(),
        reason: delivery.reason.as_deref(),
    };
    serde_json::to_vec(&event).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_python_hmac() {
        // The expected values come from Python's hmac module.
        let secret = Secret("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned().into());
        let signer = Signer { current: secret.clone(), previous: None };
        let headers = signer.headers(Uuid::nil(), br#"{"event_id":1}"#, Timestamp::from_micros(1_700_000_000_000_000));
        let headers = headers.expect("headers");
        assert_eq!(headers["x-timestamp"], "1700000000");
        assert_eq!(headers["x-signature"], "3684b5950691f7be1e69c5d4934df31527f7509af9fd4cc64857f192934066dd");
        assert_eq!(headers["webhook-id"], "00000000-0000-0000-0000-000000000000");
        assert_eq!(headers["webhook-signature"], "v1,RTdX1CF1kgGiz84OI8lMACI3iue4rewXZiZ22F1jKQQ=");
        assert!(!headers.contains_key("x-signature-previous"));
        assert_eq!(
            secret.standard(),
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="
        );
    }

    #[test]
    fn both_secrets_sign_after_a_rotation() {
        let rng = Rng::seeded(1);
        let signer = Signer { current: Secret::random(&rng), previous: Some(Secret::random(&rng)) };
        let headers = signer.headers(Uuid::nil(), b"{}", Timestamp::from_micros(0)).expect("headers");
        assert_ne!(headers["x-signature"], headers["x-signature-previous"]);
        let standard = headers["webhook-signature"].to_str().expect("text");
        assert_eq!(standard.split(' ').filter(|signature| signature.starts_with("v1,")).count(), 2);
        assert_eq!(signer.current.characters().len(), 64);
    }
}
