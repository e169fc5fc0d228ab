//! `/wallet/share` and `/wallet/shares`: create a link for a hirer, see how often it was viewed, and revoke it.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::{Block, Date};
use uuid::Uuid;

use super::outdated::{Outdated, catch_up};
use super::qr::Qr;
use super::selection::{Selection, Sent};
use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::share::{self, CreateShareError, NewShare};
use crate::form_token::{self, FormToken};
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::share::{
    Chosen, DAYS, DEFAULT_DAYS, MOST_ACTIVE, Memory, PASSCODE_LENGTH, PURPOSE_LENGTH, Part, Share, Standing,
};
use store::domain::submission::Submission;

#[derive(Template)]
#[template(path = "share_form.html")]
struct ShareForm {
    layout: Layout,
    token: FormToken,
    /// The one credential that is meant, if the person began with one.
    only: Option<Uuid>,
    offers: Vec<Offer>,
    wanted: Wanted,
    /// The key of what is wrong with what was sent.
    problem: Option<&'static str>,
}

impl ShareForm {
    /// Where the form is sent: not where the page is, since that may name a credential that was replaced.
    fn action(&self) -> String {
        self.only.map_or_else(|| "/wallet/share".to_owned(), |id| format!("/wallet/credentials/{id}/share"))
    }

    fn problem_in_words(&self) -> String {
        self.problem.map(|problem| self.layout.text.count(problem, MOST_ACTIVE)).unwrap_or_default()
    }
}

/// A credential that can be shared.
#[derive(Debug)]
struct Offer {
    id: Uuid,
    title: &'static str,
    partner: String,
    name: String,
    /// The last day that it counted, if that day is over.
    expired_on: Option<Date>,
    /// Whether it took the place of what the person chose.
    is_newer: bool,
    selection: Selection,
    ticked: bool,
}

/// What the person sent, or what a new form begins with.
#[derive(Clone, Debug)]
struct Wanted {
    credentials: BTreeSet<Uuid>,
    sent: Sent,
    purpose: String,
    days: u32,
    passcode: String,
    keep_current: bool,
}

impl Wanted {
    /// What a new form begins with.
    fn new() -> Self {
        Self {
            credentials: BTreeSet::new(),
            sent: Sent::default(),
            purpose: String::new(),
            days: DEFAULT_DAYS,
            passcode: String::new(),
            keep_current: true,
        }
    }

    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut wanted = Self { keep_current: false, ..Self::new() };
        for (name, value) in pairs {
            match name.as_str() {
                "credential" => wanted.credentials.extend(value.parse::<Uuid>().ok()),
                "purpose" => value.trim().clone_into(&mut wanted.purpose),
                "days" => wanted.days = value.parse().unwrap_or_default(),
                "keep_current" => wanted.keep_current = true,
                "passcode" => value.trim().clone_into(&mut wanted.passcode),
                name => wanted.sent.take(name, &value),
            }
        }
        wanted
    }

    fn passcode(&self) -> Option<String> {
        Some(self.passcode.clone()).filter(|passcode| !passcode.is_empty())
    }
}

/// The key of the message for an error.
fn problem_key(error: CreateShareError) -> &'static str {
    match error {
        CreateShareError::NothingChosen => "share-problem-nothing",
        CreateShareError::PurposeTooLong => "share-problem-purpose",
        CreateShareError::InvalidDays => "share-problem-days",
        CreateShareError::PasscodeLength => "share-problem-passcode",
        CreateShareError::TooMany => "share-problem-many",
        CreateShareError::Outdated => "share-problem-gone",
        CreateShareError::Repeated => "share-problem-repeated",
    }
}

