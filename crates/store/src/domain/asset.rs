//! An asset: one document of a submission, from the expected upload to its deletion.

use credential::AssetKind;
use serde::Serialize;
use uuid::Uuid;

/// One document of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Server-generated id.
    pub id: Uuid,
    /// The submission it belongs to.
    pub submission_id: Uuid,
    /// Zero-based position among the submission's assets.
    pub position: i64,
    /// The partner's own id for the document.
    pub asset_id: String,
    /// Kind of document.
    pub kind: AssetKind,
    /// State, with the data that belongs to it.
    pub state: AssetState,
}

/// State of a document, with the data that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetState {
    /// The partner has an upload URL and has not used it yet.
    Awaited,
    /// The server is to fetch the document from an address that the partner gave.
    Fetching {
        /// The address, encrypted with the epoch key of the submission's period.
        sealed: Vec<u8>,
        /// Keyed hash of the partner and the host of the address. Documents without one, of an
        /// earlier release, have 0.
        host: i64,
    },
    /// The document is in the object store.
    Stored(Object),
    /// The document could not be fetched or was rejected.
    Failed(Failure),
    /// The document was deleted because the wallet was not kept in time.
    Deleted,
}

/// State of a document as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetStatus {
    /// The submission it belongs to.
    pub submission_id: Uuid,
    /// The partner's own id for the document.
    pub asset_id: String,
    /// Stage of the document. Once the holder has accepted, nothing that they do with the document
    /// changes it.
    pub stage: AssetStage,
}

/// Stage of a document: its [`AssetState`] without the stored data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetStage {
    /// The partner has an upload URL and has not used it yet.
    Awaited,
    /// The server is to fetch the document from an address that the partner gave.
    Fetching,
    /// The document is in the object store.
    Stored,
    /// The document could not be fetched or was rejected.
    Failed(Failure),
    /// The document was deleted because the wallet was not kept in time.
    Deleted,
}

/// A document in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub name: Uuid,
    /// Size of the document in bytes.
    pub size: u64,
    /// The object's key, encrypted with the submission's epoch key, or with the holder's key once
    /// accepted.
    pub sealed_key: Vec<u8>,
    /// Whether the document has a digital signature. Signed documents are delivered unchanged.
    pub is_signed: bool,
}

/// Why a document is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The address resolves to a network that the server must not fetch from.
    AddressRefused,
    /// The connection failed, or the response was an error.
    Unreachable,
    /// The document exceeds the size limit.
    TooLarge,
    /// The content does not match the declared type, is damaged, or contains active content.
    ContentRefused,
    /// The document had not arrived when the holder decided.
    Late,
}

impl Failure {
    const ALL: [Self; 5] = [Self::AddressRefused, Self::Unreachable, Self::TooLarge, Self::ContentRefused, Self::Late];

    /// Returns the name that is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::TooLarge => "too_large",
            Self::ContentRefused => "content_refused",
            Self::Late => "late",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.name() == name)
    }
}

impl AssetState {
    /// Returns the state without its data.
    pub fn stage(&self) -> AssetStage {
        match self {
            Self::Awaited => AssetStage::Awaited,
            Self::Fetching { .. } => AssetStage::Fetching,
            Self::Stored(_) => AssetStage::Stored,
            Self::Failed(failure) => AssetStage::Failed(*failure),
            Self::Deleted => AssetStage::Deleted,
        }
    }

    /// Returns the name that is stored and sent.
    pub fn name(&self) -> &'static str {
        self.stage().name()
    }
}

impl AssetStage {
    /// Returns the name that is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Fetching => "fetching",
            Self::Stored => "stored",
            Self::Failed(_) => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// Returns the stage with this name. Only `failed` has a failure.
    pub fn from_name(name: &str, failure: Option<Failure>) -> Option<Self> {
        match (name, failure) {
            ("awaited", None) => Some(Self::Awaited),
            ("fetching", None) => Some(Self::Fetching),
            ("stored", None) => Some(Self::Stored),
            ("failed", Some(failure)) => Some(Self::Failed(failure)),
            ("deleted", None) => Some(Self::Deleted),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_found_by_name() {
        use AssetStage::{Awaited, Deleted, Fetching, Stored};
        let failed = Failure::ALL.map(AssetStage::Failed);
        for stage in failed.into_iter().chain([Awaited, Fetching, Stored, Deleted]) {
            let failure = if let AssetStage::Failed(failure) = stage { Some(failure) } else { None };
            assert_eq!(AssetStage::from_name(stage.name(), failure), Some(stage));
        }
        assert_eq!(AssetStage::from_name("failed", None), None);
    }

    #[test]
    fn failures_are_found_by_name() {
        assert!(Failure::ALL.into_iter().all(|failure| Failure::from_name(failure.name()) == Some(failure)));
        assert_eq!(Failure::from_name("other"), None);
    }
}
