//! Requests to the whole application without a socket. One binary, so that it is linked once.

#[path = "../../../store/tests/support/contract.rs"]
mod both;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod always_shown;
mod batch;
mod birth_dates;
mod claim;
mod clock;
mod consent;
mod console;
mod decided_links;
mod documents;
mod end_warnings;
mod erasure;
mod fetch;
mod holder;
mod idempotency;
mod keyring;
mod limits;
mod mail;
mod names;
mod nodes;
mod oid4vci;
mod openapi;
mod openid4vp;
mod push;
mod readiness;
mod reference;
mod retention;
mod return_url;
mod s3;
mod sandbox;
mod shared_page;
mod shares;
mod shares_current;
mod shares_repeated;
mod sign_in;
mod status;
mod token;
mod token_verification;
mod types;
mod unreadable;
mod updates;
mod upgrade;
mod verification;
mod versions;
mod webhooks;
mod withdrawal;
