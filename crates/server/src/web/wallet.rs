//! `/wallet`: a person's credentials, each with its consent record, export and deletion.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::State;
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
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::{account, consent, earlier_titles, share, wallet};
use crate::form_token::FormToken;
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n::Text;
use ambient::Timestamp;
use store::VersionDecision;

#[derive(Template)]
#[template(path = "wallet.html")]
struct Wallet {
    layout: Layout,
    /// The current credentials, without those that newer versions replaced.
    people: Vec<NamedWallet>,
    earlier: Vec<CredentialView>,
    /// The credentials that were withdrawn or deleted, and that an active link still shows.
    still_shared: BTreeSet<Uuid>,
    waiting: Vec<Waiting>,
    /// Updates that partners made without asking.
    updates: Vec<VersionDecision>,
    offer_passkey: bool,
    /// The time left until documents are deleted unless the person signs in again, by credential.
    documents_left: HashMap<Uuid, String>,
}

/// The credentials under one name. Different names share no heading, timeline or total.
#[derive(Debug)]
struct NamedWallet {
    /// The name, as written in the first of the credentials.
    name: String,
    /// The notes beside the heading.
    notes: Notes,
    held: Vec<CredentialView>,
    career: Option<CareerView>,
}

impl NamedWallet {
    /// Groups `held` by name, in order of first occurrence.
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

    async fn add_earlier_titles(&mut self, app: &App, holder: Uuid) -> Result<(), Error> {
        let Some(career) = &mut self.career else { return Ok(()) };
        for shown in self.held.iter().filter(|shown| shown.stands()) {
            career.add_earlier(&shown.partner, &earlier_titles::of(app, holder, shown.known, shown.id).await?);
        }
        Ok(())
    }
}

/// A link with pending submissions.
#[derive(Debug)]
struct Waiting {
    /// The link's id.
    id: Uuid,
    partner: String,
    /// The title of the credential type; used if there is only one submission.
    title: &'static str,
    /// Number of submissions.
    count: i64,
    /// The time left to decide.
    left: String,
    until: Timestamp,
    sent: Timestamp,
    /// Whether its sentence is that of another link too.
    is_alike: bool,
}

impl Waiting {
    /// Groups submissions by link: the items of a batch share one page.
    fn grouped(contents: &wallet::Wallet, now: Timestamp, text: &Text) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for submission in &contents.waiting {
            let id = submission.batch_id.unwrap_or(submission.id);
            if let Some(known) = all.iter_mut().find(|known| known.id == id) {
                known.count += 1;
                continue;
            }
            let partner = contents.partners.get(&submission.partner_id).cloned().unwrap_or_default();
            let left = text.time_left(now, submission.expires_at);
            let (title, until) = (submission.credential_type.title, submission.expires_at);
            all.push(Self { id, partner, title, count: 1, left, until, sent: submission.created_at, is_alike: false });
        }
        let said: Vec<(String, &str)> = all.iter().map(|waiting| (waiting.partner.clone(), waiting.title)).collect();
        for (waiting, own) in all.iter_mut().zip(&said) {
            waiting.is_alike = said.iter().filter(|other| *other == own).count() > 1;
        }
        all
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record {
    layout: Layout,
    /// The token of the form that offers the credential to another wallet.
    token: FormToken,
    shown: CredentialView,
    career: Option<CareerView>,
    updates: Updates,
    /// The time left until its documents are deleted unless the person signs in again.
    documents_left: Option<String>,
}

#[derive(Template)]
#[template(path = "delete_credential.html")]
struct DeleteCredential {
    layout: Layout,
    shown: CredentialView,
    /// Whether an active link shows it.
    is_shared: bool,
}

impl Wallet {
    fn earlier_count(&self) -> i64 {
        i64::try_from(self.earlier.len()).unwrap_or(i64::MAX)
    }

    /// Whether anything can be shared: partners still confirm it, and no newer version replaced it.
    fn may_share(&self) -> bool {
        self.people.iter().any(|person| person.held.iter().any(CredentialView::stands))
    }

