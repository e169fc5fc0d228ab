//! `/console/webhooks/{id}`: the deliveries of a webhook with every attempt, replaying them, and
//! sending a test event.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::listing::Listing;
use super::webhooks::{called, health, meaning};
use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::webhooks::{self, LogPage};
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path, Query};
use crate::http::session::SignedInPartner;
use crate::i18n::Text;
use crate::web::{Layout, page};
use crate::webhook_message::body;
use ambient::{DAY, MINUTE, Timestamp};
use store::Attempt;
use store::domain::webhook::{Delivery, DeliveryState, Webhook};

/// Number of deliveries on one page.
const PAGE: i64 = 20;

#[derive(Template)]
#[template(path = "console/webhook.html")]
struct WebhookPage {
    layout: Layout,
    frame: Frame,
    webhook: Webhook,
    now: Timestamp,
    log: Vec<Logged>,
    listing: Listing,
    range: Range,
    /// The error in the submitted period.
    problem: Option<String>,
}

impl WebhookPage {
    /// Returns until when the previous secret also signs.
    fn previous_until(&self) -> Option<Timestamp> {
        self.webhook.previous_until.filter(|until| *until > self.now)
    }
}

/// A delivery with its attempts.
#[derive(Debug)]
struct Logged {
    delivery: Delivery,
    attempts: Vec<Attempt>,
    /// The body as it is sent.
    body: String,
    /// Whether it is due while the webhook is paused, so that it waits for the end of the pause.
    is_held: bool,
}

impl Logged {
    fn new((delivery, attempts): (Delivery, Vec<Attempt>), paused_until: Option<Timestamp>) -> Self {
        let body = String::from_utf8_lossy(&body(&delivery)).into_owned();
        let is_held = paused_until.is_some_and(|until| delivery.due_at < until);
        Self { body, is_held, delivery, attempts }
    }

    /// Describes its state, as HTML.
    fn said(&self, text: &Text) -> String {
        match (self.delivery.state, self.delivery.delivered_at) {
            (DeliveryState::Delivered, Some(at)) => text.with_moment("console-delivered-at", &at),
            (DeliveryState::Delivered, None) => text.of("console-delivery-delivered"),
            (DeliveryState::Failed, _) => text.of("console-given-up"),
            (DeliveryState::Waiting, _) if self.is_held => text.of("console-after-pause"),
            (DeliveryState::Waiting, _) if self.attempts.is_empty() => text.of("console-to-be-sent"),
            (DeliveryState::Waiting, _) => text.with_moment("console-again-at", &self.delivery.due_at),
        }
    }

    fn attempt_count(&self) -> i64 {
        i64::try_from(self.attempts.len()).unwrap_or(i64::MAX)
    }
}

/// Describes the result of an attempt.
fn outcome(attempt: &Attempt, text: &Text) -> String {
    let took = text.number(attempt.duration_ms);
    match (attempt.status, attempt.error.as_deref()) {
        (Some(status), _) => {
            text.with("console-attempt-answered", &[("status", &status.to_string()), ("millis", &took)])
        }
        (None, Some("timed_out")) => text.with("console-attempt-late", &[("millis", &took)]),
        (None, Some("address_refused")) => text.of("console-attempt-refused"),
        (None, _) => text.with("console-attempt-unreachable", &[("millis", &took)]),
    }
}

fn is_good(attempt: &Attempt) -> bool {
    attempt.status.is_some_and(|status| (200..300).contains(&status))
}

/// Returns the text key of a state.
fn state_name(state: &DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "console-delivery-waiting",
        DeliveryState::Delivered => "console-delivery-delivered",
        DeliveryState::Failed => "console-delivery-failed",
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DeliveriesQuery {
    state: String,
    before: Option<i64>,
}

/// A period to replay. Times are in UTC, in the format of a browser's `datetime-local` field:
/// without seconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    from: String,
    to: String,
    state: String,
}

impl Range {
    /// Returns the last 24 hours.
    fn last_day(now: Timestamp) -> Self {
        let field = |at: Timestamp| at.to_string().get(..16).unwrap_or_default().to_owned();
        Self { from: field(now - DAY), to: field(now + MINUTE), state: DeliveryState::Failed.name().to_owned() }
    }

