//! `/sandbox`: sign-up for a sandbox partner by email, where the operator allows it.
//!
//! Opening the link in the mail changes nothing, because mail scanners open links too: the page has
//! a button that creates the partner.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use uuid::Uuid;

use super::{Layout, outcome, page};
use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::flows::sandbox_sign_up::{self, Creation, NameError, Sent};
use crate::http::Client;
use crate::http::extract::{Form, Path};
use crate::i18n::Text;

#[derive(Template)]
#[template(path = "sandbox/sign_up.html")]
struct SignUpPage {
    layout: Layout,
    email: String,
    name: String,
    wrong_email: bool,
    /// Why the name is rejected.
    name_problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sandbox/confirm.html")]
struct ConfirmPage {
    layout: Layout,
    name: String,
    token: String,
}

#[derive(Template)]
#[template(path = "sandbox/created.html")]
struct CreatedPage {
    layout: Layout,
    client_id: Uuid,
    secret: String,
}

#[derive(Template)]
#[template(path = "sandbox/gone.html")]
struct GonePage {
    layout: Layout,
}

#[derive(Debug, Deserialize)]
struct SignUpForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sandbox", get(ask).post(send_link))
        .route("/sandbox/sent", get(sent))
        .route("/sandbox/create/{token}", get(confirm).post(create))
}

async fn ask(State(app): State<App>) -> Result<Response, Error> {
    if sandbox_sign_up::is_full(&app).await? {
        return Ok(full(&app));
    }
    let layout = Layout::new(&app, false);
    let (email, name) = (String::new(), String::new());
    let template = SignUpPage { layout: layout.clone(), email, name, wrong_email: false, name_problem: None };
    Ok(page(&app, &template, &layout))
}

async fn send_link(State(app): State<App>, client: Client, Form(form): Form<SignUpForm>) -> Result<Response, Error> {
    let SignUpForm { email, name } = form;
    let (parsed_email, parsed_name) = (Email::parse(&email), sandbox_sign_up::parse_name(&name));
    if let (Some(email), Ok(name)) = (&parsed_email, &parsed_name) {
        return Ok(match sandbox_sign_up::send_link(&app, client.0, email, name).await? {
            Sent::Mailed => Redirect::to("/sandbox/sent").into_response(),
            Sent::TooMany => full(&app),
        });
    }
    let layout = Layout::new(&app, false);
    let name_problem = parsed_name.err().map(|error| explained(error, &layout.text));
    let wrong_email = parsed_email.is_none();
    let template = SignUpPage { layout: layout.clone(), email, name, wrong_email, name_problem };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &template, &layout)).into_response())
}

/// Returns the text that says why a name is rejected.
fn explained(error: NameError, text: &Text) -> String {
    match error {
        NameError::Character(other) if !other.is_control() && !is_invisible(other) => {
            text.with("sandbox-invalid-character", &[("character", other.to_string().as_str())])
        }
        NameError::Length | NameError::Character(_) => text.of("sandbox-invalid-name"),
        NameError::Reserved => text.of("sandbox-reserved-name"),
    }
}

/// Returns whether a character shows nothing, or changes how the text around it is shown.
fn is_invisible(other: char) -> bool {
    other.is_whitespace()
        || matches!(other, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..)
}

async fn sent(State(app): State<App>) -> Response {
    outcome::show(&app, false, (StatusCode::OK, "sandbox-sent-title", "sandbox-sent"))
}

async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Error> {
    let Some(name) = sandbox_sign_up::offered_name(&app, &token).await? else { return Ok(gone(&app)) };
    let layout = Layout::new(&app, false);
    Ok(page(&app, &ConfirmPage { layout: layout.clone(), name, token }, &layout))
}

async fn create(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Error> {
    Ok(match sandbox_sign_up::create(&app, &token).await? {
        Creation::Created { client_id, secret } => {
            let layout = Layout::new(&app, false);
            page(&app, &CreatedPage { layout: layout.clone(), client_id, secret }, &layout)
        }
        Creation::Gone => gone(&app),
        Creation::TooManyOfPerson => {
            outcome::show(&app, false, (StatusCode::CONFLICT, "sandbox-enough-title", "sandbox-enough"))
        }
        Creation::TooMany => full(&app),
    })
}

fn full(app: &App) -> Response {
    outcome::show(app, false, (StatusCode::CONFLICT, "sandbox-full-title", "sandbox-full"))
}

fn gone(app: &App) -> Response {
    let layout = Layout::new(app, false);
    (StatusCode::GONE, page(app, &GonePage { layout: layout.clone() }, &layout)).into_response()
}
