//! Issuance of credentials for the keys that a wallet proves (OpenID4VCI 1.0, section 8).

use credential::Date;
use credential::format::Configuration;
use credential::key::PublicKey;
use serde_json::Value;

use super::deferred::{DeferredIssuance, SignedCredentials};
use super::offer;
use crate::app::App;
use crate::error::Error;
use crate::issuing::{IssuableCredential, ProofError};
use store::domain::issuance::{Grant, WalletAccess};
use store::{GrantIssued, IssueRequest, Issued, WantedEntry};

/// How a request selects a credential.
#[derive(Clone, Copy, Debug)]
pub enum Selector<'a> {
    /// By `credential_identifier`.
    Identifier(&'a str),
    /// By `credential_configuration_id`.
    Configuration(&'a str),
}

/// Result of a credential request.
#[derive(Clone, Debug)]
pub enum Issuance {
    /// The credentials.
    Signed(SignedCredentials),
    /// Signing is not possible now. The wallet retries with this `transaction_id`.
    Deferred(String),
}

/// The reason why no credential is issued.
#[derive(Debug)]
pub enum IssueError {
    /// The token grants no credential with this identifier.
    UnknownIdentifier,
    /// There is no such configuration.
    UnknownConfiguration,
    /// The token grants no credential of this configuration.
    NotGranted,
    /// The token grants several credentials of this configuration.
    Ambiguous,
    /// The key proofs are rejected.
    Proof(ProofError),
    /// The token's authorization request is not bound to a holder.
    Token,
    /// The credential was deleted, withdrawn or superseded.
    Unavailable,
    /// The credential has expired; its last day of validity.
    Expired(Date),
    /// Any other error.
    Other(Error),
}

impl<E: Into<Error>> From<E> for IssueError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Issues one credential for each key in `proofs`.
///
/// # Errors
/// See [`IssueError`].
pub async fn issue(
    app: &App,
    access: &WalletAccess,
    selector: Selector<'_>,
    proofs: Option<&Value>,
) -> Result<Issuance, IssueError> {
    let grants = offer::grants(app, &access.issuance);
    let grant = select(&grants, selector)?;
    let proved = app.proofs().verify_keys(proofs).map_err(IssueError::Proof)?;
    let holder = access.issuance.holder().ok_or(IssueError::Token)?;
    let which = (grant.submission_id, holder);
    let credential = IssuableCredential::open(app.store(), app.keyring(), which, app.now()).await?;
    let credential = credential.ok_or(IssueError::Unavailable)?;
    if let Some(day) = credential.expired_on(app.now()) {
        return Err(IssueError::Expired(day));
    }
    let keys = proved.keys.len().try_into().unwrap_or(u32::MAX);
    app.limits().credentials_per_holder.spend(&holder, keys)?;
    store_grant(app, access, grant).await?;
    let expires_at = app.now() + app.config().credentials.lifetime;
    let wanted = WantedEntry {
        submission: grant.submission_id,
        holder,
        expires_at,
        issuance: Some((access.issuance.id, grant.configuration)),
    };
    let notification = app.rng().anonymous_id();
    let issued = app.issuing().issue(IssueRequest {
        entries: vec![wanted; proved.keys.len()],
        nonces: proved.nonces,
        grant: Some(GrantIssued { issuance: access.issuance.id, grant: grant.clone(), notification }),
    });
    let places = match issued.await? {
        Issued::NonceUsed => return Err(IssueError::Proof(ProofError::Nonce)),
        Issued::Places(places) => places.into_iter().collect::<Option<Vec<_>>>().ok_or(IssueError::Unavailable)?,
    };
    let deferrable = DeferredIssuance {
        submission: grant.submission_id,
        configuration: grant.configuration.id(),
        notification,
        expires_at: expires_at.micros(),
        places: places.iter().map(|place| (place.list, place.position)).collect(),
        keys: proved.keys.iter().map(PublicKey::jwk).collect(),
    };
    let (outcome, issuance) = match deferrable.sign(app, &credential) {
        Ok(signed) => ("issued", Issuance::Signed(signed)),
        Err(cause) => {
            tracing::warn!(%cause, "signing a credential failed; its issuance is deferred");
            ("deferred", Issuance::Deferred(deferrable.store(app, access).await?))
        }
    };
    app.metrics().credentials(outcome, places.len() as u64);
    Ok(issuance)
}

/// Stores a grant that follows from the metadata, so that the issue and the wallet's notification
/// are recorded with it.
async fn store_grant(app: &App, access: &WalletAccess, grant: &Grant) -> Result<(), Error> {
    if !access.issuance.credentials.contains(grant) {
        let mut tx = app.store().write().await?;
        tx.add_grants(access.issuance.id, std::slice::from_ref(grant)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Returns the grant that a request selects: by identifier, or by configuration if it is
/// unambiguous.
fn select<'a>(grants: &'a [Grant], selector: Selector<'_>) -> Result<&'a Grant, IssueError> {
    match selector {
        Selector::Identifier(identifier) => {
            grants.iter().find(|grant| grant.identifier() == identifier).ok_or(IssueError::UnknownIdentifier)
        }
        Selector::Configuration(id) => {
            let configuration: Configuration = id.parse().map_err(|_| IssueError::UnknownConfiguration)?;
            let mut found = grants.iter().filter(|grant| grant.configuration == configuration);
            match (found.next(), found.next()) {
                (Some(grant), None) => Ok(grant),
                (None, _) => Err(IssueError::NotGranted),
                _ => Err(IssueError::Ambiguous),
            }
        }
    }
}
