//! The Partner API: one file per endpoint group, each with its request, answer, handlers, documentation and route.
//!
//! Owns which routes there are and what stands before them. The OpenAPI document is made from the same list, so a route
//! cannot be without its description.

pub mod batch;
mod claim;
mod deliveries;
mod idempotency;
mod jwks;
pub mod openapi;
mod operations;
pub mod push;
mod reference;
mod sandbox;
pub mod snippets;
mod status;
mod token;
pub mod upload;
mod verify;
mod webhooks;
mod withdraw;

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::partner;
use crate::error::{Error, Kind};

/// The documented routes that need an access token.
fn protected() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(push::routes())
        .merge(batch::routes())
        .merge(withdraw::routes())
        .merge(status::routes())
        .merge(verify::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(sandbox::routes())
}

/// The documented routes that need none.
fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(token::routes())
        .merge(upload::routes())
        .merge(jwks::routes())
        .merge(operations::routes())
}

/// All routes of the API.
pub fn routes(app: &App) -> Router<App> {
    let (protected, _) = protected().split_for_parts();
    let (open, _) = open().split_for_parts();
    let protected = protected.route_layer(middleware::from_fn_with_state(app.clone(), admit));
    protected.merge(open).merge(reference::routes())
}

/// What stands before the routes that need a token: who it is, and whether the request ran before. One layer, since each puts
/// the request, what is under way and the answer into boxes of its own.
async fn admit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let successor = successor(request.uri().path());
    let (admitted, allowance) = partner::authenticate(&app, &mut request).await;
    let mut response = match admitted {
        Ok(()) => idempotency::once(&app, request, next).await,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    if let Some(allowance) = allowance {
        allowance.write(headers);
    }
    if let Some(link) = successor {
        headers.insert(HeaderName::from_static("deprecation"), HeaderValue::from_static("@1795392000"));
        headers.extend(HeaderValue::try_from(link).map(|link| (header::LINK, link)));
    }
    response
}

/// What v1 answers names its successor in v2 (partner-api section 1): `Deprecation` (RFC 9745) since the day that v2 had
/// everything, and `Link` (RFC 8288).
fn successor(path: &str) -> Option<String> {
    path.strip_prefix("/api/partner/v1/").map(|path| match path.strip_prefix("add/") {
        Some(name) => format!("</api/partner/v2/add/requests/{name}>; rel=\"successor-version\""),
        None => format!("</api/partner/v2/{path}>; rel=\"successor-version\""),
    })
}

/// A body that says it is JSON; what it holds is for the parser.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest<App> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let content_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let shown: String = essence.chars().take(64).collect();
            let found = if shown.is_empty() { "there is none".to_owned() } else { format!("it is {shown}") };
            return Err(Error::new(
                Kind::UnsupportedMediaType,
                format!("Send the header Content-Type: application/json; {found}."),
            ));
        }
        AnyBody::from_request(request, app).await.map(|AnyBody(bytes)| Self(bytes))
    }
}

/// A body of whatever type, within the limit.
#[derive(Debug)]
pub struct AnyBody(pub Bytes);

impl FromRequest<App> for AnyBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        Bytes::from_request(request, app).await.map(Self).map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Error::new(
                    Kind::TooLarge,
                    format!(
                        "The body is longer than {} bytes, the most that is taken.",
                        app.config().server.body_limit
                    ),
                )
            } else {
                Error::new(Kind::Malformed, "The body did not arrive whole.")
            }
        })
    }
}
