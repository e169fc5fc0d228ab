//! The holder's side: opening a request, presenting or declining, and ending the request.

use uuid::Uuid;

use super::records::{DisclosureRecord, Presented, TrustedBy, VerificationResult};
use super::request_details::RequestDetails;
use super::sealed::{Record, details, to_bytes};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::names::HeldNames;
use crate::flows::own_presentation;
use crate::issuing::IssuableCredential;
use ambient::Timestamp;
use store::domain::share::Chosen;
use store::domain::verification::{Verification, VerificationState};
use store::{Announcement, AnnouncementKind, EndedVerification, StoreError, Tx, VerificationEnd};

/// A holder's response to a verification request.
#[derive(Clone, Debug)]
pub enum HolderResponse {
    /// The holder presents a credential.
    Presented {
        /// The verified presentation.
        result: Box<VerificationResult>,
        /// The record for the holder's wallet, if it was presented from this wallet.
        record: Option<DisclosureRecord>,
        /// The outside wallet's presentation, if any. It is finished in the same transaction; if it
        /// was rejected meanwhile, nothing is stored.
        presentation: Option<Uuid>,
    },
    /// The holder declines.
    Canceled,
}

/// A request that belongs to a holder, with its partner's name.
#[derive(Clone, Debug)]
pub struct HolderRequest {
    pub verification: Verification,
    /// The name of the requesting partner.
    pub partner: String,
    /// The holder's account.
    pub holder: Uuid,
}

/// The reason why a holder cannot respond to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    /// There is no such request, or it was not opened yet.
    Unknown,
    /// Another account opened it first.
    OtherAccount,
    /// It has expired, or its partner is disabled.
    Expired,
    /// An outside wallet has responded to it.
    Answered,
}

/// Returns the error for a request that has ended, as pages show it.
pub fn expired_error() -> Error {
    Error::new(
        Kind::Gone,
        "This request was already answered, or has expired. Ask the organisation that sent you here for a new one.",
    )
}

/// Binds an open request to `holder`, unless it is already bound to an account. Returns whether the
/// request exists.
///
/// # Errors
/// The store cannot be used.
pub async fn bind(app: &App, id: Uuid, holder: Uuid) -> Result<bool, Error> {
    let now = app.trusted_time().now();
    let Some(found) = app.store().read().await?.linked_verification(id, now).await? else { return Ok(false) };
    if found.is_open() && found.holder.is_none() {
        let mut tx = app.store().write().await?;
        tx.bind_verification(id, holder, now).await?;
        tx.commit().await?;
    }
    Ok(true)
}

/// Returns a request of `holder`, open or finished.
///
/// # Errors
/// The store cannot be used.
pub async fn find_for_holder(app: &App, id: Uuid, holder: Uuid) -> Result<Result<HolderRequest, Unanswerable>, Error> {
    let mut tx = app.store().read().await?;
    let Some(verification) = tx.linked_verification(id, app.trusted_time().now()).await? else {
        return Ok(Err(Unanswerable::Unknown));
    };
    let partner = tx.partner(verification.partner_id).await?.filter(|partner| partner.is_active());
    Ok(match (verification.holder, partner, &verification.state) {
        (Some(owner), ..) if owner != holder => Err(Unanswerable::OtherAccount),
        // Nothing is presented to a partner that is not active.
        (_, None, VerificationState::Open) | (_, _, VerificationState::Expired { .. }) => Err(Unanswerable::Expired),
        (None, _, VerificationState::Open) => Err(Unanswerable::Unknown),
        (None, ..) => Err(Unanswerable::Answered),
        (Some(_), partner, _) => {
            let partner = partner.map(|partner| partner.name).unwrap_or_default();
            Ok(HolderRequest { verification, partner, holder })
        }
    })
}

