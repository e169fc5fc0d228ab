//! The parts of a share: presentations bound to its link, encrypted with the key in the link, and
//! the wallet's record.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::i18n::{self, Text};
use crate::issuing::IssuableCredential;
use crate::keys::Key;
use ambient::Timestamp;
use store::domain::share::{Chosen, Contents, DisclosureRecord, Part, Share, parts};
use store::{StatusPlace, StoreError};

/// Returns a short description of what a link shows of a credential: its type, the headline of the
/// jobs that it shows, its attester, and the details that it withholds.
pub(super) fn title(credential: &IssuableCredential, chosen: &Chosen) -> String {
    let (known, text) = (credential.credential_type, Text::default());
    let mut fields = credential.payload.fields.clone();
    let (mut counted, mut withheld, mut has_headline) = (Vec::new(), Vec::new(), true);
    for part in parts(known, &credential.payload) {
        let is_shown = |entry: &Part| chosen.shows(&entry.place);
        let hidden = part.entries.iter().filter(|entry| !is_shown(entry)).count();
        if part.entries.is_empty() {
            withheld.extend(part.label.filter(|_| !is_shown(&part)));
        } else if hidden == part.entries.len() {
            has_headline = false;
            counted.push(text.of("none-shown-employment"));
        } else if hidden > 0 {
            counted.push(text.count("not-shown-employment", i64::try_from(hidden).unwrap_or(i64::MAX)));
            let value = part.entries.iter().filter(|entry| is_shown(entry)).map(|entry| entry.value.clone()).collect();
            fields[part.member] = Value::Array(value);
        }
    }
    let subject = if has_headline { format!(": {}", i18n::headline(known, &fields)) } else { String::new() };
    if !withheld.is_empty() {
        counted.push(text.with("share-not-shown", &[("labels", &withheld.join(", "))]));
    }
    let described = format!("{}{subject} ({})", known.title, i18n::isolated_text(&credential.attester));
    if counted.is_empty() { described } else { format!("{described}. {}", counted.join(" ")) }
}

/// The values that all presentations of a link are bound to.
pub(super) struct Link<'a> {
    pub(super) id: Uuid,
    pub(super) nonce: &'a str,
    pub(super) expires_at: Timestamp,
}

impl Link<'_> {
    /// Signs a credential with its status list index, and presents the chosen fields.
    pub(super) fn present(
        &self,
        app: &App,
        credential: &IssuableCredential,
        place: StatusPlace,
        chosen: &Chosen,
    ) -> Result<String, Error> {
        let shows = |place: &str| chosen.shows(place);
        let audience = app.links().share_audience(self.id);
        own_presentation::present(app, credential, (place, self.expires_at), shows, (&audience, self.nonce))
    }
}

/// Encrypts the content of a link with the key in its secret.
pub(super) fn seal(app: &App, id: Uuid, secret: &str, contents: &Contents) -> Result<Vec<u8>, Error> {
    let key = link_key(secret).ok_or_else(|| Error::internal("a link's secret holds no key"))?;
    Ok(key.seal(&label(&id), &write(contents)?, app.rng()))
}

/// Decrypts the content of a link. Returns `None` if the share has ended.
pub(super) fn unseal(share: &Share, secret: &str) -> Result<Option<Contents>, StoreError> {
    let (Some(sealed), Some(key)) = (&share.sealed, link_key(secret)) else { return Ok(None) };
    let opened = key.open(&label(&share.id), sealed).map_err(|error| StoreError::corrupt_row("share", error))?;
    read(&opened).map(Some)
}

pub(super) fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"share", id.as_bytes()]
}

pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::corrupt_row("share", error))
}

/// Returns the key in a link's secret.
fn link_key(secret: &str) -> Option<Key> {
    Key::from_bytes(&URL_SAFE_NO_PAD.decode(secret).ok()?)
}

/// Reads the wallet's record of a share.
///
/// # Errors
/// The key ring cannot be used.
pub async fn record(app: &App, share: &Share) -> Result<DisclosureRecord, StoreError> {
    let opened = app.keyring().open_for_holder(share.holder, &label(&share.id), &share.holder_sealed).await?;
    read(&opened)
}
