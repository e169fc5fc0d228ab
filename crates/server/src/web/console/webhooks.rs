//! `/console/webhooks`: a partner's webhooks: create, change, delete, rotate the secret. Forms are
//! validated like request bodies of the API; the rules are in [`crate::flows::webhooks`].

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credential::{EVENT_TYPES, WebhookFields, WebhookForm};
use serde_json::json;
use uuid::Uuid;

use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::webhooks;
use crate::form_token::FormToken;
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedInPartner;
use crate::i18n::Text;
use crate::web::{Layout, page};
use crate::webhook_message::Secret;
use ambient::Timestamp;
use store::WebhookHealth;
use store::domain::webhook::{DEFAULT_EVENTS, MAX, Webhook};

/// The period of the failure rate.
const LATELY: Duration = Duration::from_secs(24 * 3600);

#[derive(Template)]
#[template(path = "console/webhooks.html")]
struct WebhooksPage {
    layout: Layout,
    frame: Frame,
    webhooks: Vec<ListedWebhook>,
    now: Timestamp,
}

/// A webhook with its recent deliveries.
#[derive(Debug)]
struct ListedWebhook {
    webhook: Webhook,
    lately: WebhookHealth,
}

impl WebhooksPage {
    fn most(&self) -> i64 {
        i64::try_from(MAX).unwrap_or(i64::MAX)
    }

    fn may_add(&self) -> bool {
        self.webhooks.len() < MAX
    }
}

#[derive(Template)]
#[template(path = "console/webhook_form.html")]
struct FormPage {
    layout: Layout,
    frame: Frame,
    /// The webhook to change; `None` for a new one.
    id: Option<Uuid>,
    token: FormToken,
    wanted: WebhookFormValues,
    problems: Vec<Problem>,
}

impl FormPage {
    /// Returns the error message of a field; empty if it is valid.
    fn problem(&self, field: &str) -> &str {
        self.problems.iter().find(|problem| problem.field == field).map_or("", |problem| &problem.message)
    }

    /// Returns every event type, its meaning, and whether it is ticked.
    fn choices(&self) -> Vec<(&'static str, &'static str, bool)> {
        let choice = |name: &&'static str| (*name, meaning(name), self.wanted.events.iter().any(|event| event == name));
        EVENT_TYPES.values.iter().map(choice).collect()
    }
}

/// Returns the text key of the meaning of an event type.
pub(super) fn meaning(event: &str) -> &'static str {
    match event {
        "vwsp_request.verified" => "console-event-type-verified",
        "vwsp_request.canceled" => "console-event-type-canceled",
        "atsp_request.created" => "console-event-type-created",
        "atsp_request.opened" => "console-event-type-opened",
        "atsp_request.signed_in" => "console-event-type-signed-in",
        "atsp_request.verified" => "console-event-type-accepted",
        "atsp_request.canceled" => "console-event-type-ended",
        "atsp_request.notify_failed" => "console-event-type-undelivered",
        _ => "console-event-type-test",
    }
}

/// An error in the submitted form.
#[derive(Debug)]
struct Problem {
    /// The field; empty if the error concerns none of them.
    field: String,
    message: String,
}

/// The submitted form, or the initial values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct WebhookFormValues {
    url: String,
    name: String,
    description: String,
    events: Vec<String>,
}

impl WebhookFormValues {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "url" => value.trim().clone_into(&mut wanted.url),
                "name" => value.trim().clone_into(&mut wanted.name),
                "description" => value.trim().clone_into(&mut wanted.description),
                "event" => wanted.events.push(value),
                _ => {}
            }
        }
        wanted
    }

    /// Validates the form like a request body of the API.
    fn check(&self) -> Result<WebhookFields, Error> {
        let text = |text: &str| if text.is_empty() { json!(null) } else { json!(text) };
        let body = json!({ "url": self.url, "name": text(&self.name), "description": text(&self.description), "events": self.events });
        Ok(credential::parse_webhook(WebhookForm::New, body.to_string().as_bytes())?)
    }
}

