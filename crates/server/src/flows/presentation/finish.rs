//! The end of a presentation, in the browser that began it.

use credential::encoding::sha256;
use subtle::ConstantTimeEq as _;
use url::Url;
use uuid::Uuid;

use super::check::result_label;
use super::request::open_request;
use crate::app::App;
use crate::error::Error;
use crate::flows::account::codes::read_code;
use crate::flows::verification_request::{self, HolderResponse, RequestDetails, VerificationResult, expired_error};
use store::StoreError;
use store::domain::presentation::{Flow, Presentation, PresentationState};
use store::domain::verification::Verification;

/// Result of finishing a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The response took effect.
    Done,
    /// The code is not six digits. This counts as no attempt.
    IncompleteCode,
    WrongCode,
    /// The credential was revoked, replaced or suspended, or expired, after the wallet sent it. The
    /// response was rejected.
    Invalid,
    /// There is no response to finish, or the request is no longer open.
    Ended,
}

/// Result of returning from a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returned {
    /// This browser began the presentation, and the response took effect.
    Finished,
    /// This browser began it; its page shows the state.
    SeePage,
    /// The code to enter in the browser that began it.
    CarryCode(String),
    /// Another browser on this device began it, so the response was rejected.
    Rejected,
    /// There is no response that could take effect.
    Ended,
}

/// A presentation, for the browser that began it.
#[derive(Clone, Debug)]
pub struct BegunPresentation {
    pub presentation: Presentation,
    /// The request that it responds to.
    pub verification: Verification,
    /// The name of the requesting partner.
    pub partner: String,
    /// The details of the request; `None` once they are deleted.
    pub details: Option<RequestDetails>,
}

/// A presentation after the return from its wallet.
#[derive(Clone, Debug)]
pub struct WalletReturn {
    /// The presentation, as it was before.
    pub presentation: Presentation,
    /// What the return led to.
    pub returned: Returned,
    /// The name of the requesting partner, if there is a code to carry; otherwise empty.
    pub partner: String,
}

