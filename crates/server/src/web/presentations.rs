//! `/verifications/{id}/other-wallet` and `/presentations/{id}`: respond to a verification request
//! from an outside wallet.
//!
//! The browser that begins a presentation stores a secret in a cookie, which authenticates it. The
//! wallet's device opens the return page with a response code of its own. No account is needed.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::{PartnerQuery, Type};
use serde::Deserialize;
use uuid::Uuid;

use super::qr::Qr;
use super::redirects::allow_form_to;
use super::{Layout, outcome, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::presentation::{self, BegunPresentation, Finish, Returned, WalletReturn};
use crate::flows::verification_request::{self, RequestDetails};
use crate::http::Client;
use crate::http::cookies::PRESENTATION;
use crate::http::extract::{Form, Path, Query};
use crate::http::session::Visitor;
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::presentation::{Flow, Presentation, PresentationState};
use store::domain::verification::Verification;

/// The verification request, for display.
#[derive(Clone, Debug)]
struct PresentationRequestView {
    verification: Uuid,
    partner: String,
    title: &'static str,
    purpose: Option<String>,
    /// The names of the accepted credentials, if they are other issuers'.
    accepted: Vec<String>,
    /// The label of each field that the partner receives: those that are requested or always
    /// disclosed. Of several alternatives, a line for each.
    claims: Vec<String>,
}

#[derive(Template)]
#[template(path = "presentation_begin.html")]
struct BeginPage {
    layout: Layout,
    question: PresentationRequestView,
    cross_device: bool,
}

#[derive(Template)]
#[template(path = "presentation.html")]
struct PresentationPage {
    layout: Layout,
    question: PresentationRequestView,
    id: Uuid,
    flow: Flow,
    view: PresentationView,
    until: Timestamp,
    /// The time left to respond.
    left: String,
    /// Text key of why the last response or code was rejected.
    problem: Option<&'static str>,
}

impl PresentationPage {
    /// Whether the problem is one of the code, and stands at its field.
    fn is_about_code(&self) -> bool {
        matches!(self.problem, Some("code-incomplete" | "presentation-wrong-code" | "presentation-not-answered"))
    }
}

/// The state of a presentation, for the browser that began it.
#[derive(Debug)]
enum PresentationView {
    /// Waiting for a wallet, or for the code that the wallet's device shows.
    Open {
        link: String,
        picture: String,
    },
    Finished,
    Declined,
    Rejected,
    Ended,
}

/// The page that the wallet's device shows after its response.
#[derive(Template)]
#[template(path = "presentation_return.html")]
struct ReturnPage {
    layout: Layout,
    id: Uuid,
    response_code: String,
    partner: String,
    returned: Returned,
}

impl ReturnPage {
    /// Returns the text key of the title.
    fn title(&self) -> &'static str {
        match self.returned {
            Returned::CarryCode(_) => "presentation-return-title",
            Returned::Rejected => "presentation-nothing-shared",
            Returned::Finished | Returned::SeePage | Returned::Ended => "presentation-return-over-title",
        }
    }
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
        .route("/verifications/{id}/other-wallet/cancel", post(cancel))
        .route("/presentations/{id}", get(show))
        .route("/presentations/{id}/code", post(give_code))
        .route("/presentations/{id}/return", get(return_from_wallet))
        .route("/presentations/{id}/not-me", post(not_me))
}

fn own(visitor: &Visitor) -> Option<Uuid> {
    visitor.0.as_ref().map(|signed_in| signed_in.holder.id)
}

impl PresentationRequestView {
    fn new(text: &Text, verification: &Verification, partner: String, details: Option<&RequestDetails>) -> Self {
        let known = verification.credential_type;
        let is_asked = |name: &str| details.is_some_and(|details| details.covers_field(known, name));
        let fields = known.fields.iter().filter(|member| is_asked(member.name));
        let (accepted, claims) = match details.and_then(|details| details.query.as_ref()) {
            Some(query) => (query.credential_names(), claim_lines(text, query, known)),
            None => (Vec::new(), fields.map(|member| member.label.to_owned()).collect()),
        };
        Self {
            verification: verification.id,
            partner,
            title: known.title,
            purpose: details.and_then(|details| details.purpose.clone()),
            accepted,
            claims,
        }
    }
}

