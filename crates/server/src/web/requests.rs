//! `/requests/{id}`: the page of what a link leads to, for the person it is about: consent, and what became of it. A
//! batch has one page, on which each item is answered by itself.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as AppState};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::career::CareerView;
use super::shown::{Shown, Withdrawal};
use super::{Layout, authorize, page};
use crate::app::App;
use crate::auth::holder::{NOTICE, SignedIn};
use crate::documents::{self, Owner};
use crate::domain::asset::{Asset, AssetState};
use crate::domain::submission::{State, Submission};
use crate::error::Error;
use crate::store::{EventKind, Tx};
use crate::time::Timestamp;

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    layout: Layout,
    shown: Shown,
    career: Option<CareerView>,
}

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchConsent {
    layout: Layout,
    id: Uuid,
    partner: String,
    waiting: Vec<(Shown, Option<CareerView>)>,
    answered: Vec<Answered>,
    expires_at: Timestamp,
    pushed_at: Timestamp,
}

/// An item of a batch that is not waiting any more.
#[derive(Debug)]
struct Answered {
    title: &'static str,
    /// The key of the sentence that says what became of it.
    outcome: &'static str,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct OutcomePage {
    layout: Layout,
    title: &'static str,
    body: &'static str,
}

#[derive(Template)]
#[template(path = "taken_back.html")]
struct TakenBack {
    layout: Layout,
    partner: String,
    withdrawal: Withdrawal,
}

/// What a link can lead to, other than consent.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Unknown,
    AnotherPersons,
    Declined,
    Expired,
    Removed,
    TakenBack,
}

/// What a link leads to, for its holder.
enum Linked {
    /// One submission.
    One(Box<Submission>),
    /// The items of a batch, at least one.
    Batch(Vec<Submission>),
}

