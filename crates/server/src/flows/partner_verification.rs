//! Verification requests, the partner's side: creating a request and finding it again.
//!
//! This is separate from [`verification_request`] to avoid a cycle: this module uses the sandbox,
//! whose users respond through that one.

use std::collections::BTreeSet;

use credential::format::sd_jwt_vc::type_of;
use credential::{Code, FieldError, ParseError, PartnerQuery, PresentationRequest, Type, locate};
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

/// A verification request that was stored, now or earlier.
#[derive(Clone, Debug)]
pub struct Upserted {
    /// The open request with this id.
    pub verification: Verification,
    /// Whether an earlier body with this id differs. The earlier one is kept.
    pub differs: bool,
}

/// Stores `partner`'s verification request durably. Repeating the id returns the same request while
/// it is open. If the request names a sandbox user, that user responds.
///
/// # Errors
/// 401 if the partner is not active, 409 if the id was used for a request that has ended or for
/// another type, 422 if the callback URL or a `vct` of the query is not listed or the sandbox user
/// does not exist; the store or the key ring cannot be used.
pub async fn ask(app: &App, partner: Uuid, credential_type: Type, body: &[u8]) -> Result<Upserted, Error> {
    let request = validated(app, partner, credential_type, body).await?;
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

/// Parses a request and checks its callback URL and its query, so that one response reports every
/// error.
async fn validated(app: &App, partner: Uuid, credential_type: Type, body: &[u8]) -> Result<PresentationRequest, Error> {
    let parsed = PresentationRequest::parse(credential_type, body);
    let address = match &parsed {
        Ok(request) => request.callback_url.clone(),
        Err(ParseError::Invalid(_)) => callback_url(body),
        Err(ParseError::Malformed(_)) => None,
    };
    let mut unlisted = Vec::from_iter(check_callback(app, partner, address.as_deref()).await?);
    match parsed {
        Ok(request) => {
            unlisted.extend(request.query.iter().flat_map(|query| check_query(app, credential_type, query)));
            if unlisted.is_empty() { Ok(request) } else { Err(Error::invalid(unlisted)) }
        }
        Err(ParseError::Invalid(mut errors)) => {
            unlisted.retain(|unlisted| errors.iter().all(|error| error.pointer != unlisted.pointer));
            errors.extend(unlisted);
            Err(Error::invalid(errors))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the callback URL of an invalid body. The rest of the body is not parsed again, which
/// would take more memory than the first time.
fn callback_url(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str(text.get(locate(text, "/callback_url")?.value)?).ok()
}

/// Checks that each `vct` of a query is one with which a trusted issuer issues the requested type.
/// The scope of a type therefore permits queries only for credentials that the operator has mapped
/// to that type (D-260).
fn check_query(app: &App, credential_type: Type, query: &PartnerQuery) -> Vec<FieldError> {
    let listed = BTreeSet::from_iter(app.trusted_issuers().vct_values(credential_type));
    let message = |vct: &str| {
        if type_of(vct, app.config().base()).is_some() {
            "This server issues it. Request its fields with claims instead of dcql_query.".to_owned()
        } else if listed.is_empty() {
            format!("The operator of this server trusts no other issuer for {credential_type}.")
        } else {
            let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
            format!("No trusted issuer issues it as {credential_type}. Accepted values: {}.", listed.join(", "))
        }
    };
    let unlisted = query.vct_values().enumerate().filter(|(_, vct)| !listed.contains(*vct));
    let error = |(at, vct): (usize, &str)| FieldError {
        pointer: format!("/dcql_query/credentials/0/meta/vct_values/{at}"),
        code: Code::ChoiceUnknown,
        message: message(vct),
        received: Some(vct.chars().take(64).collect()),
        suggestion: None,
    };
    unlisted.map(error).collect()
}

/// Checks that a callback URL is on the partner's list. This prevents an open redirect: holders are
/// redirected only to URLs that the operator has listed.
async fn check_callback(app: &App, partner: Uuid, address: Option<&str>) -> Result<Option<FieldError>, Error> {
    let stored = app.store().read().await?.partner(partner).await?.filter(|stored| stored.is_active());
    let stored = stored.ok_or_else(Error::disabled_client)?;
    let is_listed = |address: &str| address.parse::<Url>().is_ok_and(|url| stored.may_call_back(&url));
    Ok(address.filter(|address| !is_listed(address)).map(|address| FieldError {
        pointer: "/callback_url".to_owned(),
        code: Code::CallbackUrlUnknown,
        message: credential::not_listed(&stored.callback_urls),
        received: Some(address.chars().take(64).collect()),
        suggestion: None,
    }))
}

async fn upsert(
    app: &App,
    partner: Uuid,
    credential_type: Type,
    request: PresentationRequest,
) -> Result<Upserted, Error> {
    let (id, now) = (app.id(), app.now());
    let asked = RequestDetails {
        callback_url: request.callback_url,
        purpose: request.purpose,
        claims: request.claims,
        query: request.query,
    };
    let new = NewVerification {
        id,
        partner_id: partner,
        // Not `id` as the fallback: URLs and events contain the request id, and must not reveal the
        // link.
        request_id: request.request_id.unwrap_or_else(|| app.rng().anonymous_id().to_string()),
        credential_type,
        created_at: now,
        expires_at: now + app.config().verification.lifetime,
        request: verification_request::seal_details(app, id, &asked).await?,
    };
    let mut tx = app.store().write().await?;
    let is_new = tx.add_verification(&new).await?;
    let current = tx.asked_verification(partner, &new.request_id, app.trusted_time().now()).await?;
    tx.commit().await?;
    if is_new {
        app.metrics().verifications("asked", 1);
    }
    let current = current.filter(|found| found.is_open() && found.credential_type == credential_type);
    let Some(verification) = current else {
        return Err(Error::new(
            Kind::Conflict,
            "You have already used this request_id for a request that has ended or has another type. Get its result, \
             or use a new request_id.",
        ));
    };
    let differs =
        !is_new && verification_request::details(app, &verification).await?.is_some_and(|earlier| earlier != asked);
    Ok(Upserted { verification, differs })
}

/// Returns `partner`'s request with the partner's id.
///
/// # Errors
/// 404 if there is none; the store cannot be used.
pub async fn find(app: &App, partner: Uuid, request_id: &str) -> Result<Verification, Error> {
    if !credential::is_identifier(request_id) {
        return Err(Error::missing("verification request"));
    }
    search(app, partner, request_id).await?.ok_or_else(|| Error::missing("verification request"))
}

/// Returns `partner`'s request with the partner's id, which may be any text; `None` if there is
/// none.
///
/// # Errors
/// The store cannot be used.
pub async fn search(app: &App, partner: Uuid, request_id: &str) -> Result<Option<Verification>, Error> {
    Ok(app.store().read().await?.asked_verification(partner, request_id, app.trusted_time().now()).await?)
}
