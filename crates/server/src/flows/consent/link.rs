//! The submissions behind a partner's link: opening the link, and finding them for their holder.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::EventKind;
use store::domain::submission::{Submission, SubmissionState};

/// The reason why a link has nothing that this holder can consent to.
#[derive(Clone, Copy, Debug)]
pub enum LinkError {
    /// It does not exist, or this holder must not learn that it does.
    Unknown,
    /// Another holder has opened it first.
    OtherHolder,
    /// The holder has declined it.
    Declined,
    /// It has expired.
    Expired,
    /// The holder has deleted it since.
    Deleted,
    /// The partner withdrew it before it was accepted.
    Withdrawn,
}

/// The submissions behind a link, for its holder.
#[derive(Clone, Debug)]
pub enum Linked {
    /// One submission.
    One(Box<Submission>),
    /// The items of a batch, at least one.
    Batch(Vec<Submission>),
}

impl Linked {
    /// Returns the submission, or those of the batch.
    pub fn items(&self) -> &[Submission] {
        match self {
            Self::One(submission) => std::slice::from_ref(submission),
            Self::Batch(items) => items,
        }
    }
}

/// Records, once per submission, that a browser has opened the link.
///
/// # Errors
/// The store cannot be used.
pub async fn note_link_opened(app: &App, id: Uuid) -> Result<(), Error> {
    let moment = app.trusted_time().moment();
    // Most links were opened before or do not exist. Checking first avoids the write lock for them.
    if app.store().read().await?.count_unopened(id, moment.trusted).await? == 0 {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    let opened = tx.note_link_opened(id, moment).await?;
    tx.record_events(&opened, EventKind::LinkOpened, moment.now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(())
}

/// Binds the submissions behind the link to `holder`, unless they are already bound.
///
/// # Errors
/// The store cannot be used.
pub async fn open(app: &App, id: Uuid, holder: Uuid) -> Result<(), Error> {
    let moment = app.trusted_time().moment();
    let mut tx = app.store().write().await?;
    let unbound =
        tx.linked_submission(id, moment.trusted).await?.is_some_and(|submission| submission.holder().is_none());
    let mut opened = Vec::new();
    if unbound && tx.bind_submission(id, holder, moment).await? {
        opened.push(id);
    } else if let Some(batch) = tx.linked_batch(id, moment.trusted).await?
        && batch.items.iter().all(|item| item.holder().is_none())
    {
        opened = tx.bind_batch(id, holder, moment).await?;
    }
    if !opened.is_empty() {
        tx.record_events(&opened, EventKind::Opened, moment.now).await?;
        tx.commit().await?;
        app.deliveries_due().notify_one();
    }
    Ok(())
}

/// Returns the submissions behind the link, if they are bound to `holder`. Submissions that expired
/// or were withdrawn before anyone opened the link give the corresponding error.
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Linked, LinkError>, Error> {
    let mut tx = app.store().read().await?;
    let linked = match tx.linked_submission(id, app.trusted_time().now()).await? {
        Some(submission) => Linked::One(Box::new(submission)),
        None => match tx.linked_batch(id, app.trusted_time().now()).await? {
            Some(batch) => Linked::Batch(batch.items),
            None => return Ok(Err(LinkError::Unknown)),
        },
    };
    let items = linked.items();
    let whose: Vec<Option<Uuid>> = items.iter().map(Submission::holder).collect();
    let every = |is_it: fn(&SubmissionState) -> bool| items.iter().all(|item| is_it(&item.state));
    Ok(if whose.contains(&Some(holder)) {
        Ok(match linked {
            Linked::One(_) => linked,
            Linked::Batch(items) => {
                Linked::Batch(items.into_iter().filter(|item| item.holder() == Some(holder)).collect())
            }
        })
    } else if whose.iter().any(Option::is_some) {
        Err(LinkError::OtherHolder)
    } else if items.iter().any(|item| matches!(item.state, SubmissionState::Incomplete { .. })) || items.is_empty() {
        Err(LinkError::Unknown)
    } else if every(|state| matches!(state, SubmissionState::WithdrawnPending { .. })) {
        Err(LinkError::Withdrawn)
    } else if every(|state| matches!(state, SubmissionState::Expired { .. } | SubmissionState::WithdrawnPending { .. }))
    {
        Err(LinkError::Expired)
    } else {
        Err(LinkError::OtherHolder)
    })
}

/// Returns the name of the partner that pushed `submission`; empty if there is no such partner.
///
/// # Errors
/// The store cannot be used.
pub async fn partner_name(app: &App, submission: &Submission) -> Result<String, Error> {
    let partner = app.store().read().await?.partner(submission.partner_id).await?;
    Ok(partner.map(|partner| partner.name).unwrap_or_default())
}
