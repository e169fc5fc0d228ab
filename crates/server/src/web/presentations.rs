//! `/verifications/{id}/other-wallet` and `/presentations/{id}`: what a partner asks to see, shown from an outside wallet.
//!
//! Owns the browser's part in the binding: a secret in a cookie, which whoever began the question has and nobody else. The
//! wallet's device comes to the return page with another. Nobody needs an account for this.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State as AppState};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;

use super::authorize::allow_form_to;
use super::qr::Qr;
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::{PRESENTATION, Visitor};
use crate::error::{Error, Kind};
use crate::http::Client;
use crate::openid4vp::{self, Finish};
use crate::seal::sha256;
use crate::verification;
use crate::verification_result::Asked;
use ambient::Timestamp;
use store::Partner;
use store::domain::presentation::{Flow, Presentation, State};
use store::domain::verification::Verification;

/// What is asked, for a person to read.
#[derive(Clone, Debug)]
struct Question {
    verification: Uuid,
    partner: String,
    is_active: bool,
    title: &'static str,
    purpose: Option<String>,
    /// What each member that is asked for means.
    claims: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "presentation_begin.html")]
struct BeginPage {
    layout: Layout,
    question: Question,
    cross_device: bool,
}

#[derive(Template)]
#[template(path = "presentation.html")]
struct PresentationPage {
    layout: Layout,
    question: Question,
    id: Uuid,
    flow: Flow,
    standing: Standing,
    until: Timestamp,
    /// The key of why the last answer was not taken, or the last code.
    problem: Option<&'static str>,
}

/// Where a question stands, for the browser that began it.
#[derive(Debug)]
enum Standing {
    /// It waits for a wallet, or for what the wallet's device was given.
    Open {
        link: String,
        picture: String,
    },
    Finished,
    Declined,
    Rejected,
    Over,
}

/// What the wallet's device is shown after its answer.
#[derive(Template)]
#[template(path = "presentation_return.html")]
struct ReturnPage {
    layout: Layout,
    id: Uuid,
    response_code: String,
    partner: String,
    standing: Returned,
}

#[derive(Debug)]
enum Returned {
    /// The code to carry to the browser that began.
    Carry(String),
    /// Somebody else began it, or it was ended.
    Rejected,
    Over,
}

#[derive(Debug, Deserialize)]
struct FlowForm {
    flow: String,
}

#[derive(Debug, Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

#[derive(Debug, Deserialize)]
struct ReturnForm {
    #[serde(default)]
    response_code: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/verifications/{id}/other-wallet", get(ask).post(begin))
        .route("/presentations/{id}", get(show))
        .route("/presentations/{id}/code", post(give_code))
        .route("/presentations/{id}/return", get(come_back))
        .route("/presentations/{id}/not-me", post(not_me))
}

fn over() -> Error {
    Error::new(Kind::Gone, "This request was answered, or its time is over. Ask whoever sent you here for a new one.")
}

/// The open request behind a link, for whoever may answer it: its account, or anybody with the link while it has none.
async fn find(app: &App, id: Uuid, visitor: &Visitor) -> Result<(Verification, Question), Error> {
    let found = app.store().read().await?.linked_verification(id, app.now()).await?.ok_or_else(Error::not_found)?;
    let own = visitor.0.as_ref().map(|signed_in| signed_in.holder.id);
    if found.holder.is_some_and(|holder| own != Some(holder)) {
        return Err(Error::not_found());
    }
    let asked = verification::details(app, &found).await?.filter(|_| found.is_open()).ok_or_else(over)?;
    let question = Question::new(app, &found, Some(&asked)).await?;
    // Without its partner there is nobody to show anything to.
    if !question.is_active {
        return Err(over());
    }
    Ok((found, question))
}

impl Question {
    async fn new(app: &App, verification: &Verification, asked: Option<&Asked>) -> Result<Self, Error> {
        let partner = app.store().read().await?.partner(verification.partner_id).await?;
        let known = verification.credential_type;
        let is_asked = |name: &str| asked.is_some_and(|asked| asked.claims.iter().any(|claim| claim == name));
        let claims = known.fields.iter().filter(|member| is_asked(member.name));
        Ok(Self {
            verification: verification.id,
            is_active: partner.as_ref().is_some_and(Partner::is_active),
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            title: known.title,
            purpose: asked.and_then(|asked| asked.purpose.clone()),
            claims: claims.map(|member| member.meaning.trim_end_matches('.')).collect(),
        })
    }
}

