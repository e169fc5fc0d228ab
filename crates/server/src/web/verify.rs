//! `/partner/verify/{name}` and `/verifications/{id}`: a partner requests a presentation; the
//! holder chooses what to share, or cancels, and is redirected back.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::Date;
use uuid::Uuid;

use super::choice_notes;
use super::link::{self, LinkForm};
use super::outdated::{Change, Outdated, catch_up};
use super::presentations::claim_lines;
use super::redirects::{allow_form_to, destination};
use super::selection::{Selection, Sent};
use super::{Layout, kept_form, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::verification_request::{self, DisclosureRecord, HolderRequest, RequestDetails, Unanswerable};
use crate::flows::wallet;
use crate::http::extract::{Form, Path};
use crate::http::session::{SignedIn, Visitor};
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::share::Part;
use store::domain::verification::Verification;

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    layout: Layout,
    id: Uuid,
    partner: String,
    purpose: Option<String>,
    title: &'static str,
    /// The names of the accepted credentials, if they are other issuers'. Only another wallet can
    /// have them.
    accepted: Vec<String>,
    /// The labels of the requested fields.
    wanted: Vec<String>,
    offers: Vec<Offer>,
    /// Whether the person holds any credential of the type.
    holds_any: bool,
    /// The destination after responding, in a form that a person recognises; empty if they stay
    /// here.
    destination: String,
    expires_at: Timestamp,
    left: String,
    /// Text key of the error in the submitted form.
    problem: Option<&'static str>,
}

/// A credential that contains any of the requested fields.
#[derive(Debug)]
struct Offer {
    id: Uuid,
    title: &'static str,
    partner: String,
    headline: String,
    /// What else tells it apart from the others, as HTML; may be empty.
    note: String,
    /// The last day on which it was valid, if it has expired.
    expired_on: Option<Date>,
    /// Whether it replaced a credential that the person chose.
    is_newer: bool,
    selection: Selection,
    picked: bool,
}

/// The submitted form.
#[derive(Debug, Default)]
struct Picked {
    credential: Option<Uuid>,
    sent: Sent,
}

impl Picked {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut picked = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "credential" => picked.credential = value.parse().ok(),
                name => picked.sent.take(name, &value),
            }
        }
        picked
    }

    /// Moves the choices to newer versions of the credentials that the form names.
    async fn catch_up(&mut self, app: &App, holder: Uuid) -> Result<Outdated, Error> {
        let mut chosen = BTreeSet::from_iter(self.credential);
        let outdated = catch_up(app, holder, &mut chosen, &mut self.sent).await?;
        self.credential = chosen.pop_first();
        Ok(outdated)
    }
}

/// Returns the text key of a change after the page was shown.
fn change_key(change: Change) -> &'static str {
    match change {
        Change::Replaced => "verify-problem-replaced",
        Change::Gone => "verify-problem-gone",
    }
}

impl Offer {
    /// `picked` is the submitted form. In a new form every requested field is ticked. Returns
    /// `None` if the credential contains none of the requested fields.
    fn new(
        shown: &CredentialView,
        verification: &Verification,
        details: &RequestDetails,
        picked: Option<&Picked>,
    ) -> Option<Self> {
        let (known, sent) = (verification.credential_type, picked.map(|picked| &picked.sent));
        let mut selection = Selection::new(shown.id, known, &shown.payload, sent);
        selection.choices.retain(|choice| details.asks_for(&choice.part.place));
        let mut asked = selection.fixed.iter().filter(|part| details.asks_for(&part.place));
        if selection.choices.is_empty() && asked.next().is_none() {
            return None;
        }
        Some(Self {
            id: shown.id,
            title: shown.title,
            partner: shown.partner.clone(),
            headline: shown.headline.clone(),
            note: String::new(),
            expired_on: shown.expired_on,
            is_newer: false,
            selection,
            picked: picked.is_some_and(|picked| picked.credential == Some(shown.id)),
        })
    }

    /// Whether any requested field is disclosed.
    fn says_something(&self, details: &RequestDetails) -> bool {
        let is_asked = |part: &Part| details.asks_for(&part.place);
        !self.selection.chosen().places.is_empty() || self.selection.fixed.iter().any(is_asked)
    }

