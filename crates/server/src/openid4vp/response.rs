//! `POST /openid4vp/responses/{id}`: a wallet's answer (OpenID4VP 1.0, section 8.2), as it is or encrypted for this one question
//! (section 8.3.1). A good one is kept until it counts; whoever sends it learns where to send the person, and nothing else.

use axum::extract::{Path, State as AppState};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use credential::jwe;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::check::{NotTaken, check};
use crate::app::App;
use crate::error::Error;
use crate::http::{AnyBody, Client, Form, OAuthError};
use crate::seal::sha256;
use crate::verification_result::Outcome;
use store::domain::presentation::{Mode, Presentation, State};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/openid4vp/responses/{id}", post(respond))
}

fn over() -> OAuthError {
    OAuthError::code("invalid_request", "This request is not known, was answered, or its time is over.")
}

async fn respond(
    AppState(app): AppState<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = Form::read(&headers, &body)?;
    let found = app.store().read().await?.presentation(id, app.now()).await?;
    let presentation = found.filter(|found| matches!(found.state, State::Waiting { .. })).ok_or_else(over)?;
    let taken = match take(&app, &presentation, &form).await? {
        Ok(taken) => taken,
        Err(refused) => return refuse(&app, id, refused).await,
    };
    match taken {
        Taken::No => decline(&app, id).await,
        Taken::VpToken(vp_token) => match check(&app, &presentation, &vp_token).await? {
            Err(refused) => refuse(&app, id, refused).await,
            Ok(outcome) => keep(&app, id, &outcome).await,
        },
    }
}

/// What a wallet answers.
enum Taken {
    /// That it does not, or cannot.
    No,
    /// Something to be weighed.
    VpToken(Value),
}

/// Reads an answer: opened with this question's key where it must be encrypted, and with this question's state in it.
async fn take(app: &App, presentation: &Presentation, form: &Form) -> Result<Result<Taken, NotTaken>, Error> {
    // Who cannot encrypt may say so in the open (section 8.3.1).
    let answer = match (presentation.mode, form.get("response"), form.get("error")) {
        (_, None, Some(error)) => json!({ "error": error, "state": form.get("state") }),
        (Mode::PostJwt, Some(response), _) => match open(app, presentation, response).await? {
            Ok(answer) => Value::Object(answer),
            Err(refused) => return Ok(Err(refused)),
        },
        (Mode::PostJwt, None, None) => {
            return Ok(Err(NotTaken::new(
                "not_encrypted",
                "The answer must be encrypted: direct_post.jwt was asked for.",
            )));
        }
        (Mode::Post, ..) => {
            let vp_token = form.get("vp_token").map(serde_json::from_str).transpose();
            let Ok(vp_token) = vp_token else {
                return Ok(Err(NotTaken::new("malformed", "vp_token must be a JSON object.")));
            };
            json!({ "vp_token": vp_token.unwrap_or(Value::Null), "state": form.get("state") })
        }
    };
    let state = answer["state"].as_str().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(super::state(app, presentation.id).as_bytes())) {
        return Ok(Err(NotTaken::new("state", "state is missing, or of another request.")));
    }
    Ok(match &answer["error"] {
        Value::String(_) => Ok(Taken::No),
        _ => Ok(Taken::VpToken(answer["vp_token"].clone())),
    })
}

/// Opens an encrypted answer with the key of this question, and of no other.
async fn open(
    app: &App,
    presentation: &Presentation,
    response: &str,
) -> Result<Result<Map<String, Value>, NotTaken>, Error> {
    let State::Waiting { key } = &presentation.state else {
        return Ok(Err(NotTaken::new("over", "This request was answered.")));
    };
    let Some(secret) = super::secret(app, presentation.id, key).await? else {
        return Ok(Err(NotTaken::new("over", "The time of this request is over.")));
    };
    Ok(match jwe::decrypt(response, secret.expose()) {
        Err(error) => Err(NotTaken::new("encryption", format!("The answer cannot be opened: {error}."))),
        Ok(opened) if opened.header.get("kid").is_some_and(|kid| *kid != presentation.id.to_string()) => {
            Err(NotTaken::new("encryption", "kid names another key than that of this request."))
        }
        Ok(opened) => serde_json::from_slice(&opened.plain)
            .map_err(|_| NotTaken::new("malformed", "What was encrypted is not a JSON object.")),
    })
}

async fn refuse(app: &App, id: Uuid, refused: NotTaken) -> Result<Response, OAuthError> {
    let mut tx = app.store().write().await?;
    tx.refuse_answer(id, refused.code).await?;
    tx.commit().await?;
    app.metrics().presentations("refused");
    Err(OAuthError::code("invalid_request", refused.why))
}

async fn decline(app: &App, id: Uuid) -> Result<Response, OAuthError> {
    let mut tx = app.store().write().await?;
    let declined = tx.decline_presentation(id).await?;
    tx.commit().await?;
    if !declined {
        return Err(over());
    }
    app.metrics().presentations("declined");
    // The page says how it stands, and offers to go on; there is nothing to be fetched by a code.
    let page = app.links().presentation(id);
    Ok(answer(&json!({ "redirect_uri": page })))
}

async fn keep(app: &App, id: Uuid, outcome: &Outcome) -> Result<Response, OAuthError> {
    let (now, secret) = (app.now(), app.rng().secret());
    let written = serde_json::to_vec(outcome).map_err(Error::internal)?;
    let shown = app.keyring().seal(now, &super::shown_label(&id), &written).await?;
    let mut tx = app.store().write().await?;
    let is_first = tx.answer_presentation(id, &sha256(secret.as_bytes()), &shown, now).await?;
    tx.commit().await?;
    if !is_first {
        return Err(over());
    }
    app.metrics().presentations("answered");
    Ok(answer(&json!({ "redirect_uri": app.links().presentation_return(id, &secret) })))
}

fn answer(body: &Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
