//! The encrypted parts of a verification request, with their labels and keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

use super::current;
use super::records::{DisclosureRecord, VerificationResult};
use super::request_details::RequestDetails;
use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::StoreError;
use store::domain::submission::Sealed;
use store::domain::verification::{MAX_SHOWN, Verification, VerificationState};

/// An encrypted record of a request. The label binds the ciphertext to its row and column.
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
    serde_json::from_slice(bytes).map_err(|error| StoreError::corrupt_row("verification", error))
}

async fn unseal<T: DeserializeOwned>(app: &App, sealed: Option<&Sealed>, label: &[&[u8]]) -> Result<Option<T>, Error> {
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = app.keyring().open_sealed(sealed, label).await?;
    Ok(opened.map(|opened| from_bytes(&opened)).transpose()?)
}

/// Encrypts the details of a partner's request with the current epoch key.
///
/// # Errors
/// The key ring cannot be used.
pub async fn seal_details(app: &App, id: Uuid, details: &RequestDetails) -> Result<Sealed, Error> {
    Ok(app.keyring().seal(app.now(), &Record::Request.label(&id), &to_bytes(details)?).await?)
}

/// Decrypts the details of a partner's request. Returns `None` once they are deleted.
///
/// # Errors
/// The key ring cannot be used.
pub async fn details(app: &App, verification: &Verification) -> Result<Option<RequestDetails>, Error> {
    unseal(app, verification.request.as_ref(), &Record::Request.label(&verification.id)).await
}

/// Decrypts the verification result, and updates it to the present state. Returns `None` if nothing
/// was presented or the result has expired.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn result(app: &App, verification: &Verification) -> Result<Option<VerificationResult>, Error> {
    let VerificationState::Verified { at, result, .. } = &verification.state else { return Ok(None) };
    if *at + app.config().retention.epoch_key_lifetime() <= app.now() {
        return Ok(None);
    }
    let result = unseal(app, result.as_ref(), &Record::Result.label(&verification.id)).await?;
    let Some(mut result): Option<VerificationResult> = result else { return Ok(None) };
    // Boxed because lookups are rare: otherwise their state would enlarge the future of every
    // request.
    Box::pin(current::refresh(app, verification, &mut result)).await?;
    Ok(Some(result))
}

/// Decrypts the record in the wallet of `verification.holder`. Returns `None` if nothing was
/// presented from that wallet.
///
/// # Errors
/// The key ring cannot be used.
pub async fn disclosure_record(app: &App, verification: &Verification) -> Result<Option<DisclosureRecord>, Error> {
    let VerificationState::Verified { memory: Some(sealed), .. } = &verification.state else { return Ok(None) };
    let Some(holder) = verification.holder else { return Ok(None) };
    let opened = app.keyring().open_for_holder(holder, &Record::Disclosure.label(&verification.id), sealed).await?;
    Ok(Some(from_bytes(&opened)?))
}

/// Returns the records of what `holder` presented to partners from their wallet, each with its
/// time, newest first.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn disclosures(app: &App, holder: Uuid) -> Result<Vec<(Timestamp, DisclosureRecord)>, Error> {
    let presented = app.store().read().await?.shown_verifications(holder, MAX_SHOWN).await?;
    let mut disclosures = Vec::with_capacity(presented.len());
    for verification in &presented {
        let record = disclosure_record(app, verification).await?;
        disclosures.extend(verification.status().finalized_at().zip(record));
    }
    Ok(disclosures)
}

/// Returns the partner's callback URL with the request's id and status; `None` if the holder stays
/// here.
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
