//! OpenID for Verifiable Presentations 1.0: what partners ask a person to show, answered by an outside wallet.
//!
//! Owns the question to the wallet (one file an endpoint), the weighing of its answer, and the step at which an answer
//! counts. What is asked, and what follows from an answer, is [`crate::verification`]'s; the pages are in [`crate::web`].
//!
//! An answer does not count when it comes. It counts when the browser that began the question brings what the wallet's device
//! was given for the answer: so nobody can finish what somebody else began, nor have somebody else finish it unawares.

mod check;
pub mod client;
mod request;
mod response;

use axum::Router;
use axum::middleware;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::Type;
use credential::dcql::Query;
use credential::format::sd_jwt_vc::vct;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::seal::{Key, sha256};
use crate::verification::{self, Answer};
use crate::verification_result::Outcome;
use ambient::Timestamp;
use store::domain::presentation::{Flow, Presentation, State};
use store::domain::submission::Sealed;
use store::domain::verification::Verification;
use store::{StoreError, Tx};

/// All routes for wallets. Wallets in a browser may call them from wherever they are: nothing here goes by cookies.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(request::routes())
        .merge(response::routes())
        .layer(middleware::from_fn(crate::http::cors::share_with_all_origins))
}

fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"presentation", id.as_bytes()]
}

fn shown_label(id: &Uuid) -> [&[u8]; 2] {
    [b"presentation-shown", id.as_bytes()]
}

/// The private key of a question that waits; `None` once the ring key that sealed it is destroyed.
async fn secret(app: &App, presentation: Uuid, key: &Sealed) -> Result<Option<Key>, Error> {
    let Some(opened) = app.keyring().open_sealed(key, &label(&presentation)).await? else { return Ok(None) };
    let key = Key::from_bytes(&opened).ok_or_else(|| StoreError::nonsense("presentation", "a key's length"))?;
    Ok(Some(key))
}

/// Begins a question to one wallet, for the browser whose secret has this hash.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn begin(app: &App, verification: &Verification, flow: Flow, binding_hash: &[u8]) -> Result<Uuid, Error> {
    let (id, now) = (app.rng().anonymous_id(), app.now());
    let key = app.keyring().seal(now, &label(&id), Key::random(app.rng()).expose()).await?;
    let new = Presentation {
        id,
        verification: verification.id,
        holder: verification.holder,
        flow,
        mode: app.config().openid4vp.response_mode,
        client_id: client::id(app),
        nonce: app.rng().secret(),
        binding_hash: binding_hash.to_vec(),
        created_at: now,
        expires_at: (now + app.config().openid4vp.lifetime).min(verification.expires_at),
        refusal: None,
        state: State::Waiting { key: key.clone() },
    };
    let mut tx = app.store().write().await?;
    tx.add_presentation(&new, &key).await?;
    tx.commit().await?;
    app.metrics().presentations("asked");
    Ok(id)
}

/// What a wallet is asked for.
fn query(app: &App, credential_type: Type, claims: &[String]) -> Query {
    let asked: Vec<&str> = claims.iter().map(String::as_str).collect();
    let mut types = vec![vct(credential_type, app.config().base())];
    types.extend(app.trusted_issuers().vct_values(credential_type));
    let authority = |name: &String| if name == "own" { app.verifier_key().authority.clone() } else { name.clone() };
    let authorities = app.config().openid4vp.authorities.iter().map(authority).collect();
    Query::new(credential_type, &asked, types, authorities)
}

/// The link that a wallet opens (OpenID4VP 1.0, section 5; RFC 9101, section 5): who asks, and where the rest is.
pub fn link(app: &App, presentation: &Presentation) -> String {
    let address = app.links().presentation_request(presentation.id);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &presentation.client_id)
        .append_pair("request_uri", &address)
        .append_pair("request_uri_method", "post")
        .finish();
    format!("{}://?{query}", app.config().openid4vp.scheme)
}

/// What the wallet gives back so that an answer is known to be of one who has read the question: nothing that is stored.
fn state(app: &App, presentation: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(app.keyring().fingerprint("presentation state", presentation.as_bytes()))
}
/// The six digits that a person carries from the wallet's device to the browser that began. They follow from the answer's
/// secret, so that no other answer has them.
pub fn carried_code(app: &App, presentation: Uuid, response_hash: &[u8]) -> String {
    let tag = app.keyring().fingerprint("presentation code", &[presentation.as_bytes(), response_hash].concat());
    // Of 64 bits, the remainder of a million is as good as even.
    let number = tag.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 1_000_000;
    format!("{number:06}")
}

/// Whether `secret` is what the wallet's device was sent back with.
pub fn is_response_code(response_hash: &[u8], secret: &str) -> bool {
    bool::from(sha256(secret.as_bytes()).as_slice().ct_eq(response_hash))
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    /// It counts.
    Done,
    /// The code is wrong.
    WrongCode,
    /// There is no answer that could count, or no question that is open any more.
    Over,
}

/// Tries the code that was carried from the wallet's device. A try is counted before the code is looked at.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn finish_by_code(app: &App, presentation: &Presentation, code: &str) -> Result<Finish, Error> {
    let State::Answered { response_hash, .. } = &presentation.state else { return Ok(Finish::Over) };
    let mut tx = app.store().write().await?;
    let may_try = tx.take_presentation_try(presentation.id).await?;
    tx.commit().await?;
    if !may_try {
        return Ok(Finish::Over);
    }
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    let right = carried_code(app, presentation.id, response_hash);
    if !bool::from(typed.as_bytes().ct_eq(right.as_bytes())) {
        return Ok(Finish::WrongCode);
    }
    finish(app, presentation).await
}

/// The partner's question, if it can be answered: it is open, and its partner may ask.
async fn open_question(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<Verification>, StoreError> {
    let found = tx.linked_verification(id, now).await?.filter(Verification::is_open);
    let Some(found) = found else { return Ok(None) };
    let partner = tx.partner(found.partner_id).await?;
    Ok(partner.is_some_and(|partner| partner.is_active()).then_some(found))
}

/// Lets an answer count: the caller has seen that it is the browser that began, with what the wallet's device was given.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn finish(app: &App, presentation: &Presentation) -> Result<Finish, Error> {
    let State::Answered { shown, .. } = &presentation.state else { return Ok(Finish::Over) };
    let mut tx = app.store().read().await?;
    let found = open_question(&mut tx, presentation.verification, app.now()).await?;
    drop(tx);
    let opened = app.keyring().open_sealed(shown, &shown_label(&presentation.id)).await?;
    let found = found.filter(|found| found.holder == presentation.holder);
    let (Some(verification), Some(opened)) = (found, opened) else {
        return Ok(Finish::Over);
    };
    let outcome: Outcome =
        serde_json::from_slice(&opened).map_err(|error| StoreError::nonsense("presentation", error))?;
    let answer = Answer::Shown { outcome: Box::new(outcome), memory: None, presentation: Some(presentation.id) };
    if !verification::finish(app, &verification, answer).await? {
        return Ok(Finish::Over);
    }
    app.metrics().presentations("finished");
    Ok(Finish::Done)
}

/// Ends an answer that must not count.
///
/// # Errors
/// The store cannot be used.
pub async fn reject(app: &App, presentation: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    if tx.reject_presentation(presentation).await? {
        app.metrics().presentations("rejected");
    }
    Ok(tx.commit().await?)
}
