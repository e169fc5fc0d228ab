//! The passcode of a share: its attempts are limited, against brute force, and a browser that
//! entered it gets a proof.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::StoreError;
use store::domain::share::{MAX_PASSCODE_ATTEMPTS, Share};

/// How long a browser can open a share after the passcode was entered.
const PASSCODE_PROOF_LIFETIME: Duration = Duration::from_secs(3600);

/// Returns the keyed hash of a passcode that is stored instead of it.
pub(super) fn passcode_fingerprint(app: &App, share: Uuid, passcode: &str) -> [u8; 32] {
    app.keyring().fingerprint("passcode", &[share.as_bytes(), passcode.trim().as_bytes()].concat())
}

/// Tries a passcode. If it is right, returns the proof that opens the share in this browser for an
/// hour.
///
/// # Errors
/// The store cannot be used.
pub async fn give_passcode(app: &App, share: &Share, passcode: &str) -> Result<Option<String>, Error> {
    if !is_right_passcode(app, share, passcode).await? {
        app.metrics().shares("refused");
        return Ok(None);
    }
    Ok(Some(proof(app, share, app.now() + PASSCODE_PROOF_LIFETIME)))
}

/// Compares the passcode in constant time. The attempt is counted before the comparison.
async fn is_right_passcode(app: &App, share: &Share, passcode: &str) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    if !tx.take_passcode_try(share.id, MAX_PASSCODE_ATTEMPTS).await? {
        return Ok(false);
    }
    let kept = share.passcode.as_deref().unwrap_or_default();
    let is_right = bool::from(passcode_fingerprint(app, share.id, passcode).as_slice().ct_eq(kept));
    if is_right {
        tx.forgive_passcode_tries(share.id).await?;
    }
    tx.commit().await?;
    Ok(is_right)
}

fn proof(app: &App, share: &Share, until: Timestamp) -> String {
    format!("{}.{}.{}", share.id, until.micros(), URL_SAFE_NO_PAD.encode(proof_tag(app, share, until)))
}

fn proof_tag(app: &App, share: &Share, until: Timestamp) -> [u8; 32] {
    let passcode = share.passcode.as_deref().unwrap_or_default();
    let said = [share.id.as_bytes().as_slice(), &until.micros().to_be_bytes(), passcode].concat();
    app.keyring().fingerprint("passcode-given", &said)
}

/// Returns whether `proof` shows that this browser has entered the passcode.
pub(super) fn is_proven(app: &App, share: &Share, proof: &str) -> bool {
    let mut parts = proof.split('.');
    let (Some(id), Some(until), Some(tag)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Some(until) = until.parse().ok().map(Timestamp::from_micros).filter(|until| *until > app.now()) else {
        return false;
    };
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap_or_default();
    id == share.id.to_string() && bool::from(proof_tag(app, share, until).as_slice().ct_eq(&tag))
}
