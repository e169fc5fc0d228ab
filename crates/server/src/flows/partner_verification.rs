//! The partner's side of verification requests: make a request, find it again.
//!
//! Apart from [`verification_request`], since sandbox users answer requests by that flow.

use credential::{Code, Fault, PresentationRequest, Type};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::email::Email;
use crate::error::{Error, Kind};
use crate::flows::sandbox;
use crate::flows::verification_request::{self, RequestDetails};
use crate::sandbox::{SandboxAction, SandboxUser};
use store::NewVerification;
use store::domain::verification::Verification;

/// A request that was stored, now or earlier.
#[derive(Clone, Debug)]
pub struct Upserted {
    /// The open request with this id.
    pub verification: Verification,
    /// Whether an earlier body with this id asked for something else; the earlier one is kept.
    pub differs: bool,
}

/// Stores `partner`'s request durably. The same id returns the same request while that is open. If the request names a sandbox
/// user, that user responds.
///
/// # Errors
/// 401 if the partner is not active, 409 if the id was used for a request that has ended or for another type, 422 if the
/// callback URL is not listed or the sandbox user does not exist; the store or the key ring cannot be used.
pub async fn ask(
    app: &App,
    partner: Uuid,
    credential_type: Type,
    request: PresentationRequest,
) -> Result<Upserted, Error> {
    check_callback(app, partner, request.callback_url.as_deref()).await?;
    let person = request.sandbox_person.clone();
    if let Some(person) = &person {
        sandbox::check_user(app, partner, person, "/sandbox_person").await?;
    }
    let upserted = upsert(app, partner, credential_type, request).await?;
    if let Some(user) = person.as_deref().and_then(Email::parse).as_ref().and_then(SandboxUser::parse) {
        let action = SandboxAction { user, partner, request: upserted.verification.id };
        sandbox::enqueue(app, action).await?;
    }
    Ok(upserted)
}

/// Checks that a callback URL is on the partner's list. Holders are redirected to listed URLs only, so that our name does not
/// vouch for any other.
async fn check_callback(app: &App, partner: Uuid, address: Option<&str>) -> Result<(), Error> {
    let stored = app.store().read().await?.partner(partner).await?.filter(|stored| stored.is_active());
    let stored = stored.ok_or_else(Error::unauthorized)?;
    let Some(address) = address else { return Ok(()) };
    if address.parse::<Url>().is_ok_and(|url| stored.may_call_back(&url)) {
        return Ok(());
    }
    Err(Error::invalid(vec![Fault {
        pointer: "/callback_url".to_owned(),
        code: Code::CallbackUrlUnknown,
        message: credential::not_listed(&stored.callback_urls),
        received: Some(address.chars().take(64).collect()),
        suggestion: None,
    }]))
}

async fn upsert(
    app: &App,
    partner: Uuid,
    credential_type: Type,
    request: PresentationRequest,
) -> Result<Upserted, Error> {
    let (id, now) = (app.id(), app.now());
    let asked = RequestDetails { callback_url: request.callback_url, purpose: request.purpose, claims: request.claims };
    let new = NewVerification {
        id,
        partner_id: partner,
        // The fallback is not `id`: this one stands in URLs and events, so it must not open the link.
        request_id: request.request_id.unwrap_or_else(|| app.rng().anonymous_id().to_string()),
        credential_type,
        created_at: now,
        expires_at: now + app.config().verification.lifetime,
        request: verification_request::seal_details(app, id, &asked).await?,
    };
    let mut tx = app.store().write().await?;
    let is_new = tx.add_verification(&new).await?;
    let current = tx.asked_verification(partner, &new.request_id, now).await?;
    tx.commit().await?;
    if is_new {
        app.metrics().verifications("asked", 1);
    }
    let current = current.filter(|found| found.is_open() && found.credential_type == credential_type);
    let Some(verification) = current else {
        return Err(Error::new(
            Kind::Conflict,
            "You have used this request_id for a request that is over, or for another type. Fetch its result, or use a new request_id.",
        ));
    };
    let differs =
        !is_new && verification_request::details(app, &verification).await?.is_some_and(|earlier| earlier != asked);
    Ok(Upserted { verification, differs })
}

/// Finds `partner`'s request by the id that the partner knows.
///
/// # Errors
/// 404 if there is none; the store cannot be used.
pub async fn find(app: &App, partner: Uuid, request_id: &str) -> Result<Verification, Error> {
    if !credential::is_identifier(request_id) {
        return Err(Error::not_found());
    }
    let found = app.store().read().await?.asked_verification(partner, request_id, app.now()).await?;
    found.ok_or_else(Error::not_found)
}
