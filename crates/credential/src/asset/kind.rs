//! The kinds of documents.

use serde::{Deserialize, Serialize};

/// Maximum size of one document, in bytes (docs/partner-api.md section 4).
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A PDF file.
    Pdf,
    /// A PNG image.
    Png,
    /// A JPEG image.
    Jpg,
    /// An OpenCerts document: OpenAttestation v2, as JSON.
    OpenCert,
}

impl AssetKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Png, Self::Jpg, Self::OpenCert];

    /// Returns the `asset_type` in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpg => "jpg",
            Self::OpenCert => "open_cert",
        }
    }

    /// Returns the kind with this `asset_type`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpg => "image/jpeg",
            Self::OpenCert => "application/json",
        }
    }

    /// Returns the file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::OpenCert => "json",
            other => other.name(),
        }
    }
}
