//! What replaced a credential that a link shows: a newer version, or another one.

use std::collections::HashMap;

use uuid::Uuid;

use ambient::Timestamp;
use store::domain::submission::Submission;
use store::{ShownEntry, StoreError, Tx};

/// What replaced a credential that a link shows, so that it is not current any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Since when the newer version exists, or else since when the credential is not current.
    pub since: Timestamp,
    /// Whether a newer version is current. Without one, its holder undid the update that is shown,
    /// or the newer version was deleted or withdrawn.
    pub has_newer: bool,
}

impl Replacement {
    /// Reads the replacements of `shown`, by submission. `held` are the submissions in the holder's
    /// wallet, from the same snapshot.
    pub(super) async fn of_all(
        tx: &mut Tx,
        shown: &[ShownEntry],
        held: &[Submission],
    ) -> Result<HashMap<Uuid, Self>, StoreError> {
        let mut replaced = HashMap::new();
        for shown in shown {
            let (Some(at), submission) = (shown.replaced_at, shown.entry.submission) else { continue };
            let newest = tx.newest_version(submission).await?;
            replaced.insert(submission, Self::new((submission, at), newest, held));
        }
        Ok(replaced)
    }

    /// `newest` is the end of the chain of versions that starts at `submission`. After an undo it
    /// leads back to the version before, which was pushed earlier.
    fn new((submission, at): (Uuid, Timestamp), newest: Option<Uuid>, held: &[Submission]) -> Self {
        let find = |id: Uuid| held.iter().find(|held| held.id == id);
        let pushed_at = |id: Uuid| find(id).map(|held| held.created_at);
        let is_older = |id: Uuid| pushed_at(id) < pushed_at(submission);
        let current = newest.and_then(find).filter(|newest| newest.stands());
        let Some(newest) = current.filter(|newest| newest.id != submission && !is_older(newest.id)) else {
            return Self { since: at, has_newer: false };
        };
        // If the version before became current again first, the newer one replaced that.
        let next = find(submission).and_then(|shown| shown.superseded_by);
        let was_undone = next.is_some_and(|next| pushed_at(next).is_some() && is_older(next));
        let before = held.iter().find(|held| held.superseded_by == Some(newest.id)).filter(|_| was_undone);
        Self { since: before.and_then(|before| before.superseded_at).unwrap_or(at), has_newer: true }
    }
}

#[cfg(test)]
mod tests {
    use store::domain::submission::SubmissionState;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_000);

    /// Returns a version that was pushed at `number`, with the one that took its place and when.
    fn version(number: u8, next: Option<(u8, i64)>) -> Submission {
        Submission {
            id: id(number),
            partner_id: Uuid::nil(),
            credential_id: number.to_string(),
            credential_type: credential::Type::default(),
            document_type: None,
            batch_id: None,
            created_at: Timestamp::from_micros(i64::from(number)),
            expires_at: AT,
            superseded_at: next.map(|(_, at)| Timestamp::from_micros(at)),
            superseded_by: next.map(|(next, _)| id(next)),
            state: SubmissionState::Accepted { holder: Uuid::nil(), at: AT, sealed: Vec::new() },
        }
    }

    fn id(number: u8) -> Uuid {
        Uuid::from_u128(u128::from(number))
    }

    /// Reads the replacement of version `shown`, whose chain ends at `newest`.
    fn replaced(shown: u8, newest: Option<u8>, held: &[Submission]) -> (i64, bool) {
        let found = Replacement::new((id(shown), AT), newest.map(id), held);
        (found.since.micros(), found.has_newer)
    }

    #[test]
    fn newer_version_counts_while_it_is_current() {
        let held = [version(1, Some((2, 1_000))), version(2, None)];
        assert_eq!(replaced(1, Some(2), &held), (1_000, true));
        // Deleted or withdrawn, or an earlier release did not record which version it was.
        assert_eq!(replaced(1, None, &held[..1]), (1_000, false));
        assert_eq!(replaced(1, Some(2), &held[..1]), (1_000, false));
        assert_eq!(replaced(1, Some(1), &held), (1_000, false));
        let (holder, sealed, reason) = (Uuid::nil(), Vec::new(), Vec::new());
        let state = SubmissionState::Withdrawn { holder, accepted_at: AT, at: AT, sealed, reason };
        let withdrawn = Submission { state, ..held[1].clone() };
        assert_eq!(replaced(1, Some(2), &[held[0].clone(), withdrawn]), (1_000, false));
        // Versions of one push are in the order of their ids, which is the order of the chain.
        let same_time = Submission { created_at: held[0].created_at, ..held[1].clone() };
        assert_eq!(replaced(1, Some(2), &[held[0].clone(), same_time]), (1_000, true));
    }

    #[test]
    fn undone_version_has_no_newer_one_until_there_is_one() {
        // The holder undid version 2, and then version 1 was deleted.
        let undone = version(2, Some((1, 1_000)));
        assert_eq!(replaced(2, Some(1), &[version(1, None), undone.clone()]), (1_000, false));
        assert_eq!(replaced(2, None, std::slice::from_ref(&undone)), (1_000, false));
        // Version 3 replaced version 1 later.
        let held = [version(1, Some((3, 2_000))), undone, version(3, None)];
        assert_eq!(replaced(2, Some(3), &held), (2_000, true));
        // Versions 3 and 2 were undone, one after the other.
        let held = [version(1, None), version(2, Some((1, 1_100))), version(3, Some((2, 1_000)))];
        assert_eq!(replaced(3, Some(1), &held), (1_000, false));
    }
}