    /// Returns the entry that the wallet records about the presentation to `partner`.
    fn record(&self, partner: &str, details: &RequestDetails) -> DisclosureRecord {
        DisclosureRecord {
            partner: partner.to_owned(),
            purpose: details.purpose.clone(),
            title: format!("{} ({})", self.title, self.partner),
            shown: self.selection.words(&Text::default()),
        }
    }
}

#[derive(Template)]
#[template(path = "verify_done.html")]
struct DonePage {
    layout: Layout,
    partner: String,
    /// The disclosed data; `None` if the holder cancelled.
    record: Option<DisclosureRecord>,
    at: Timestamp,
    /// Link back to the partner, while its address is stored.
    back: Option<String>,
}

impl DonePage {
    fn title(&self) -> &'static str {
        if self.record.is_some() { "verify-done-title" } else { "verify-declined-title" }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/partner/verify/{name}", get(landing).post(open))
        .route("/verifications/{id}", get(ask))
        .route("/verifications/{id}/share", post(share))
        .route("/verifications/{id}/cancel", post(cancel))
}

fn known(name: &str) -> Result<(), Error> {
    let is_known = credential::ALL.iter().any(|known| known.redirect_name == name);
    is_known.then_some(()).ok_or_else(Error::not_found)
}

async fn landing(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    known(&name)?;
    Ok(link::landing_page(&app, visitor.is_some()))
}