impl Linked {
    fn items(&self) -> &[Submission] {
        match self {
            Self::One(submission) => std::slice::from_ref(submission),
            Self::Batch(items) => items,
        }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/requests/{id}", get(consent))
        .route("/requests/{id}/accept", post(accept))
        .route("/requests/{id}/decline", post(decline))
}

/// Binds what the link leads to to `holder` if nobody has it yet, and says where to go: always to its page, which tells
/// what it may tell.
pub(super) async fn open_for(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let unbound = tx.linked_submission(id, now).await?.is_some_and(|submission| submission.holder().is_none());
    let mut opened = Vec::new();
    if unbound && tx.bind_submission(id, holder, now).await? {
        opened.push(id);
    } else if let Some(batch) = tx.linked_batch(id, now).await?
        && batch.items.iter().all(|item| item.holder().is_none())
    {
        opened = tx.bind_batch(id, holder, now).await?;
    }
    if !opened.is_empty() {
        tx.record_events(&opened, EventKind::Opened, now).await?;
        tx.commit().await?;
        app.deliveries_due.notify_one();
    }
    Ok(Redirect::to(&format!("/requests/{id}")))
}

/// What the link leads to, if it is `holder`'s; what to tell if not. Something expired that nobody opened is told as
/// expired.
async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Linked, Outcome>, Error> {
    let mut tx = app.store.read().await?;
    let linked = match tx.linked_submission(id, app.now()).await? {
        Some(submission) => Linked::One(Box::new(submission)),
        None => match tx.linked_batch(id, app.now()).await? {
            Some(batch) => Linked::Batch(batch.items),
            None => return Ok(Err(Outcome::Unknown)),
        },
    };
    let items = linked.items();
    let whose: Vec<Option<Uuid>> = items.iter().map(Submission::holder).collect();
    Ok(if whose.contains(&Some(holder)) {
        Ok(match linked {
            Linked::One(_) => linked,
            Linked::Batch(items) => {
                Linked::Batch(items.into_iter().filter(|item| item.holder() == Some(holder)).collect())
            }
        })
    } else if whose.iter().any(Option::is_some) {
        Err(Outcome::AnotherPersons)
    } else if items.iter().any(|item| matches!(item.state, State::Incomplete { .. })) || items.is_empty() {
        Err(Outcome::Unknown)
    } else if items.iter().all(|item| matches!(item.state, State::TakenBack { .. })) {
        Err(Outcome::TakenBack)
    } else if items.iter().all(|item| matches!(item.state, State::Expired { .. } | State::TakenBack { .. })) {
        Err(Outcome::Expired)
    } else {
        Err(Outcome::AnotherPersons)
    })
}

async fn consent(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    match find(&app, id, signed_in.holder.id).await? {
        Ok(Linked::One(submission)) => consent_to_one(&app, &submission).await,
        Ok(Linked::Batch(items)) => consent_to_batch(&app, id, &items).await,
        Err(outcome) => Ok(outcome.page(&app)),
    }
}

async fn consent_to_one(app: &App, submission: &Submission) -> Result<Response, Error> {
    match submission.state {
        State::Incomplete { .. } => {}
        State::Accepted { .. } | State::Withdrawn { .. } => return Ok(Redirect::to("/wallet").into_response()),
        State::Declined { .. } => return Ok(Outcome::Declined.page(app)),
        State::Expired { .. } => return Ok(Outcome::Expired.page(app)),
        State::Removed { .. } => return Ok(Outcome::Removed.page(app)),
        State::TakenBack { .. } => return taken_back(app, submission).await,
    }
    let Some(shown) = Shown::open(app, submission).await? else { return Ok(Outcome::Expired.page(app)) };
    let layout = Layout::new(app, true);
    let career = CareerView::new(std::slice::from_ref(&shown), &layout.text);
    Ok(page(app, &Consent { layout: layout.clone(), shown, career }, &layout))
}

/// Tells the person whose link it is who took it back, and why.
async fn taken_back(app: &App, submission: &Submission) -> Result<Response, Error> {
    let withdrawal = Withdrawal::of(app, submission).await?.filter(|withdrawal| !withdrawal.reason.is_empty());
    let Some(withdrawal) = withdrawal else { return Ok(Outcome::TakenBack.page(app)) };
    let partner = app.store.read().await?.partner(submission.partner_id).await?;
    let layout = Layout::new(app, true);
    let template = TakenBack {
        layout: layout.clone(),
        partner: partner.map(|partner| partner.name).unwrap_or_default(),
        withdrawal,
    };
    Ok(page(app, &template, &layout))
}

async fn consent_to_batch(app: &App, id: Uuid, items: &[Submission]) -> Result<Response, Error> {
    let Some(first) = items.first() else { return Ok(Outcome::Unknown.page(app)) };
    let layout = Layout::new(app, true);
    let partner = app.store.read().await?.partner(first.partner_id).await?;
    let (mut waiting, mut answered) = (Vec::new(), Vec::new());
    for item in items {
        let title = item.credential_type.title;
        let outcome = match item.state {
            State::Incomplete { .. } => {
                if let Some(shown) = Shown::open(app, item).await? {
                    let career = CareerView::new(std::slice::from_ref(&shown), &layout.text);
                    waiting.push((shown, career));
                }
                continue;
            }
            State::Accepted { .. } => "batch-accepted",
            State::Declined { .. } => "batch-declined",
            State::Expired { .. } => "batch-expired",
            State::Removed { .. } => "batch-removed",
            State::Withdrawn { .. } => "batch-withdrawn",
            State::TakenBack { .. } => "batch-taken-back",
        };
        answered.push(Answered { title, outcome });
    }
    let template = BatchConsent {
        layout: layout.clone(),
        id,
        partner: partner.map(|partner| partner.name).unwrap_or_default(),
        waiting,
        answered,
        expires_at: first.expires_at,
        pushed_at: first.created_at,
    };
    Ok(page(app, &template, &layout))
}

/// Re-seals the data under the holder's own key and puts it into the wallet: one submission, or every item of a batch
/// that still waits. A second click finds it done.
async fn accept(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let linked = match find(&app, id, holder).await? {
        Ok(linked) => linked,
        Err(outcome) => return Ok(outcome.page(&app)),
    };
    // Keys are fetched and used before the database is held for writing.
    let mut resealed = Vec::new();
    for item in linked.items() {
        resealed.extend(Resealed::new(&app, item, holder).await?);
    }
    let now = app.now();
    let mut tx = app.store.write().await?;
    tx.hold_wallet(holder).await?;
    let mut accepted = Vec::new();
    for item in &resealed {
        if item.accept(&app, &mut tx, holder, now).await? {
            accepted.push(item.id);
        }
    }
    if accepted.is_empty() {
        // Somebody was quicker, or it is over: its page tells.
        return Ok(Redirect::to(&format!("/requests/{id}")).into_response());
    }
    tx.record_events(&accepted, EventKind::Accepted, now).await?;
    supersede(&mut tx, linked.items(), holder, now).await?;
    tx.commit().await?;
    app.deliveries_due.notify_one();
    app.metrics.submissions("accepted", accepted.len() as u64);
    // Another wallet's request may have brought the person here: it goes on with what is accepted now.
    let done = match authorize::waiting(&app, &headers).await {
        Some(request) => format!("/oid4vci/authorize/{request}"),
        None => "/wallet".to_owned(),
    };
    let next = next_page(&app, &linked, &done).await?;
    Ok(([NOTICE.set(&app, "notice-accepted")], Redirect::to(&next)).into_response())
}

/// Where each push tells the whole anew, the newest of this partner's stands.
async fn supersede(tx: &mut Tx, accepted: &[Submission], holder: Uuid, now: Timestamp) -> Result<(), Error> {
    let Some(first) = accepted.first() else { return Ok(()) };
    let types = accepted.iter().map(|item| item.credential_type).filter(|known| known.newest_stands);
    let superseded = tx.supersede_submissions(holder, first.partner_id, &types.collect::<Vec<_>>(), now).await?;
    tx.record_events(&superseded, EventKind::Superseded, now).await?;
    Ok(())
}

/// A submission that waits, with everything of it sealed for its holder.
struct Resealed {
    id: Uuid,
    period: Timestamp,
    payload: Vec<u8>,
    /// The objects' keys, by asset.
    keys: Vec<(Asset, Vec<u8>)>,
}

impl Resealed {
    /// `None` if the submission does not wait any more, or its data is gone.
    async fn new(app: &App, item: &Submission, holder: Uuid) -> Result<Option<Self>, Error> {
        let State::Incomplete { sealed, .. } = &item.state else { return Ok(None) };
        let label: [&[u8]; 2] = [b"submission", item.id.as_bytes()];
        let Some(payload) = app.keyring.open_sealed(sealed, &label).await? else { return Ok(None) };
        let payload = app.keyring.seal_for_holder(holder, &label, &payload).await?;
        let takes_documents = item.credential_type.assets.most > 0;
        let assets = if takes_documents { app.store.read().await?.assets(&[item.id]).await? } else { Vec::new() };
        let mut keys = Vec::new();
        for asset in assets {
            if let Some(key) = resealed_key(app, &asset, sealed.period, holder).await? {
                keys.push((asset, key));
            }
        }
        Ok(Some(Self { id: item.id, period: sealed.period, payload, keys }))
    }

