//! The stored form of a submission.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::asset::AssetRecord;
use crate::confirmed_name::{ConfirmedBirthDate, ConfirmedName};

/// The personal data of a submission, which is stored encrypted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// [`crate::Submission::fields()`].
    pub fields: Value,
    /// [`crate::Submission::partner_chain`].
    pub partner_chain: Vec<String>,
    /// [`crate::Submission::replaces`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The metadata of [`crate::Submission::assets`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<AssetRecord>,
    /// The holder's confirmation of the name on acceptance. It is not part of the push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_name: Option<ConfirmedName>,
    /// The holder's confirmation of the date of birth on acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_birth_date: Option<ConfirmedBirthDate>,
}

impl Payload {
    /// Parses the output of [`crate::Submission::payload`].
    ///
    /// # Errors
    /// The bytes are not a payload.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Returns the person's name according to the partner.
    pub fn full_name(&self) -> &str {
        self.fields["full_name"].as_str().unwrap_or_default()
    }
}
