//! A link before sign-in: its sender, and the type or number of its credentials.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::domain::submission::{Submission, SubmissionState};
use store::domain::verification::Verification;
use store::{Partner, Tx};

/// What a visitor who is not signed in may see of a link.
#[derive(Clone, Debug)]
pub enum LinkPreview {
    /// The link leads nowhere.
    Nothing,
    /// An account has opened it. Only that account may see more.
    Opened,
    /// No account has opened it yet.
    Unopened(UnopenedLink),
}

/// The content of a link that no account has opened.
#[derive(Clone, Debug)]
pub struct UnopenedLink {
    /// The name of the partner that sends it.
    pub partner: String,
    /// The title of the type, of the first credential if there are several.
    pub title: &'static str,
    /// Number of pending credentials.
    pub count: i64,
    /// The verification request, if the link leads to one. Another wallet can respond to it without
    /// an account here.
    pub asks: Option<Uuid>,
    /// The partner's link itself, to open it on another device.
    pub link: String,
}

impl LinkPreview {
    fn new(partner: Option<Partner>, unopened: impl FnOnce(String) -> UnopenedLink) -> Self {
        partner.map_or(Self::Nothing, |partner| Self::Unopened(unopened(partner.name)))
    }
}

/// Returns what may be shown of the link `id`.
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, id: Uuid) -> Result<LinkPreview, Error> {
    let mut tx = app.store().read().await?;
    if let Some(request) = tx.linked_verification(id, app.trusted_time().now()).await? {
        return of_request(app, &mut tx, &request).await;
    }
    let (items, link) = match tx.linked_submission(id, app.trusted_time().now()).await? {
        Some(submission) => {
            let (partner, document_type) = (submission.partner_id, submission.document_type.as_deref());
            let link = app.links().push(submission.credential_type, partner, id, document_type);
            (vec![submission], link)
        }
        None => match tx.linked_batch(id, app.trusted_time().now()).await? {
            Some(batch) => (batch.items, app.links().batch(batch.partner_id, id)),
            None => return Ok(LinkPreview::Nothing),
        },
    };
    of_items(&mut tx, items, link).await
}

async fn of_request(app: &App, tx: &mut Tx, request: &Verification) -> Result<LinkPreview, Error> {
    if request.holder.is_some() {
        return Ok(LinkPreview::Opened);
    }
    let partner = tx.partner(request.partner_id).await?.filter(|_| request.is_open());
    let (title, link) = (request.credential_type.title, app.links().verification_request(request));
    Ok(LinkPreview::new(partner, |partner| UnopenedLink { partner, title, count: 1, asks: Some(request.id), link }))
}

async fn of_items(tx: &mut Tx, mut items: Vec<Submission>, link: String) -> Result<LinkPreview, Error> {
    if items.iter().any(|item| item.holder().is_some()) {
        return Ok(LinkPreview::Opened);
    }
    items.retain(|item| matches!(item.state, SubmissionState::Incomplete { .. }));
    let Some(first) = items.first() else { return Ok(LinkPreview::Nothing) };
    let partner = tx.partner(first.partner_id).await?;
    let (title, count) = (first.credential_type.title, i64::try_from(items.len()).unwrap_or(i64::MAX));
    Ok(LinkPreview::new(partner, |partner| UnopenedLink { partner, title, count, asks: None, link }))
}
