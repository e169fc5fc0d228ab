//! Deferred issuance: credentials that could not be signed immediately because the key was
//! unavailable (OpenID4VCI 1.0, section 9).
//!
//! The status list indexes are allocated and the key proofs verified before a request is deferred.
//! Only the signature is missing, so a wallet can retry any number of times.

use credential::encoding::sha256;
use credential::format::{Configuration, ListForm};
use credential::key::PublicKey;
use credential::{Date, UnknownTypeError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::issuing::IssuableCredential;
use ambient::Timestamp;
use store::domain::issuance::WalletAccess;
use store::{Deferred, StatusPlace};

/// The input for signing later. It is stored encrypted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeferredIssuance {
    pub(super) submission: Uuid,
    pub(super) configuration: String,
    pub(super) notification: Uuid,
    /// When the credentials expire, in microseconds since the Unix epoch.
    pub(super) expires_at: i64,
    /// Their status lists, and their indexes in them.
    pub(super) places: Vec<(Uuid, u32)>,
    /// The wallet's keys, one for each credential.
    pub(super) keys: Vec<Value>,
}

/// Signed credentials, one for each key of the wallet.
#[derive(Clone, Debug)]
pub struct SignedCredentials {
    pub credentials: Vec<String>,
    /// The id with which the wallet reports whether it stored them.
    pub notification: Uuid,
}

/// The reason why a deferred credential is not issued.
#[derive(Debug)]
pub enum DeferredError {
    /// There is no such transaction: it was completed, has expired, or belongs to another token.
    UnknownTransaction,
    /// The credential was deleted, withdrawn or superseded.
    Unavailable,
    /// The credential has expired; its last day of validity.
    Expired(Date),
    /// Any other error.
    Other(Error),
}

impl<E: Into<Error>> From<E> for DeferredError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

fn label(transaction_hash: &[u8; 32]) -> [&[u8]; 2] {
    [b"deferred", transaction_hash]
}

impl DeferredIssuance {
    /// Signs one credential for each key.
    ///
    /// # Errors
    /// The reason why that is not possible now, for the log.
    pub(super) fn sign(&self, app: &App, credential: &IssuableCredential) -> Result<SignedCredentials, String> {
        let configuration: Configuration =
            self.configuration.parse().map_err(|cause: UnknownTypeError| cause.to_string())?;
        let expires_at = Timestamp::from_micros(self.expires_at);
        let mut credentials = Vec::with_capacity(self.keys.len());
        for ((list, position), jwk) in self.places.iter().zip(&self.keys) {
            let key = PublicKey::from_jwk(jwk).map_err(|cause| cause.to_string())?;
            let place = StatusPlace { list: *list, position: *position };
            let form = (configuration.format, ListForm::AsDeclared);
            let signed = app.credential_signer().sign(credential, form, (place, expires_at), &key);
            credentials.push(signed.map_err(|cause| cause.to_string())?);
        }
        Ok(SignedCredentials { credentials, notification: self.notification })
    }

    /// Stores it until the wallet's token expires, and returns the `transaction_id`.
    pub(super) async fn store(&self, app: &App, access: &WalletAccess) -> Result<String, Error> {
        let secret = app.rng().secret();
        let hash = sha256(secret.as_bytes());
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        let sealed = app.keyring().seal(app.now(), &label(&hash), &plain).await?;
        let (issuance, expires_at) = (access.issuance.id, access.token_expires_at);
        let mut tx = app.store().write().await?;
        tx.add_deferred(&Deferred { transaction_hash: hash.to_vec(), issuance, expires_at, sealed }).await?;
        tx.commit().await?;
        Ok(secret)
    }
}

/// Signs deferred credentials. Returns `None` if that is still not possible, so that the wallet
/// retries.
///
/// # Errors
/// See [`DeferredError`].
pub async fn retry(
    app: &App,
    access: &WalletAccess,
    transaction_id: &str,
) -> Result<Option<SignedCredentials>, DeferredError> {
    let unknown = || DeferredError::UnknownTransaction;
    let hash = sha256(transaction_id.as_bytes());
    let waiting = app.store().read().await?.deferred(&hash, access.issuance.id, app.now()).await?;
    let opened = app.keyring().open_sealed(&waiting.ok_or_else(unknown)?.sealed, &label(&hash)).await?;
    let deferred: DeferredIssuance = serde_json::from_slice(&opened.ok_or_else(unknown)?).map_err(Error::internal)?;
    let holder = access.issuance.holder().ok_or_else(unknown)?;
    let which = (deferred.submission, holder);
    let credential = IssuableCredential::open(app.store(), app.keyring(), which, app.now()).await?;
    let credential = credential.ok_or(DeferredError::Unavailable)?;
    if let Some(day) = credential.expired_on(app.now()) {
        return Err(DeferredError::Expired(day));
    }
    let Ok(signed) = deferred.sign(app, &credential) else { return Ok(None) };
    let mut tx = app.store().write().await?;
    if !tx.end_deferred(&hash).await? {
        return Err(unknown());
    }
    tx.commit().await?;
    Ok(Some(signed))
}
