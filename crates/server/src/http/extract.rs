//! axum's extractors with [`Error`] as the rejection: people get an error page, programs get
//! problem details.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, header};
use serde::de::DeserializeOwned;

use super::{AnyBody, headers};
use crate::app::App;
use crate::error::{Error, Kind};

const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of an HTML form.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if !headers::is_media_type(request.headers(), FORM) {
            return Err(Error::new(Kind::UnsupportedMediaType, format!("Send the form as {FORM}.")));
        }
        let AnyBody(body) = AnyBody::from_request(request, app).await?;
        // axum compares the media type case-sensitively.
        let mut request = Request::new(body.into());
        *request.method_mut() = axum::http::Method::POST;
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        let form = axum::Form::from_request(request, app).await;
        form.map(|axum::Form(fields)| Self(fields))
            .map_err(|_| Error::new(Kind::Invalid, "The form has a missing or repeated field."))
    }
}

/// Path parameters.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub struct Path<T>(pub T);

/// Query parameters.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub struct Query<T>(pub T);

impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::not_found()
    }
}

impl From<QueryRejection> for Error {
    fn from(_: QueryRejection) -> Self {
        Self::new(Kind::Malformed, "The query has a repeated parameter, or one with an invalid value.")
    }
}
