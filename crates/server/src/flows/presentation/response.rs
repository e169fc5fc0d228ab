//! A wallet's response (OpenID4VP 1.0, section 8.2), plain or encrypted for this request (section
//! 8.3.1). A valid response is stored until the browser that began the presentation finishes it.
//!
//! The response code is derived from the response, so that an exact repeat, from a wallet that did
//! not receive the first reply, gets the same URL (D-257). A wallet that encrypts the same response
//! again gets it too, until the presentation ends (D-291).

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use credential::{jwe, parse_limited};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::check::{PresentationError, check, result_label};
use super::finish::is_hash_of;
use super::request;
use crate::app::App;
use crate::error::Error;
use crate::flows::verification_request::VerificationResult;
use crate::keys::Key;
use store::StoreError;
use store::domain::presentation::{Mode, Presentation, PresentationState};
use store::domain::submission::Sealed;

/// The parameters of a response, as received.
#[derive(Clone, Copy, Debug)]
pub struct WalletResponse<'a> {
    /// The encrypted response.
    pub response: Option<&'a str>,
    /// The presentations, if they are not encrypted.
    pub vp_token: Option<&'a str>,
    /// Where each presentation is in a `vp_token` of earlier drafts, which is not supported.
    pub presentation_submission: Option<&'a str>,
    /// The error code, if the wallet presents nothing.
    pub error: Option<&'a str>,
    /// The request's `state`.
    pub state: Option<&'a str>,
}

/// Result of receiving a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The response is stored, or the wallet declined. The wallet opens this URL in the browser.
    Taken {
        /// The URL.
        redirect_uri: String,
    },
    /// The response is rejected, for this reason. The wallet may retry.
    Refused(String),
    /// The request is unknown, was already responded to, or has expired.
    Ended,
}

/// Receives a wallet's response to a presentation: decrypts and verifies it, and stores the result.
/// A response that was received before has the same result and no further effect.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn receive(app: &App, id: Uuid, response: &WalletResponse<'_>) -> Result<Received, Error> {
    let code = response_code(app, id, response);
    let found = app.store().read().await?.presentation(id, app.now()).await?;
    let Some(presentation) = found else { return Ok(Received::Ended) };
    if !matches!(presentation.state, PresentationState::Waiting { .. }) {
        return repeated(app, &presentation, response, &code).await;
    }
    let (vp_token, again) = match read(app, &presentation, response, &code).await? {
        Ok((Some(vp_token), again)) => (vp_token, again),
        Ok((None, _)) => return decline(app, id, response, &code).await,
        Err(error) => return refuse(app, id, error).await,
    };
    match check(app, &presentation, &vp_token).await? {
        Ok(result) => keep(app, id, response, &code, &StoredResult { result, again }).await,
        Err(error) => refuse(app, id, error).await,
    }
}

/// The stored part of an accepted response. The previous release reads its result and skips the
/// rest.
#[derive(Serialize)]
struct StoredResult {
    #[serde(flatten)]
    result: VerificationResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Again>,
}

/// What recognizes an accepted response that is encrypted again. It is deleted with the result,
/// when the presentation ends.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Again {
    /// The private key of the request.
    key: String,
    /// Keyed hash of the decrypted response.
    content: String,
    /// The response code of the accepted response.
    code: String,
}

/// The part of a stored [`StoredResult`] that recognizes repeats.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    again: Option<Again>,
}

/// Returns a keyed hash of a decrypted response.
fn content_hash(app: &App, id: Uuid, opened: &Map<String, Value>) -> String {
    let content = json!([id.to_string(), opened]).to_string();
    URL_SAFE_NO_PAD.encode(app.keyring().fingerprint("presentation content", content.as_bytes()))
}

/// Returns the response code for a response. It is a keyed hash, so only this server can derive it.
fn response_code(app: &App, id: Uuid, response: &WalletResponse<'_>) -> String {
    let WalletResponse { response, vp_token, presentation_submission, error, state } = response;
    // As JSON, so that the boundaries between the parameters are unambiguous.
    let received = json!([id.to_string(), response, vp_token, presentation_submission, error, state]).to_string();
    URL_SAFE_NO_PAD.encode(app.keyring().fingerprint("presentation response", received.as_bytes()))
}

