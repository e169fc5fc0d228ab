//! Verification requests: from a partner's question to what a person shows, checked, and back to the partner.
//!
//! Owns what of a request is sealed under which key, and the one way in which an answer ends it ([`finish`]), whether it
//! was given on our own page or by an outside wallet. Nothing beyond what was asked for passes it.

use credential::verification::Report;
use credential::{Question, Type};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::issuing::IssuableCredential;
use crate::presenting;
use crate::verification_result::{Asked, Check, Checked, Memory, Outcome, Presented};
use ambient::Timestamp;
use store::domain::share::Chosen;
use store::domain::submission::Sealed;
use store::domain::verification::{State, Verification};
use store::{Announcement, AnnouncementKind, EndedVerification, NewVerification, StoreError, Tx, VerificationEnd};

/// What became of a question.
#[derive(Clone, Debug)]
pub struct AskedNow {
    /// The request that stands for its id.
    pub verification: Verification,
    /// Whether it was asked before, with other words.
    pub differs: bool,
}

/// How a person answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// By showing something.
    Shown {
        /// What, and how it was checked.
        outcome: Box<Outcome>,
        /// What the wallet here remembers of it, if it was shown from one.
        memory: Option<Memory>,
        /// The outside wallet's answer that it is, if it is one: it ends in the same transaction, unless it was rejected.
        presentation: Option<Uuid>,
    },
    /// By saying no.
    Canceled,
}

/// What of a request is sealed; each is bound to its row and to its use.
#[derive(Clone, Copy, Debug)]
enum Part {
    Request,
    Result,
    Memory,
}

impl Part {
    fn label(self, id: &Uuid) -> [&[u8]; 2] {
        let name: &[u8] = match self {
            Self::Request => b"verification",
            Self::Result => b"verification-result",
            Self::Memory => b"verification-memory",
        };
        [name, id.as_bytes()]
    }
}

fn write(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::nonsense("verification", error))
}

async fn open<T: DeserializeOwned>(app: &App, sealed: Option<&Sealed>, label: &[&[u8]]) -> Result<Option<T>, Error> {
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = app.keyring().open_sealed(sealed, label).await?;
    Ok(opened.map(|opened| read(&opened)).transpose()?)
}
/// Stores `partner`'s question, durably; the same id again leads to the same request while it is open. The caller has
/// checked its `callback_url`. `None`: the id was used for a request that is over, or for another type.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn ask(
    app: &App,
    partner: Uuid,
    credential_type: Type,
    question: Question,
) -> Result<Option<AskedNow>, Error> {
    let (id, now) = (app.id(), app.now());
    let asked = Asked { callback_url: question.callback_url, purpose: question.purpose, claims: question.claims };
    let new = NewVerification {
        id,
        partner_id: partner,
        // One of ours opens nothing, since it stands in addresses and events: the link's id is another.
        request_id: question.request_id.unwrap_or_else(|| app.rng().anonymous_id().to_string()),
        credential_type,
        created_at: now,
        expires_at: now + app.config().verification.lifetime,
        request: app.keyring().seal(now, &Part::Request.label(&id), &write(&asked)?).await?,
    };
    let mut tx = app.store().write().await?;
    let is_new = tx.add_verification(&new).await?;
    let stands = tx.asked_verification(partner, &new.request_id, now).await?;
    tx.commit().await?;
    if is_new {
        app.metrics().verifications("asked", 1);
    }
    let Some(verification) = stands.filter(|found| found.is_open() && found.credential_type == credential_type) else {
        return Ok(None);
    };
    let differs = !is_new && details(app, &verification).await?.is_some_and(|earlier| earlier != asked);
    Ok(Some(AskedNow { verification, differs }))
}

/// What is asked in detail; `None` once that is deleted.
///
/// # Errors
/// The key ring cannot be used.
pub async fn details(app: &App, verification: &Verification) -> Result<Option<Asked>, Error> {
    open(app, verification.request.as_ref(), &Part::Request.label(&verification.id)).await
}

/// What was shown; `None` if nothing was, or its time is over.
///
/// # Errors
/// The key ring cannot be used.
pub async fn result(app: &App, verification: &Verification) -> Result<Option<Outcome>, Error> {
    let State::Verified { at, result, .. } = &verification.state else { return Ok(None) };
    if *at + app.config().retention.ring_key_lifetime() <= app.now() {
        return Ok(None);
    }
    open(app, result.as_ref(), &Part::Result.label(&verification.id)).await
}

/// What `verification.holder`'s wallet remembers of it; `None` if that answered otherwise.
///
/// # Errors
/// The key ring cannot be used.
pub async fn remember(app: &App, verification: &Verification) -> Result<Option<Memory>, Error> {
    let State::Verified { memory: Some(memory), .. } = &verification.state else { return Ok(None) };
    let Some(holder) = verification.holder else { return Ok(None) };
    let opened = app.keyring().open_for_holder(holder, &Part::Memory.label(&verification.id), memory).await?;
    Ok(Some(read(&opened)?))
}