impl Offer {
    /// `wanted` says what is ticked; in a new form, all that belongs to a career.
    fn new(shown: &CredentialView, submission: &Submission, wanted: Option<&Wanted>, alone: bool) -> Self {
        let is_career = shown.view.iter().any(|block| matches!(block, Block::Career(_)));
        let ticked = wanted.map_or(is_career || alone, |wanted| wanted.credentials.contains(&shown.id));
        let sent = wanted.map(|wanted| &wanted.sent);
        Self {
            id: shown.id,
            title: shown.title,
            partner: shown.partner.clone(),
            name: shown.full_name().to_owned(),
            expired_on: shown.expired_on,
            is_newer: false,
            selection: Selection::new(shown.id, submission.credential_type, &shown.payload, sent),
            ticked,
        }
    }

    /// What is always shown beside the name.
    fn fixed(&self) -> impl Iterator<Item = &Part> {
        self.selection.fixed.iter().filter(|part| part.member != "full_name")
    }

    fn chosen(&self) -> Option<Chosen> {
        self.ticked.then(|| self.selection.chosen())
    }
}

/// A share as its holder sees it.
#[derive(Debug)]
struct Listed {
    share: Share,
    memory: Memory,
    standing: Standing,
    /// The key of where it stands, in words.
    said: &'static str,
    /// How long it can be opened, if it can.
    left: Option<String>,
}

impl Listed {
    fn new(app: &App, (share, memory): (Share, Memory)) -> Self {
        let standing = share.standing(app.now());
        let said = match standing {
            Standing::Active => "share-active",
            Standing::Locked => "share-locked",
            Standing::Ended => "share-ended",
            Standing::Revoked(_) => "share-revoked",
        };
        let is_active = standing == Standing::Active;
        let left = is_active.then(|| Text::default().time_left(app.now(), share.expires_at));
        Self { share, memory, standing, said, left }
    }

