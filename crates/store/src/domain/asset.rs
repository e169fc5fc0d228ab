//! An asset: one document of a submission, from being awaited to being deleted.

use credential::AssetKind;
use serde::Serialize;
use uuid::Uuid;

/// One document of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Our id for it.
    pub id: Uuid,
    /// The submission it belongs to.
    pub submission_id: Uuid,
    /// Its place among the submission's assets, from 0.
    pub position: i64,
    /// The partner's own id for it.
    pub asset_id: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub state: AssetState,
}

/// Where a document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetState {
    /// The partner has an upload link and has not used it yet.
    Awaited,
    /// The server fetches it.
    Fetching {
        /// The address, sealed under the key of the submission's ring period.
        sealed: Vec<u8>,
    },
    /// It is in the object store.
    Stored(Object),
    /// It could not be had.
    Failed(Failure),
    /// It was deleted, since the wallet was not kept in time.
    Deleted,
}

/// A document of a submission, as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetStatus {
    /// The submission it belongs to.
    pub submission_id: Uuid,
    /// The partner's own id for it.
    pub asset_id: String,
    /// Where it stands. Once the person has accepted, what they do with it changes nothing here.
    pub stage: AssetStage,
}

/// Where a document stands, without what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetStage {
    /// The partner has an upload link and has not used it yet.
    Awaited,
    /// The server fetches it.
    Fetching,
    /// It is in the object store.
    Stored,
    /// It could not be had.
    Failed(Failure),
    /// It was deleted, since the wallet was not kept in time.
    Deleted,
}

/// A document in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The object's name.
    pub name: Uuid,
    /// The document's size, bytes.
    pub size: u64,
    /// The object's key, sealed: under the submission's ring key, or under the holder's key once accepted.
    pub sealed_key: Vec<u8>,
    /// Whether the document is digitally signed, and so delivered as it came.
    pub is_signed: bool,
}

/// Why a document could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Its address leads to where nothing may be fetched from.
    AddressRefused,
    /// Nobody answered, or with an error.
    Unreachable,
    /// It is longer than allowed.
    TooLarge,
    /// It is not what it claims, is damaged, or holds something active.
    ContentRefused,
    /// It had not arrived when the person answered.
    Late,
}

impl Failure {
    const ALL: [Self; 5] = [Self::AddressRefused, Self::Unreachable, Self::TooLarge, Self::ContentRefused, Self::Late];

    /// The name, stored and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::TooLarge => "too_large",
            Self::ContentRefused => "content_refused",
            Self::Late => "late",
        }
    }

    /// The failure with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.name() == name)
    }
}

impl AssetState {
    /// The stage.
    pub fn stage(&self) -> AssetStage {
        match self {
            Self::Awaited => AssetStage::Awaited,
            Self::Fetching { .. } => AssetStage::Fetching,
            Self::Stored(_) => AssetStage::Stored,
            Self::Failed(failure) => AssetStage::Failed(*failure),
            Self::Deleted => AssetStage::Deleted,
        }
    }

    /// The name, stored and on the wire.
    pub fn name(&self) -> &'static str {
        self.stage().name()
    }
}

impl AssetStage {
    /// The name, stored and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Fetching => "fetching",
            Self::Stored => "stored",
            Self::Failed(_) => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// The stage with this name, and the failure if it has one.
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
