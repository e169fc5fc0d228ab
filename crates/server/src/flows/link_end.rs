//! The end of a link, as shown to visitors who are not signed in: they learn it before
//! they enter an email address.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::domain::submission::{Submission, SubmissionState};
use store::domain::verification::{Verification, VerificationState};

/// The reason why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// It does not exist.
    Unknown,
    /// Everything behind it was declined, withdrawn or expired, and at least one item declined.
    Declined,
    /// It has expired.
    Expired,
    /// The partner withdrew it before it was accepted.
    Withdrawn,
    /// The verification request has expired, or its partner is disabled.
    RequestExpired,
    /// The verification request was answered: something was shared, or it was declined.
    RequestAnswered,
}

/// Returns how the link `id` ended; `None` if signing in leads to a page about it. That includes
/// links whose content was accepted: only its account learns that. Of a verification request anyone
/// learns that it was answered, and only its account learns how (D-411).
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, id: Uuid) -> Result<Option<LinkEnd>, Error> {
    let (mut tx, now) = (app.store().read().await?, app.trusted_time().now());
    if let Some(request) = tx.linked_verification(id, now).await? {
        let partner = tx.partner(request.partner_id).await?;
        return Ok(of_request(&request, partner.is_some_and(|partner| partner.is_active())));
    }
    if let Some(submission) = tx.linked_submission(id, now).await? {
        return Ok(of_items(&[submission]));
    }
    Ok(match tx.linked_batch(id, now).await? {
        Some(batch) => of_items(&batch.items),
        None => Some(LinkEnd::Unknown),
    })
}

fn of_request(request: &Verification, is_partner_active: bool) -> Option<LinkEnd> {
    match request.state {
        VerificationState::Expired { .. } => Some(LinkEnd::RequestExpired),
        VerificationState::Open if !is_partner_active => Some(LinkEnd::RequestExpired),
        VerificationState::Open => None,
        VerificationState::Verified { .. } | VerificationState::Canceled { .. } => Some(LinkEnd::RequestAnswered),
    }
}

fn of_items(items: &[Submission]) -> Option<LinkEnd> {
    let every = |is_it: fn(&SubmissionState) -> bool| items.iter().all(|item| is_it(&item.state));
    if items.is_empty() {
        Some(LinkEnd::Unknown)
    } else if every(|state| matches!(state, SubmissionState::WithdrawnPending { .. })) {
        Some(LinkEnd::Withdrawn)
    } else if every(|state| matches!(state, SubmissionState::Expired { .. } | SubmissionState::WithdrawnPending { .. }))
    {
        Some(LinkEnd::Expired)
    } else if every(|state| {
        matches!(
            state,
            SubmissionState::Declined { .. }
                | SubmissionState::Expired { .. }
                | SubmissionState::WithdrawnPending { .. }
        )
    }) {
        Some(LinkEnd::Declined)
    } else {
        None
    }
}