/// Where the person goes after an answer, with what became of the request; `None` if they stay here.
pub fn callback(asked: &Asked, verification: &Verification) -> Option<Url> {
    let mut url: Url = asked.callback_url.as_ref()?.parse().ok()?;
    let answer = [("request_id", verification.request_id.as_str()), ("status", verification.status().name())];
    url.query_pairs_mut().extend_pairs(answer);
    Some(url)
}

/// Ends an open request by an answer, and announces it. Of what is shown only the members that were asked for are kept; a
/// presentation that brought others is not handed on.
/// `verification` is as it was when the answer was weighed: if its account is another now, or it is not open any more,
/// nothing happens, and false is returned.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn finish(app: &App, verification: &Verification, answer: Answer) -> Result<bool, Error> {
    let (now, id) = (app.now(), verification.id);
    // Keys are fetched and used before the database is held for writing.
    let (end, presentation, kind, happened) = match answer {
        Answer::Canceled => (VerificationEnd::Canceled, None, AnnouncementKind::RequestCanceled, "canceled"),
        Answer::Shown { mut outcome, memory, presentation } => {
            let Some(asked) = details(app, verification).await? else { return Ok(false) };
            let brought = outcome.credential.len();
            outcome.credential.retain(|name, _| asked.claims.contains(name));
            if outcome.credential.len() < brought {
                outcome.verification.presentation = None;
            }
            let result = app.keyring().seal(now, &Part::Result.label(&id), &write(&*outcome)?).await?;
            let memory = match (memory, verification.holder) {
                (Some(memory), Some(holder)) => {
                    Some(app.keyring().seal_for_holder(holder, &Part::Memory.label(&id), &write(&memory)?).await?)
                }
                _ => None,
            };
            (VerificationEnd::Verified { result, memory }, presentation, AnnouncementKind::RequestVerified, "verified")
        }
    };
    let mut tx = app.store().write().await?;
    if !tx.finish_verification(id, verification.holder, &end, now).await? {
        return Ok(false);
    }
    if let Some(presentation) = presentation
        && !tx.finish_presentation(presentation, now).await?
    {
        return Ok(false);
    }
    let ended = EndedVerification {
        partner_id: verification.partner_id,
        request_id: verification.request_id.clone(),
        finalized_at: now,
    };
    announce(&mut tx, &[ended], kind, now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    app.metrics().verifications(happened, 1);
    Ok(true)
}

/// Announces to partners at `now` how their requests ended, in the transaction that ends them. The caller wakes deliveries
/// after it.
///
/// # Errors
/// The store cannot be used.
pub async fn announce(
    tx: &mut Tx,
    ended: &[EndedVerification],
    kind: AnnouncementKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    let announcements = ended.iter().map(|ended| Announcement {
        partner: ended.partner_id,
        kind,
        request_id: &ended.request_id,
        credential_id: None,
        at: ended.finalized_at,
        told_at: now,
    });
    tx.announce(&announcements.collect::<Vec<_>>()).await
}

/// Signs one credential of `holder` for this request, shows of it what was chosen and asked for, and checks that as its
/// reader would. `None` if it is not in the wallet any more, or does not pass.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn present(
    app: &App,
    verification: &Verification,
    asked: &Asked,
    (holder, chosen): (Uuid, &Chosen),
) -> Result<Option<Outcome>, Error> {
    let material = IssuableCredential::open(app.store(), app.keyring(), (chosen.submission, holder), app.now()).await?;
    let Some(material) = material.filter(|material| material.credential_type == verification.credential_type) else {
        return Ok(None);
    };
    // As long as the result can be fetched; afterwards nothing is to be made of it.
    let expires_at = app.now() + app.config().retention.ring_key_lifetime();
    let materials = std::slice::from_ref(&material);
    let Some(place) = presenting::give_places(app, materials, expires_at).await?.pop() else { return Ok(None) };
    let (audience, nonce) = (app.links().verification_audience(verification.id), app.rng().secret());
    let challenge = (audience.as_str(), nonce.as_str());
    let shows = |place: &str| asked.covers(place) && chosen.shows(place);
    let token = presenting::present(app, &material, (place, expires_at), shows, challenge)?;
    let report = presenting::check(app, &token, challenge).await?;
    let valid = report.is_valid();
    let presented = Presented { format: "dc+sd-jwt".to_owned(), token, audience, nonce };
    Ok(valid.then(|| outcome(app, verification.credential_type, &report, presented)))
}

fn outcome(app: &App, credential_type: Type, report: &Report, presented: Presented) -> Outcome {
    let said = |name: &str| report.claims.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let shown = credential_type.fields.iter().filter_map(|member| {
        let value = report.claims.get(member.name)?;
        Some((member.name.to_owned(), value.clone()))
    });
    let attested_by = report.claims.get("attested_by").and_then(|by| by["name"].as_str());
    Outcome {
        credential: shown.collect::<Map<_, _>>(),
        verification: Checked {
            valid: report.is_valid(),
            checked_at: app.now().to_string(),
            issuer: said("iss"),
            attested_by: attested_by.map(ToOwned::to_owned),
            attested_at: said("attested_at"),
            checks: report.verdicts.iter().map(Check::from).collect(),
            presentation: Some(presented),
        },
    }
}