/// Returns the claims of a query as lines: the label of each, or the labels of each alternative.
pub(super) fn claim_lines(text: &Text, query: &PartnerQuery, known: Type) -> Vec<String> {
    let mut alternatives = query.alternatives(known);
    if alternatives.len() == 1 {
        return alternatives.pop().unwrap_or_default();
    }
    let line = |(at, claims): (usize, &Vec<String>)| {
        let key = if at == 0 { "verify-either" } else { "verify-or" };
        text.with(key, &[("claims", claims.join(", ").as_str())])
    };
    alternatives.iter().enumerate().map(line).collect()
}

/// Asks on which device the wallet is.
async fn ask(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let (verification, partner, details) = verification_request::answerable_by(&app, id, own(&visitor)).await?;
    let layout = Layout::new(&app, visitor.0.is_some());
    let question = PresentationRequestView::new(&layout.text, &verification, partner, Some(&details));
    let cross_device = app.config().openid4vp.cross_device;
    let mut response = page(&app, &BeginPage { layout: layout.clone(), question, cross_device }, &layout);
    if let Some(url) = details.callback_url {
        allow_form_to(&mut response, &url);
    }
    Ok(response)
}

/// Declines the request, without an account as well.
async fn cancel(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let verification = verification_request::cancel_outside(&app, id, own(&visitor)).await?;
    Ok(match verification_request::callback(&app, &verification).await? {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => {
            let said = (StatusCode::OK, "presentation-canceled-title", "presentation-canceled");
            outcome::show(&app, visitor.0.is_some(), said)
        }
    })
}

/// Begins a presentation. A second click begins a second one: each expires by itself, and only one
/// response takes effect.
async fn begin(
    State(app): State<App>,
    client: Client,
    visitor: Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(form): Form<FlowForm>,
) -> Result<Response, Error> {
    app.limits().wallets.check(&client.0)?;
    let flow = Flow::from_name(&form.flow).ok_or_else(Error::not_found)?;
    // One secret for each browser, so that a second tab does not invalidate the first one's
    // presentation.
    let kept = PRESENTATION.read(&app, &headers).filter(|secret| secret.len() == SECRET_LENGTH);
    let secret = kept.unwrap_or_else(|| app.rng().secret());
    let presentation = presentation::begin(&app, id, own(&visitor), flow, &secret).await?;
    let to_page = Redirect::to(&format!("/presentations/{presentation}"));
    Ok((PRESENTATION.set(&app, &secret), to_page).into_response())
}

/// Length of a secret, in characters.
const SECRET_LENGTH: usize = 43;

/// Returns the presentation if this browser began it; otherwise 404.
async fn begun(app: &App, id: Uuid, headers: &HeaderMap) -> Result<BegunPresentation, Error> {
    let secret = PRESENTATION.read(app, headers).ok_or_else(Error::not_found)?;
    presentation::find_begun(app, id, &secret).await
}

async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let begun = begun(&app, id, &headers).await?;
    let problem = begun.presentation.refusal.as_deref().map(refusal_key);
    Ok(show_page(&app, visitor.is_some(), &begun, problem))
}

