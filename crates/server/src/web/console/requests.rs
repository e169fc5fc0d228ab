//! `/console/requests`: a partner's request log: failed requests singly, and counts of all.
//!
//! Contains route templates and codes, and no personal data (D-234).

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::listing::Listing;
use super::{Frame, Section, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::request_log::{self, RequestLogPage};
use crate::http::extract::Query;
use crate::http::session::SignedInPartner;
use crate::web::{Layout, page};
use ambient::{DAY, MINUTE, Timestamp};
use store::{LoggedRequest, RequestFilter, RequestTotal};

/// Number of failed requests on one page.
const PAGE: usize = 25;

/// The period of the counts unless one is chosen.
const PERIOD: Duration = DAY;

/// Filters by status: the name in addresses, the text key, and the first digit of the status.
const CLASSES: [(&str, &str, i64); 2] = [("4xx", "console-requests-4xx", 4), ("5xx", "console-requests-5xx", 5)];

#[derive(Template)]
#[template(path = "console/requests.html")]
struct RequestsPage {
    layout: Layout,
    frame: Frame,
    rows: Vec<ListedRequest>,
    totals: Vec<Total>,
    /// The routes to choose from.
    routes: Vec<String>,
    choice: RequestsQuery,
    listing: Listing,
    /// The text key of the problem with the chosen times.
    problem: Option<&'static str>,
    /// How long a request is listed.
    kept_for: Duration,
}

impl RequestsPage {
    /// Returns how many days a request is listed.
    fn kept_days(&self) -> i64 {
        i64::try_from(self.kept_for.as_secs().div_ceil(86_400)).unwrap_or(i64::MAX)
    }
}

/// A failed request.
#[derive(Debug)]
struct ListedRequest {
    request: LoggedRequest,
    /// Each code with the address of its documentation.
    codes: Vec<(String, String)>,
    millis: i64,
}

impl ListedRequest {
    fn new(request: LoggedRequest) -> Self {
        // The first code is the kind of the error.
        let link = |(at, code): (usize, &str)| {
            let prefix = if at == 0 { "error" } else { "code" };
            (code.to_owned(), format!("/docs/errors#{prefix}-{code}"))
        };
        Self {
            codes: request.codes.split_whitespace().enumerate().map(link).collect(),
            millis: millis(request.duration_us),
            request,
        }
    }
}

/// Requests with the same response.
#[derive(Debug)]
struct Total {
    total: RequestTotal,
    /// Average duration in milliseconds.
    millis: i64,
}

/// Returns milliseconds, rounded up.
fn millis(micros: i64) -> i64 {
    micros.saturating_add(999) / 1000
}

/// The chosen filters. Times are in UTC, in the format of a browser's `datetime-local` field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RequestsQuery {
    state: String,
    route: String,
    from: String,
    to: String,
    request_id: String,
    code: String,
    before: String,
}

