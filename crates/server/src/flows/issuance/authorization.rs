//! Authorization requests of wallets: the wallet pushes a request, and the holder allows or denies
//! it (OpenID4VCI 1.0, section 5; RFC 6749, section 4.1; RFC 9126).

use std::time::Duration;

use credential::encoding::sha256;
use credential::format::Configuration;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::consent;
use store::domain::issuance::{AuthorizationRequest, Grant, Issuance, IssuanceKind};
use store::domain::submission::{Submission, SubmissionState};

/// Lifetime of a pushed request until the holder arrives (FAPI 2.0 Security Profile, section
/// 5.3.2.2: under ten minutes).
pub const PUSHED_LIFETIME: Duration = Duration::from_secs(300);
/// Time for the holder to decide after they have arrived.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(900);
/// Maximum lifetime of a request.
const MAX_LIFETIME: Duration = Duration::from_secs(3600);
/// Lifetime of an authorization code (RFC 6749, section 4.1.2: short).
const CODE_LIFETIME: Duration = Duration::from_secs(60);

const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// Returns the `request_uri` of a pushed request (RFC 9126, section 2.2).
pub fn request_uri(id: Uuid) -> String {
    format!("{REQUEST_URI}{id}")
}

/// Parses the id of a pushed request from its `request_uri`.
pub fn parse_request_uri(text: &str) -> Option<Uuid> {
    text.strip_prefix(REQUEST_URI)?.parse().ok()
}

/// Stores a pushed request and returns its id.
///
/// # Errors
/// The store is unavailable.
pub async fn push(app: &App, request: AuthorizationRequest) -> Result<Uuid, Error> {
    let now = app.now();
    let issuance = Issuance {
        id: app.rng().anonymous_id(),
        kind: IssuanceKind::Authorization { holder: None, request },
        created_at: now,
        expires_at: now + PUSHED_LIFETIME,
        credentials: Vec::new(),
    };
    let mut tx = app.store().write().await?;
    tx.add_issuance(&issuance).await?;
    tx.commit().await?;
    Ok(issuance.id)
}

/// This error cannot be sent as a redirect: the redirect URI is known only from the request itself.
fn expired_error() -> Error {
    Error::new(
        Kind::Gone,
        "This wallet request is unknown, was already answered, or has expired. Start again in the wallet.",
    )
}

async fn load(app: &App, id: Uuid) -> Result<(Issuance, AuthorizationRequest), Error> {
    let issuance = app.store().read().await?.issuance(id).await?.filter(|issuance| issuance.expires_at > app.now());
    let issuance = issuance.ok_or_else(expired_error)?;
    let IssuanceKind::Authorization { request, .. } = &issuance.kind else { return Err(expired_error()) };
    let request = request.clone();
    Ok((issuance, request))
}

/// Returns the request `id`, if it is still pending.
///
/// # Errors
/// 410 if it has expired or was decided. The store is unavailable.
pub async fn find(app: &App, id: Uuid) -> Result<AuthorizationRequest, Error> {
    load(app, id).await.map(|(_, request)| request)
}

/// Extends the request when the wallet `client_id` has redirected the holder here, so that they
/// have time to sign in and decide.
///
/// # Errors
/// 410 if the request has expired or was decided, 400 if it is another wallet's. The store is
/// unavailable.
pub async fn arrive(app: &App, id: Uuid, client_id: &str) -> Result<AuthorizationRequest, Error> {
    let (issuance, request) = load(app, id).await?;
    if client_id != request.client_id {
        return Err(Error::new(Kind::Malformed, "client_id must be that of the pushed request."));
    }
    // Signing in with an emailed code takes a while. The maximum lifetime prevents repeated
    // arrivals from keeping a request open forever.
    let now = app.now();
    let until = (now + ANSWER_TIMEOUT).min(issuance.created_at + MAX_LIFETIME);
    let mut tx = app.store().write().await?;
    if !tx.await_answer(id, until, now).await? {
        return Err(expired_error());
    }
    tx.commit().await?;
    Ok(request)
}

/// Returns whether `holder` can decide about the submission or batch `push`, which they have
/// opened.
///
/// # Errors
/// The store cannot be used.
pub async fn is_push_pending(app: &App, push: Uuid, holder: Uuid) -> Result<bool, Error> {
    let linked = consent::find(app, push, holder).await?;
    let is_incomplete = |item: &Submission| matches!(item.state, SubmissionState::Incomplete { .. });
    Ok(linked.is_ok_and(|linked| linked.items().iter().any(is_incomplete)))
}

/// Binds the request to `holder`, so that only they can decide. Returns it with the credentials
/// that they can choose from.
///
/// # Errors
/// 410 if it has expired, was decided, or is bound to another account. The store is unavailable.
pub async fn open(app: &App, id: Uuid, holder: Uuid) -> Result<(AuthorizationRequest, Vec<Submission>), Error> {
    let request = find(app, id).await?;
    let mut tx = app.store().write().await?;
    if !tx.bind_issuance(id, holder, app.now()).await? {
        return Err(expired_error());
    }
    tx.commit().await?;
    let requested = requested(&request);
    let mut held = app.store().read().await?.held_submissions(holder).await?;
    held.retain(|held| {
        held.stands() && requested.iter().any(|requested| requested.credential_type == held.credential_type)
    });
    Ok((request, held))
}

fn requested(request: &AuthorizationRequest) -> Vec<Configuration> {
    request.configurations.iter().filter_map(|id| id.parse().ok()).collect()
}

/// Grants the credentials that the holder `chose`, as far as they are theirs and were requested.
/// Returns the request and the authorization code; `None` if none can be granted.
///
/// # Errors
/// 410 if the request has expired, was decided, or is bound to another account. The store is
/// unavailable.
pub async fn allow(
    app: &App,
    id: Uuid,
    holder: Uuid,
    chosen: &[Uuid],
) -> Result<Option<(AuthorizationRequest, String)>, Error> {
    let (issuance, request) = load(app, id).await?;
    if issuance.holder() != Some(holder) {
        return Err(expired_error());
    }
    let requested = requested(&request);
    let held = app.store().read().await?.held_submissions(holder).await?;
    let mut grants = Vec::new();
    for submission in held.iter().filter(|held| held.stands() && chosen.contains(&held.id)) {
        let fitting = requested.iter().filter(|requested| requested.credential_type == submission.credential_type);
        grants
            .extend(fitting.map(|configuration| Grant { submission_id: submission.id, configuration: *configuration }));
    }
    if grants.is_empty() {
        return Ok(None);
    }
    let (code, now) = (app.rng().secret(), app.now());
    let mut tx = app.store().write().await?;
    if !tx.authorize_issuance((id, holder), &sha256(code.as_bytes()), now + CODE_LIFETIME, now).await? {
        return Err(expired_error());
    }
    tx.add_grants(id, &grants).await?;
    tx.commit().await?;
    Ok(Some((request, code)))
}

/// Denies the request for the holder.
///
/// # Errors
/// 410 if it has expired, was decided, or is bound to another account. The store is unavailable.
pub async fn deny(app: &App, id: Uuid, holder: Uuid) -> Result<AuthorizationRequest, Error> {
    let request = find(app, id).await?;
    let mut tx = app.store().write().await?;
    if !tx.deny_issuance(id, holder, app.now()).await? {
        return Err(expired_error());
    }
    tx.commit().await?;
    Ok(request)
}
