//! Challenges that need no row until they are answered: the end of their time and chance, under a keyed hash.
//!
//! A `c_nonce` is taken once, by the transaction that issues. A DPoP nonce may come again within its time (RFC 9449,
//! section 8); what keeps a DPoP proof from coming twice is its `jti`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use ambient::Timestamp;

/// How long a challenge can be answered.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// What a challenge is for; one for another use is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To prove that the wallet has a key.
    Proof,
    /// To bind a token (RFC 9449).
    DPoP,
    /// To prove that the wallet is the one attested.
    Attestation,
}

impl Use {
    fn label(self) -> &'static str {
        match self {
            Self::Proof => "c_nonce",
            Self::DPoP => "dpop_nonce",
            Self::Attestation => "attestation_challenge",
        }
    }
}

const PLAIN: usize = 8 + 12;
const TAG: usize = 16;

/// A new challenge.
pub fn new(app: &App, purpose: Use) -> String {
    let mut bytes = Vec::with_capacity(PLAIN + TAG);
    bytes.extend_from_slice(&(app.now() + LIFETIME).micros().to_be_bytes());
    bytes.extend_from_slice(&app.rng().bytes::<12>());
    let tag = app.keyring().fingerprint(purpose.label(), &bytes);
    bytes.extend_from_slice(&tag[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The end of its time, if it is a challenge of ours for this use and that lies ahead.
pub fn read(app: &App, purpose: Use, text: &str) -> Option<Timestamp> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == PLAIN + TAG)?;
    let (plain, tag) = bytes.split_at(PLAIN);
    let expected = app.keyring().fingerprint(purpose.label(), plain);
    if !bool::from(expected[..TAG].ct_eq(tag)) {
        return None;
    }
    let ends = Timestamp::from_micros(i64::from_be_bytes(plain.first_chunk().copied()?));
    (ends > app.now()).then_some(ends)
}
