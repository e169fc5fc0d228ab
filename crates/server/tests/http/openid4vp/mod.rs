//! Presentations from outside wallets (OpenID4VP 1.0, HAIP 1.0).

mod always_shown;
mod current;
mod invalid;
mod issuers;
mod lists;
mod partner_queries;
mod partner_results;
mod pid;
mod repeats;
mod requests;
mod responses;
mod sessions;
mod support;
mod trust_changes;
mod withdrawn;
