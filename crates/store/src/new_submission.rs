//! Submissions and batches that are about to be inserted.

use ambient::Timestamp;
use credential::Type;
use uuid::Uuid;

use crate::domain::asset::Asset;
use crate::domain::submission::Sealed;

/// A submission to insert.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// The server's request id.
    pub id: Uuid,
    /// The partner that pushes it.
    pub partner_id: Uuid,
    /// The partner's id for the credential.
    pub credential_id: String,
    pub credential_type: Type,
    /// `documentType` of the link; `None` without a document.
    pub document_type: Option<&'static str>,
    /// The batch that it belongs to, if any.
    pub batch_id: Option<Uuid>,
    /// The partner chain of the push, joined by [`joined_chain`].
    pub partner_chain: Option<String>,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The encrypted payload.
    pub sealed: Sealed,
    /// The documents, uploaded or awaited.
    pub assets: Vec<Asset>,
}

/// A batch to insert.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// The server's request id.
    pub id: Uuid,
    /// The partner's id for the batch.
    pub credential_id: String,
    /// The items, all with the same partner and timestamp.
    pub items: Vec<NewSubmission>,
}

/// Maximum length of a joined chain in characters. It is part of an index key, which PostgreSQL
/// limits to 2.7 kB.
const CHAIN: usize = 500;

/// Chain name that daily counts use once a partner has too many chains to count separately.
pub const OTHER_CHAINS: &str = "(others)";

/// Joins the institution names of a partner chain, parent first, as daily counts store it.
pub fn joined_chain(names: &[String]) -> Option<String> {
    let joined: String = names.join(" > ").chars().take(CHAIN).collect();
    (!joined.is_empty()).then_some(joined)
}
