//! The SQL text of inserting submissions, which both databases and both drivers of SQLite use.

/// Starts the statement that inserts submissions. Their values follow.
pub(crate) const INSERT: &str = "INSERT INTO submission (id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, state, created_at, expires_at, ring_period, sealed) ";

/// Leaves out submissions whose credential id is in use.
pub(crate) const UNLESS_THERE: &str = " ON CONFLICT (partner_id, credential_id) WHERE replaced_at IS NULL DO NOTHING";
