//! The contract of the store: every method of `Tx`, with the same expectations on SQLite and
//! PostgreSQL.

#[path = "../support/contract.rs"]
mod both;
#[path = "../support/database.rs"]
mod database;

mod assets;
mod at_once;
mod console;
mod due_times;
mod encoding;
mod end_warnings;
mod expiry_cursor;
mod group_commit;
mod holders;
mod idempotency;
mod identity;
mod issuances;
mod key_ring;
mod listeners;
mod lists;
mod nodes;
mod outbox;
mod partners;
mod presentations;
mod request_log;
mod restored;
mod sandbox;
mod schema;
mod shares;
mod status_lists;
mod statuses;
mod submissions;
mod superseding;
mod superseding_races;
mod support;
mod updates;
mod verifications;
mod versions;
mod webhooks;