/// Returns a presentation, if `browser_secret` is that of the browser that began it, with its
/// verification request.
///
/// # Errors
/// 404 for every other browser, 410 if the request is deleted; the store or the key ring cannot be
/// used.
pub async fn find_begun(app: &App, id: Uuid, browser_secret: &str) -> Result<BegunPresentation, Error> {
    let hash = sha256(browser_secret.as_bytes());
    let mut tx = app.store().read().await?;
    let presentation = tx.bound_presentation(id, &hash, app.now()).await?.ok_or_else(Error::not_found)?;
    let found = tx.linked_verification(presentation.verification, app.trusted_time().now()).await?;
    let verification = found.ok_or_else(expired_error)?;
    let partner = tx.partner(verification.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
    drop(tx);
    let details = verification_request::details(app, &verification).await?;
    Ok(BegunPresentation { presentation, verification, partner, details })
}

/// Finishes a presentation with the code that was carried from the wallet's device. The attempt is
/// counted before the code is compared. An incomplete code counts as no attempt.
///
/// # Errors
/// 404 if the wallet is on the same device: the browser then returns without a code, which would
/// only help an attacker. The store or the key ring cannot be used.
pub async fn finish_by_code(app: &App, presentation: &Presentation, code: &str) -> Result<Finish, Error> {
    if presentation.flow == Flow::SameDevice {
        return Err(Error::not_found());
    }
    let PresentationState::Answered { response_hash, .. } = &presentation.state else { return Ok(Finish::Ended) };
    let Some(typed) = read_code(code) else { return Ok(Finish::IncompleteCode) };
    let mut tx = app.store().write().await?;
    let may_try = tx.take_presentation_try(presentation.id).await?;
    tx.commit().await?;
    if !may_try {
        return Ok(Finish::Ended);
    }
    let right = carried_code(app, presentation.id, response_hash);
    if !bool::from(typed.as_bytes().ct_eq(right.as_bytes())) {
        return Ok(Finish::WrongCode);
    }
    finish(app, presentation).await
}

/// Handles the return from a wallet with a response code.
///
/// In the browser that began the presentation, the response takes effect. In another browser the
/// flow decides: for a wallet on another device, the page shows the code to carry over. For a
/// wallet on the same device, the response belongs to another person's presentation, so it is
/// rejected.
///
/// # Errors
/// 404 if there is no such presentation; the store or the key ring cannot be used.
pub async fn return_from_wallet(
    app: &App,
    id: Uuid,
    response_code: &str,
    browser_secret: Option<&str>,
) -> Result<WalletReturn, Error> {
    let (presentation, fits) = answered(app, id, response_code).await?;
    let is_own = browser_secret.is_some_and(|secret| is_hash_of(&presentation.binding_hash, secret));
    let returned = match (&presentation.state, fits) {
        (PresentationState::Answered { .. }, true) if is_own => match finish(app, &presentation).await? {
            Finish::Done => Returned::Finished,
            _ => Returned::SeePage,
        },
        (PresentationState::Answered { response_hash, .. }, true) if presentation.flow == Flow::CrossDevice => {
            Returned::CarryCode(carried_code(app, id, response_hash))
        }
        (PresentationState::Answered { .. }, true) => {
            reject(app, id).await?;
            Returned::Rejected
        }
        _ if is_own => Returned::SeePage,
        _ => Returned::Ended,
    };
    let partner = match &returned {
        Returned::CarryCode(_) => requesting_partner(app, &presentation).await?,
        _ => String::new(),
    };
    Ok(WalletReturn { presentation, returned, partner })
}

/// Returns the name of the partner that a presentation is for; empty if its request is deleted.
async fn requesting_partner(app: &App, presentation: &Presentation) -> Result<String, Error> {
    let mut tx = app.store().read().await?;
    let verification = tx.linked_verification(presentation.verification, app.trusted_time().now()).await?;
    let Some(verification) = verification else { return Ok(String::new()) };
    Ok(tx.partner(verification.partner_id).await?.map(|partner| partner.name).unwrap_or_default())
}

/// Rejects the response with this code: the person with the wallet did not begin the presentation.
///
/// # Errors
/// 404 if there is no such presentation; the store cannot be used.
pub async fn reject_response(app: &App, id: Uuid, response_code: &str) -> Result<WalletReturn, Error> {
    let (presentation, fits) = answered(app, id, response_code).await?;
    if fits {
        reject(app, id).await?;
    }
    let returned = if fits { Returned::Rejected } else { Returned::Ended };
    Ok(WalletReturn { presentation, returned, partner: String::new() })
}

/// Returns the partner's callback URL for the holder after a presentation; `None` if they stay
/// here.
///
/// # Errors
/// 410 if the request is deleted; the store or the key ring cannot be used.
pub async fn callback(app: &App, presentation: &Presentation) -> Result<Option<Url>, Error> {
    let found =
        app.store().read().await?.linked_verification(presentation.verification, app.trusted_time().now()).await?;
    verification_request::callback(app, &found.ok_or_else(expired_error)?).await
}

/// Returns a presentation, and whether it has a pending response with this code.
async fn answered(app: &App, id: Uuid, response_code: &str) -> Result<(Presentation, bool), Error> {
    let found = app.store().read().await?.presentation(id, app.now()).await?.ok_or_else(Error::not_found)?;
    let fits = match &found.state {
        PresentationState::Answered { response_hash, .. } => is_hash_of(response_hash, response_code),
        _ => false,
    };
    Ok((found, fits))
}

/// Returns whether `hash` is the SHA-256 of `secret`, in constant time.
pub(super) fn is_hash_of(hash: &[u8], secret: &str) -> bool {
    bool::from(sha256(secret.as_bytes()).as_slice().ct_eq(hash))
}

/// Returns the six-digit code that a person carries from the wallet's device to the browser. It is
/// derived from the hash of the response's secret, so each response has its own.
fn carried_code(app: &App, presentation: Uuid, response_hash: &[u8]) -> String {
    let tag = app.keyring().fingerprint("presentation code", &[presentation.as_bytes(), response_hash].concat());
    // The modulo bias of a 64-bit number is negligible.
    let number = tag.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 1_000_000;
    format!("{number:06}")
}

/// Lets a response take effect, unless its credential has become invalid since the wallet sent it
/// (D-258). The caller must have checked that this browser began the presentation, and that it
/// presented the secret or code given to the wallet's device.
async fn finish(app: &App, presentation: &Presentation) -> Result<Finish, Error> {
    let PresentationState::Answered { shown, .. } = &presentation.state else { return Ok(Finish::Ended) };
    let mut tx = app.store().read().await?;
    let found = open_request(&mut tx, presentation.verification, app.trusted_time().now()).await?;
    drop(tx);
    let opened = app.keyring().open_sealed(shown, &result_label(&presentation.id)).await?;
    let found = found.filter(|found| found.holder == presentation.holder);
    let (Some(verification), Some(opened)) = (found, opened) else {
        return Ok(Finish::Ended);
    };
    let result: VerificationResult =
        serde_json::from_slice(&opened).map_err(|error| StoreError::corrupt_row("presentation", error))?;
    if let Some(code) = verification_request::objection(app, &verification, &result).await? {
        let mut tx = app.store().write().await?;
        tx.refuse_presentation(presentation.id, &code).await?;
        tx.commit().await?;
        app.metrics().presentations("refused");
        return Ok(Finish::Invalid);
    }
    let response =
        HolderResponse::Presented { result: Box::new(result), record: None, presentation: Some(presentation.id) };
    if !verification_request::finish(app, &verification, response).await? {
        return Ok(Finish::Ended);
    }
    app.metrics().presentations("finished");
    Ok(Finish::Done)
}

async fn reject(app: &App, presentation: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    if tx.reject_presentation(presentation).await? {
        app.metrics().presentations("rejected");
    }
    Ok(tx.commit().await?)
}