fn show_page(app: &App, signed_in: bool, begun: &BegunPresentation, problem: Option<&'static str>) -> Response {
    let BegunPresentation { presentation, verification, partner, details } = begun;
    let layout = Layout::new(app, signed_in);
    let question = PresentationRequestView::new(&layout.text, verification, partner.clone(), details.as_ref());
    let view = match presentation.state {
        PresentationState::Finished { .. } => PresentationView::Finished,
        PresentationState::Declined { .. } => PresentationView::Declined,
        PresentationState::Rejected => PresentationView::Rejected,
        _ if !verification.is_open() => PresentationView::Ended,
        PresentationState::Expired => PresentationView::Ended,
        PresentationState::Waiting { .. } | PresentationState::Answered { .. } => {
            let link = presentation::link(app, presentation);
            let picture = Qr::new(&link).map(|qr| qr.html(&layout.text.of("presentation-qr"))).unwrap_or_default();
            PresentationView::Open { link, picture }
        }
    };
    let (id, flow, until) = (presentation.id, presentation.flow, presentation.expires_at);
    let left = layout.text.time_left(app.now(), until);
    let template = PresentationPage { layout: layout.clone(), question, id, flow, view, until, left, problem };
    let mut response = page(app, &template, &layout);
    if let Some(url) = details.as_ref().and_then(|details| details.callback_url.as_deref()) {
        allow_form_to(&mut response, url);
    }
    response
}

/// Returns the text key of why a response was rejected.
fn refusal_key(code: &str) -> &'static str {
    match code {
        "revoked" | "suspended" => "presentation-refused-revoked",
        "replaced" => "presentation-refused-replaced",
        "expired" | "not_yet_valid" => "presentation-refused-expired",
        "issuer_unknown" | "unknown_key" => "presentation-refused-issuer",
        "status_unknown" => "presentation-refused-status",
        _ => "presentation-refused-other",
    }
}

/// Checks the code that the wallet's device shows.
async fn give_code(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let begun = begun(&app, id, &headers).await?;
    let presentation = &begun.presentation;
    let problem = match (&presentation.state, presentation::finish_by_code(&app, presentation, &form.code).await?) {
        (_, Finish::Done) => return redirect_after_answer(&app, presentation).await,
        (_, Finish::IncompleteCode) => "code-incomplete",
        (_, Finish::WrongCode) => "presentation-wrong-code",
        (PresentationState::Waiting { .. }, Finish::Ended) => "presentation-not-answered",
        (_, Finish::Ended | Finish::Invalid) => return Ok(to_page(id)),
    };
    let shown = show_page(&app, visitor.is_some(), &begun, Some(problem));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

/// Redirects to the partner, or to the page with the outcome of the presentation.
async fn redirect_after_answer(app: &App, presentation: &Presentation) -> Result<Response, Error> {
    Ok(match presentation::callback(app, presentation).await? {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => to_page(presentation.id),
    })
}

fn to_page(id: Uuid) -> Response {
    Redirect::to(&format!("/presentations/{id}")).into_response()
}

/// Handles the redirect from the wallet.
async fn return_from_wallet(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    Query(form): Query<ReturnForm>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let secret = PRESENTATION.read(&app, &headers);
    let end = presentation::return_from_wallet(&app, id, &form.response_code, secret.as_deref()).await?;
    return_page(&app, visitor.is_some(), end, form.response_code).await
}

async fn return_page(app: &App, signed_in: bool, end: WalletReturn, response_code: String) -> Result<Response, Error> {
    let WalletReturn { presentation, returned, partner } = end;
    let status = match returned {
        Returned::Finished => return redirect_after_answer(app, &presentation).await,
        Returned::SeePage => return Ok(to_page(presentation.id)),
        Returned::CarryCode(_) => StatusCode::OK,
        Returned::Rejected => StatusCode::FORBIDDEN,
        Returned::Ended => StatusCode::GONE,
    };
    let layout = Layout::new(app, signed_in);
    let template = ReturnPage { layout: layout.clone(), id: presentation.id, response_code, partner, returned };
    Ok((status, page(app, &template, &layout)).into_response())
}

/// Rejects the response, because the person at the wallet's device did not begin this presentation.
async fn not_me(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(id): Path<Uuid>,
    Form(form): Form<ReturnForm>,
) -> Result<Response, Error> {
    let end = presentation::reject_response(&app, id, &form.response_code).await?;
    if end.returned == Returned::Rejected {
        let said = (StatusCode::FORBIDDEN, "presentation-nothing-shared", "presentation-not-me-done");
        return Ok(outcome::show(&app, visitor.is_some(), said));
    }
    return_page(&app, visitor.is_some(), end, String::new()).await
}
