//! Stateless nonces: an expiry time and random bytes, authenticated by a keyed hash. A nonce is
//! stored only once it is used.
//!
//! A `c_nonce` is used once, by the transaction that issues. A DPoP nonce may be used again until
//! it expires (RFC 9449, section 8); replays of a DPoP proof are detected by its `jti`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::keys::Keyring;
use ambient::{Clock, Rng, Timestamp};

/// Lifetime of a nonce.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// The purpose of a nonce. A nonce that was issued for another purpose is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoncePurpose {
    /// Proof of possession of a key (`c_nonce`).
    KeyProof,
    /// Binding of a token to a key (RFC 9449).
    Dpop,
    /// Proof that the wallet is the attested one.
    Attestation,
}

impl NoncePurpose {
    fn label(self) -> &'static str {
        match self {
            Self::KeyProof => "c_nonce",
            Self::Dpop => "dpop_nonce",
            Self::Attestation => "attestation_challenge",
        }
    }
}

const PLAIN: usize = 8 + 12;
const TAG: usize = 16;

/// Issues and checks nonces.
#[derive(Clone, Debug)]
pub struct Nonces {
    keyring: Keyring,
    clock: Clock,
    rng: Rng,
}

impl Nonces {
    /// Authenticates nonces with `keyring`'s root key.
    pub fn new(keyring: Keyring, clock: Clock, rng: Rng) -> Self {
        Self { keyring, clock, rng }
    }

    /// Issues a nonce.
    pub fn issue(&self, purpose: NoncePurpose) -> String {
        let mut bytes = Vec::with_capacity(PLAIN + TAG);
        bytes.extend_from_slice(&(self.clock.now() + LIFETIME).micros().to_be_bytes());
        bytes.extend_from_slice(&self.rng.bytes::<12>());
        let tag = self.keyring.fingerprint(purpose.label(), &bytes);
        bytes.extend_from_slice(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns whether `nonce` was issued by this server for `purpose` and has not expired.
    pub fn is_valid(&self, purpose: NoncePurpose, nonce: &str) -> bool {
        self.expiry(purpose, nonce).is_some_and(|expiry| expiry > self.clock.now())
    }

    fn expiry(&self, purpose: NoncePurpose, nonce: &str) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok().filter(|bytes| bytes.len() == PLAIN + TAG)?;
        let (plain, tag) = bytes.split_at(PLAIN);
        let expected = self.keyring.fingerprint(purpose.label(), plain);
        if !bool::from(expected[..TAG].ct_eq(tag)) {
            return None;
        }
        Some(Timestamp::from_micros(i64::from_be_bytes(plain.first_chunk().copied()?)))
    }
}