/// Returns the result of a response that arrives after the presentation was responded to: that of
/// the earlier response with the same `code`, or with the same content encrypted again.
async fn repeated(
    app: &App,
    presentation: &Presentation,
    response: &WalletResponse<'_>,
    code: &str,
) -> Result<Received, Error> {
    let id = presentation.id;
    Ok(match &presentation.state {
        PresentationState::Answered { response_hash, .. } | PresentationState::Finished { response_hash }
            if is_hash_of(response_hash, code) =>
        {
            Received::Taken { redirect_uri: app.links().presentation_return(id, code) }
        }
        PresentationState::Answered { shown, .. } => match encrypted_again(app, id, shown, response).await? {
            Some(code) => Received::Taken { redirect_uri: app.links().presentation_return(id, &code) },
            None => Received::Ended,
        },
        PresentationState::Declined { response_hash: Some(response_hash) } if is_hash_of(response_hash, code) => {
            Received::Taken { redirect_uri: app.links().presentation(id) }
        }
        _ => Received::Ended,
    })
}

/// Returns the code of the accepted response, if `response` has the same content, encrypted again.
async fn encrypted_again(
    app: &App,
    id: Uuid,
    shown: &Sealed,
    response: &WalletResponse<'_>,
) -> Result<Option<String>, Error> {
    let Some(encrypted) = response.response else { return Ok(None) };
    let Some(opened) = app.keyring().open_sealed(shown, &result_label(&id)).await? else { return Ok(None) };
    let stored: Stored =
        serde_json::from_slice(&opened).map_err(|error| StoreError::corrupt_row("presentation", error))?;
    let Some(again) = stored.again else { return Ok(None) };
    let key = URL_SAFE_NO_PAD.decode(&again.key).map(Zeroizing::new).ok();
    let key = key.and_then(|key| Key::from_bytes(&key));
    let key = key.ok_or_else(|| StoreError::corrupt_row("presentation", "the key of its request"))?;
    let is_same = open(id, &key, encrypted)
        .is_ok_and(|opened| bool::from(content_hash(app, id, &opened).as_bytes().ct_eq(again.content.as_bytes())));
    Ok(is_same.then(|| again.code.clone()))
}

/// Returns the result of a response after another one took its place: that of the other, if they
/// are the same.
async fn raced(app: &App, id: Uuid, response: &WalletResponse<'_>, code: &str) -> Result<Received, Error> {
    let found = app.store().read().await?.presentation(id, app.now()).await?;
    let Some(found) = found else { return Ok(Received::Ended) };
    repeated(app, &found, response, code).await
}

/// Returns the response's `vp_token`, after decrypting it where required and checking the `state`.
/// `None` if the wallet sent an error. If it was encrypted, also returns what recognizes it.
async fn read(
    app: &App,
    presentation: &Presentation,
    response: &WalletResponse<'_>,
    code: &str,
) -> Result<Result<(Option<Value>, Option<Again>), PresentationError>, Error> {
    let mut again = None;
    // A wallet that cannot encrypt may send an error unencrypted (section 8.3.1).
    let read = match (presentation.mode, response.response, response.error) {
        (_, None, Some(error)) => json!({ "error": error, "state": response.state }),
        (Mode::PostJwt, Some(encrypted), _) => match decrypt(app, presentation, encrypted).await? {
            Ok((opened, key)) => {
                let key = URL_SAFE_NO_PAD.encode(key.expose());
                let content = content_hash(app, presentation.id, &opened);
                again = Some(Again { key, content, code: code.to_owned() });
                Value::Object(opened)
            }
            Err(error) => return Ok(Err(error)),
        },
        (Mode::PostJwt, None, None) => {
            return Ok(Err(PresentationError::new(
                "not_encrypted",
                "The response must be encrypted: the request has the response mode direct_post.jwt.",
            )));
        }
        (Mode::Post, Some(_), None) => {
            return Ok(Err(PresentationError::new(
                "not_requested",
                "The response must not be encrypted: the request has the response mode direct_post, so send vp_token \
                 instead of response.",
            )));
        }
        (Mode::Post, ..) => {
            let submission = response.presentation_submission;
            json!({ "vp_token": response.vp_token, "state": response.state, "presentation_submission": submission })
        }
    };
    let state = read["state"].as_str().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(request::state(app, presentation.id).as_bytes())) {
        return Ok(Err(PresentationError::new("state", "state is missing, or belongs to another request.")));
    }
    if read["error"].is_string() {
        return Ok(Ok((None, None)));
    }
    Ok(vp_token(&read).map(|vp_token| (Some(vp_token), again)))
}

