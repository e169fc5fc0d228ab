//! Authorization of a wallet's own request: the wallet pushes it, and the person answers it (OpenID4VCI 1.0, section 5;
//! RFC 6749, section 4.1; RFC 9126).

use std::time::Duration;

use credential::encoding::sha256;
use credential::format::Configuration;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use store::domain::issuance::{AuthorizationRequest, Grant, Issuance, IssuanceKind};
use store::domain::submission::Submission;

/// How long a pushed request waits for the person to arrive (FAPI 2.0 Security Profile, section 5.3.2.2: under ten minutes).
pub const PUSHED_LIFETIME: Duration = Duration::from_secs(300);
/// How long the person has to answer once they have arrived.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(900);
/// Maximum lifetime of a request.
const MAX_LIFETIME: Duration = Duration::from_secs(3600);
/// How long an authorization code can be redeemed (RFC 6749, section 4.1.2: short).
const CODE_LIFETIME: Duration = Duration::from_secs(60);

const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// The `request_uri` of a pushed request (RFC 9126, section 2.2).
pub fn request_uri(id: Uuid) -> String {
    format!("{REQUEST_URI}{id}")
}

/// The id of a pushed request, from its `request_uri`.
pub fn parse_request_uri(text: &str) -> Option<Uuid> {
    text.strip_prefix(REQUEST_URI)?.parse().ok()
}

/// Stores a pushed request; returns its id.
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

/// The person is not redirected: only the request itself says where to.
fn expired_error() -> Error {
    Error::new(
        Kind::Gone,
        "This request of a wallet is not known here, was answered, or its time is over. Begin again in the wallet.",
    )
}

async fn load(app: &App, id: Uuid) -> Result<(Issuance, AuthorizationRequest), Error> {
    let issuance = app.store().read().await?.issuance(id).await?.filter(|issuance| issuance.expires_at > app.now());
    let issuance = issuance.ok_or_else(expired_error)?;
    let IssuanceKind::Authorization { request, .. } = &issuance.kind else { return Err(expired_error()) };
    let request = request.clone();
    Ok((issuance, request))
}

/// The request `id`, if it can still be answered.
///
/// # Errors
/// 410 if it has expired or was answered. The store is unavailable.
pub async fn find(app: &App, id: Uuid) -> Result<AuthorizationRequest, Error> {
    load(app, id).await.map(|(_, request)| request)
}

/// The wallet `client_id` has sent the person here: gives them time to sign in and to answer.
///
/// # Errors
/// 410 if the request has expired, was answered, or is another wallet's. The store is unavailable.
pub async fn arrive(app: &App, id: Uuid, client_id: &str) -> Result<AuthorizationRequest, Error> {
    let (issuance, request) = load(app, id).await?;
    if client_id != request.client_id {
        return Err(expired_error());
    }
    // Signing in by an emailed code takes a while. Arriving again does not keep a request open for ever.
    let now = app.now();
    let until = (now + ANSWER_TIMEOUT).min(issuance.created_at + MAX_LIFETIME);
    let mut tx = app.store().write().await?;
    if !tx.await_answer(id, until, now).await? {
        return Err(expired_error());
    }
    tx.commit().await?;
    Ok(request)
}

/// Binds the request to `holder`, so that only they can answer it. Returns it with the credentials that they can choose
/// from.
///
/// # Errors
/// 410 if it has expired, was answered, or is bound to another account. The store is unavailable.
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

/// The person allows what they `chose`, as far as it is theirs and was requested. Returns the authorization code with the
/// request; `None` if nothing of what they chose can be granted.
///
/// # Errors
/// 410 if the request has expired, was answered, or is bound to another account. The store is unavailable.
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

/// The person denies the request.
///
/// # Errors
/// 410 if it has expired, was answered, or is bound to another account. The store is unavailable.
pub async fn deny(app: &App, id: Uuid, holder: Uuid) -> Result<AuthorizationRequest, Error> {
    let request = find(app, id).await?;
    let mut tx = app.store().write().await?;
    if !tx.deny_issuance(id, holder, app.now()).await? {
        return Err(expired_error());
    }
    tx.commit().await?;
    Ok(request)
}
