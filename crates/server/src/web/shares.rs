//! `/wallet/share`: create a link for a hirer.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credential::{Block, Date};
use uuid::Uuid;

use super::choice_notes;
use super::outdated::{Change, Outdated, catch_up};
use super::selection::{Selection, Sent};
use super::{Layout, kept_form, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::share::{self, CreateShareError, NewShare};
use crate::flows::wallet;
use crate::form_token::{self, FormToken};
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n::Text;
use store::domain::share::{Chosen, DAYS, DEFAULT_DAYS, MAX_ACTIVE, PASSCODE_LENGTH, PURPOSE_LENGTH, Part};

#[derive(Template)]
#[template(path = "share_form.html")]
struct ShareForm {
    layout: Layout,
    token: FormToken,
    /// The credential to share, if the person began with one.
    only: Option<Uuid>,
    offers: Vec<Offer>,
    /// Text key of why there are no offers.
    nothing: &'static str,
    wanted: ShareFormValues,
    /// Text key of the error in the submitted form.
    problem: Option<&'static str>,
}

impl ShareForm {
    /// Returns the address that the form is sent to. It differs from the page's address, which may
    /// name a credential that was replaced.
    fn action(&self) -> String {
        self.only.map_or_else(|| "/wallet/share".to_owned(), |id| format!("/wallet/credentials/{id}/share"))
    }

    /// Whether a field of the form is named by the error; it then gets the focus.
    fn has_field(&self) -> bool {
        matches!(self.problem, Some("share-problem-purpose" | "share-problem-days" | "share-problem-passcode"))
    }

    fn problem_in_words(&self) -> String {
        self.problem.map(|problem| self.layout.text.count(problem, MAX_ACTIVE)).unwrap_or_default()
    }
}

/// A credential that can be shared.
#[derive(Debug)]
struct Offer {
    id: Uuid,
    title: &'static str,
    partner: String,
    headline: String,
    name: String,
    /// What else tells it apart from the others, as HTML; may be empty.
    note: String,
    /// The last day on which it was valid, if it has expired.
    expired_on: Option<Date>,
    /// Whether it replaced a credential that the person chose.
    is_newer: bool,
    selection: Selection,
    ticked: bool,
}

/// The submitted form, or the defaults of a new one.
#[derive(Clone, Debug)]
struct ShareFormValues {
    credentials: BTreeSet<Uuid>,
    sent: Sent,
    purpose: String,
    days: u32,
    passcode: String,
    keep_current: bool,
}

impl ShareFormValues {
    /// Returns the defaults of a new form.
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

/// Returns the text key of an error.
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

/// Returns the text key of a change after the form was shown.
fn change_key(change: Change) -> &'static str {
    match change {
        Change::Replaced => "share-problem-replaced",
        Change::Gone => "share-problem-gone",
    }
}

impl Offer {
    /// `wanted` contains the submitted choices. In a new form, careers are ticked, and so is the
    /// credential if it is the only one.
    fn new(shown: &CredentialView, wanted: Option<&ShareFormValues>, alone: bool) -> Self {
        let is_career = shown.view.iter().any(|block| matches!(block, Block::Career(_)));
        let ticked = wanted.map_or(is_career || alone, |wanted| wanted.credentials.contains(&shown.id));
        let sent = wanted.map(|wanted| &wanted.sent);
        Self {
            id: shown.id,
            title: shown.title,
            partner: shown.partner.clone(),
            headline: shown.headline.clone(),
            name: shown.full_name().to_owned(),
            note: String::new(),
            expired_on: shown.expired_on,
            is_newer: false,
            selection: Selection::new(shown.id, shown.known, &shown.payload, sent),
            ticked,
        }
    }

    /// Returns the parts that are always disclosed, except the name.
    fn fixed(&self) -> impl Iterator<Item = &Part> {
        self.selection.fixed.iter().filter(|part| part.member != "full_name")
    }

    fn chosen(&self) -> Option<Chosen> {
        self.ticked.then(|| self.selection.chosen())
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/wallet/share", get(choose).post(make))
        .route("/wallet/credentials/{id}/share", get(choose_one).post(make_one))
}

/// Returns the credentials that `holder` can share: all that they hold, or the given one.
async fn offers(
    app: &App,
    holder: Uuid,
    only: Option<Uuid>,
    wanted: Option<&ShareFormValues>,
) -> Result<Vec<Offer>, Error> {
    let shown = wallet::shareable(app, holder, only).await?;
    let alone = shown.len() == 1;
    let offers = shown.iter().zip(choice_notes::notes(&shown, &Text::default()));
    Ok(offers.map(|(shown, note)| Offer { note, ..Offer::new(shown, wanted, alone) }).collect())
}

/// Renders a new form.
async fn new_form(app: &App, holder: Uuid, only: Option<Uuid>) -> Result<Response, Error> {
    let offers = offers(app, holder, only, None).await?;
    if offers.is_empty() {
        return nothing_to_share(app, holder, only).await;
    }
    form(app, holder, (only, offers), ShareFormValues::new(), None).await
}

/// Renders the page that says why there is nothing to share. A credential of another holder is not
/// found.
async fn nothing_to_share(app: &App, holder: Uuid, only: Option<Uuid>) -> Result<Response, Error> {
    let is_own = match only {
        Some(only) => wallet::holds(app, holder, only).await?,
        None => true,
    };
    if !is_own {
        return Err(Error::not_found());
    }
    form(app, holder, (only, Vec::new()), ShareFormValues::new(), None).await
}

async fn choose(State(app): State<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    match kept_form::find(&app, &headers, &signed_in.holder, "/wallet/share").await {
        Some(fields) => kept(&app, holder, None, fields).await,
        None => new_form(&app, holder, None).await,
    }
}

async fn choose_one(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let page = format!("/wallet/credentials/{id}/share");
    match kept_form::find(&app, &headers, &signed_in.holder, &page).await {
        Some(fields) => kept(&app, holder, Some(id), fields).await,
        None => new_form(&app, holder, Some(id)).await,
    }
}

/// Renders the form with what was entered before the session ended.
async fn kept(app: &App, holder: Uuid, only: Option<Uuid>, fields: Vec<(String, String)>) -> Result<Response, Error> {
    let mut wanted = ShareFormValues::read(fields);
    wanted.credentials.extend(only);
    let outdated = catch_up(app, holder, &mut wanted.credentials, &mut wanted.sent).await?;
    let problem = outdated.change().map_or("form-kept", change_key);
    let page = form_again(app, holder, (only, &outdated), wanted, problem).await?;
    Ok(kept_form::shown(app, page))
}

/// Renders the form with its `offers`; without any, the reason.
async fn form(
    app: &App,
    holder: Uuid,
    (only, offers): (Option<Uuid>, Vec<Offer>),
    wanted: ShareFormValues,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let nothing = match only {
        Some(_) => "share-nothing-one",
        None if offers.is_empty() && wallet::count(app, holder).await? == 0 => "share-nothing-empty",
        None => "share-nothing",
    };
    let (layout, token) = (Layout::new(app, true), FormToken::new(app.rng()));
    let template = ShareForm { layout: layout.clone(), token, only, offers, nothing, wanted, problem };
    let response = page(app, &template, &layout);
    Ok(if problem.is_some() { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

async fn make(
    State(app): State<App>,
    signed_in: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    create(&app, signed_in.holder.id, None, pairs).await
}

async fn make_one(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    create(&app, signed_in.holder.id, Some(id), pairs).await
}

async fn create(app: &App, holder: Uuid, only: Option<Uuid>, pairs: Vec<(String, String)>) -> Result<Response, Error> {
    let id = FormToken::sent(&pairs, app.rng()).id(app.keyring(), holder);
    let sent = form_token::fingerprint(app.keyring(), &pairs);
    let mut wanted = ShareFormValues::read(pairs);
    // The credential in the path is always chosen.
    wanted.credentials.extend(only);
    let outdated = catch_up(app, holder, &mut wanted.credentials, &mut wanted.sent).await?;
    let problem = match share::created(app, holder, id, &sent).await? {
        Some(Ok(id)) => return Ok(to_share(id)),
        Some(Err(error)) => Some(problem_key(error)),
        None => outdated.change().map(change_key),
    };
    if let Some(problem) = problem {
        return form_again(app, holder, (only, &outdated), wanted, problem).await;
    }
    let offers = offers(app, holder, only, Some(&wanted)).await?;
    if offers.is_empty() {
        return nothing_to_share(app, holder, only).await;
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
            let problem = outdated.change().map_or(problem_key(CreateShareError::Outdated), change_key);
            form_again(app, holder, (only, &outdated), wanted, problem).await
        }
        Err(error) => form(app, holder, (only, offers), wanted, Some(problem_key(error))).await,
    }
}

fn to_share(id: Uuid) -> Response {
    Redirect::to(&format!("/wallet/shares/{id}")).into_response()
}

/// Renders the rejected form again with the person's choices, the current contents of the wallet
/// and the reason.
async fn form_again(
    app: &App,
    holder: Uuid,
    (only, outdated): (Option<Uuid>, &Outdated),
    wanted: ShareFormValues,
    problem: &'static str,
) -> Result<Response, Error> {
    // If the credential in the path is gone, the form offers everything in the wallet.
    let only = only.and_then(|only| outdated.newest(only));
    let mut offers = offers(app, holder, only, Some(&wanted)).await?;
    for offer in &mut offers {
        offer.is_newer = outdated.is_newer(offer.id);
    }
    form(app, holder, (only, offers), wanted, Some(problem)).await
}
