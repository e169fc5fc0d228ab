//! Upload links: the permission to send one document, in the link itself.
//!
//! Owns the form of the link: the asset's id, until when it is good, and a keyed hash over both. Nothing is stored, so a
//! repeated push can give a fresh link. (An answer that is kept for an Idempotency-Key has the link that was given.)

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use ambient::Timestamp;

/// What an upload link permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadPermit {
    /// The asset's id.
    pub asset: Uuid,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The link to which `asset` can be sent, and until when it is good.
pub fn upload_url(app: &App, asset: Uuid, now: Timestamp) -> (String, Timestamp) {
    // Whole seconds, so that what the link says is what it is good for.
    let expires_at = (now + app.config().objects.upload_lifetime).floor(Duration::from_secs(1));
    let permit = UploadPermit { asset, expires_at };
    (app.links().upload(&permit.write(app)), expires_at)
}

impl UploadPermit {
    fn write(&self, app: &App) -> String {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(app));
        format!("{}.{}.{mac}", self.asset.simple(), self.expires_at.seconds())
    }

    fn mac(&self, app: &App) -> [u8; 32] {
        let said = [&self.asset.as_bytes()[..], &self.expires_at.seconds().to_be_bytes()].concat();
        app.keyring().fingerprint("upload link", &said)
    }

    /// Reads the last part of a link; `None` if this server did not make it.
    pub fn read(app: &App, text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (asset, seconds, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let asset = Uuid::try_parse(asset).ok()?;
        let expires_at = Timestamp::from_micros(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?);
        let permit = Self { asset, expires_at };
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let is_ours: bool = permit.mac(app).ct_eq(&mac).into();
        (is_ours && parts.next().is_none()).then_some(permit)
    }
}