impl From<Webhook> for WebhookFormValues {
    fn from(webhook: Webhook) -> Self {
        Self {
            url: webhook.url,
            name: webhook.name.unwrap_or_default(),
            description: webhook.description.unwrap_or_default(),
            events: webhook.events.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/webhook_secret.html")]
struct SecretPage {
    layout: Layout,
    frame: Frame,
    id: Uuid,
    is_new: bool,
    characters: String,
    standard: String,
}

#[derive(Template)]
#[template(path = "console/webhook_confirm.html")]
struct ConfirmPage {
    layout: Layout,
    frame: Frame,
    webhook: Webhook,
    /// Whether the page confirms deletion. Otherwise it confirms rotation of the secret.
    deletes: bool,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/webhooks", get(list))
        .route("/console/webhooks/new", get(ask).post(create))
        .route("/console/webhooks/{id}/edit", get(edit).post(change))
        .route("/console/webhooks/{id}/delete", get(confirm_delete).post(delete))
        .route("/console/webhooks/{id}/rotate", get(confirm_rotate).post(rotate))
}

/// Returns a webhook's display name: its name, or else its address.
pub(super) fn called(webhook: &Webhook) -> &str {
    webhook.name.as_deref().unwrap_or(&webhook.url)
}

/// Returns the class of a webhook's state, and its label as HTML.
pub(super) fn health(webhook: &Webhook, now: Timestamp, text: &Text) -> (&'static str, String) {
    if let Some(at) = webhook.disabled_at {
        return ("bad", text.with_moment("console-webhook-disabled", &at));
    }
    match webhook.paused_until.filter(|_| webhook.is_paused(now)) {
        Some(until) => ("failing", text.with_moment("console-webhook-paused", &until)),
        None if webhook.is_on_probation() => ("failing", text.of("console-webhook-probation")),
        None if webhook.failures > 0 => ("failing", text.count("console-webhook-failures", webhook.failures)),
        None => ("good", text.of("console-webhook-good")),
    }
}

async fn list(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Result<Response, Error> {
    let found = webhooks::list_with_health(&app, user.partner.id, app.now() - LATELY).await?;
    let listed = found.into_iter().map(|(webhook, lately)| ListedWebhook { webhook, lately }).collect();
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Webhooks));
    Ok(page(&app, &WebhooksPage { layout: layout.clone(), frame, webhooks: listed, now: app.now() }, &layout))
}

/// Renders the form, with its errors if there are any.
fn form(
    app: &App,
    user: &SignedInPartner,
    headers: &HeaderMap,
    id: Option<Uuid>,
    wanted: WebhookFormValues,
    problems: Vec<Problem>,
) -> Response {
    let (layout, frame) = (layout(app, headers), Frame::new(user, Section::Webhooks));
    let is_wrong = !problems.is_empty();
    let template = FormPage { layout: layout.clone(), frame, id, token: FormToken::new(app.rng()), wanted, problems };
    let response = page(app, &template, &layout);
    if is_wrong { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response }
}

/// Converts an error into messages for the form; returns it unchanged if the form did not cause it.
fn problems(error: Error) -> Result<Vec<Problem>, Error> {
    match error.kind {
        Kind::Invalid => Ok(error
            .field_errors
            .iter()
            .map(|field_error| Problem {
                field: field_error.pointer.split('/').nth(1).unwrap_or_default().to_owned(),
                message: field_error.message.clone(),
            })
            .collect()),
        Kind::Conflict => Ok(vec![Problem { field: String::new(), message: error.detail }]),
        _ => Err(error),
    }
}

async fn ask(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Response {
    let events = DEFAULT_EVENTS.split_whitespace().map(str::to_owned).collect();
    form(&app, &user, &headers, None, WebhookFormValues { events, ..WebhookFormValues::default() }, Vec::new())
}

async fn create(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let id = FormToken::sent(&pairs, app.rng()).id(app.keyring(), user.partner.id);
    let wanted = WebhookFormValues::read(pairs);
    let created = match wanted.check() {
        Ok(fields) => webhooks::create(&app, user.partner.id, id, fields).await,
        Err(error) => Err(error),
    };
    match created {
        Ok((webhook, secret)) => {
            audit(&user, "webhook_created");
            Ok(secret_page(&app, &user, &headers, &webhook, &secret, true))
        }
        Err(error) => Ok(form(&app, &user, &headers, None, wanted, problems(error)?)),
    }
}

async fn edit(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let webhook = webhooks::find(&app, user.partner.id, id).await?;
    Ok(form(&app, &user, &headers, Some(id), webhook.into(), Vec::new()))
}

async fn change(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let wanted = WebhookFormValues::read(pairs);
    let changed = match wanted.check() {
        // An empty field clears the stored value, like `null` in the API.
        Ok(fields) => {
            let (name, description) = (Some(fields.name.flatten()), Some(fields.description.flatten()));
            webhooks::update(&app, user.partner.id, id, WebhookFields { name, description, ..fields }).await
        }
        Err(error) => webhooks::find(&app, user.partner.id, id).await.and(Err(error)),
    };
    match changed {
        Ok(_) => {
            audit(&user, "webhook_changed");
            let notice = NOTICE.set(&app, "notice-console-webhook-changed");
            Ok((notice, Redirect::to(&format!("/console/webhooks/{id}"))).into_response())
        }
        Err(error) => Ok(form(&app, &user, &headers, Some(id), wanted, problems(error)?)),
    }
}

fn secret_page(
    app: &App,
    user: &SignedInPartner,
    headers: &HeaderMap,
    webhook: &Webhook,
    secret: &Secret,
    is_new: bool,
) -> Response {
    let layout = layout(app, headers);
    let template = SecretPage {
        frame: Frame::new(user, Section::Webhooks),
        id: webhook.id,
        is_new,
        characters: secret.characters().to_owned(),
        standard: secret.standard(),
        layout: layout.clone(),
    };
    page(app, &template, &layout)
}

async fn confirm_delete(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    confirm(&app, &user, id, &headers, true).await
}

async fn confirm_rotate(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    confirm(&app, &user, id, &headers, false).await
}

async fn confirm(
    app: &App,
    user: &SignedInPartner,
    id: Uuid,
    headers: &HeaderMap,
    deletes: bool,
) -> Result<Response, Error> {
    let webhook = webhooks::find(app, user.partner.id, id).await?;
    let (layout, frame) = (layout(app, headers), Frame::new(user, Section::Webhooks));
    Ok(page(app, &ConfirmPage { layout: layout.clone(), frame, webhook, deletes }, &layout))
}

async fn delete(State(app): State<App>, user: SignedInPartner, Path(id): Path<Uuid>) -> Result<Response, Error> {
    webhooks::remove(&app, user.partner.id, id).await?;
    audit(&user, "webhook_deleted");
    Ok((NOTICE.set(&app, "notice-console-webhook-deleted"), Redirect::to("/console/webhooks")).into_response())
}

async fn rotate(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (webhook, secret) = webhooks::rotate(&app, user.partner.id, id).await?;
    audit(&user, "webhook_secret_rotated");
    Ok(secret_page(&app, &user, &headers, &webhook, &secret, false))
}