/// Returns an open request that `holder` may respond to from an outside wallet: the account that it
/// is bound to, or anyone with the link while it is not bound.
///
/// # Errors
/// 404 if there is none for them, 410 if it has ended or its partner is not active; the store or
/// the key ring cannot be used.
pub async fn answerable_by(
    app: &App,
    id: Uuid,
    holder: Option<Uuid>,
) -> Result<(Verification, String, RequestDetails), Error> {
    let mut tx = app.store().read().await?;
    let found = tx.linked_verification(id, app.trusted_time().now()).await?.ok_or_else(Error::not_found)?;
    if found.holder.is_some_and(|owner| holder != Some(owner)) {
        return Err(Error::not_found());
    }
    let partner = tx.partner(found.partner_id).await?.filter(|partner| partner.is_active());
    drop(tx);
    let details = details(app, &found).await?.filter(|_| found.is_open()).ok_or_else(expired_error)?;
    let partner = partner.ok_or_else(expired_error)?;
    Ok((found, partner.name, details))
}

/// Returns whether only an outside wallet can respond to a request that is open and not bound to an
/// account. Its visitors then need no account.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn needs_outside_wallet(app: &App, id: Uuid) -> Result<bool, Error> {
    let found = app.store().read().await?.linked_verification(id, app.trusted_time().now()).await?;
    let Some(found) = found.filter(|found| found.is_open() && found.holder.is_none()) else { return Ok(false) };
    Ok(details(app, &found).await?.is_some_and(|details| details.query.is_some()))
}

/// Declines a request that `holder` may respond to from an outside wallet. Returns the request as
/// it is afterwards.
///
/// # Errors
/// 404 if there is none for them, 410 if it has ended or its partner is not active; the store or
/// the key ring cannot be used.
pub async fn cancel_outside(app: &App, id: Uuid, holder: Option<Uuid>) -> Result<Verification, Error> {
    let (verification, ..) = answerable_by(app, id, holder).await?;
    finish(app, &verification, HolderResponse::Canceled).await?;
    app.store().read().await?.linked_verification(id, app.trusted_time().now()).await?.ok_or_else(expired_error)
}

/// Presents what `holder` chose from one credential, and finishes the request. Returns false if the
/// credential can no longer be presented. If the request was finished meanwhile, here or from an
/// outside wallet, does nothing and returns true.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn share(
    app: &App,
    request: &HolderRequest,
    details: &RequestDetails,
    chosen: &Chosen,
    record: DisclosureRecord,
) -> Result<bool, Error> {
    let presented = present(app, &request.verification, details, (request.holder, chosen)).await?;
    let Some(result) = presented.map(Box::new) else { return Ok(false) };
    let response = HolderResponse::Presented { result, record: Some(record), presentation: None };
    finish(app, &request.verification, response).await?;
    Ok(true)
}

/// Declines a request of `holder`. Does nothing if it is not theirs or has ended.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn cancel(app: &App, id: Uuid, holder: Uuid) -> Result<(), Error> {
    if let Ok(found) = find_for_holder(app, id, holder).await? {
        finish(app, &found.verification, HolderResponse::Canceled).await?;
    }
    Ok(())
}

/// Finishes an open request with a response, and announces the event.
///
/// Claims that were not requested are dropped, except those that are always shown. A presentation
/// that contained any of them is not passed to the partner. `verification` is the request as it was
/// when the response was verified. If it was bound to another account meanwhile or is no longer
/// open, does nothing and returns false.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn finish(app: &App, verification: &Verification, response: HolderResponse) -> Result<bool, Error> {
    let (moment, id) = (app.trusted_time().moment(), verification.id);
    let now = moment.now;
    // Keys are loaded and used before the write transaction begins.
    let (end, presentation, kind, event) = match response {
        HolderResponse::Canceled => (VerificationEnd::Canceled, None, AnnouncementKind::RequestDeclined, "canceled"),
        HolderResponse::Presented { mut result, record, presentation } => {
            let Some(details) = details(app, verification).await? else { return Ok(false) };
            let (known, presented) = (verification.credential_type, result.credential.len());
            result.credential.retain(|name, _| details.covers_field(known, name));
            if result.credential.len() < presented {
                result.verification.presentation = None;
            }
            // For a query, the check of the presentation found the withheld claims.
            if details.query.is_none() {
                result.withheld = details.missing(&result.credential);
            }
            result.verification.not_shown.in_part.retain(|place| details.covers(known, place));
            let result = app.keyring().seal(now, &Record::Result.label(&id), &to_bytes(&*result)?).await?;
            let memory = match (record, verification.holder) {
                (Some(record), Some(holder)) => {
                    let (label, record) = (Record::Disclosure.label(&id), to_bytes(&record)?);
                    Some(app.keyring().seal_for_holder(holder, &label, &record).await?)
                }
                _ => None,
            };
            (VerificationEnd::Verified { result, memory }, presentation, AnnouncementKind::RequestVerified, "verified")
        }
    };
    let mut tx = app.store().write().await?;
    if !tx.finish_verification(id, verification.holder, &end, moment).await? {
        return Ok(false);
    }
    if let Some(presentation) = presentation
        && !tx.finish_presentation(presentation, now).await?
    {
        return Ok(false);
    }
    let ended = EndedVerification {
        partner_id: verification.partner_id,
        request_id: verification.request_id.clone(),
        finalized_at: now,
        kind,
    };
    announce(&mut tx, &[ended], now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    app.metrics().verifications(event, 1);
    Ok(true)
}

