//! What a holder sees of a credential: opened, parsed, with its documents.

use credential::opencerts::Summary;
use credential::{AssetKind, Block, Date, Payload};
use uuid::Uuid;

use crate::app::App;
use crate::documents::{Owner, UploadError};
use crate::error::Error;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState, Failure, Object};
use store::domain::submission::{State, Submission};

/// A credential that its holder looks at.
#[derive(Clone, Debug)]
pub struct CredentialView {
    /// The request's id.
    pub id: Uuid,
    /// Who pushed it.
    pub partner: String,
    /// Its type.
    pub known: credential::Type,
    /// What people call its type.
    pub title: &'static str,
    /// What a hirer would read.
    pub headline: String,
    /// What was pushed.
    pub payload: Payload,
    /// What a page draws of it.
    pub view: Vec<Block>,
    /// Its documents.
    pub documents: Vec<DocumentView>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// When it was accepted, if it was.
    pub accepted_at: Option<Timestamp>,
    /// If its partner has withdrawn it.
    pub withdrawal: Option<Withdrawal>,
    /// When a newer one took its place, if one did.
    pub superseded_at: Option<Timestamp>,
    /// The last day that it counted, if that day is over.
    pub expired_on: Option<Date>,
}

/// What a partner said when it withdrew something.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// Its reason.
    pub reason: String,
}

impl Withdrawal {
    /// Of what is in a wallet, or was not answered; `None` if it was not withdrawn.
    pub async fn of(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"withdrawal", submission.id.as_bytes()];
        let (at, reason) = match &submission.state {
            State::Withdrawn { holder, at, reason, .. } => {
                (*at, Some(app.keyring().open_for_holder(*holder, &label, reason).await?))
            }
            State::TakenBack { at, reason: Some(reason), .. } => {
                (*at, app.keyring().open_sealed(reason, &label).await?)
            }
            State::TakenBack { at, reason: None, .. } => (*at, None),
            _ => return Ok(None),
        };
        let reason = reason.map(|reason| String::from_utf8_lossy(&reason).into_owned()).unwrap_or_default();
        Ok(Some(Self { at, reason }))
    }
}

/// A document of a credential.
#[derive(Clone, Debug)]
pub struct DocumentView {
    /// Its id.
    pub id: Uuid,
    /// What the partner calls it.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub state: DocumentState,
}

/// Where a document stands, for its holder.
#[derive(Clone, Debug)]
pub enum DocumentState {
    /// It can be opened.
    Stored {
        /// Its size, bytes.
        size: u64,
        /// Whether it is digitally signed; the signature itself is not verified.
        is_signed: bool,
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
    /// Whether it says nothing of the name, the course or the issuer, so that those cannot be compared.
    pub incomparable: bool,
}

impl CredentialView {
    /// Opens `submission` for its holder, with all that its documents show; `None` if its data is gone.
    pub async fn open(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        Self::open_with(app, submission, true).await
    }

    async fn open_with(app: &App, submission: &Submission, certificates: bool) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
        let (bytes, accepted_at, owner) = match &submission.state {
            State::Incomplete { sealed, .. } => {
                (app.keyring().open_sealed(sealed, &label).await?, None, Owner::Ring(sealed.period))
            }
            State::Accepted { holder, at, sealed, .. } | State::Withdrawn { holder, accepted_at: at, sealed, .. } => {
                let opened = app.keyring().open_for_holder(*holder, &label, sealed).await?;
                (Some(opened), Some(*at), Owner::Holder(*holder))
            }
            State::Declined { .. } | State::Expired { .. } | State::Removed { .. } | State::TakenBack { .. } => {
                return Ok(None);
            }
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let payload = Payload::from_bytes(&bytes).map_err(Error::internal)?;
        let mut tx = app.store().read().await?;
        let partner = tx.partner(submission.partner_id).await?;
        let assets = if payload.assets.is_empty() { Vec::new() } else { tx.assets(&[submission.id]).await? };
        drop(tx);
        let known = submission.credential_type;
        let mut documents = Vec::with_capacity(assets.len());
        for asset in assets {
            let compared = |summary: &Summary| differences(known, &payload.fields, summary);
            let certificate = match &asset.state {
                AssetState::Stored(object) if certificates && asset.kind == AssetKind::OpenCert => {
                    certificate(app, submission.partner_id, asset.id, object, owner, compared).await
                }
                _ => None,
            };
            documents.push(DocumentView::new(asset, accepted_at.is_some(), certificate));
        }
        Ok(Some(Self {
            id: submission.id,
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            known,
            title: known.title,
            headline: known.headline(&payload.fields),
            view: known.view(&payload.fields),
            expired_on: known.expired_on(&payload.fields, app.now().to_jiff()),
            payload,
            documents,
            pushed_at: submission.created_at,
            expires_at: submission.expires_at,
            accepted_at,
            withdrawal: Withdrawal::of(app, submission).await?,
            superseded_at: submission.superseded_at,
        }))
    }