    fn views(&self) -> i64 {
        self.share.views
    }
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage {
    layout: Layout,
    listed: Listed,
    /// When it went on to newer versions, newest first.
    updates: Vec<Timestamp>,
    link: String,
    qr: String,
}

#[derive(Template)]
#[template(path = "shares.html")]
struct SharesPage {
    layout: Layout,
    shares: Vec<Listed>,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/wallet/share", get(choose).post(make))
        .route("/wallet/credentials/{id}/share", get(choose_one).post(make_one))
        .route("/wallet/shares", get(list))
        .route("/wallet/shares/{id}", get(show))
        .route("/wallet/shares/{id}/revoke", post(revoke))
}

/// What `holder` can share: all that they hold, or the one credential that is meant.
async fn offers(app: &App, holder: Uuid, only: Option<Uuid>, wanted: Option<&Wanted>) -> Result<Vec<Offer>, Error> {
    let held = app.store().read().await?.held_submissions(holder).await?;
    // Nothing is signed of what its partner withdrew or replaced.
    let stands = |held: &Submission| held.stands() && only.is_none_or(|only| held.id == only);
    let held: Vec<Submission> = held.into_iter().filter(stands).collect();
    let shown = CredentialView::open_all(app, &held).await?;
    let pairs = shown.iter().filter_map(|shown| Some((shown, held.iter().find(|held| held.id == shown.id)?)));
    let alone = shown.len() == 1;
    Ok(pairs.map(|(shown, held)| Offer::new(shown, held, wanted, alone)).collect())
}

/// A new form.
async fn new_form(app: &App, holder: Uuid, only: Option<Uuid>) -> Result<Response, Error> {
    let offers = offers(app, holder, only, None).await?;
    if offers.is_empty() { Err(Error::not_found()) } else { form(app, only, offers, Wanted::new(), None) }
}

async fn choose(AppState(app): AppState<App>, signed_in: SignedIn) -> Result<Response, Error> {
    new_form(&app, signed_in.holder.id, None).await
}

async fn choose_one(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Error> {
    new_form(&app, signed_in.holder.id, Some(id)).await
}

fn form(
    app: &App,
    only: Option<Uuid>,
    offers: Vec<Offer>,
    wanted: Wanted,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let (layout, token) = (Layout::new(app, true), FormToken::new(app.rng()));
    let response = page(app, &ShareForm { layout: layout.clone(), token, only, offers, wanted, problem }, &layout);
    Ok(if problem.is_some() { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

async fn make(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    create(&app, signed_in.holder.id, None, pairs).await
}

async fn make_one(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    create(&app, signed_in.holder.id, Some(id), pairs).await
}

async fn create(app: &App, holder: Uuid, only: Option<Uuid>, pairs: Vec<(String, String)>) -> Result<Response, Error> {
    let id = FormToken::sent(&pairs, app.rng()).id(app.keyring(), holder);
    let sent = form_token::fingerprint(app.keyring(), &pairs);
    let mut wanted = Wanted::read(pairs);
    // The path has named the one that is meant.
    wanted.credentials.extend(only);
    let outdated = catch_up(app, holder, &mut wanted.credentials, &mut wanted.sent).await?;
    let problem = match share::created(app, holder, id, &sent).await? {
        Some(Ok(id)) => return Ok(to_share(id)),
        Some(Err(error)) => Some(problem_key(error)),
        None => outdated.problem(),
    };
    if let Some(problem) = problem {
        return form_again(app, holder, (only, &outdated), wanted, problem).await;
    }
    let offers = offers(app, holder, only, Some(&wanted)).await?;
    if offers.is_empty() {
        return Err(Error::not_found());
    }
    let chosen: Vec<Chosen> = offers.iter().filter_map(Offer::chosen).collect();
    let new = NewShare {
        id,
        form: sent,
        chosen,
        purpose: wanted.purpose.clone(),
        days: wanted.days,
        passcode: wanted.passcode(),
        keep_current: wanted.keep_current,
    };
    match share::create(app, holder, &new).await? {
        Ok(id) => Ok(to_share(id)),
        Err(CreateShareError::Outdated) => {
            let outdated = catch_up(app, holder, &mut wanted.credentials, &mut wanted.sent).await?;
            let problem = outdated.problem().unwrap_or(problem_key(CreateShareError::Outdated));
            form_again(app, holder, (only, &outdated), wanted, problem).await
        }
        Err(error) => form(app, only, offers, wanted, Some(problem_key(error))),
    }
}

fn to_share(id: Uuid) -> Response {
    Redirect::to(&format!("/wallet/shares/{id}")).into_response()
}

/// The form with what the person chose, about what is in the wallet now, and why it was not accepted as it was.
async fn form_again(
    app: &App,
    holder: Uuid,
    (only, outdated): (Option<Uuid>, &Outdated),
    wanted: Wanted,
    problem: &'static str,
) -> Result<Response, Error> {
    // Without the one that was meant, everything that the wallet has is offered.
    let only = only.and_then(|only| outdated.newest(only));
    let mut offers = offers(app, holder, only, Some(&wanted)).await?;
    for offer in &mut offers {
        offer.is_newer = outdated.is_newer(offer.id);
    }
    form(app, only, offers, wanted, Some(problem))
}

async fn show(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let listed = Listed::new(&app, share::get(&app, id, signed_in.holder.id).await?);
    let updates = app.store().read().await?.share_updates(id).await?;
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let link = app.links().share(&listed.memory.secret);
    let qr = Qr::new(&link).map(|qr| qr.html(&layout.text.of("qr-link"))).unwrap_or_default();
    Ok(page(&app, &SharePage { layout: layout.clone(), listed, updates, link, qr }, &layout))
}

async fn list(AppState(app): AppState<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let shares = share::list(&app, signed_in.holder.id).await?;
    let shares = shares.into_iter().map(|share| Listed::new(&app, share)).collect();
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    Ok(page(&app, &SharesPage { layout: layout.clone(), shares }, &layout))
}

async fn revoke(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    share::revoke(&app, id, signed_in.holder.id).await?;
    Ok((NOTICE.set(&app, "notice-share-revoked"), Redirect::to("/wallet/shares")).into_response())
}
