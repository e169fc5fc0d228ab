//! Status lists as they are served: signed, compressed and kept in memory until something in them changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::format::vc_jwt::{IssuerProfile, status_list_credential};
use credential::format::{Format, did_web};
use credential::status::{StatusList, token_payload};
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::seal::sha256;
use ambient::Timestamp;

/// How long a verifier may use a copy.
pub const FRESH: Duration = Duration::from_secs(300);
/// How long a list is good that nobody could renew: a verifier that cannot reach the server goes on for so long.
const LIFETIME: Duration = Duration::from_secs(86_400);
/// How old a signed list may get before it is signed again, changed or not.
const RENEWED: Duration = Duration::from_secs(3600);
/// How long a list is taken to be unchanged without asking the store.
const UNASKED: Duration = Duration::from_secs(1);

/// In which form a list is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Token Status List.
    Token,
    /// Bitstring Status List.
    Bitstring,
}

/// A list as it is served.
#[derive(Clone, Debug)]
pub struct Served {
    /// The signed list.
    pub token: Arc<str>,
    /// Changes with every change.
    pub etag: Arc<str>,
    asked_at: Timestamp,
    changed_at: Timestamp,
    signed_at: Timestamp,
    kid: Arc<str>,
}

/// Lists in memory.
#[derive(Debug, Default)]
pub struct StatusLists(Mutex<HashMap<(Uuid, Form), Served>>);

impl StatusLists {
    fn kept(&self, id: Uuid, form: Form) -> Option<Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(id, form)).cloned()
    }

    fn keep(&self, id: Uuid, form: Form, served: &Served) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((id, form), served.clone());
    }

    fn let_go(&self, id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(list, _), _| *list != id);
    }

    /// The list `id`; `None` if there is none.
    ///
    /// # Errors
    /// The store cannot be used, or there is no key.
    pub async fn get(&self, app: &App, id: Uuid, form: Form) -> Result<Option<Served>, Error> {
        let now = app.now();
        let keys = app.issuer_keys().now()?;
        let kept = self.kept(id, form).filter(|kept| now.since(kept.signed_at) < RENEWED && *kept.kid == *keys.kid);
        if let Some(kept) = &kept
            && now.since(kept.asked_at) < UNASKED
        {
            return Ok(Some(kept.clone()));
        }
        let mut tx = app.store().read().await?;
        let Some(list) = tx.status_list(id).await? else {
            self.let_go(id);
            return Ok(None);
        };
        if let Some(kept) = kept.filter(|kept| kept.changed_at == list.changed_at) {
            let kept = Served { asked_at: now, ..kept };
            self.keep(id, form, &kept);
            return Ok(Some(kept));
        }
        let revoked = tx.revoked_positions(id).await?;
        drop(tx);
        let capacity = list.capacity.get();
        let signing = app.clone();
        // Packing a large list takes milliseconds, which are not taken from those who wait for other answers.
        let signed = tokio::task::spawn_blocking(move || sign(&signing, id, form, capacity, revoked));
        let token = signed.await.map_err(Error::internal)??;
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..12]));
        let served = Served {
            token: token.into(),
            etag: etag.into(),
            asked_at: now,
            changed_at: list.changed_at,
            signed_at: now,
            kid: keys.kid.as_str().into(),
        };
        self.keep(id, form, &served);
        Ok(Some(served))
    }
}

fn sign(app: &App, id: Uuid, form: Form, capacity: u32, revoked: Vec<u32>) -> Result<String, Error> {
    let (now, keys) = (app.now(), app.issuer_keys().now()?);
    let list = StatusList::of_revoked(capacity, revoked);
    let times = (now.seconds(), (now + LIFETIME).seconds());
    let base = app.config().base();
    let address = app.links().status_list(id);
    let (header, payload) = match form {
        Form::Token => (keys.header("statuslist+jwt"), token_payload(&list, &address, times, FRESH.as_secs())),
        Form::Bitstring => {
            let did = did_web(base);
            let issuer = IssuerProfile { id: &did, name: "Tenure", address: base };
            let credential = status_list_credential(&issuer, &format!("{address}/bitstring"), &list, times);
            (keys.issuer.header(Format::VcJwt).to_owned(), credential)
        }
    };
    credential::jws::sign(&header, payload.to_string().as_bytes(), keys.issuer.signer()).map_err(Error::internal)
}
