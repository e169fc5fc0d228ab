//! A wallet's response (OpenID4VP 1.0, section 8.2), plain or encrypted for this request (section
//! 8.3.1). A valid response is stored until the browser that began the presentation finishes it.

use credential::encoding::sha256;
use credential::jwe;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::check::{PresentationError, check, result_label};
use super::request;
use crate::app::App;
use crate::error::Error;
use crate::flows::verification_request::VerificationResult;
use store::domain::presentation::{Mode, Presentation, State};

/// The parameters of a response, as received.
#[derive(Clone, Copy, Debug)]
pub struct WalletResponse<'a> {
    /// The encrypted response.
    pub response: Option<&'a str>,
    /// The presentations, if they are not encrypted.
    pub vp_token: Option<&'a str>,
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
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn receive(app: &App, id: Uuid, response: &WalletResponse<'_>) -> Result<Received, Error> {
    let found = app.store().read().await?.presentation(id, app.now()).await?;
    let Some(presentation) = found.filter(|found| matches!(found.state, State::Waiting { .. })) else {
        return Ok(Received::Ended);
    };
    let vp_token = match read(app, &presentation, response).await? {
        Ok(Some(vp_token)) => vp_token,
        Ok(None) => return decline(app, id).await,
        Err(error) => return refuse(app, id, error).await,
    };
    match check(app, &presentation, &vp_token).await? {
        Ok(result) => keep(app, id, &result).await,
        Err(error) => refuse(app, id, error).await,
    }
}

/// Returns the response's `vp_token`, after decrypting it where required and checking the `state`.
/// `None` if the wallet sent an error.
async fn read(
    app: &App,
    presentation: &Presentation,
    response: &WalletResponse<'_>,
) -> Result<Result<Option<Value>, PresentationError>, Error> {
    // A wallet that cannot encrypt may send an error unencrypted (section 8.3.1).
    let read = match (presentation.mode, response.response, response.error) {
        (_, None, Some(error)) => json!({ "error": error, "state": response.state }),
        (Mode::PostJwt, Some(encrypted), _) => match decrypt(app, presentation, encrypted).await? {
            Ok(opened) => Value::Object(opened),
            Err(error) => return Ok(Err(error)),
        },
        (Mode::PostJwt, None, None) => {
            return Ok(Err(PresentationError::new(
                "not_encrypted",
                "The response must be encrypted: the request has the response mode direct_post.jwt.",
            )));
        }
        (Mode::Post, ..) => {
            let Ok(vp_token) = response.vp_token.map(serde_json::from_str).transpose() else {
                return Ok(Err(PresentationError::new("malformed", "vp_token must be a JSON object.")));
            };
            json!({ "vp_token": vp_token.unwrap_or(Value::Null), "state": response.state })
        }
    };
    let state = read["state"].as_str().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(request::state(app, presentation.id).as_bytes())) {
        return Ok(Err(PresentationError::new("state", "state is missing, or belongs to another request.")));
    }
    Ok(Ok(if read["error"].is_string() { None } else { Some(read["vp_token"].clone()) }))
}

/// Decrypts a response with the key of this request.
async fn decrypt(
    app: &App,
    presentation: &Presentation,
    response: &str,
) -> Result<Result<Map<String, Value>, PresentationError>, Error> {
    let State::Waiting { key } = &presentation.state else {
        return Ok(Err(PresentationError::new("over", "This request was already answered.")));
    };
    let Some(secret) = request::secret(app, presentation.id, key).await? else {
        return Ok(Err(PresentationError::expired()));
    };
    Ok(match jwe::decrypt(response, secret.expose()) {
        Err(error) => Err(PresentationError::new("encryption", format!("The response cannot be decrypted: {error}."))),
        Ok(opened) if opened.header.get("kid").is_some_and(|kid| *kid != presentation.id.to_string()) => {
            Err(PresentationError::new("encryption", "kid is not the key of this request."))
        }
        Ok(opened) => serde_json::from_slice(&opened.plain)
            .map_err(|_| PresentationError::new("malformed", "The decrypted response is not a JSON object.")),
    })
}

async fn refuse(app: &App, id: Uuid, error: PresentationError) -> Result<Received, Error> {
    let mut tx = app.store().write().await?;
    tx.refuse_answer(id, error.code).await?;
    tx.commit().await?;
    app.metrics().presentations("refused");
    Ok(Received::Refused(error.reason))
}

async fn decline(app: &App, id: Uuid) -> Result<Received, Error> {
    let mut tx = app.store().write().await?;
    let declined = tx.decline_presentation(id).await?;
    tx.commit().await?;
    if !declined {
        return Ok(Received::Ended);
    }
    app.metrics().presentations("declined");
    // The page shows the state and offers to continue. There is no response, so the URL contains no
    // response code.
    Ok(Received::Taken { redirect_uri: app.links().presentation(id) })
}

async fn keep(app: &App, id: Uuid, result: &VerificationResult) -> Result<Received, Error> {
    let (now, secret) = (app.now(), app.rng().secret());
    let written = serde_json::to_vec(result).map_err(Error::internal)?;
    let shown = app.keyring().seal(now, &result_label(&id), &written).await?;
    let mut tx = app.store().write().await?;
    let is_first = tx.answer_presentation(id, &sha256(secret.as_bytes()), &shown, now).await?;
    tx.commit().await?;
    if !is_first {
        return Ok(Received::Ended);
    }
    app.metrics().presentations("answered");
    Ok(Received::Taken { redirect_uri: app.links().presentation_return(id, &secret) })
}
