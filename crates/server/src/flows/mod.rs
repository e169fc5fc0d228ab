//! The use cases, one file each: business rules, transactions and events.
//!
//! A flow takes [`App`](crate::app::App) and plain values. It is independent of HTTP: handlers
//! parse the request, call one flow and render its result. Jobs call flows too.

pub mod access_token;
pub mod account;
pub mod batch;
pub mod consent;
pub mod console;
pub mod credential_history;
pub mod credential_view;
mod document_attempt;
pub mod document_fetch;
pub mod document_sweep;
pub mod documents;
pub mod due_times;
pub mod earlier_titles;
pub mod end_warning;
pub mod expiry;
pub mod files;
pub mod idempotency;
pub mod issuance;
pub mod link_end;
pub mod link_preview;
pub mod listeners;
pub mod names;
pub mod old_data;
pub mod outbox;
pub mod own_presentation;
pub mod partner_lists;
pub mod partner_verification;
pub mod presentation;
pub mod push;
pub mod recipient_mail;
pub mod request_log;
pub mod retention;
pub mod return_url;
pub mod sandbox;
pub mod sandbox_sign_up;
pub mod share;
mod silent_hosts;
pub mod standing_consent;
pub mod status_lists;
pub mod statuses;
pub mod supersede;
pub mod token_verification;
pub mod verification_request;
pub mod versions;
pub mod wallet;
pub mod warning;
pub mod webauthn;
pub mod webhook_delivery;
pub mod webhooks;
pub mod withdraw;

/// Maximum number of rows that one transaction changes or deletes. Limits how long pushes wait for
/// it.
pub const BATCH: i64 = 500;