    /// Opens several for a list, without looking into their documents; those whose data is gone are left out.
    pub async fn open_all(app: &App, submissions: &[Submission]) -> Result<Vec<Self>, Error> {
        let mut all = Vec::with_capacity(submissions.len());
        for submission in submissions {
            all.extend(Self::open_with(app, submission, false).await?);
        }
        Ok(all)
    }

    /// Whether it is what its partner says now.
    pub fn stands(&self) -> bool {
        self.withdrawal.is_none() && self.superseded_at.is_none()
    }

    /// The person's name as the partner knows it.
    pub fn full_name(&self) -> &str {
        self.payload.full_name()
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

impl DocumentView {
    fn new(asset: Asset, accepted: bool, certificate: Option<Certificate>) -> Self {
        let state = match &asset.state {
            AssetState::Stored(object) => {
                DocumentState::Stored { size: object.size, is_signed: object.is_signed, certificate }
            }
            AssetState::Awaited | AssetState::Fetching { .. } if accepted => DocumentState::Missing,
            AssetState::Failed(Failure::Late) => DocumentState::Missing,
            AssetState::Awaited | AssetState::Fetching { .. } => DocumentState::Awaited,
            AssetState::Failed(_) => DocumentState::Refused,
            AssetState::Deleted => DocumentState::Deleted,
        };
        Self { id: asset.id, name: asset.asset_id, kind: asset.kind, state }
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

/// What a certificate shows; `None` if it cannot be read now, so that the rest of the page is still shown.
async fn certificate(
    app: &App,
    partner: Uuid,
    asset: Uuid,
    object: &Object,
    owner: Owner,
    compared: impl Fn(&Summary) -> (Vec<(String, String)>, bool),
) -> Option<Certificate> {
    let read = async {
        let Some(key) = app.documents().object_key(asset, object, owner).await? else { return Ok(None) };
        app.documents().open_cert(partner, object.name, &key).await
    };
    let summary: Result<Option<Summary>, UploadError> = read.await;
    let summary = summary.inspect_err(|error| tracing::warn!(%error, "a certificate cannot be read")).ok()??;
    let obfuscated = i64::try_from(summary.obfuscated).unwrap_or(i64::MAX);
    let (differences, incomparable) = compared(&summary);
    Some(Certificate { obfuscated, differences, incomparable })
}

/// What the document and the partner both say, differently (first the document's words, then the partner's), and
/// whether the document says nothing of something that should be compared.
fn differences(
    known: credential::Type,
    fields: &serde_json::Value,
    document: &Summary,
) -> (Vec<(String, String)>, bool) {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let said = known
        .compared
        .iter()
        .map(|(field, path)| (document.values.get(*path).map(String::as_str), fields[*field].as_str()));
    let (mut different, mut incomparable) = (Vec::new(), false);
    for (document, partner) in said {
        match (document, partner) {
            (Some(document), Some(partner)) if folded(document) != folded(partner) => {
                different.push((document.to_owned(), partner.to_owned()));
            }
            (None, _) => incomparable = true,
            _ => {}
        }
    }
    (different, incomparable)
}
