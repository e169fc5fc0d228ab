//! Finds, creates and shows accounts.

use crate::app::App;
use crate::email::Email;
use store::{Holder, StoreError, StoredPasskey};

/// Returns the account of a proven address, and creates it if there is none.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn find_or_create(app: &App, email: &Email) -> Result<Holder, StoreError> {
    let fingerprint = email.fingerprint(app.keyring());
    let existing = app.store().read().await?.holder_by_email(&fingerprint).await?;
    if let Some(holder) = existing {
        return Ok(holder);
    }
    let now = app.now();
    let id = app.rng().id(now);
    // The key comes first: an account without a key cannot store anything, while a key without an
    // account is harmless.
    app.keyring().create_holder_key(id).await?;
    let email_sealed = app.keyring().seal_for_holder(id, &[b"email", id.as_bytes()], email.as_str().as_bytes()).await?;
    let holder = Holder {
        id,
        email_fingerprint: fingerprint.to_vec(),
        email_sealed,
        created_at: now,
        sign_ins: 0,
        passkey_offer_declined_at: None,
        returned_at: None,
    };
    let mut tx = app.store().write().await?;
    tx.add_holder(&holder).await?;
    // A concurrent sign-in may have created it first.
    let stored = tx.holder_by_email(&fingerprint).await?;
    tx.commit().await?;
    stored.ok_or_else(|| StoreError::corrupt_row("holder", "gone at once"))
}

/// Returns the address of an account.
///
/// # Errors
/// The key ring cannot be used, or the account's key is destroyed.
pub async fn email(app: &App, holder: &Holder) -> Result<String, StoreError> {
    let label: [&[u8]; 2] = [b"email", holder.id.as_bytes()];
    let plain = app.keyring().open_for_holder(holder.id, &label, &holder.email_sealed).await?;
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

/// An account, for its holder.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// The email address.
    pub email: String,
    /// The passkeys, oldest first.
    pub passkeys: Vec<StoredPasskey>,
    /// Number of sessions that have not expired.
    pub sessions: i64,
}

/// Returns the address, the passkeys and the sessions of an account.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn view(app: &App, holder: &Holder) -> Result<AccountView, StoreError> {
    let mut tx = app.store().read().await?;
    let passkeys = tx.passkeys(holder.id).await?;
    let sessions = tx.count_sessions(holder.id, app.now()).await?;
    drop(tx);
    Ok(AccountView { email: email(app, holder).await?, passkeys, sessions })
}

/// Returns where to send mail for `email`: the stored address of its account, or `email` if there
/// is none.
///
/// An unknown address costs the same reads, so the response time does not reveal whether there is
/// an account.
///
/// # Errors
/// The store cannot be used.
pub(super) async fn stored_address(app: &App, email: &Email) -> Result<Email, StoreError> {
    let found = app.store().read().await?.holder_by_email(&email.fingerprint(app.keyring())).await?;
    let id = found.as_ref().map_or_else(|| app.rng().anonymous_id(), |holder| holder.id);
    let sealed = found.map(|holder| holder.email_sealed).unwrap_or_default();
    let stored = app.keyring().open_for_holder(id, &[b"email", id.as_bytes()], &sealed).await;
    let stored = stored.ok().and_then(|plain| Email::parse(&String::from_utf8_lossy(&plain)));
    Ok(stored.filter(|stored| stored == email).unwrap_or_else(|| email.clone()))
}
