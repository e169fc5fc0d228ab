//! `DELETE /api/partner/v2/add/requests/{type}/{credential_id}`: a partner takes back what it sent (ours; the contract
//! knows no such call).
//!
//! What nobody has accepted is deleted. What is in a wallet is the person's own: it stays there, marked, what was signed
//! of it is revoked, and the person is told.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::partner::{Partner, Write};
use crate::app::App;
use crate::error::{Error, Kind, Problem};
use crate::flows::account;
use crate::http::JsonBody;
use crate::mail::{Mail, texts};
use crate::outbox::OutboxMessage;
use store::EventKind;
use store::domain::submission::{State as SubmissionState, Submission};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(withdraw))
}

/// Why a credential is taken back.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct Withdrawal {
    /// What the person is told: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, example = "It was sent for another person of the same name.")]
    reason: String,
}

/// How often the person may answer between our look and our change before we give up.
const TRIES: usize = 5;

/// Withdraw one credential
///
/// Takes back what you sent, for a reason that the person is shown. If the person has not answered, its data is deleted
/// and the link says that you took it back. If they have accepted it, it stays in their wallet, marked as withdrawn with
/// your reason; every signed copy of it is revoked, and they are told by mail. Either way its status is `canceled` from
/// then on. Withdrawing again, or withdrawing what was declined or given up, changes nothing.
///
/// The id is free at once: pushing it again makes a new request. An item of a batch is withdrawn by its own id.
#[utoipa::path(
    delete,
    path = "/api/partner/v2/add/requests/{type}/{credential_id}",
    params(("credential_id" = String, Path, description = "Your `credential_id`")),
    request_body(content = Withdrawal, content_type = "application/json"),
    responses(
        (status = 204, description = "It is withdrawn, now or earlier, or was over already"),
        (status = 400, description = "The body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not known, not yours, of another type, or a batch's", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/json`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body has faults", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "Withdraw"
)]
async fn withdraw(
    State(app): State<App>,
    partner: Partner<Write>,
    Path((_, credential_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Error> {
    let reason = credential::parse_withdrawal(&body)?;
    for _ in 0..TRIES {
        let found = find(&app, &partner, &credential_id).await?;
        if end(&app, &found, &reason).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Error::unavailable())
}

/// What the id stands for.
async fn find(app: &App, partner: &Partner<Write>, credential_id: &str) -> Result<Submission, Error> {
    if !credential::is_identifier(credential_id) {
        return Err(Error::not_found());
    }
    let (mut tx, now) = (app.store().read().await?, app.now());
    if let Some(found) = tx.current_submission(partner.id, credential_id, now).await? {
        let is_of_this_type = found.credential_type == partner.right.credential_type;
        return if is_of_this_type { Ok(found) } else { Err(Error::not_found()) };
    }
    Err(match tx.current_batch(partner.id, credential_id, now).await? {
        Some(_) => Error::new(
            Kind::NotFound,
            "This id stands for a batch, which has no type. Withdraw its items, each by its own id and type.",
        ),
        None => Error::not_found(),
    })
}

/// Withdraws `found`. False if it has changed since it was looked up.
async fn end(app: &App, found: &Submission, reason: &str) -> Result<bool, Error> {
    let (id, partner, now) = (found.id, found.partner_id, app.now());
    let label: [&[u8]; 2] = [b"withdrawal", id.as_bytes()];
    // Keys are fetched and used before the database is held for writing.
    let (reason, mail) = match &found.state {
        SubmissionState::Incomplete { sealed, .. } => {
            (app.keyring().seal_within(sealed.period, &label, reason.as_bytes()).await?, None)
        }
        SubmissionState::Accepted { holder, .. } => {
            let sealed = app.keyring().seal_for_holder(*holder, &label, reason.as_bytes()).await;
            let Some(mail) = letter(app, found, *holder).await? else { return Ok(false) };
            (Some(sealed?), Some(mail))
        }
        SubmissionState::Removed { withdrawn_at: None, .. } => (None, None),
        _ => return Ok(true),
    };
    let mut tx = app.store().write().await?;
    let is_done = match (&found.state, &reason) {
        (SubmissionState::Incomplete { .. }, reason) => {
            tx.take_back_submission(id, partner, reason.as_deref(), now).await?
        }
        (SubmissionState::Accepted { .. }, Some(reason)) => tx.withdraw_submission(id, partner, reason, now).await?,
        _ => tx.note_withdrawal(id, partner, now).await?,
    };
    if !is_done {
        return Ok(false);
    }
    tx.record_events(&[id], EventKind::Withdrawn, now).await?;
    if let Some(mail) = mail {
        app.outbox().add(&mut tx, &OutboxMessage::Mail(mail)).await?;
    }
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.metrics().submissions("withdrawn", 1);
    Ok(true)
}

/// What the holder is told; `None` if the account was deleted meanwhile.
async fn letter(app: &App, found: &Submission, holder: Uuid) -> Result<Option<Mail>, Error> {
    let mut tx = app.store().read().await?;
    let partner = tx.partner(found.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
    let Some(holder) = tx.holder(holder).await? else { return Ok(None) };
    drop(tx);
    let to = account::email(app, &holder).await?;
    Ok(Some(texts::withdrawn(app.config().base(), to, &partner, found.credential_type.title)))
}
