//! Cache invalidation: which submissions have changed since they were read.
//!
//! A cache of submissions checks here whether an entry is still valid. A transaction collects the
//! submissions that it changes and reports them when it ends. On PostgreSQL, a trigger also
//! notifies the other nodes at the commit ([`super::Notice::Submission`]). While a node does not
//! receive these notifications, none of its entries is valid.
//!
//! Versions are a counter, not a time: each change increments it. An entry is valid if it was read
//! at or after the version of the last change to its submission. Submissions share slots by their
//! ids. Some entries are therefore invalidated without need, but no changed one stays valid.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use uuid::Uuid;

/// Number of slots, 512 KiB in total.
const PLACES: usize = 1 << 16;

/// A value of the change counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

#[derive(Debug)]
struct InvalidationClock {
    now: AtomicU64,
    /// Version of the last change that may have affected every submission.
    all: AtomicU64,
    places: Box<[AtomicU64]>,
    is_followed: AtomicBool,
}

/// Tracks the changes of one database, as far as this process knows them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Changes(Arc<InvalidationClock>);

impl Changes {
    /// Creates a tracker. `is_followed` is true if no other process writes, so that there are no
    /// notifications to wait for.
    pub(super) fn new(is_followed: bool) -> Self {
        Self(Arc::new(InvalidationClock {
            now: AtomicU64::new(0),
            all: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            is_followed: AtomicBool::new(is_followed),
        }))
    }

    /// Returns the current version. Read it before reading the submission.
    pub(super) fn now(&self) -> Version {
        Version(self.0.now.load(Ordering::SeqCst))
    }

    /// Returns whether a submission that was read at `version` is unchanged.
    pub(super) fn holds(&self, submission: Uuid, version: Version) -> bool {
        // Load this first: `follow` stores it last, after it has invalidated everything.
        self.0.is_followed.load(Ordering::SeqCst)
            && self.place(submission).load(Ordering::SeqCst).max(self.0.all.load(Ordering::SeqCst)) <= version.0
    }

    /// Records that these submissions have changed.
    pub fn note(&self, submissions: &[Uuid]) {
        if submissions.is_empty() {
            return;
        }
        let version = self.next();
        for submission in submissions {
            self.place(*submission).fetch_max(version, Ordering::SeqCst);
        }
    }

    /// Invalidates everything, since changes by other nodes may have been missed, and follows their
    /// notifications from now on.
    pub fn follow(&self) {
        self.0.all.fetch_max(self.next(), Ordering::SeqCst);
        self.0.is_followed.store(true, Ordering::SeqCst);
    }

    /// Stops trusting entries: changes by other nodes are not received any more.
    pub fn lose(&self) {
        self.0.is_followed.store(false, Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        self.0.now.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Slots are chosen by the lowest 16 bits of the id, which are random.
    fn place(&self, submission: Uuid) -> &AtomicU64 {
        let [.., high, low] = *submission.as_bytes();
        &self.0.places[usize::from(u16::from_be_bytes([high, low]))]
    }
}

/// Submissions changed by one transaction. They are reported when it is dropped, even after an
/// error, since the outcome of the commit may be unknown.
#[derive(Debug)]
pub(super) struct PendingInvalidations {
    pub(super) submissions: Vec<Uuid>,
    changes: Changes,
}

impl PendingInvalidations {
    pub(super) fn new(changes: &Changes) -> Self {
        Self { submissions: Vec::new(), changes: changes.clone() }
    }
}

impl Drop for PendingInvalidations {
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
        let mut changed = PendingInvalidations::new(&changes);
        changed.submissions.push(one);
        let meanwhile = changes.now();
        assert!(changes.holds(one, meanwhile));
        drop(changed);
        assert!(!changes.holds(one, meanwhile));
    }
}