/// Returns the `vp_token` of a response. JSON within a string, as in a form, is parsed.
fn vp_token(response: &Value) -> Result<Value, PresentationError> {
    let vp_token = match &response["vp_token"] {
        Value::String(text) => parse_limited(text.as_bytes()).unwrap_or_else(|_| text.as_str().into()),
        other => other.clone(),
    };
    let is_earlier = vp_token.is_string() || !response["presentation_submission"].is_null();
    if is_earlier && !vp_token.is_object() {
        return Err(PresentationError::new(
            "malformed",
            "This is a response of OpenID4VP drafts up to 24 (presentation_submission, or a vp_token that is not an \
             object). The request is of OpenID4VP 1.0: vp_token must be a JSON object that has a list with one \
             presentation for each id of dcql_query.",
        ));
    }
    Ok(vp_token)
}

/// Decrypts a response with the key of this request, which is returned too.
async fn decrypt(
    app: &App,
    presentation: &Presentation,
    response: &str,
) -> Result<Result<(Map<String, Value>, Key), PresentationError>, Error> {
    let PresentationState::Waiting { key } = &presentation.state else {
        return Ok(Err(PresentationError::new("over", "This request was already answered.")));
    };
    let Some(secret) = request::secret(app, presentation.id, key).await? else {
        return Ok(Err(PresentationError::expired()));
    };
    Ok(open(presentation.id, &secret, response).map(|opened| (opened, secret)))
}

/// Decrypts a response with the private key of the request.
fn open(id: Uuid, secret: &Key, response: &str) -> Result<Map<String, Value>, PresentationError> {
    let unreadable = |why: &dyn Display| {
        Err(PresentationError::new("encryption", format!("The response cannot be decrypted: {why}.")))
    };
    let kid = jwe::header(response).ok().and_then(|header| header.get("kid").cloned());
    if kid.is_some_and(|kid| kid != id.to_string()) {
        return unreadable(&"its kid does not name the key of this request");
    }
    match jwe::decrypt(response, secret.expose()) {
        Err(error) => unreadable(&error),
        Ok(opened) => parse_limited(&opened.plain).map_err(|_| {
            let is_signed = opened.plain.starts_with(b"eyJ");
            let signed =
                "The decrypted response is a JWT. It must be a JSON object: signed responses are not supported.";
            let reason = if is_signed { signed } else { "The decrypted response is not a JSON object." };
            PresentationError::new("malformed", reason)
        }),
    }
}

async fn refuse(app: &App, id: Uuid, error: PresentationError) -> Result<Received, Error> {
    let mut tx = app.store().write().await?;
    tx.refuse_answer(id, error.code).await?;
    tx.commit().await?;
    app.metrics().presentations("refused");
    Ok(Received::Refused(error.reason))
}

async fn decline(app: &App, id: Uuid, response: &WalletResponse<'_>, code: &str) -> Result<Received, Error> {
    let mut tx = app.store().write().await?;
    let declined = tx.decline_presentation(id, &sha256(code.as_bytes())).await?;
    tx.commit().await?;
    if !declined {
        return raced(app, id, response, code).await;
    }
    app.metrics().presentations("declined");
    // The page shows the state and offers to continue. There is no response, so the URL contains no
    // response code.
    Ok(Received::Taken { redirect_uri: app.links().presentation(id) })
}

async fn keep(
    app: &App,
    id: Uuid,
    response: &WalletResponse<'_>,
    code: &str,
    answer: &StoredResult,
) -> Result<Received, Error> {
    let now = app.now();
    let written = Zeroizing::new(serde_json::to_vec(answer).map_err(Error::internal)?);
    let shown = app.keyring().seal(now, &result_label(&id), &written).await?;
    let mut tx = app.store().write().await?;
    let is_first = tx.answer_presentation(id, &sha256(code.as_bytes()), &shown, now).await?;
    tx.commit().await?;
    if !is_first {
        return raced(app, id, response, code).await;
    }
    app.metrics().presentations("answered");
    Ok(Received::Taken { redirect_uri: app.links().presentation_return(id, code) })
}
