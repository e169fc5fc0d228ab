//! `/wallet/shares`: a person's links for hirers, how often each was viewed, and revoking one.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::qr::Qr;
use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::{share, wallet};
use crate::http::cookies::NOTICE;
use crate::http::extract::Path;
use crate::http::session::SignedIn;
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::share::{DisclosureRecord, Share, ShareState};

/// A share as its holder sees it.
#[derive(Debug)]
struct ListedShare {
    share: Share,
    memory: DisclosureRecord,
    standing: ShareState,
    /// Whether it can be opened and shows a credential that was withdrawn or deleted.
    shows_revoked: bool,
    /// Text key of its state. That of a revoked share has the moment in it.
    said: &'static str,
    /// The time until it expires, if it can be opened.
    left: Option<String>,
}

impl ListedShare {
    /// `revoked` contains the shares that show a credential that was withdrawn or deleted.
    fn new(app: &App, (share, memory): (Share, DisclosureRecord), revoked: &BTreeSet<Uuid>) -> Self {
        let standing = share.standing(app.trusted_time().now());
        let is_active = standing == ShareState::Active;
        let shows_revoked = is_active && revoked.contains(&share.id);
        let said = match standing {
            ShareState::Active if shows_revoked => "share-shows-revoked",
            ShareState::Active => "share-active",
            ShareState::Locked => "share-locked",
            ShareState::Ended => "share-ended",
            ShareState::Revoked(_) => "share-revoked",
        };
        let left = is_active.then(|| Text::default().time_left(app.now(), share.expires_at));
        Self { share, memory, standing, shows_revoked, said, left }
    }

    fn views(&self) -> i64 {
        self.share.views
    }

    /// Whether revoking it would change anything.
    fn may_be_revoked(&self) -> bool {
        matches!(self.standing, ShareState::Active | ShareState::Locked)
    }
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage {
    layout: Layout,
    listed: ListedShare,
    /// When it was updated to newer versions, newest first.
    updates: Vec<Timestamp>,
    link: String,
    qr: String,
}

#[derive(Template)]
#[template(path = "shares.html")]
struct SharesPage {
    layout: Layout,
    shares: Vec<ListedShare>,
    /// Whether the wallet contains anything that can be shared.
    may_share: bool,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/wallet/shares", get(list))
        .route("/wallet/shares/{id}", get(show))
        .route("/wallet/shares/{id}/revoke", post(revoke))
}

/// Returns the shares of `holder` that show a credential that was withdrawn or deleted.
async fn showing_revoked(app: &App, holder: Uuid) -> Result<BTreeSet<Uuid>, Error> {
    Ok(share::showing_revoked(app, holder).await?.into_iter().map(|(share, _)| share).collect())
}

async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let (share, updates) = share::with_updates(&app, id, holder).await?;
    let listed = ListedShare::new(&app, share, &showing_revoked(&app, holder).await?);
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let link = app.links().share(&listed.memory.secret);
    let qr = Qr::new(&link).map(|qr| qr.html(&layout.text.of("qr-link"))).unwrap_or_default();
    Ok(page(&app, &SharePage { layout: layout.clone(), listed, updates, link, qr }, &layout))
}

async fn list(State(app): State<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let shares = share::list(&app, holder).await?;
    let may_share = wallet::may_share(&app, holder).await?;
    let revoked = showing_revoked(&app, holder).await?;
    let shares = shares.into_iter().map(|share| ListedShare::new(&app, share, &revoked)).collect();
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    Ok(page(&app, &SharesPage { layout: layout.clone(), shares, may_share }, &layout))
}

async fn revoke(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    share::revoke(&app, id, signed_in.holder.id).await?;
    Ok((NOTICE.set(&app, "notice-share-revoked"), Redirect::to("/wallet/shares")).into_response())
}
