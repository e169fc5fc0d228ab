//! Credential offers (OpenID4VCI 1.0, section 4.1): created by the holder on the wallet page, or
//! referring to a push.

use std::time::Duration;

use credential::Type;
use credential::format::{Configuration, Format};
use uuid::Uuid;

use super::codes::{pre_authorized_code, transaction_code};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::issuing::IssuableCredential;
use ambient::Timestamp;
use store::domain::issuance::{Grant, Issuance, IssuanceKind};
use store::domain::submission::{Submission, SubmissionState};

/// Lifetime of an offer.
const LIFETIME: Duration = Duration::from_secs(600);

/// An offer, for the holder who created it.
#[derive(Debug)]
pub struct OfferDetails {
    pub submission: Uuid,
    /// Its content; `None` if it can no longer be issued.
    pub credential: Option<IssuableCredential>,
    pub state: OfferState,
}

#[derive(Debug)]
pub enum OfferState {
    /// Not redeemed yet.
    Open {
        /// The code that the holder enters in the other wallet.
        transaction_code: String,
        /// When it expires.
        expires_at: Timestamp,
    },
    /// A wallet has fetched the credential.
    Fetched,
    /// A wallet has reported that it stored the credential.
    Kept,
    /// It has expired, or the credential was deleted, withdrawn or superseded.
    Ended,
}

/// An offer, for a wallet.
#[derive(Debug)]
pub struct OpenOffer {
    /// Ids of the offered configurations.
    pub configurations: Vec<String>,
    /// The code that the wallet redeems.
    pub pre_authorized_code: String,
}

