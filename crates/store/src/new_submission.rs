//! What a push becomes before it is inserted.

use ambient::Timestamp;
use credential::Type;
use uuid::Uuid;

use crate::domain::asset::Asset;
use crate::domain::submission::Sealed;

/// A submission that is about to be inserted.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// The server's request id.
    pub id: Uuid,
    /// Who pushes.
    pub partner_id: Uuid,
    /// The partner's id for it.
    pub credential_id: String,
    /// Its type.
    pub credential_type: Type,
    /// The link's `documentType`; `None`: no document.
    pub document_type: Option<&'static str>,
    /// The batch that it came in, if any.
    pub batch_id: Option<Uuid>,
    /// The partner chain that it names, joined; see [`joined_chain`].
    pub partner_chain: Option<String>,
    /// When it arrived.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// What was pushed.
    pub sealed: Sealed,
    /// Its documents.
    pub assets: Vec<Asset>,
}

/// A batch that is about to be inserted.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// The server's request id.
    pub id: Uuid,
    /// The partner's id for the whole.
    pub credential_id: String,
    /// Its items, all of one partner and one time.
    pub items: Vec<NewSubmission>,
}

/// Most characters of a joined chain: it is part of a key, and PostgreSQL's have 2.7 kB at most.
const CHAIN: usize = 500;

/// The chain under which tallies count those that are too many to be counted apart.
pub const OTHER_CHAINS: &str = "(others)";

/// A partner chain as tallies know it: the institutions' names, parent first.
pub fn joined_chain(names: &[String]) -> Option<String> {
    let joined: String = names.join(" > ").chars().take(CHAIN).collect();
    (!joined.is_empty()).then_some(joined)
}