async fn open(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Error> {
    known(&name)?;
    link::claim_link(&app, visitor, &form).await
}

fn page_of(id: Uuid) -> String {
    format!("/verifications/{id}")
}

/// Shows the request. A visitor without a session returns here after signing in.
async fn ask(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let Some(signed_in) = visitor else { return link::start(&app, id).await };
    let request = match verification_request::find_for_holder(&app, id, signed_in.holder.id).await? {
        Ok(request) => request,
        Err(why) => return Ok(why.page(&app)),
    };
    if !request.verification.is_open() {
        return done_page(&app, request).await;
    }
    let Some(details) = verification_request::details(&app, &request.verification).await? else {
        return Ok(Unanswerable::Expired.page(&app));
    };
    if let Some(fields) = kept_form::find(&app, &headers, &signed_in.holder, &page_of(id)).await {
        let mut picked = Picked::read(fields);
        let outdated = picked.catch_up(&app, signed_in.holder.id).await?;
        let problem = outdated.change().map_or("form-kept", change_key);
        let page = page_again(&app, &request, &details, (&picked, &outdated), problem).await?;
        return Ok(kept_form::shown(&app, page));
    }
    let offers = offers(&app, &request, &details, None).await?;
    request_page(&app, &request, &details, offers, None)
}

/// The credentials that can be presented, and whether the holder has any of the type.
struct Offers {
    all: Vec<Offer>,
    holds_any: bool,
}

async fn offers(
    app: &App,
    request: &HolderRequest,
    details: &RequestDetails,
    picked: Option<&Picked>,
) -> Result<Offers, Error> {
    if details.query.is_some() {
        return Ok(Offers { all: Vec::new(), holds_any: false });
    }
    let shown = wallet::candidates(app, request.holder, request.verification.credential_type).await?;
    let offers = shown.iter().zip(choice_notes::notes(&shown, &Text::default()));
    let offers = offers
        .filter_map(|(shown, note)| Some(Offer { note, ..Offer::new(shown, &request.verification, details, picked)? }));
    let mut all: Vec<Offer> = offers.collect();
    if picked.is_none() {
        let ids: Vec<Uuid> = all.iter().map(|offer| offer.id).collect();
        let preferred = choice_notes::preferred(app, request.holder, &shown, &ids).await?;
        all.iter_mut().for_each(|offer| offer.picked = Some(offer.id) == preferred);
    }
    Ok(Offers { all, holds_any: !shown.is_empty() })
}

fn request_page(
    app: &App,
    request: &HolderRequest,
    details: &RequestDetails,
    offers: Offers,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let layout = Layout::new(app, true);
    let known = request.verification.credential_type;
    let fields = known.fields.iter().filter(|member| details.claims.iter().any(|claim| claim == member.name));
    let (accepted, wanted) = match &details.query {
        Some(query) => (query.credential_names(), claim_lines(&layout.text, query, known)),
        None => (Vec::new(), fields.map(|member| member.label.to_owned()).collect()),
    };
    let template = VerifyPage {
        layout: layout.clone(),
        id: request.verification.id,
        partner: request.partner.clone(),
        purpose: details.purpose.clone(),
        title: known.title,
        accepted,
        wanted,
        offers: offers.all,
        holds_any: offers.holds_any,
        destination: details.callback_url.as_deref().map(destination).unwrap_or_default(),
        expires_at: request.verification.expires_at,
        left: layout.text.time_left(app.now(), request.verification.expires_at),
        problem,
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = (status, page(app, &template, &layout)).into_response();
    if let Some(url) = &details.callback_url {
        allow_form_to(&mut response, url);
    }
    Ok(response)
}

/// Renders the page that shows the holder's response.
async fn done_page(app: &App, request: HolderRequest) -> Result<Response, Error> {
    let HolderRequest { verification, partner, .. } = request;
    let layout = Layout::new(app, true);
    let template = DonePage {
        layout: layout.clone(),
        partner,
        record: verification_request::disclosure_record(app, &verification).await?,
        at: verification.status().finalized_at().unwrap_or(verification.created_at),
        back: verification_request::callback(app, &verification).await?.map(String::from),
    };
    Ok(page(app, &template, &layout))
}

/// Redirects after a response, the first or a repeated one: to the partner, or to the page that
/// shows the response.
async fn redirect_after_answer(app: &App, id: Uuid, holder: Uuid) -> Result<Response, Error> {
    let verification = match verification_request::find_for_holder(app, id, holder).await? {
        Ok(request) => request.verification,
        Err(why) => return Ok(why.page(app)),
    };
    let callback = match verification.is_open() {
        true => None,
        false => verification_request::callback(app, &verification).await?,
    };
    let Some(callback) = callback else { return Ok(Redirect::to(&page_of(id)).into_response()) };
    let location = HeaderValue::try_from(callback.as_str()).map_err(Error::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

async fn share(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let request = match verification_request::find_for_holder(&app, id, holder).await? {
        Ok(request) if request.verification.is_open() => request,
        _ => return redirect_after_answer(&app, id, holder).await,
    };
    let Some(details) = verification_request::details(&app, &request.verification).await? else {
        return Ok(Unanswerable::Expired.page(&app));
    };
    let mut picked = Picked::read(pairs);
    let outdated = picked.catch_up(&app, holder).await?;
    if let Some(change) = outdated.change() {
        return page_again(&app, &request, &details, (&picked, &outdated), change_key(change)).await;
    }
    let found = offers(&app, &request, &details, Some(&picked)).await?;
    let Some(offer) = found.all.iter().find(|offer| offer.picked) else {
        return request_page(&app, &request, &details, found, Some("verify-problem-credential"));
    };
    if !offer.says_something(&details) {
        return request_page(&app, &request, &details, found, Some("verify-problem-nothing"));
    }
    let chosen = offer.selection.chosen();
    let record = offer.record(&request.partner, &details);
    if !verification_request::share(&app, &request, &details, &chosen, record).await? {
        let outdated = picked.catch_up(&app, holder).await?;
        let problem = outdated.change().map_or("verify-problem-changed", change_key);
        return page_again(&app, &request, &details, (&picked, &outdated), problem).await;
    }
    redirect_after_answer(&app, id, holder).await
}

/// Renders the request again after a chosen credential has changed. The choices are kept; if none
/// of them is about a credential that is still current, the page is as new.
async fn page_again(
    app: &App,
    request: &HolderRequest,
    details: &RequestDetails,
    (picked, outdated): (&Picked, &Outdated),
    problem: &'static str,
) -> Result<Response, Error> {
    let keeps_choices = picked.sent.credentials().any(|id| outdated.newest(id).is_some());
    let mut found = offers(app, request, details, Some(picked).filter(|_| keeps_choices)).await?;
    for offer in &mut found.all {
        offer.is_newer = outdated.is_newer(offer.id);
    }
    request_page(app, request, details, found, Some(problem))
}

async fn cancel(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    verification_request::cancel(&app, id, holder).await?;
    redirect_after_answer(&app, id, holder).await
}