    /// Validates the period like a request body of the API.
    fn check(&self) -> Result<credential::Replay, Error> {
        let moment = |text: &str| if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
        let mut body = json!({ "from": moment(&self.from), "to": moment(&self.to) });
        if !self.state.is_empty() {
            body["state"] = json!(self.state);
        }
        Ok(credential::parse_replay(body.to_string().as_bytes())?)
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/webhooks/{id}", get(show))
        .route("/console/webhooks/{id}/test", post(test))
        .route("/console/webhooks/{id}/replay", post(replay_range))
        .route("/console/webhooks/{id}/deliveries/{event}/replay", post(replay))
}

async fn show(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    Query(choice): Query<DeliveriesQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let range = Range::last_day(app.now());
    webhook_page(&app, &user, id, &choice, range, None, &headers).await
}

async fn webhook_page(
    app: &App,
    user: &SignedInPartner,
    id: Uuid,
    choice: &DeliveriesQuery,
    range: Range,
    problem: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let state = DeliveryState::from_name(&choice.state);
    let log_page = LogPage { state, before: choice.before, limit: PAGE };
    let (webhook, log) = webhooks::log(app, user.partner.id, id, log_page).await?;
    let states = DeliveryState::ALL.map(|state| (state.name(), state_name(&state)));
    let listing = Listing {
        state: state.map(DeliveryState::name),
        is_first: choice.before.is_none(),
        next: log.next.map(|next| next.to_string()),
        ..Listing::new(format!("/console/webhooks/{id}"), states)
    };
    let layout = layout(app, headers);
    let (now, is_wrong) = (app.now(), problem.is_some());
    let paused_until = webhook.paused_until.filter(|until| *until > now);
    let template = WebhookPage {
        frame: Frame::new(user, Section::Webhooks),
        webhook,
        now,
        log: log.deliveries.into_iter().map(|found| Logged::new(found, paused_until)).collect(),
        listing,
        range,
        problem,
        layout: layout.clone(),
    };
    let response = page(app, &template, &layout);
    Ok(if is_wrong { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

/// Redirects to the webhook, with a notice.
fn done(app: &App, id: Uuid, notice: &str) -> Response {
    (NOTICE.set(app, notice), Redirect::to(&format!("/console/webhooks/{id}"))).into_response()
}

async fn test(State(app): State<App>, user: SignedInPartner, Path(id): Path<Uuid>) -> Result<Response, Error> {
    webhooks::test(&app, user.partner.id, id).await?;
    audit(&user, "webhook_tested");
    Ok(done(&app, id, "notice-console-test-sent"))
}

async fn replay(
    State(app): State<App>,
    user: SignedInPartner,
    Path((id, event)): Path<(Uuid, Uuid)>,
) -> Result<Response, Error> {
    webhooks::replay(&app, user.partner.id, id, event).await?;
    audit(&user, "delivery_replayed");
    Ok(done(&app, id, "notice-console-replayed"))
}

async fn replay_range(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(range): Form<Range>,
) -> Result<Response, Error> {
    let which = match range.check() {
        Ok(which) => which,
        Err(error) => {
            let said: Vec<String> = error.field_errors.iter().map(|field_error| field_error.message.clone()).collect();
            return webhook_page(&app, &user, id, &DeliveriesQuery::default(), range, Some(said.join(" ")), &headers)
                .await;
        }
    };
    let count = webhooks::replay_range(&app, user.partner.id, id, &which).await?;
    audit(&user, "deliveries_replayed");
    Ok(done(&app, id, if count == 0 { "notice-console-replayed-none" } else { "notice-console-replayed" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_times_are_read_as_utc() {
        let now = Timestamp::from_micros(1_795_600_800_000_000);
        let range = Range::last_day(now);
        assert_eq!((range.from.len(), range.to.len()), (16, 16));
        let replay = range.check().expect("a time");
        assert!(replay.from < replay.to && replay.to.as_second() >= now.seconds(), "what is failed now is in it");
        for (from, to) in [("", ""), ("yesterday", "today"), (range.to.as_str(), range.from.as_str())] {
            let wrong = Range { from: from.to_owned(), to: to.to_owned(), state: String::new() };
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