    /// False if it does not wait any more.
    async fn accept(&self, app: &App, tx: &mut Tx, holder: Uuid, now: Timestamp) -> Result<bool, Error> {
        if !tx.accept_submission(self.id, holder, &self.payload, now).await? {
            return Ok(false);
        }
        tx.end_fetching(self.id).await?;
        // From here on nothing of it changes; what arrived since it was looked at is sealed now.
        for asset in tx.assets(&[self.id]).await? {
            let AssetState::Stored(object) = &asset.state else { continue };
            let prepared = self.keys.iter().find(|(known, _)| *known == asset).map(|(_, key)| key.clone());
            let key = match prepared {
                Some(key) => Some(key),
                None => resealed_key(app, &asset, self.period, holder).await?,
            };
            let keep_by = now + app.config.retention.unkept_documents;
            if let Some(key) = key {
                tx.hand_over_asset(asset.id, object.name, &key, keep_by).await?;
            }
        }
        Ok(true)
    }
}

async fn resealed_key(app: &App, asset: &Asset, period: Timestamp, holder: Uuid) -> Result<Option<Vec<u8>>, Error> {
    let AssetState::Stored(object) = &asset.state else { return Ok(None) };
    let key = documents::object_key(app, asset.id, object, Owner::Ring(period)).await?;
    let Some(key) = key else { return Ok(None) };
    Ok(Some(app.keyring.seal_for_holder(holder, &documents::label(&asset.id), key.expose()).await?))
}

async fn decline(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let linked = match find(&app, id, holder).await? {
        Ok(linked) => linked,
        Err(outcome) => return Ok(outcome.page(&app)),
    };
    let now = app.now();
    let mut tx = app.store.write().await?;
    let mut declined = Vec::new();
    for item in linked.items() {
        if tx.decline_submission(item.id, holder, now).await? {
            declined.push(item.id);
        }
    }
    if !declined.is_empty() {
        tx.record_events(&declined, EventKind::Declined, now).await?;
        tx.commit().await?;
        app.deliveries_due.notify_one();
        app.metrics.submissions("declined", declined.len() as u64);
    }
    let next = next_page(&app, &linked, &format!("/requests/{id}")).await?;
    Ok(Redirect::to(&next).into_response())
}

/// After an answer to an item of a batch: the batch's page while another item waits, otherwise `done`.
async fn next_page(app: &App, linked: &Linked, done: &str) -> Result<String, Error> {
    let batch = linked.items().first().and_then(|item| item.batch_id);
    let Some(batch) = batch else { return Ok(done.to_owned()) };
    let items = app.store.read().await?.linked_batch(batch, app.now()).await?.map(|batch| batch.items);
    let waits = items.is_some_and(|items| items.iter().any(|item| matches!(item.state, State::Incomplete { .. })));
    Ok(if waits { format!("/requests/{batch}") } else { done.to_owned() })
}

impl Outcome {
    fn page(self, app: &App) -> Response {
        let (status, title, body) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
            Self::AnotherPersons => (StatusCode::FORBIDDEN, "outcome-another-title", "outcome-another"),
            Self::Declined => (StatusCode::OK, "outcome-declined-title", "outcome-declined"),
            Self::Expired => (StatusCode::GONE, "outcome-expired-title", "outcome-expired"),
            Self::Removed => (StatusCode::OK, "outcome-removed-title", "outcome-removed"),
            Self::TakenBack => (StatusCode::GONE, "outcome-taken-back-title", "outcome-taken-back"),
        };
        let layout = Layout::new(app, true);
        (status, page(app, &OutcomePage { layout: layout.clone(), title, body }, &layout)).into_response()
    }
}
