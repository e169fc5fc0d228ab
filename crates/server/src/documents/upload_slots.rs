//! Upload slots: limits on concurrent uploads.
//!
//! A document can be uploaded only once at a time, and a partner has few slots. A partner may use
//! no more slots than are left free, so that each further partner finds some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Maximum number of concurrent uploads.
const SLOTS: usize = 48;
/// Maximum number of concurrent uploads of one partner.
const SLOTS_PER_PARTNER: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct UploadSlots {
    /// The documents that are being uploaded, each with its partner.
    used: Arc<Mutex<HashMap<Uuid, Uuid>>>,
}

/// A slot in use, which is released when dropped.
#[derive(Debug)]
pub struct UploadSlot {
    slots: UploadSlots,
    asset: Uuid,
}

/// No slot is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadSlotError {
    /// The same document is being uploaded.
    SameDocument,
    /// The partner has reached its limit of concurrent uploads.
    TooManyUploads,
}

impl UploadSlots {
    fn used(&self) -> MutexGuard<'_, HashMap<Uuid, Uuid>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acquires a slot for the document `asset` of `partner`.
    ///
    /// # Errors
    /// See [`UploadSlotError`].
    pub fn take(&self, partner: Uuid, asset: Uuid) -> Result<UploadSlot, UploadSlotError> {
        let mut used = self.used();
        if used.contains_key(&asset) {
            return Err(UploadSlotError::SameDocument);
        }
        let free = SLOTS - used.len();
        let of_partner = used.values().filter(|owner| **owner == partner).count();
        if of_partner >= SLOTS_PER_PARTNER.min(free) {
            return Err(UploadSlotError::TooManyUploads);
        }
        used.insert(asset, partner);
        drop(used);
        Ok(UploadSlot { slots: self.clone(), asset })
    }
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        self.slots.used().remove(&self.asset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_has_one_upload_at_a_time() {
        let slots = UploadSlots::default();
        let [partner, asset] = [1, 2].map(Uuid::from_u128);
        let first = slots.take(partner, asset).expect("a slot");
        assert_eq!(slots.take(partner, asset).expect_err("in use"), UploadSlotError::SameDocument);
        slots.take(partner, Uuid::from_u128(3)).expect("another document");
        drop(first);
        slots.take(partner, asset).expect("it is free again");
    }

    #[test]
    fn another_partner_always_finds_an_upload_slot() {
        let slots = UploadSlots::default();
        let mut taken = Vec::new();
        let mut counts = Vec::new();
        for partner in 1..=10 {
            let before = taken.len();
            for document in 0..64 {
                taken.extend(slots.take(Uuid::from_u128(partner), Uuid::from_u128(partner << 64 | document)).ok());
            }
            counts.push(taken.len() - before);
        }
        assert_eq!(counts, [8, 8, 8, 8, 8, 4, 2, 1, 1, 0]);
    }
}