/// Which device is the wallet on?
async fn ask(AppState(app): AppState<App>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let (_, question) = find(&app, id, &visitor).await?;
    let layout = Layout::new(&app, visitor.0.is_some());
    let cross_device = app.config().openid4vp.cross_device;
    Ok(page(&app, &BeginPage { layout: layout.clone(), question, cross_device }, &layout))
}

/// A second click makes a second question; each ends by itself, and one answer counts.
async fn begin(
    AppState(app): AppState<App>,
    client: Client,
    visitor: Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(form): Form<FlowForm>,
) -> Result<Response, Error> {
    app.limits().wallets.check(&client.0)?;
    let (verification, _) = find(&app, id, &visitor).await?;
    let allowed = |flow: &Flow| *flow == Flow::SameDevice || app.config().openid4vp.cross_device;
    let flow = Flow::from_name(&form.flow).filter(allowed).ok_or_else(Error::not_found)?;
    // One secret a browser, so that two tabs do not take each other's question away.
    let kept = PRESENTATION.read(&app, &headers).filter(|secret| secret.len() == SECRET_LENGTH);
    let secret = kept.unwrap_or_else(|| app.rng().secret());
    let presentation = openid4vp::begin(&app, &verification, flow, &sha256(secret.as_bytes())).await?;
    let to_page = Redirect::to(&format!("/presentations/{presentation}"));
    Ok(([PRESENTATION.set(&app, &secret)], to_page).into_response())
}

/// Characters of a secret of ours.
const SECRET_LENGTH: usize = 43;

/// The question that this browser began; 404 for every other browser.
async fn own(app: &App, id: Uuid, headers: &HeaderMap) -> Result<(Presentation, Verification), Error> {
    let secret = PRESENTATION.read(app, headers).ok_or_else(Error::not_found)?;
    let mut tx = app.store().read().await?;
    let found = tx.bound_presentation(id, &sha256(secret.as_bytes()), app.now()).await?.ok_or_else(Error::not_found)?;
    let verification = tx.linked_verification(found.verification, app.now()).await?.ok_or_else(over)?;
    Ok((found, verification))
}

async fn show(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (presentation, verification) = own(&app, id, &headers).await?;
    let problem = presentation.refusal.as_deref().map(refusal_key);
    show_page(&app, visitor.is_some(), &presentation, &verification, problem).await
}

async fn show_page(
    app: &App,
    signed_in: bool,
    presentation: &Presentation,
    verification: &Verification,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let layout = Layout::new(app, signed_in);
    let asked = verification::details(app, verification).await?;
    let question = Question::new(app, verification, asked.as_ref()).await?;
    let standing = match presentation.state {
        State::Finished => Standing::Finished,
        State::Declined => Standing::Declined,
        State::Rejected => Standing::Rejected,
        _ if !verification.is_open() => Standing::Over,
        State::Expired => Standing::Over,
        State::Waiting { .. } | State::Answered { .. } => {
            let link = openid4vp::link(app, presentation);
            let picture = Qr::new(&link).map(|qr| qr.html(&layout.text.of("presentation-qr"))).unwrap_or_default();
            Standing::Open { link, picture }
        }
    };
    let (id, flow, until) = (presentation.id, presentation.flow, presentation.expires_at);
    let template = PresentationPage { layout: layout.clone(), question, id, flow, standing, until, problem };
    let mut response = page(app, &template, &layout);
    if let Some(url) = asked.and_then(|asked| asked.callback_url) {
        allow_form_to(&mut response, &url);
    }
    Ok(response)
}

/// The words for why an answer was not taken.
fn refusal_key(code: &str) -> &'static str {
    match code {
        "revoked" | "suspended" => "presentation-refused-revoked",
        "expired" | "not_yet_valid" => "presentation-refused-expired",
        "issuer_unknown" | "unknown_key" => "presentation-refused-issuer",
        "status_unknown" => "presentation-refused-status",
        _ => "presentation-refused-other",
    }
}

