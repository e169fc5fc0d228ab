//! The sealed parts of a verification request: which record is encrypted under which label and key.

use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

use super::current;
use super::records::{DisclosureRecord, RequestDetails, VerificationResult};
use crate::app::App;
use crate::error::Error;
use store::StoreError;
use store::domain::submission::Sealed;
use store::domain::verification::{State, Verification};

/// A sealed record of a request. The label binds the ciphertext to its row and its column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Record {
    Request,
    Result,
    Disclosure,
}

impl Record {
    pub(super) fn label(self, id: &Uuid) -> [&[u8]; 2] {
        let name: &[u8] = match self {
            Self::Request => b"verification",
            Self::Result => b"verification-result",
            Self::Disclosure => b"verification-memory",
        };
        [name, id.as_bytes()]
    }
}

pub(super) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(Error::internal)
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::nonsense("verification", error))
}

async fn unseal<T: DeserializeOwned>(app: &App, sealed: Option<&Sealed>, label: &[&[u8]]) -> Result<Option<T>, Error> {
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = app.keyring().open_sealed(sealed, label).await?;
    Ok(opened.map(|opened| from_bytes(&opened)).transpose()?)
}

/// Encrypts what the partner requested under the current ring key.
///
/// # Errors
/// The key ring cannot be used.
pub async fn seal_details(app: &App, id: Uuid, details: &RequestDetails) -> Result<Sealed, Error> {
    Ok(app.keyring().seal(app.now(), &Record::Request.label(&id), &to_bytes(details)?).await?)
}

/// Reads what the partner requested; `None` once that is deleted.
///
/// # Errors
/// The key ring cannot be used.
pub async fn details(app: &App, verification: &Verification) -> Result<Option<RequestDetails>, Error> {
    unseal(app, verification.request.as_ref(), &Record::Request.label(&verification.id)).await
}

/// Reads the verification result, with the present state of what was presented; `None` if nothing was presented or the result
/// has expired.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn result(app: &App, verification: &Verification) -> Result<Option<VerificationResult>, Error> {
    let State::Verified { at, result, .. } = &verification.state else { return Ok(None) };
    if *at + app.config().retention.ring_key_lifetime() <= app.now() {
        return Ok(None);
    }
    let result = unseal(app, result.as_ref(), &Record::Result.label(&verification.id)).await?;
    let Some(mut result): Option<VerificationResult> = result else { return Ok(None) };
    // Boxed: a lookup's state would add to the size of the request's future.
    Box::pin(current::refresh(app, verification, &mut result)).await?;
    Ok(Some(result))
}

/// Reads the record in the wallet of `verification.holder`; `None` if nothing was presented from that wallet.
///
/// # Errors
/// The key ring cannot be used.
pub async fn disclosure_record(app: &App, verification: &Verification) -> Result<Option<DisclosureRecord>, Error> {
    let State::Verified { memory: Some(sealed), .. } = &verification.state else { return Ok(None) };
    let Some(holder) = verification.holder else { return Ok(None) };
    let opened = app.keyring().open_for_holder(holder, &Record::Disclosure.label(&verification.id), sealed).await?;
    Ok(Some(from_bytes(&opened)?))
}

/// Returns the partner's callback URL with the request's id and status; `None` if the holder stays here.
///
/// # Errors
/// The key ring cannot be used.
pub async fn callback(app: &App, verification: &Verification) -> Result<Option<Url>, Error> {
    let url = details(app, verification).await?.and_then(|details| details.callback_url);
    let Some(mut url) = url.and_then(|url| url.parse::<Url>().ok()) else { return Ok(None) };
    let answer = [("request_id", verification.request_id.as_str()), ("status", verification.status().name())];
    url.query_pairs_mut().extend_pairs(answer);
    Ok(Some(url))
}
