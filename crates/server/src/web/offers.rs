//! `/wallet/offers/{id}`: an offer of a credential to another wallet, as a link and a code to type there.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as AppState};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::format::{Configuration, Format};
use uuid::Uuid;

use super::qr::Qr;
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::SignedIn;
use crate::error::Error;
use crate::issuing::IssuableCredential;
use crate::oid4vci::offer::{self, LIFETIME};
use ambient::Timestamp;
use store::domain::issuance::{Grant, Issuance, IssuanceKind};

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    layout: Layout,
    submission: Uuid,
    headline: String,
    standing: Standing,
}

/// Where an offer stands, for its holder.
#[derive(Debug)]
enum Standing {
    /// It waits for a wallet.
    Open { link: String, picture: String, code: String, until: Timestamp },
    /// A wallet has fetched it.
    Fetched,
    /// A wallet says that it keeps it.
    Kept,
    /// Its time is over.
    Over,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/wallet/credentials/{id}/offer", post(make)).route("/wallet/offers/{id}", get(show))
}

/// A second click makes a second offer; each ends by itself, and what is fetched by either can be revoked.
async fn make(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let material = IssuableCredential::open(app.store(), app.keyring(), (id, holder), app.now())
        .await?
        .ok_or_else(Error::not_found)?;
    let grant = |format| Grant {
        submission_id: id,
        configuration: Configuration { credential_type: material.credential_type, format },
    };
    let now = app.now();
    let offer = Issuance {
        id: app.rng().anonymous_id(),
        kind: IssuanceKind::Offer { holder },
        created_at: now,
        expires_at: now + LIFETIME,
        credentials: Format::ALL.map(grant).to_vec(),
    };
    let mut tx = app.store().write().await?;
    tx.add_issuance(&offer).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/wallet/offers/{}", offer.id)).into_response())
}

async fn show(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let mut tx = app.store().read().await?;
    let issuance = tx.issuance(id).await?;
    let own = |issuance: &Issuance| matches!(issuance.kind, IssuanceKind::Offer { holder: owner } if owner == holder);
    let issuance = issuance.filter(own).ok_or_else(Error::not_found)?;
    let (is_fetched, is_kept) = tx.issuance_progress(id).await?;
    drop(tx);
    let grant = issuance.credentials.first().ok_or_else(Error::not_found)?;
    let material =
        IssuableCredential::open(app.store(), app.keyring(), (grant.submission_id, holder), app.now()).await?;
    let layout = Layout::new(&app, true);
    let standing = if material.is_none() {
        // Deleted, withdrawn or replaced since: nothing of it can be fetched any more.
        Standing::Over
    } else if is_kept {
        Standing::Kept
    } else if is_fetched {
        Standing::Fetched
    } else if issuance.expires_at <= app.now() {
        Standing::Over
    } else {
        let (link, code) = (app.links().offer(id), offer::transaction_code(&app, id));
        let picture = Qr::new(&link).map(|qr| qr.html(&layout.text.of("offer-qr"))).unwrap_or_default();
        Standing::Open { link, picture, code, until: issuance.expires_at }
    };
    let headline =
        material.map(|material| material.credential_type.headline(&material.payload.fields)).unwrap_or_default();
    let template = OfferPage { layout: layout.clone(), submission: grant.submission_id, headline, standing };
    Ok(page(&app, &template, &layout))
}
