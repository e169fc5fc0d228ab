//! Bodies of requests.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;

use super::headers;
use crate::app::App;
use crate::error::{Error, Kind};

/// A body that says it is JSON; what it holds is for the parser.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest<App> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if !headers::is_media_type(request.headers(), "application/json") {
            let shown: String = headers::media_type(request.headers()).chars().take(64).collect();
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
