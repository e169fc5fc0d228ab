//! Passkeys (WebAuthn Level 3): the registration and sign-in ceremonies, for holders and partners.
//!
//! The state of a ceremony is encrypted on the server and looked up by a secret that the browser
//! keeps. A ceremony can be finished once.
//!
//! User verification is required in both: webauthn-rs requests it, and rejects a response without
//! the flag.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::Webauthn;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, WebauthnError,
};

use crate::app::App;
use crate::auth::CEREMONY_LIFETIME;
use crate::error::{Error, Kind};
use credential::encoding::sha256;
use store::Ceremony;
use store::domain::submission::Sealed;

/// A ceremony that has begun.
#[derive(Clone, Debug)]
pub struct Started {
    /// The secret that the browser must send with its response.
    pub secret: String,
    /// The options for `navigator.credentials`.
    pub options: Value,
}

/// Begins the registration of a passkey for `user`, which is displayed as `name`. An authenticator
/// that has one of `known` refuses.
///
/// # Errors
/// 404 if the server's address cannot have passkeys; the store or the key ring cannot be used.
pub async fn start_registration(app: &App, user: Uuid, name: &str, known: Vec<CredentialID>) -> Result<Started, Error> {
    let (challenge, state) =
        webauthn(app)?.start_passkey_registration(user, name, name, Some(known)).map_err(refused)?;
    let mut options = serde_json::to_value(challenge).map_err(Error::internal)?;
    // Sign-in does not begin with a user name, so the authenticator must store the user with the
    // passkey (a discoverable credential).
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    start(app, &state, options).await
}

/// Finishes the registration with this `secret`, and returns the passkey to store.
///
/// # Errors
/// 403 if the response is not valid; 409 if the ceremony has expired or was already finished.
pub async fn finish_registration(
    app: &App,
    secret: Option<&str>,
    response: &RegisterPublicKeyCredential,
) -> Result<Passkey, Error> {
    let state: PasskeyRegistration = take(app, secret).await?;
    webauthn(app)?.finish_passkey_registration(response, &state).map_err(refused)
}

/// Begins a sign-in with any passkey that the authenticator has for this server.
///
/// # Errors
/// As [`start_registration`].
pub async fn start_sign_in(app: &App) -> Result<Started, Error> {
    let (challenge, state) = webauthn(app)?.start_discoverable_authentication().map_err(refused)?;
    start(app, &state, serde_json::to_value(challenge).map_err(Error::internal)?).await
}

/// The response to a sign-in. It is not verified before [`Assertion::verify`].
#[derive(Debug)]
pub struct Assertion<'a> {
    webauthn: &'a Webauthn,
    state: DiscoverableAuthentication,
    response: &'a PublicKeyCredential,
    /// The claimed owner of the passkey.
    pub user: Uuid,
    /// The claimed passkey.
    pub credential_id: &'a [u8],
}

/// Finishes the sign-in with this `secret`, and reads the passkey that the response claims to come
/// from.
///
/// # Errors
/// As [`finish_registration`].
pub async fn finish_sign_in<'a>(
    app: &'a App,
    secret: Option<&str>,
    response: &'a PublicKeyCredential,
) -> Result<Assertion<'a>, Error> {
    let state = take(app, secret).await?;
    let webauthn = webauthn(app)?;
    let (user, credential_id) = webauthn.identify_discoverable_authentication(response).map_err(refused)?;
    Ok(Assertion { webauthn, state, response, user, credential_id })
}

impl Assertion<'_> {
    /// Verifies the response with the stored `passkey`, and updates its counter. The caller stores
    /// the passkey again.
    ///
    /// # Errors
    /// 403 if it is not valid.
    pub fn verify(self, passkey: &mut Passkey) -> Result<(), Error> {
        let verified = self.webauthn.finish_discoverable_authentication_v2(self.response, self.state, &*passkey);
        passkey.update_credential(&verified.map_err(refused)?);
        Ok(())
    }
}

fn webauthn(app: &App) -> Result<&Webauthn, Error> {
    app.webauthn()
        .as_ref()
        .ok_or_else(|| Error::new(Kind::NotFound, "Passkeys are not possible at this server's address."))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn refused(error: WebauthnError) -> Error {
    tracing::info!(%error, "a passkey was rejected");
    Error::new(Kind::Forbidden, "The passkey was not accepted.")
}

/// Stores the state for the second request.
async fn start(app: &App, state: &impl Serialize, options: Value) -> Result<Started, Error> {
    let (now, secret) = (app.now(), app.rng().secret());
    let token_hash = sha256(secret.as_bytes());
    let plain = serde_json::to_vec(state).map_err(Error::internal)?;
    let sealed = app.keyring().seal(now, &[b"ceremony", &token_hash], &plain).await?;
    let ceremony = Ceremony {
        token_hash: token_hash.to_vec(),
        expires_at: now + CEREMONY_LIFETIME,
        ring_period: sealed.period,
        sealed: sealed.bytes,
    };
    let mut tx = app.store().write().await?;
    tx.add_ceremony(&ceremony).await?;
    tx.commit().await?;
    Ok(Started { secret, options })
}

/// Removes the state of the ceremony with this `secret` from the store, and returns it.
async fn take<T: DeserializeOwned>(app: &App, secret: Option<&str>) -> Result<T, Error> {
    let expired = || Error::new(Kind::Conflict, "This took too long. Try again.");
    let token_hash = sha256(secret.ok_or_else(expired)?.as_bytes());
    let mut tx = app.store().write().await?;
    let ceremony = tx.take_ceremony(&token_hash, app.now()).await?.ok_or_else(expired)?;
    tx.commit().await?;
    let sealed = Sealed { period: ceremony.ring_period, bytes: ceremony.sealed };
    let plain = app.keyring().open_sealed(&sealed, &[b"ceremony", &token_hash]).await?.ok_or_else(expired)?;
    serde_json::from_slice(&plain).map_err(|_| expired())
}
