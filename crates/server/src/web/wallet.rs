//! `/wallet`: what a person holds, each credential's consent record, export and deletion.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as AppState};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use super::career::CareerView;
use super::shown::Shown;
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::{NOTICE, SignedIn, address};
use store::domain::share::Share;
use store::domain::submission::Submission;
use store::domain::verification::{MOST_SHOWN, Verification};

use crate::error::Error;
use crate::flows::{share, verification_request};
use store::{Event, EventKind};

#[derive(Template)]
#[template(path = "wallet.html")]
struct Wallet {
    layout: Layout,
    /// What is held, without what newer ones have taken the place of.
    held: Vec<Shown>,
    earlier: Vec<Shown>,
    waiting: Vec<Waiting>,
    career: Option<CareerView>,
    offer_passkey: bool,
}

/// What waits for an answer behind one link.
#[derive(Debug)]
struct Waiting {
    /// The link's id.
    id: Uuid,
    partner: String,
    /// What it is, where it is one thing.
    title: &'static str,
    /// How many things it is.
    count: i64,
}

impl Waiting {
    /// The items of a batch are answered on one page, so they are one thing here.
    async fn grouped(app: &App, submissions: &[Submission]) -> Result<Vec<Self>, Error> {
        let mut tx = app.store().read().await?;
        let mut all: Vec<Self> = Vec::new();
        for submission in submissions {
            let id = submission.batch_id.unwrap_or(submission.id);
            if let Some(known) = all.iter_mut().find(|known| known.id == id) {
                known.count += 1;
                continue;
            }
            let partner = tx.partner(submission.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
            all.push(Self { id, partner, title: submission.credential_type.title, count: 1 });
        }
        Ok(all)
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record {
    layout: Layout,
    shown: Shown,
    career: Option<CareerView>,
    events: Vec<Event>,
}

#[derive(Template)]
#[template(path = "delete_credential.html")]
struct DeleteCredential {
    layout: Layout,
    shown: Shown,
}

impl Wallet {
    fn earlier_count(&self) -> i64 {
        i64::try_from(self.earlier.len()).unwrap_or(i64::MAX)
    }
}

impl Record {
    /// The key of the sentence for an event.
    fn sentence(kind: &EventKind) -> &'static str {
        match kind {
            EventKind::Pushed => "event-pushed",
            EventKind::LinkOpened => "event-link-opened",
            EventKind::Opened => "event-opened",
            EventKind::Accepted => "event-accepted",
            EventKind::Declined => "event-declined",
            EventKind::Expired => "event-expired",
            EventKind::Removed => "event-removed",
            EventKind::Withdrawn => "event-withdrawn",
            EventKind::Superseded => "event-superseded",
        }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/wallet", get(wallet))
        .route("/wallet/export", get(export))
        .route("/wallet/credentials/{id}", get(record))
        .route("/wallet/credentials/{id}/delete", get(confirm).post(delete))
}

async fn wallet(AppState(app): AppState<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let holder = &signed_in.holder;
    let mut tx = app.store().read().await?;
    let (held, waiting) = (tx.held_submissions(holder.id).await?, tx.waiting_submissions(holder.id, app.now()).await?);
    let has_passkey = !tx.passkeys(holder.id).await?.is_empty();
    drop(tx);
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let (held, earlier): (Vec<Shown>, Vec<Shown>) =
        Shown::open_all(&app, &held).await?.into_iter().partition(|shown| shown.superseded_at.is_none());
    let career = CareerView::new(&standing(&held), &layout.text);
    let offer_passkey = app.webauthn().is_some() && !has_passkey && holder.passkey_offer_declined_at.is_none();
    let waiting = Waiting::grouped(&app, &waiting).await?;
    let template = Wallet { layout: layout.clone(), held, earlier, waiting, career, offer_passkey };
    Ok(page(&app, &template, &layout))
}

/// What partners say now. A career that its partner has withdrawn is attested by nobody: it is in the list alone.
fn standing(held: &[Shown]) -> Vec<Shown> {
    held.iter().filter(|shown| shown.stands()).cloned().collect()
}

/// The credential, if it is in `holder`'s wallet.
async fn held(app: &App, id: Uuid, holder: Uuid) -> Result<Shown, Error> {
    let submission = app.store().read().await?.linked_submission(id, app.now()).await?;
    let submission = submission.filter(|found| found.is_held_by(holder));
    let shown = Shown::open(app, &submission.ok_or_else(Error::not_found)?).await?;
    shown.ok_or_else(Error::not_found)
}

async fn record(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let shown = held(&app, id, signed_in.holder.id).await?;
    let mut tx = app.store().read().await?;
    let (events, others) = (tx.events(id, app.now()).await?, tx.held_submissions(signed_in.holder.id).await?);
    drop(tx);
    let layout = Layout::new(&app, true);
    let others = if shown.stands() { standing(&Shown::open_all(&app, &others).await?) } else { Vec::new() };
    let career = CareerView::beside(&shown, &others, &layout.text);
    Ok(page(&app, &Record { layout: layout.clone(), shown, career, events }, &layout))
}

async fn confirm(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let shown = held(&app, id, signed_in.holder.id).await?;
    let layout = Layout::new(&app, true);
    Ok(page(&app, &DeleteCredential { layout: layout.clone(), shown }, &layout))
}

async fn delete(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    // A second click finds it gone, which is what was wanted.
    if tx.remove_submission(id, signed_in.holder.id, now).await? {
        tx.record_events(&[id], EventKind::Removed, now).await?;
        tx.commit().await?;
        app.metrics().submissions("removed", 1);
    }
    Ok(([NOTICE.set(&app, "notice-deleted")], Redirect::to("/wallet")).into_response())
}

/// Everything that is held of the person, as JSON.
async fn export(AppState(app): AppState<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let holder = &signed_in.holder;
    let mut tx = app.store().read().await?;
    let (held, waiting) = (tx.held_submissions(holder.id).await?, tx.waiting_submissions(holder.id, app.now()).await?);
    let passkeys = tx.passkeys(holder.id).await?;
    let shared = tx.shares(holder.id).await?;
    let answered = tx.shown_verifications(holder.id, MOST_SHOWN).await?;
    let mut told = Vec::with_capacity(held.len() + waiting.len());
    for submission in held.into_iter().chain(waiting) {
        let events = tx.events(submission.id, app.now()).await?;
        told.push((submission, events));
    }
    // Before anything is opened, which reads too: who keeps one connection and waits for another may wait for itself.
    drop(tx);
    let mut credentials = Vec::with_capacity(told.len());
    for (submission, events) in &told {
        let Some(shown) = Shown::open(&app, submission).await? else { continue };
        credentials.push(json!({
            "request_id": submission.id,
            "credential_id": submission.credential_id,
            "type": submission.credential_type,
            "partner": shown.partner,
            "status": submission.status().name(),
            "pushed_at": shown.pushed_at,
            "accepted_at": shown.accepted_at,
            "superseded_at": shown.superseded_at,
            "withdrawn": shown.withdrawal.as_ref().map(|withdrawal| json!({ "at": withdrawal.at, "reason": withdrawal.reason })),
            "fields": shown.payload.fields,
            "partner_chain": shown.payload.partner_chain,
            "documents": shown.documents.iter().map(|document| json!({ "asset_id": document.name, "asset_type": document.kind, "href": app.links().document(document.id) })).collect::<Vec<_>>(),
            "events": events.iter().map(|event| json!({ "event": event.kind.name(), "at": event.at })).collect::<Vec<_>>(),
        }));
    }
    let export = json!({
        "exported_at": app.now(),
        "account": { "id": holder.id, "email": address(&app, holder).await?, "created_at": holder.created_at },
        "passkeys": passkeys.iter().map(|passkey| json!({ "created_at": passkey.created_at, "used_at": passkey.used_at })).collect::<Vec<_>>(),
        "credentials": credentials,
        "shares": shares(&app, &shared).await?,
        "shown": shown(&app, &answered).await?,
    });
    let text = serde_json::to_vec_pretty(&export).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tenure-wallet.json\""),
    ];
    Ok((headers, text).into_response())
}

/// What a person showed to partners that asked.
async fn shown(app: &App, answered: &[Verification]) -> Result<Vec<Value>, Error> {
    let mut shown = Vec::with_capacity(answered.len());
    for answered in answered {
        let Some(memory) = verification_request::disclosure_record(app, answered).await? else { continue };
        shown.push(json!({
            "to": memory.partner,
            "purpose": memory.purpose,
            "credential": memory.title,
            "shown": memory.shown,
            "at": answered.status().finalized_at(),
        }));
    }
    Ok(shown)
}

/// The links that a person shared, without what opens them.
async fn shares(app: &App, shared: &[Share]) -> Result<Vec<Value>, Error> {
    let mut shares = Vec::with_capacity(shared.len());
    for share in shared {
        let memory = share::record(app, share).await?;
        shares.push(json!({
            "shows": memory.titles,
            "purpose": memory.purpose,
            "created_at": share.created_at,
            "expires_at": share.expires_at,
            "revoked_at": share.revoked_at,
            "has_passcode": share.passcode.is_some(),
            "views": share.views,
            "viewed_at": share.viewed_at,
        }));
    }
    Ok(shares)
}
