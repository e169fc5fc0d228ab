//! Responses to a method that a route does not have: they name its methods, and give people the
//! link of a page to go on from.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;

use crate::api;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::{OAuthError, Readers};

/// Adds the response for `readers` to a method that a route of `router` does not have.
pub(super) fn name_methods(app: &App, router: Router<App>, readers: Readers) -> Router<App> {
    // axum adds the header `Allow` outside all layers, so the body is written from the header of a
    // copy of the routes.
    let routes: Router = router.clone().with_state(app.clone());
    router.method_not_allowed_fallback(move |State(app): State<App>, request: Request| {
        respond(app, routes.clone(), readers, request)
    })
}

async fn respond(app: App, routes: Router, readers: Readers, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let methods = methods(&routes, &path).await;
    let hint = if methods.is_empty() { String::new() } else { format!(" Use {}.", methods.join(" or ")) };
    let detail = format!("{method} is not supported for this path.{hint}");
    match readers {
        Readers::Wallets => OAuthError::MethodNotAllowed(detail).into_response(),
        Readers::People(_) | Readers::Partners(_) => {
            Error::new(Kind::MethodNotAllowed(page_above(&routes, &path).await), detail).into_response()
        }
        Readers::Programs | Readers::OAuthClients(_) | Readers::Unknown(_) => {
            api::method_not_allowed(&app, request, Error::new(Kind::MethodNotAllowed(None), detail)).await
        }
    }
}

/// Returns the methods of the route at `path`, sorted, without HEAD and OPTIONS. There are none if
/// no route matches.
async fn methods(routes: &Router, path: &str) -> Vec<String> {
    let Ok(uri) = path.parse::<Uri>() else { return Vec::new() };
    let mut request = Request::new(Body::empty());
    // No route has this method, so no handler runs.
    *request.method_mut() = Method::TRACE;
    *request.uri_mut() = uri;
    let response = routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let allowed = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = allowed.split(',').map(str::trim).filter(|method| !["", "HEAD", "OPTIONS"].contains(method));
    let mut methods: Vec<String> = named.map(ToOwned::to_owned).collect();
    methods.sort_unstable();
    methods
}

/// Returns the path of the page at `path` or closest above it: a form is sent from the page above
/// its path.
async fn page_above(routes: &Router, path: &str) -> Option<String> {
    let mut page = path;
    while !page.is_empty() {
        if methods(routes, page).await.iter().any(|method| method == "GET") {
            return Some(page.to_owned());
        }
        page = page.rsplit_once('/').map_or("", |(above, _)| above);
    }
    None
}