/// The code that the wallet's device was shown.
async fn give_code(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let (presentation, verification) = own(&app, id, &headers).await?;
    // On one device the browser comes back by itself, and a code would only be a way for others.
    if presentation.flow == Flow::SameDevice {
        return Err(Error::not_found());
    }
    let problem = match (&presentation.state, openid4vp::finish_by_code(&app, &presentation, &form.code).await?) {
        (_, Finish::Done) => return go_on(&app, id, verification.id).await,
        (_, Finish::WrongCode) => "presentation-wrong-code",
        (State::Waiting { .. }, Finish::Over) => "presentation-not-answered",
        (_, Finish::Over) => return Ok(Redirect::to(&format!("/presentations/{id}")).into_response()),
    };
    let shown = show_page(&app, visitor.is_some(), &presentation, &verification, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

/// To the partner, or to the page that says how it ended.
async fn go_on(app: &App, id: Uuid, verification: Uuid) -> Result<Response, Error> {
    let found = app.store().read().await?.linked_verification(verification, app.now()).await?.ok_or_else(over)?;
    let asked = verification::details(app, &found).await?;
    let callback = asked.and_then(|asked| verification::callback(&asked, &found));
    let target = callback.map_or_else(|| format!("/presentations/{id}"), String::from);
    Ok(Redirect::to(&target).into_response())
}

/// An answer that somebody comes back from, by the secret that the wallet's device was sent here with.
async fn answered(app: &App, id: Uuid, secret: &str) -> Result<(Presentation, bool), Error> {
    let found = app.store().read().await?.presentation(id, app.now()).await?.ok_or_else(Error::not_found)?;
    let fits = match &found.state {
        State::Answered { response_hash, .. } => openid4vp::is_response_code(response_hash, secret),
        _ => false,
    };
    Ok((found, fits))
}

/// The wallet sends the person here. In the browser that began, the answer counts now. Elsewhere: of a wallet on another
/// device it is shown what to carry over; one that should be on this device was answered for somebody else.
async fn come_back(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    Query(form): Query<ReturnForm>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (presentation, fits) = answered(&app, id, &form.response_code).await?;
    let own = PRESENTATION.read(&app, &headers).is_some_and(|secret| is_bound(&presentation, &secret));
    let standing = match (&presentation.state, fits) {
        (State::Answered { .. }, true) if own => {
            return match openid4vp::finish(&app, &presentation).await? {
                Finish::Done => go_on(&app, id, presentation.verification).await,
                _ => Ok(Redirect::to(&format!("/presentations/{id}")).into_response()),
            };
        }
        (State::Answered { response_hash, .. }, true) if presentation.flow == Flow::CrossDevice => {
            Returned::Carry(openid4vp::carried_code(&app, id, response_hash))
        }
        (State::Answered { .. }, true) => {
            openid4vp::reject(&app, id).await?;
            Returned::Rejected
        }
        _ if own => return Ok(Redirect::to(&format!("/presentations/{id}")).into_response()),
        _ => Returned::Over,
    };
    return_page(&app, visitor.is_some(), &presentation, form.response_code, standing).await
}

fn is_bound(presentation: &Presentation, secret: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    bool::from(sha256(secret.as_bytes()).as_slice().ct_eq(&presentation.binding_hash))
}

async fn return_page(
    app: &App,
    signed_in: bool,
    presentation: &Presentation,
    response_code: String,
    standing: Returned,
) -> Result<Response, Error> {
    let mut tx = app.store().read().await?;
    let verification = tx.linked_verification(presentation.verification, app.now()).await?;
    let partner = match (&standing, verification) {
        (Returned::Carry(_), Some(verification)) => tx.partner(verification.partner_id).await?,
        _ => None,
    };
    drop(tx);
    let layout = Layout::new(app, signed_in);
    let status = match standing {
        Returned::Carry(_) => StatusCode::OK,
        Returned::Rejected => StatusCode::FORBIDDEN,
        Returned::Over => StatusCode::GONE,
    };
    let partner = partner.map(|partner| partner.name).unwrap_or_default();
    let template = ReturnPage { layout: layout.clone(), id: presentation.id, response_code, partner, standing };
    Ok((status, page(app, &template, &layout)).into_response())
}

/// The person at the wallet's device did not begin this: what they showed must not count.
async fn not_me(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    Form(form): Form<ReturnForm>,
) -> Result<Response, Error> {
    let (presentation, fits) = answered(&app, id, &form.response_code).await?;
    let standing = if fits {
        openid4vp::reject(&app, id).await?;
        Returned::Rejected
    } else {
        Returned::Over
    };
    return_page(&app, visitor.is_some(), &presentation, String::new(), standing).await
}
