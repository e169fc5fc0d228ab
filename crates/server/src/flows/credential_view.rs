//! A credential as its holder sees it: decrypted and parsed, with its documents.

use credential::opencerts::Summary;
use credential::{AssetKind, Block, Date, Payload};
use uuid::Uuid;

use crate::app::App;
use crate::documents::{Owner, UploadError};
use crate::error::Error;
use crate::i18n;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState, Failure, Object};
use store::domain::submission::{Submission, SubmissionState};

/// A decrypted credential for its holder.
#[derive(Clone, Debug)]
pub struct CredentialView {
    /// The request's id.
    pub id: Uuid,
    /// The name of the partner that pushed it.
    pub partner: String,
    /// Whether that is a sandbox partner. A demonstration says so on every page instead.
    pub is_test: bool,
    /// Its type.
    pub known: credential::Type,
    /// The display name of its type.
    pub title: &'static str,
    /// One line that summarizes it, as hirers see it.
    pub headline: String,
    /// The pushed content.
    pub payload: Payload,
    /// The blocks that a page renders.
    pub view: Vec<Block>,
    pub documents: Vec<DocumentView>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it expires if it stays pending.
    pub expires_at: Timestamp,
    /// When it was accepted, if it was.
    pub accepted_at: Option<Timestamp>,
    /// Its withdrawal, if its partner has withdrawn it.
    pub withdrawal: Option<Withdrawal>,
    /// When a newer version superseded it.
    pub superseded_at: Option<Timestamp>,
    /// The last day of validity, if it has expired.
    pub expired_on: Option<Date>,
}

/// Withdrawal of a submission by its partner.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// The partner's reason.
    pub reason: String,
}

impl Withdrawal {
    /// Reads the withdrawal of a submission that is in a wallet or was still pending; `None` if it
    /// was not withdrawn.
    pub async fn of(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"withdrawal", submission.id.as_bytes()];
        let (at, reason) = match &submission.state {
            SubmissionState::Withdrawn { holder, at, reason, .. } => {
                (*at, Some(app.keyring().open_for_holder(*holder, &label, reason).await?))
            }
            SubmissionState::WithdrawnPending { at, reason: Some(reason), .. } => {
                (*at, app.keyring().open_sealed(reason, &label).await?)
            }
            SubmissionState::WithdrawnPending { at, reason: None, .. } => (*at, None),
            _ => return Ok(None),
        };
        let reason = reason.map(|reason| String::from_utf8_lossy(&reason).into_owned()).unwrap_or_default();
        Ok(Some(Self { at, reason }))
    }
}

/// A document of a credential.
#[derive(Clone, Debug)]
pub struct DocumentView {
    pub id: Uuid,
    /// The partner's id of the document.
    pub name: String,
    /// Its file type.
    pub kind: AssetKind,
    pub state: DocumentState,
}

/// State of a document, for its holder.
#[derive(Clone, Debug)]
pub enum DocumentState {
    /// It can be opened.
    Stored {
        /// Its size in bytes.
        size: u64,
        /// Whether it is digitally signed; the signature itself is not verified.
        is_signed: bool,
        /// Results of reading an OpenCerts document.
        certificate: Option<Certificate>,
    },
    /// It may still arrive.
    Awaited,
    /// It did not arrive before the credential was accepted.
    Missing,
    /// It could not be fetched, or its content was rejected.
    Refused,
    /// It was deleted because the holder did not return to claim the wallet.
    Deleted,
}

/// Results of reading an OpenCerts document.
#[derive(Clone, Debug)]
pub struct Certificate {
    obfuscated: i64,
    /// Values that differ: the document's, and the partner's.
    pub differences: Vec<(String, String)>,
    /// Whether the document lacks the name, the course or the issuer, so that it cannot be
    /// compared.
    pub incomparable: bool,
}

impl CredentialView {
    /// Decrypts `submission` for its holder, and reads its documents. Returns `None` if its data is
    /// deleted.
    pub async fn open(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        Self::open_with(app, submission, true).await
    }

    async fn open_with(app: &App, submission: &Submission, certificates: bool) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
        let (bytes, accepted_at, owner) = match &submission.state {
            SubmissionState::Incomplete { sealed, .. } => {
                (app.keyring().open_sealed(sealed, &label).await?, None, Owner::Epoch(sealed.period))
            }
            SubmissionState::Accepted { holder, at, sealed, .. }
            | SubmissionState::Withdrawn { holder, accepted_at: at, sealed, .. } => {
                let opened = app.keyring().open_for_holder(*holder, &label, sealed).await?;
                (Some(opened), Some(*at), Owner::Holder(*holder))
            }
            SubmissionState::Declined { .. }
            | SubmissionState::Expired { .. }
            | SubmissionState::Removed { .. }
            | SubmissionState::WithdrawnPending { .. } => {
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
            is_test: !app.is_demo() && partner.as_ref().is_some_and(|partner| partner.sandbox),
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            known,
            title: known.title,
            headline: i18n::headline(known, &payload.fields),
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

    /// Decrypts several submissions for a list, without reading their documents. Skips those whose
    /// data is deleted.
    pub async fn open_all(app: &App, submissions: &[Submission]) -> Result<Vec<Self>, Error> {
        let mut all = Vec::with_capacity(submissions.len());
        for submission in submissions {
            all.extend(Self::open_with(app, submission, false).await?);
        }
        Ok(all)
    }

    /// Returns whether it is current: neither withdrawn nor superseded.
    pub fn stands(&self) -> bool {
        self.withdrawal.is_none() && self.superseded_at.is_none()
    }

    /// Returns the holder's name in this credential.
    pub fn full_name(&self) -> &str {
        self.payload.full_name()
    }

    /// Returns the number of documents that can be opened.
    pub fn stored_documents(&self) -> i64 {
        let is_stored = |document: &&DocumentView| matches!(document.state, DocumentState::Stored { .. });
        i64::try_from(self.documents.iter().filter(is_stored).count()).unwrap_or(i64::MAX)
    }

    /// Returns the pushed fields as formatted JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.payload.fields).unwrap_or_default()
    }
}

impl Certificate {
    /// Returns how many of its values were obfuscated before it was passed on.
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

    /// Returns whether a browser can show it inside a page.
    pub fn is_image(&self) -> bool {
        matches!(self.kind, AssetKind::Png | AssetKind::Jpg)
    }

    /// Returns the message key of its file type's display name.
    pub fn kind_key(&self) -> &'static str {
        match self.kind {
            AssetKind::Pdf => "kind-pdf",
            AssetKind::Png => "kind-png",
            AssetKind::Jpg => "kind-jpg",
            AssetKind::OpenCert => "kind-open-cert",
        }
    }
}

/// Reads a certificate. Returns `None` if it cannot be read now, so that the rest of the page is
/// still shown.
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

/// Compares the document with the partner's fields. Returns the values that differ (the document's
/// first), and whether the document lacks a value to compare.
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
