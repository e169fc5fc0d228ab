//! `/documents/{id}`: one document, for the person whose credential it belongs to.
//!
//! Owns how a file of somebody else's making is handed out: from a response that can do nothing (a sandbox without
//! scripts, of an origin of its own), images to look at, everything else to save.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as AppState};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::AssetKind;
use uuid::Uuid;

use crate::app::App;
use crate::auth::holder::SignedIn;
use crate::documents::{self, Owner};
use crate::error::Error;
use store::domain::asset::AssetState;
use store::domain::submission::State;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/documents/{id}", get(document))
}

async fn document(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let mut tx = app.store().read().await?;
    let asset = tx.asset(id).await?.ok_or_else(Error::not_found)?;
    let submission = tx.linked_submission(asset.submission_id, app.now()).await?;
    drop(tx);
    let submission = submission.filter(|found| found.holder() == Some(signed_in.holder.id));
    let owner = match submission.ok_or_else(Error::not_found)?.state {
        State::Incomplete { sealed, .. } => Owner::Ring(sealed.period),
        State::Accepted { holder, .. } | State::Withdrawn { holder, .. } => Owner::Holder(holder),
        State::Declined { .. } | State::Expired { .. } | State::Removed { .. } | State::TakenBack { .. } => {
            return Err(Error::not_found());
        }
    };
    let AssetState::Stored(object) = &asset.state else { return Err(Error::not_found()) };
    let key = documents::object_key(&app, id, object, owner).await?.ok_or_else(Error::not_found)?;
    let pieces = app.documents().objects.read(object.name, &key).await?;
    let disposition = match asset.kind {
        AssetKind::Png | AssetKind::Jpg => "inline".to_owned(),
        kind => format!("attachment; filename=\"document.{}\"", kind.extension()),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind.content_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(object.size)),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(Error::internal)?),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"),
        ),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
