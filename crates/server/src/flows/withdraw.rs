//! Withdrawal of a submission by its partner.
//!
//! A pending submission is deleted. An accepted credential belongs to its holder: it stays in the
//! wallet, marked as withdrawn, every signed copy of it is revoked, and the holder gets a mail.

use credential::Type;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::account;
use crate::mail::{Mail, texts};
use crate::outbox::{OutboxMessage, Routing};
use store::EventKind;
use store::domain::submission::{Submission, SubmissionState};

/// Maximum number of attempts while the holder decides between the read and the write.
const MAX_ATTEMPTS: usize = 5;

/// Withdraws what `partner` pushed under `credential_id`. The holder sees `reason`. Withdrawing a
/// submission that has already ended changes nothing.
///
/// # Errors
/// 404 if there is none of this type; 503 if the store cannot be used, or every attempt lost a race
/// with the holder.
pub async fn withdraw(
    app: &App,
    partner: Uuid,
    credential_type: Type,
    credential_id: &str,
    reason: &str,
) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        let found = find(app, partner, credential_type, credential_id).await?;
        if end(app, &found, reason).await? {
            return Ok(());
        }
    }
    Err(Error::unavailable())
}

async fn find(app: &App, partner: Uuid, credential_type: Type, credential_id: &str) -> Result<Submission, Error> {
    if !credential::is_identifier(credential_id) {
        return Err(Error::missing("submission"));
    }
    let (mut tx, now) = (app.store().read().await?, app.trusted_time().now());
    if let Some(found) = tx.current_submission(partner, credential_id, now).await? {
        return if found.credential_type == credential_type {
            Ok(found)
        } else {
            Err(other_type(&found, credential_type))
        };
    }
    Err(match tx.current_batch(partner, credential_id, now).await? {
        Some(_) => Error::new(
            Kind::NotFound,
            "This is the id of a batch, which has no type. Withdraw each item with its own id and type.",
        ),
        None => Error::missing("submission"),
    })
}

fn other_type(found: &Submission, credential_type: Type) -> Error {
    let detail = format!(
        "This id belongs to a {}, not to a {credential_type}. Use the path of that type.",
        found.credential_type
    );
    Error::new(Kind::NotFound, detail)
}

/// Withdraws `found`. Returns false if it has changed since it was read.
async fn end(app: &App, found: &Submission, reason: &str) -> Result<bool, Error> {
    let (id, partner, moment) = (found.id, found.partner_id, app.trusted_time().moment());
    let now = moment.now;
    let label: [&[u8]; 2] = [b"withdrawal", id.as_bytes()];
    // Keys are read and used before the write transaction begins, so that others do not wait for
    // them.
    let (reason, mail) = match &found.state {
        SubmissionState::Incomplete { sealed, .. } => {
            (app.keyring().seal_within(sealed.period, &label, reason.as_bytes()).await?, None)
        }
        SubmissionState::Accepted { holder, .. } => {
            let sealed = app.keyring().seal_for_holder(*holder, &label, reason.as_bytes()).await;
            let Some(mail) = mail(app, found, *holder).await? else { return Ok(false) };
            (Some(sealed?), Some(mail))
        }
        SubmissionState::Removed { withdrawn_at: None, .. } => (None, None),
        _ => {
            // Its commit may have been interrupted, so that only the primary has it.
            let mut tx = app.store().write().await?;
            tx.wait_for_earlier_commits().await?;
            tx.commit().await?;
            return Ok(true);
        }
    };
    let mut tx = app.store().write().await?;
    let is_done = match (&found.state, &reason) {
        (SubmissionState::Incomplete { .. }, reason) => {
            tx.withdraw_pending_submission(id, partner, reason.as_deref(), moment).await?
        }
        (SubmissionState::Accepted { .. }, Some(reason)) => tx.withdraw_submission(id, partner, reason, now).await?,
        _ => tx.note_withdrawal(id, partner, now).await?,
    };
    if !is_done {
        return Ok(false);
    }
    tx.record_events(&[id], EventKind::Withdrawn, now).await?;
    if let Some(mail) = mail {
        let expires_at = Some(now + app.config().retention.epoch_key_lifetime());
        let routing = Routing { partner: Some(partner), request: None, expires_at };
        app.outbox().add(&mut tx, &OutboxMessage::Mail(mail), routing).await?;
    }
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.metrics().submissions("withdrawn", 1);
    Ok(true)
}

/// Composes the mail to the holder. Returns `None` if the account was deleted meanwhile.
async fn mail(app: &App, found: &Submission, holder: Uuid) -> Result<Option<Mail>, Error> {
    let mut tx = app.store().read().await?;
    let partner = tx.partner(found.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
    let Some(holder) = tx.holder(holder).await? else { return Ok(None) };
    drop(tx);
    let to = account::email(app, &holder).await?;
    Ok(Some(texts::withdrawn(app.config().base(), to, &partner, found.credential_type.title, found.id)))
}
