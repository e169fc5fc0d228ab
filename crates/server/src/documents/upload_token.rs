//! Upload tokens, which authorise the upload of one document in the URL itself.
//!
//! Owns the format of the token: the asset's id, its expiry, and a keyed hash over both. Tokens are
//! not stored, so a repeated push can return a fresh one. (A response stored for an Idempotency-Key
//! keeps its original token.)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::keys::Keyring;
use ambient::Timestamp;

/// The content of an upload token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadToken {
    /// The asset's id.
    pub asset: Uuid,
    /// When it expires, in whole seconds.
    pub expires_at: Timestamp,
}

impl UploadToken {
    /// Returns the last segment of the upload URL.
    pub fn write(&self, keyring: &Keyring) -> String {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(keyring));
        format!("{}.{}.{mac}", self.asset.simple(), self.expires_at.seconds())
    }

    fn mac(&self, keyring: &Keyring) -> [u8; 32] {
        let signed = [&self.asset.as_bytes()[..], &self.expires_at.seconds().to_be_bytes()].concat();
        keyring.fingerprint("upload link", &signed)
    }

    /// Parses the last segment of an upload URL. Returns `None` if this server did not create it.
    pub fn parse(keyring: &Keyring, text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (asset, seconds, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let asset = Uuid::try_parse(asset).ok()?;
        let expires_at = Timestamp::from_micros(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?);
        let token = Self { asset, expires_at };
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let is_ours: bool = token.mac(keyring).ct_eq(&mac).into();
        (is_ours && parts.next().is_none()).then_some(token)
    }
}