/// Announces to partners how their requests ended, in the transaction that ends them. `now` is the
/// time of the event. The caller wakes the webhook deliveries after the commit.
///
/// # Errors
/// The store cannot be used.
pub async fn announce(tx: &mut Tx, ended: &[EndedVerification], now: Timestamp) -> Result<(), StoreError> {
    let announcements = ended.iter().map(|ended| Announcement {
        partner: ended.partner_id,
        kind: ended.kind,
        request_id: &ended.request_id,
        credential_id: None,
        at: ended.finalized_at,
        told_at: now,
    });
    tx.announce(&announcements.collect::<Vec<_>>()).await
}

/// Signs a credential of `holder` for this request, discloses the fields that were both chosen and
/// requested and those that are always shown, and verifies the presentation as its reader would.
///
/// Returns `None` if the credential is no longer in the wallet, if verification fails, or if
/// another issuer's credential is requested. An expired credential is presented; the result says
/// that it has expired.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn present(
    app: &App,
    verification: &Verification,
    details: &RequestDetails,
    (holder, chosen): (Uuid, &Chosen),
) -> Result<Option<VerificationResult>, Error> {
    if details.query.is_some() {
        return Ok(None);
    }
    let credential_type = verification.credential_type;
    let key = (chosen.submission, holder);
    let issuable = IssuableCredential::open(app.store(), app.keyring(), key, app.now()).await?;
    let Some(issuable) = issuable.filter(|issuable| issuable.credential_type == credential_type) else {
        return Ok(None);
    };
    // The presentation expires when the result can no longer be fetched.
    let expires_at = app.now() + app.config().retention.epoch_key_lifetime();
    let credentials = std::slice::from_ref(&issuable);
    let mut indices = match own_presentation::allocate_status_indices(app, credentials, expires_at).await {
        // It was superseded, withdrawn or deleted since it was opened.
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        indices => indices?,
    };
    let Some(index) = indices.pop() else { return Ok(None) };
    let (audience, nonce) = (app.links().verification_audience(verification.id), app.rng().secret());
    let challenge = (audience.as_str(), nonce.as_str());
    let shows = |place: &str| details.covers(credential_type, place) && chosen.shows(place);
    let token = own_presentation::present(app, &issuable, (index, expires_at), shows, challenge)?;
    let report = own_presentation::check(app, &token, challenge).await?;
    let fields = credential_type.members();
    let claims = fields.filter_map(|field| Some((field.name.to_owned(), report.claims.get(field.name)?.clone())));
    let shows_name = report.claims.contains_key("full_name");
    let held = HeldNames::of(app, holder).await?;
    let confirmed_by_holder = shows_name && held.is_said_by_holder(chosen.submission);
    let birth_dates_differ = held.birth_dates_differ(&[chosen.submission]);
    let presented = Presented { format: credential::dcql::FORMAT.to_owned(), token, audience, nonce };
    let result = || {
        let found = (app.now(), Some(TrustedBy::own()));
        let result = VerificationResult::new(&report, found, claims.collect(), Some(presented));
        VerificationResult { confirmed_by_holder, birth_dates_differ, ..result }
    };
    Ok(report.is_genuine().then(result))
}
