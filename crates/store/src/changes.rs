//! Changes: which submissions have changed since something was remembered of them.
//!
//! Whoever keeps in memory what the database said of a submission asks here whether it still holds. A transaction notes what
//! it changes and tells it here once it has ended; on PostgreSQL a trigger tells the other nodes too, with its commit
//! ([`super::Notice::Submission`]). At a node that does not hear the others nothing holds.
//!
//! Instants are counted, not measured: each change is one later than the one before. What was read after the change of a
//! submission was told has seen it; what was read before may not have. Submissions share places by their ids, so now and
//! then something is read again that has not changed, and never the other way round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use uuid::Uuid;

/// Places: 512 KiB.
const PLACES: usize = 1 << 16;

/// An instant in the course of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(u64);

#[derive(Debug)]
struct Course {
    now: AtomicU64,
    /// When everything may have changed.
    all: AtomicU64,
    places: Box<[AtomicU64]>,
    is_followed: AtomicBool,
}

/// The course of changes of one database, as this process knows it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Changes(Arc<Course>);

impl Changes {
    /// `is_followed`: nobody else changes anything, so nothing has to be heard.
    pub(super) fn new(is_followed: bool) -> Self {
        Self(Arc::new(Course {
            now: AtomicU64::new(0),
            all: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            is_followed: AtomicBool::new(is_followed),
        }))
    }

    /// The instant from which on something is read.
    pub(super) fn now(&self) -> Moment {
        Moment(self.0.now.load(Ordering::SeqCst))
    }

    /// Whether what was read of a submission from `moment` on is what would be read now.
    pub(super) fn holds(&self, submission: Uuid, moment: Moment) -> bool {
        // This first: whoever follows again sets it last.
        self.0.is_followed.load(Ordering::SeqCst)
            && self.place(submission).load(Ordering::SeqCst).max(self.0.all.load(Ordering::SeqCst)) <= moment.0
    }

    /// These submissions have changed.
    pub fn note(&self, submissions: &[Uuid]) {
        if submissions.is_empty() {
            return;
        }
        let moment = self.next();
        for submission in submissions {
            self.place(*submission).fetch_max(moment, Ordering::SeqCst);
        }
    }

    /// What others change is heard from now on. What they changed before was not.
    pub fn follow(&self) {
        self.0.all.fetch_max(self.next(), Ordering::SeqCst);
        self.0.is_followed.store(true, Ordering::SeqCst);
    }

    /// What others change is not heard any more.
    pub fn lose(&self) {
        self.0.is_followed.store(false, Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        self.0.now.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The lowest bits of an id are random.
    fn place(&self, submission: Uuid) -> &AtomicU64 {
        let [.., high, low] = *submission.as_bytes();
        &self.0.places[usize::from(u16::from_be_bytes([high, low]))]
    }
}

/// What one transaction changes: told when it ends, however it ends, since nobody may know how.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) submissions: Vec<Uuid>,
    changes: Changes,
}

impl Changed {
    pub(super) fn new(changes: &Changes) -> Self {
        Self { submissions: Vec::new(), changes: changes.clone() }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        self.changes.note(&self.submissions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_invalidate_earlier_reads_of_that_submission() {
        let (changes, one, other) = (Changes::new(true), Uuid::from_u128(1), Uuid::from_u128(2));
        let before = changes.now();
        assert!(changes.holds(one, before) && changes.holds(other, before));
        changes.note(&[one]);
        assert!(!changes.holds(one, before));
        assert!(changes.holds(other, before), "another one");
        assert!(changes.holds(one, changes.now()), "read since");
    }

    #[test]
    fn reads_are_valid_only_while_changes_are_followed() {
        let (changes, one) = (Changes::new(false), Uuid::from_u128(1));
        let deaf = changes.now();
        assert!(!changes.holds(one, deaf));
        changes.follow();
        assert!(!changes.holds(one, deaf), "what changed meanwhile was not heard");
        let heard = changes.now();
        assert!(changes.holds(one, heard));
        changes.lose();
        assert!(!changes.holds(one, heard));
    }

    #[test]
    fn ending_a_transaction_invalidates_earlier_reads() {
        let (changes, one) = (Changes::new(true), Uuid::from_u128(1));
        let mut changed = Changed::new(&changes);
        changed.submissions.push(one);
        let meanwhile = changes.now();
        assert!(changes.holds(one, meanwhile));
        drop(changed);
        assert!(!changes.holds(one, meanwhile));
    }
}