/// Creates an offer with this id of the credential `submission` of `holder`. A credential may have
/// several offers, which expire independently. A repeat with the same id changes nothing.
///
/// # Errors
/// 404 if the credential is not in the holder's wallet, 403 if it has expired; 429 after too many
/// offers. The store or the key ring is unavailable.
pub async fn create(app: &App, id: Uuid, submission: Uuid, holder: Uuid) -> Result<(), Error> {
    let now = app.now();
    if app.store().read().await?.issuance(id).await?.is_some() {
        return Ok(());
    }
    app.limits().offers_per_holder.check(&holder)?;
    let credential = IssuableCredential::open(app.store(), app.keyring(), (submission, holder), now).await?;
    let credential = credential.ok_or_else(Error::not_found)?;
    if let Some(day) = credential.expired_on(now) {
        let day = day.in_words();
        return Err(Error::new(
            Kind::Forbidden,
            format!("It expired on {day}, so it cannot be added to another wallet."),
        ));
    }
    let credential_type = credential.credential_type;
    let grant = |configuration| Grant { submission_id: submission, configuration };
    let offer = Issuance {
        id,
        kind: IssuanceKind::Offer { holder },
        created_at: now,
        expires_at: now + LIFETIME,
        credentials: granted(app, credential_type).map(grant).collect(),
    };
    let mut tx = app.store().write().await?;
    // The second of two identical requests waits for this lock, and then finds the offer of the
    // first one.
    tx.lock_wallet(holder).await?;
    if tx.issuance(id).await?.is_none() {
        tx.add_issuance(&offer).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Formats whose grants every offer stores. The previous release reads grants of no others, so
/// those of other listed formats are stored when they are used (D-290).
const ALWAYS_GRANTED: [Format; 2] = [Format::SdJwtVc, Format::VcJwt];

/// Returns the grants of an issuance. An offer also grants every format that the metadata lists,
/// for wallets that take only one that the offer does not list.
pub fn grants(app: &App, issuance: &Issuance) -> Vec<Grant> {
    let stored = &issuance.credentials;
    let (IssuanceKind::Offer { .. }, Some(first)) = (&issuance.kind, stored.first()) else { return stored.clone() };
    let listed = app.config().oid4vci.formats.iter().map(|format| Grant {
        submission_id: first.submission_id,
        configuration: Configuration { format: *format, ..first.configuration },
    });
    stored.iter().cloned().chain(listed.filter(|grant| !stored.contains(grant))).collect()
}

fn granted(app: &App, credential_type: Type) -> impl Iterator<Item = Configuration> {
    let offered = app.config().oid4vci.offered_formats.iter().copied();
    let more = offered.filter(|format| !ALWAYS_GRANTED.contains(format));
    ALWAYS_GRANTED.into_iter().chain(more).map(move |format| Configuration { credential_type, format })
}

/// Returns the ids of the configurations that offers of a type list, preferred ones first. Many
/// wallets fetch one credential for each, and some refuse an offer with a format that they do not
/// know.
fn offered(app: &App, credential_type: Type) -> Vec<String> {
    let formats = app.config().oid4vci.offered_formats.iter();
    formats.map(|format| Configuration { credential_type, format: *format }.id()).collect()
}

/// Returns the offer `id` of `holder`.
///
/// # Errors
/// 404 if there is none. The store or the key ring is unavailable.
pub async fn details(app: &App, id: Uuid, holder: Uuid) -> Result<OfferDetails, Error> {
    let mut tx = app.store().read().await?;
    let issuance = tx.issuance(id).await?;
    let is_own =
        |issuance: &Issuance| matches!(issuance.kind, IssuanceKind::Offer { holder: owner } if owner == holder);
    let issuance = issuance.filter(is_own).ok_or_else(Error::not_found)?;
    let (is_fetched, is_kept) = tx.issuance_progress(id).await?;
    drop(tx);
    let submission = issuance.credentials.first().ok_or_else(Error::not_found)?.submission_id;
    let now = app.now();
    let credential = IssuableCredential::open(app.store(), app.keyring(), (submission, holder), now).await?;
    let state = if credential.is_none() {
        OfferState::Ended
    } else if is_kept {
        OfferState::Kept
    } else if is_fetched {
        OfferState::Fetched
    } else if issuance.expires_at <= now {
        OfferState::Ended
    } else {
        OfferState::Open { transaction_code: transaction_code(app.keyring(), id), expires_at: issuance.expires_at }
    };
    Ok(OfferDetails { submission, credential, state })
}

/// Returns the offer `id` to any wallet that reads it.
///
/// # Errors
/// 404 if there is none, or it has expired. The store is unavailable.
pub async fn open(app: &App, id: Uuid) -> Result<OpenOffer, Error> {
    let issuance = app.store().read().await?.issuance(id).await?;
    let is_open =
        |issuance: &Issuance| matches!(issuance.kind, IssuanceKind::Offer { .. }) && issuance.expires_at > app.now();
    let issuance = issuance.filter(is_open).ok_or_else(Error::not_found)?;
    let grant = issuance.credentials.first().ok_or_else(Error::not_found)?;
    Ok(OpenOffer {
        configurations: offered(app, grant.configuration.credential_type),
        pre_authorized_code: pre_authorized_code(app.keyring(), id),
    })
}

/// Returns the ids of the configurations in a push's offer. It reveals the type, as the push's link
/// does, and nothing else.
///
/// # Errors
/// 404 if there is no such push, or it was declined, withdrawn or expired. The store is
/// unavailable.
pub async fn of_push(app: &App, submission: Uuid) -> Result<Vec<String>, Error> {
    let submission = app.store().read().await?.linked_submission(submission, app.trusted_time().now()).await?;
    // Later deletions and updates by the holder are not revealed: the partner knows this address,
    // and it needs no authentication.
    let is_offered = |submission: &Submission| {
        matches!(
            submission.state,
            SubmissionState::Incomplete { .. }
                | SubmissionState::Accepted { .. }
                | SubmissionState::Removed { withdrawn_at: None, .. }
        )
    };
    let submission = submission.filter(is_offered).ok_or_else(Error::not_found)?;
    Ok(offered(app, submission.credential_type))
}