impl RequestsQuery {
    /// Returns the filter, or the text key of the problem with its times.
    fn filter(&self) -> Result<RequestFilter, &'static str> {
        let [from, to] = [&self.from, &self.to].map(|text| time(text).ok_or("console-requests-time"));
        let (from, to) = (from?, to?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err("console-requests-order");
        }
        Ok(RequestFilter {
            class: CLASSES.iter().find(|(name, ..)| *name == self.state).map(|(.., class)| *class),
            route: Some(self.route.clone()).filter(|route| !route.is_empty()),
            from,
            to,
            request_id: searched(&self.request_id),
            code: searched(&self.code),
        })
    }

    /// Returns the filters other than the state, as a query.
    fn others(&self) -> String {
        let mut query = Serializer::new(String::new());
        let chosen = [("route", &self.route), ("from", &self.from), ("to", &self.to)];
        let entered = [("request_id", &self.request_id), ("code", &self.code)];
        for (name, value) in chosen.into_iter().chain(entered) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// Returns what to search for; `None` for an empty field. Copied texts have spaces around them.
fn searched(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Parses a time without seconds. An empty text is no time; `None` is an error.
fn time(text: &str) -> Option<Option<Timestamp>> {
    if text.is_empty() {
        return Some(None);
    }
    let text = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    text.parse::<jiff::Timestamp>().ok().map(|time| Some(Timestamp::from_micros(time.as_microsecond())))
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/console/requests", get(list))
}

async fn list(
    State(app): State<App>,
    user: SignedInPartner,
    Query(choice): Query<RequestsQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (chosen, before) = (choice.filter(), choice.before.parse().ok());
    let problem = chosen.as_ref().err().copied();
    let filter = chosen.unwrap_or_default();
    let (partner, now) = (user.partner.id, app.now());
    let (from, to) = (filter.from.unwrap_or(now - PERIOD).floor(MINUTE), filter.to.unwrap_or(now + MINUTE));
    let RequestLogPage { failed: found, totals: all } =
        request_log::page(&app, partner, &filter, (before, PAGE), (from, to)).await?;
    let state = CLASSES.iter().find(|(.., class)| filter.class == Some(*class)).map(|(name, ..)| *name);
    let layout = layout(&app, &headers);
    let template = RequestsPage {
        frame: Frame::new(&user, Section::Requests),
        rows: found.rows.into_iter().map(ListedRequest::new).collect(),
        routes: routes_of(&all, &choice.route),
        totals: all.into_iter().filter(|total| is_chosen(total, &filter)).map(with_average).collect(),
        listing: Listing {
            state,
            others: choice.others(),
            is_first: before.is_none(),
            next: found.next.map(|next| next.to_string()),
            ..Listing::new("/console/requests", CLASSES.map(|(name, said, _)| (name, said)))
        },
        choice,
        problem,
        kept_for: app.config().retention.request_log,
        layout: layout.clone(),
    };
    let response = page(&app, &template, &layout);
    Ok(if problem.is_some() { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

/// Returns each route once, and `chosen` even if it was not used.
fn routes_of(totals: &[RequestTotal], chosen: &str) -> Vec<String> {
    let used = totals.iter().map(|total| total.route.as_str());
    let mut routes: Vec<String> =
        used.chain(Some(chosen).filter(|route| !route.is_empty())).map(str::to_owned).collect();
    routes.sort_unstable();
    routes.dedup();
    routes
}

fn is_chosen(total: &RequestTotal, filter: &RequestFilter) -> bool {
    filter.class.is_none_or(|class| total.status / 100 == class)
        && filter.route.as_ref().is_none_or(|route| total.route == *route)
}

fn with_average(total: RequestTotal) -> Total {
    Total { millis: millis(total.duration_us / total.count.max(1)), total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_utc() {
        let at = |text: &str| time(text).flatten().map(|time| time.to_string());
        assert_eq!(at("2026-11-23T09:00").as_deref(), Some("2026-11-23T09:00:00Z"));
        assert_eq!(at("2026-11-23T09:00:30").as_deref(), Some("2026-11-23T09:00:30Z"));
        assert_eq!(time(""), Some(None));
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn links_keep_every_filter() {
        let choice = RequestsQuery {
            route: "/api/{type}".to_owned(),
            from: "2026-11-23T09:00".to_owned(),
            ..RequestsQuery::default()
        };
        assert_eq!(choice.others(), "route=%2Fapi%2F%7Btype%7D&from=2026-11-23T09%3A00");
        let found = RequestsQuery {
            request_id: " r-1 ".to_owned(),
            code: "date.format".to_owned(),
            ..RequestsQuery::default()
        };
        assert_eq!(found.others(), "request_id=+r-1+&code=date.format");
        let filter = found.filter().expect("a filter");
        assert_eq!((filter.request_id.as_deref(), filter.code.as_deref()), (Some("r-1"), Some("date.format")));
        let choice = RequestsQuery { state: "5xx".to_owned(), ..choice };
        let filter = choice.filter().expect("a filter");
        assert_eq!((filter.class, filter.route.as_deref()), (Some(5), Some("/api/{type}")));
        let reversed = RequestsQuery { to: "2026-11-23T08:59".to_owned(), ..choice };
        assert_eq!(reversed.filter().err(), Some("console-requests-order"));
    }
}
