//! The codes of an offer. They are derived from its id with a keyed hash, so they are not stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::keys::Keyring;

/// Returns the pre-authorized code of an offer. It cannot be derived from the offer's URL.
pub(super) fn pre_authorized_code(keyring: &Keyring, offer: Uuid) -> String {
    let tag = keyring.fingerprint("pre-authorized_code", offer.as_bytes());
    URL_SAFE_NO_PAD.encode([offer.as_bytes(), &tag[..24]].concat())
}

/// Returns the id of the offer in a pre-authorized code. The caller must compare the whole code.
pub(super) fn offer_of(code: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(code).ok().filter(|bytes| bytes.len() == 40)?;
    Uuid::from_slice(&bytes[..16]).ok()
}

/// Returns the six-digit code that the holder copies from the offer's page into the other wallet.
pub(super) fn transaction_code(keyring: &Keyring, offer: Uuid) -> String {
    let tag = keyring.fingerprint("transaction code", offer.as_bytes());
    // The modulo bias of a 64-bit number is negligible.
    let number = tag.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 1_000_000;
    format!("{number:06}")
}