    /// Returns when `shown` was updated without asking, if it was.
    fn updated_at(&self, shown: &CredentialView) -> Option<Timestamp> {
        self.updates.iter().find(|update| update.newer_id == shown.id).map(|update| update.decided_at)
    }

    /// Returns when the person undid the update `shown`, if they did.
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

async fn wallet(State(app): State<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let holder = &signed_in.holder;
    let contents = wallet::contents(&app, holder.id).await?;
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let waiting = Waiting::grouped(&contents, app.now(), &layout.text);
    let wallet::Wallet { held, updates, has_passkey, .. } = contents;
    let (held, earlier): (Vec<CredentialView>, Vec<CredentialView>) =
        held.into_iter().partition(|shown| shown.superseded_at.is_none());
    let mut people = NamedWallet::group(held, &layout.text);
    for person in &mut people {
        person.add_earlier_titles(&app, holder.id).await?;
    }
    let offer_passkey = app.webauthn().is_some() && !has_passkey && holder.passkey_offer_declined_at.is_none();
    let documents_left = documents_left(&app, holder.id, &layout.text).await?;
    let still_shared = share::showing_revoked(&app, holder.id).await?.into_iter().map(|(_, shown)| shown).collect();
    let template = Wallet {
        layout: layout.clone(),
        people,
        earlier,
        still_shared,
        waiting,
        updates,
        offer_passkey,
        documents_left,
    };
    Ok(page(&app, &template, &layout))
}

/// Returns the time left for the documents of each credential; empty if the wallet is kept.
async fn documents_left(app: &App, holder: Uuid, text: &Text) -> Result<HashMap<Uuid, String>, Error> {
    let (now, ends) = (app.now(), wallet::ends_of_documents(app, holder).await?);
    Ok(ends.into_iter().map(|(id, ends_at)| (id, text.time_left(now, ends_at))).collect())
}

/// Returns the credentials that partners still confirm. A withdrawn career is only in the list, not
/// in the combined career.
fn standing(held: &[CredentialView]) -> Vec<CredentialView> {
    held.iter().filter(|shown| shown.stands()).cloned().collect()
}

async fn record(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let shown = wallet::record(&app, holder, id).await?;
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let updates = Updates::of(&app, holder, &shown, &layout.text).await?;
    let mut others = if shown.stands() { wallet::shareable(&app, holder, None).await? } else { Vec::new() };
    others.retain(|other| stand_together(other.full_name(), shown.full_name()));
    let mut career = CareerView::beside(&shown, &others, &layout.text);
    if let Some(career) = &mut career {
        career.add_earlier(&shown.partner, &earlier_titles::of(&app, holder, shown.known, id).await?);
    }
    let documents_left = documents_left(&app, holder, &layout.text).await?.remove(&id);
    let token = FormToken::new(app.rng());
    Ok(page(&app, &Record { layout: layout.clone(), token, shown, career, updates, documents_left }, &layout))
}

async fn confirm(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let shown = wallet::record(&app, signed_in.holder.id, id).await?;
    let is_shared = !share::showing(&app, signed_in.holder.id, id).await?.is_empty();
    let layout = Layout::new(&app, true);
    Ok(page(&app, &DeleteCredential { layout: layout.clone(), shown, is_shared }, &layout))
}

/// The submitted deletion form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deletion {
    /// Whether the page showed the current version.
    current: bool,
}

async fn delete(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(deletion): Form<Deletion>,
) -> Result<Response, Error> {
    consent::delete(&app, id, signed_in.holder.id, deletion.current).await?;
    Ok((NOTICE.set(&app, "notice-deleted"), Redirect::to("/wallet")).into_response())
}

/// Exports all data stored about the person, as JSON.
async fn export(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let export = account::export(&app, &signed_in.holder).await?;
    let text = serde_json::to_vec_pretty(&export).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tenure-wallet.json\""),
    ];
    Ok((headers, text).into_response())
}
