//! What pages show of a credential: opened, read, with its documents.

use credential::opencerts::{self, OpenCert};
use credential::{AssetKind, Block, Payload};
use uuid::Uuid;

use super::Text;
use crate::app::App;
use crate::documents::{self, Owner};
use crate::domain::asset::{Asset, AssetState, Failure, Object};
use crate::domain::submission::{State, Submission};
use crate::error::Error;
use crate::time::Timestamp;

/// A credential that its holder looks at.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The request's id.
    pub id: Uuid,
    /// Who pushed it.
    pub partner: String,
    /// What people call its type.
    pub title: &'static str,
    /// What a hirer would read.
    pub headline: String,
    /// What was pushed.
    pub payload: Payload,
    /// What a page draws of it.
    pub view: Vec<Block>,
    /// Its documents.
    pub documents: Vec<ShownDocument>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// When it was accepted, if it was.
    pub accepted_at: Option<Timestamp>,
}

/// A document of a credential.
#[derive(Clone, Debug)]
pub struct ShownDocument {
    /// Its id.
    pub id: Uuid,
    /// What the partner calls it.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a document stands, for its holder.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It can be opened.
    There {
        /// Its size, bytes.
        size: u64,
        /// What an OpenCerts document shows by itself.
        certificate: Option<Certificate>,
    },
    /// It may still come.
    Awaited,
    /// It did not come before the credential was accepted.
    Missing,
    /// It could not be had.
    Refused,
    /// It was deleted, since nobody came back to the wallet.
    Deleted,
}

/// What an OpenCerts document shows by itself.
#[derive(Clone, Debug)]
pub struct Certificate {
    obfuscated: i64,
    /// What the document says, and what the partner says, where the two differ.
    pub differences: Vec<(String, String)>,
}

impl Shown {
    /// Opens `submission` for its holder; `None` if its data is gone.
    pub async fn open(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
        let (bytes, accepted_at, owner) = match &submission.state {
            State::Incomplete { sealed, .. } => {
                (app.keyring.open_sealed(sealed, &label).await?, None, Owner::Ring(sealed.period))
            }
            State::Accepted { holder, at, sealed } => {
                let opened = app.keyring.open_for_holder(*holder, &label, sealed).await?;
                (Some(opened), Some(*at), Owner::Holder(*holder))
            }
            State::Declined { .. } | State::Expired { .. } | State::Removed { .. } => return Ok(None),
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let payload = Payload::from_bytes(&bytes).map_err(Error::internal)?;
        let mut tx = app.store.read().await?;
        let partner = tx.partner(submission.partner_id).await?;
        let assets = if payload.assets.is_empty() { Vec::new() } else { tx.assets(&[submission.id]).await? };
        drop(tx);
        let known = submission.credential_type;
        let mut documents = Vec::with_capacity(assets.len());
        for asset in assets {
            let compared = |certificate: &OpenCert| differences(known, &payload.fields, certificate);
            documents.push(ShownDocument::new(app, asset, owner, accepted_at.is_some(), compared).await?);
        }
        Ok(Some(Self {
            id: submission.id,
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            title: known.title,
            headline: known.headline(&payload.fields),
            view: known.view(&payload.fields),
            payload,
            documents,
            pushed_at: submission.created_at,
            expires_at: submission.expires_at,
            accepted_at,
        }))
    }

    /// Opens several; those whose data is gone are left out.
    pub async fn open_all(app: &App, submissions: &[Submission]) -> Result<Vec<Self>, Error> {
        let mut all = Vec::with_capacity(submissions.len());
        for submission in submissions {
            all.extend(Self::open(app, submission).await?);
        }
        Ok(all)
    }

    /// The person's name as the partner knows it.
    pub fn full_name(&self) -> &str {
        self.payload.fields["full_name"].as_str().unwrap_or_default()
    }

    /// The institutions in between, in words, parent first; empty where there are none.
    pub fn chain(&self, text: &Text) -> String {
        let mut names = self.payload.partner_chain.iter().cloned();
        let first = names.next().unwrap_or_default();
        names.fold(first, |chain, next| text.with("chain-then", &[("chain", &chain), ("next", &next)]))
    }

    /// How many documents it has.
    pub fn document_count(&self) -> i64 {
        i64::try_from(self.documents.len()).unwrap_or(i64::MAX)
    }

    /// What was pushed, as JSON to read and copy.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.payload.fields).unwrap_or_default()
    }
}

impl Certificate {
    /// How many of its values were taken out by whoever passed it on.
    pub fn obfuscated(&self) -> i64 {
        self.obfuscated
    }
}

impl ShownDocument {
    async fn new(
        app: &App,
        asset: Asset,
        owner: Owner,
        accepted: bool,
        compared: impl Fn(&OpenCert) -> Vec<(String, String)>,
    ) -> Result<Self, Error> {
        let standing = match &asset.state {
            AssetState::Stored(object) => {
                let certificate = if asset.kind == AssetKind::OpenCert {
                    certificate(app, asset.id, object, owner, compared).await?
                } else {
                    None
                };
                Standing::There { size: object.size, certificate }
            }
            AssetState::Awaited | AssetState::Fetching { .. } if accepted => Standing::Missing,
            AssetState::Failed(Failure::Late) => Standing::Missing,
            AssetState::Awaited | AssetState::Fetching { .. } => Standing::Awaited,
            AssetState::Failed(_) => Standing::Refused,
            AssetState::Deleted => Standing::Deleted,
        };
        Ok(Self { id: asset.id, name: asset.asset_id, kind: asset.kind, standing })
    }

    /// Whether a browser can show it in the page.
    pub fn is_image(&self) -> bool {
        matches!(self.kind, AssetKind::Png | AssetKind::Jpg)
    }

    /// The key of what people call its kind.
    pub fn kind_key(&self) -> &'static str {
        match self.kind {
            AssetKind::Pdf => "kind-pdf",
            AssetKind::Png => "kind-png",
            AssetKind::Jpg => "kind-jpg",
            AssetKind::OpenCert => "kind-open-cert",
        }
    }
}

async fn certificate(
    app: &App,
    asset: Uuid,
    object: &Object,
    owner: Owner,
    compared: impl Fn(&OpenCert) -> Vec<(String, String)>,
) -> Result<Option<Certificate>, Error> {
    let Some(key) = documents::object_key(app, asset, object, owner).await? else { return Ok(None) };
    let size = usize::try_from(object.size).unwrap_or(opencerts::MOST_BYTES).min(opencerts::MOST_BYTES);
    let bytes = app.documents.objects.read_whole(object.name, &key, size).await?;
    let Ok(document) = OpenCert::verify(&bytes) else { return Ok(None) };
    let obfuscated = i64::try_from(document.obfuscated).unwrap_or(i64::MAX);
    Ok(Some(Certificate { obfuscated, differences: compared(&document) }))
}

/// What the document and the partner both say, differently: first the document's words, then the partner's.
fn differences(known: credential::Type, fields: &serde_json::Value, document: &OpenCert) -> Vec<(String, String)> {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    known
        .compared
        .iter()
        .filter_map(|(field, path)| Some((document.value(path)?, fields[*field].as_str()?)))
        .filter(|(document, partner)| folded(document) != folded(partner))
        .map(|(document, partner)| (document.to_owned(), partner.to_owned()))
        .collect()
}

/// The step of a scale that `value` reaches, counted from 1; 0 if it is not on it.
pub fn reached(steps: &[&str], value: &str) -> usize {
    steps.iter().position(|step| *step == value).map_or(0, |at| at + 1)
}
