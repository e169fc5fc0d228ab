//! Exports all stored data of a holder as JSON.

use serde_json::{Value, json};

use super::holder::email;
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::{CredentialView, DocumentView, Withdrawal};
use crate::flows::{share, verification_request};
use store::domain::share::Share;
use store::domain::submission::Submission;
use store::domain::verification::{MAX_SHOWN, Verification};
use store::{Event, Holder, StandingConsent, StoredPasskey, VersionDecision};

/// Exports the account of `holder`: its credentials, pending submissions, shares and presentations.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn export(app: &App, holder: &Holder) -> Result<Value, Error> {
    let now = app.now();
    let mut tx = app.store().read().await?;
    let (held, waiting) = (tx.held_submissions(holder.id).await?, tx.waiting_submissions(holder.id, now).await?);
    let passkeys = tx.passkeys(holder.id).await?;
    let shares = tx.shares(holder.id).await?;
    let presented = tx.shown_verifications(holder.id, MAX_SHOWN).await?;
    let decisions = tx.version_decisions_of(holder.id).await?;
    let consents = tx.standing_consents_of(holder.id).await?;
    let mut submissions = Vec::with_capacity(held.len() + waiting.len());
    for submission in held.into_iter().chain(waiting) {
        let events = tx.events(submission.id, now).await?;
        submissions.push((submission, events));
    }
    // The code below opens its own reads. Keeping this connection while waiting for another one
    // could deadlock the pool.
    drop(tx);
    let mut credentials = Vec::with_capacity(submissions.len());
    for (submission, events) in &submissions {
        let Some(view) = CredentialView::open(app, submission).await? else { continue };
        credentials.push(credential_json(app, submission, &view, events));
    }
    Ok(json!({
        "exported_at": now,
        "account": { "id": holder.id, "email": email(app, holder).await?, "created_at": holder.created_at },
        "passkeys": passkeys.iter().map(passkey_json).collect::<Vec<_>>(),
        "credentials": credentials,
        "versions": decisions.iter().map(decision_json).collect::<Vec<_>>(),
        "standing_consents": consents.iter().map(consent_json).collect::<Vec<_>>(),
        "shares": share_list(app, &shares).await?,
        "shown": presentation_list(app, &presented).await?,
    }))
}

fn credential_json(app: &App, submission: &Submission, view: &CredentialView, events: &[Event]) -> Value {
    let document = |document: &DocumentView| {
        let href = app.links().document(document.id);
        json!({ "asset_id": document.name, "asset_type": document.kind, "href": href })
    };
    let event = |event: &Event| json!({ "event": event.kind.name(), "at": event.at });
    let withdrawn = |withdrawal: &Withdrawal| json!({ "at": withdrawal.at, "reason": withdrawal.reason });
    json!({
        "request_id": submission.id,
        "credential_id": submission.credential_id,
        "type": submission.credential_type,
        "partner": view.partner,
        "status": submission.status().name(),
        "pushed_at": view.pushed_at,
        "accepted_at": view.accepted_at,
        "superseded_at": view.superseded_at,
        "withdrawn": view.withdrawal.as_ref().map(withdrawn),
        "fields": view.payload.fields,
        "partner_chain": view.payload.partner_chain,
        "confirmed_name": view.payload.confirmed_name,
        "confirmed_birth_date": view.payload.confirmed_birth_date,
        "documents": view.documents.iter().map(document).collect::<Vec<_>>(),
        "events": events.iter().map(event).collect::<Vec<_>>(),
    })
}

fn passkey_json(passkey: &StoredPasskey) -> Value {
    json!({ "created_at": passkey.created_at, "used_at": passkey.used_at })
}

/// Returns the decision about an older version when a newer one arrived.
fn decision_json(decided: &VersionDecision) -> Value {
    json!({
        "newer": decided.newer_id,
        "older": decided.older_id,
        "decision": decided.decision.name(),
        "decided_at": decided.decided_at,
        "undone_at": decided.undone_at,
    })
}

fn consent_json(consent: &StandingConsent) -> Value {
    json!({ "request_id": consent.submission_id, "given_at": consent.given_at, "ended_at": consent.ended_at })
}

/// Returns the holder's presentations to partners.
async fn presentation_list(app: &App, presented: &[Verification]) -> Result<Vec<Value>, Error> {
    let mut list = Vec::with_capacity(presented.len());
    for verification in presented {
        let Some(memory) = verification_request::disclosure_record(app, verification).await? else { continue };
        list.push(json!({
            "to": memory.partner,
            "purpose": memory.purpose,
            "credential": memory.title,
            "shown": memory.shown,
            "at": verification.status().finalized_at(),
        }));
    }
    Ok(list)
}

/// Returns the links that the holder has created, without the secrets that open them.
async fn share_list(app: &App, shares: &[Share]) -> Result<Vec<Value>, Error> {
    let mut list = Vec::with_capacity(shares.len());
    for share in shares {
        let memory = share::record(app, share).await?;
        list.push(json!({
            "shows": memory.titles,
            "purpose": memory.purpose,
            "created_at": share.created_at,
            "expires_at": share.expires_at,
            "revoked_at": share.revoked_at,
            "keeps_current": share.keep_current,
            "updated_at": share.updated_at,
            "has_passcode": share.passcode.is_some(),
            "views": share.views,
            "viewed_at": share.viewed_at,
        }));
    }
    Ok(list)
}
