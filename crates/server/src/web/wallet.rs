//! `/wallet`: what a person holds, each credential's consent record, export and deletion.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credential::names::stand_together;
use serde::Deserialize;
use uuid::Uuid;

use super::career::CareerView;
use super::people::Notes;
use super::updates::Updates;
use super::{Layout, page};
use crate::app::App;
use store::domain::submission::Submission;

use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::{account, consent};
use crate::form_token::FormToken;
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n::Text;
use ambient::Timestamp;
use store::{Decision, VersionDecision};

#[derive(Template)]
#[template(path = "wallet.html")]
struct Wallet {
    layout: Layout,
    /// What is held, without what newer ones have taken the place of.
    people: Vec<NamedWallet>,
    earlier: Vec<CredentialView>,
    waiting: Vec<Waiting>,
    /// The updates that partners made without asking.
    updates: Vec<VersionDecision>,
    offer_passkey: bool,
    /// How long documents are kept unless the person comes back, by credential.
    documents_left: HashMap<Uuid, String>,
}

/// What is held under one name. Different names share no heading, timeline or total.
#[derive(Debug)]
struct NamedWallet {
    /// The name, as in the first of the credentials.
    name: String,
    /// What the heading says beside it.
    notes: Notes,
    held: Vec<CredentialView>,
    career: Option<CareerView>,
}

impl NamedWallet {
    /// Groups `held` by name, in the order in which the names stand first.
    fn group(held: Vec<CredentialView>, text: &Text) -> Vec<Self> {
        let mut people: Vec<Self> = Vec::new();
        for shown in held {
            match people.iter_mut().find(|person| stand_together(&person.name, shown.full_name())) {
                Some(person) => person.held.push(shown),
                None => people.push(Self {
                    name: shown.full_name().to_owned(),
                    notes: Notes::default(),
                    held: vec![shown],
                    career: None,
                }),
            }
        }
        for (person, number) in people.iter_mut().zip(1..) {
            person.notes = Notes::new(person.held.iter().map(CredentialView::full_name), text);
            person.career = CareerView::numbered(&standing(&person.held), number, text);
        }
        people
    }
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
    /// How long it waits.
    left: String,
}

impl Waiting {
    /// The items of a batch are answered on one page, so they are one thing here.
    async fn grouped(app: &App, submissions: &[Submission], text: &Text) -> Result<Vec<Self>, Error> {
        let mut tx = app.store().read().await?;
        let mut all: Vec<Self> = Vec::new();
        for submission in submissions {
            let id = submission.batch_id.unwrap_or(submission.id);
            if let Some(known) = all.iter_mut().find(|known| known.id == id) {
                known.count += 1;
                continue;
            }
            let partner = tx.partner(submission.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
            let left = text.time_left(app.now(), submission.expires_at);
            all.push(Self { id, partner, title: submission.credential_type.title, count: 1, left });
        }
        Ok(all)
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record {
    layout: Layout,
    /// Of the form that offers it to another wallet.
    token: FormToken,
    shown: CredentialView,
    career: Option<CareerView>,
    updates: Updates,
    /// How long its documents are kept unless the person comes back.
    documents_left: Option<String>,
}

#[derive(Template)]
#[template(path = "delete_credential.html")]
struct DeleteCredential {
    layout: Layout,
    shown: CredentialView,
}

impl Wallet {
    fn earlier_count(&self) -> i64 {
        i64::try_from(self.earlier.len()).unwrap_or(i64::MAX)
    }

    /// When `shown` was updated without asking, if it was.
    fn updated_at(&self, shown: &CredentialView) -> Option<Timestamp> {
        self.updates.iter().find(|update| update.newer_id == shown.id).map(|update| update.decided_at)
    }

    /// When the person undid the update `shown`, if they did.
    fn undone_at(&self, shown: &CredentialView) -> Option<Timestamp> {
        self.updates.iter().find(|update| update.newer_id == shown.id).and_then(|update| update.undone_at)
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
    let mut updates = tx.version_decisions_of(holder.id).await?;
    drop(tx);
    updates.retain(|decided| decided.decision == Decision::Standing);
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let (held, earlier): (Vec<CredentialView>, Vec<CredentialView>) =
        CredentialView::open_all(&app, &held).await?.into_iter().partition(|shown| shown.superseded_at.is_none());
    let people = NamedWallet::group(held, &layout.text);
    let offer_passkey = app.webauthn().is_some() && !has_passkey && holder.passkey_offer_declined_at.is_none();
    let waiting = Waiting::grouped(&app, &waiting, &layout.text).await?;
    let documents_left = documents_left(&app, holder.id, &layout.text).await?;
    let template = Wallet { layout: layout.clone(), people, earlier, waiting, updates, offer_passkey, documents_left };
    Ok(page(&app, &template, &layout))
}

/// How long the documents of each credential are kept; empty if the wallet is kept.
async fn documents_left(app: &App, holder: Uuid, text: &Text) -> Result<HashMap<Uuid, String>, Error> {
    let (now, end) = (app.now(), Timestamp::from_micros(i64::MAX));
    let ending = app.store().read().await?.ending_documents(holder, now, end, false).await?;
    Ok(ending.into_iter().map(|ending| (ending.submission, text.time_left(now, ending.ends_at))).collect())
}

/// What partners say now. A career that its partner has withdrawn is attested by nobody: it is in the list alone.
fn standing(held: &[CredentialView]) -> Vec<CredentialView> {
    held.iter().filter(|shown| shown.stands()).cloned().collect()
}

/// The credential, if it is in `holder`'s wallet.
async fn held(app: &App, id: Uuid, holder: Uuid) -> Result<CredentialView, Error> {
    let submission = app.store().read().await?.linked_submission(id, app.now()).await?;
    let submission = submission.filter(|found| found.is_held_by(holder));
    let shown = CredentialView::open(app, &submission.ok_or_else(Error::not_found)?).await?;
    shown.ok_or_else(Error::not_found)
}

async fn record(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let shown = held(&app, id, holder).await?;
    let others = app.store().read().await?.held_submissions(holder).await?;
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let updates = Updates::of(&app, holder, &shown, &layout.text).await?;
    let mut others =
        if shown.stands() { standing(&CredentialView::open_all(&app, &others).await?) } else { Vec::new() };
    others.retain(|other| stand_together(other.full_name(), shown.full_name()));
    let career = CareerView::beside(&shown, &others, &layout.text);
    let documents_left = documents_left(&app, holder, &layout.text).await?.remove(&id);
    let token = FormToken::new(app.rng());
    Ok(page(&app, &Record { layout: layout.clone(), token, shown, career, updates, documents_left }, &layout))
}

async fn confirm(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let shown = held(&app, id, signed_in.holder.id).await?;
    let layout = Layout::new(&app, true);
    Ok(page(&app, &DeleteCredential { layout: layout.clone(), shown }, &layout))
}

/// What the page of deletion sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deletion {
    /// Whether the page showed the current version.
    current: bool,
}

async fn delete(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(deletion): Form<Deletion>,
) -> Result<Response, Error> {
    consent::delete(&app, id, signed_in.holder.id, deletion.current).await?;
    Ok((NOTICE.set(&app, "notice-deleted"), Redirect::to("/wallet")).into_response())
}

/// Everything that is held of the person, as JSON.
async fn export(AppState(app): AppState<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let export = account::export(&app, &signed_in.holder).await?;
    let text = serde_json::to_vec_pretty(&export).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tenure-wallet.json\""),
    ];
    Ok((headers, text).into_response())
}
