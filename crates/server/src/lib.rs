//! Tenure's server: the Partner API, the pages of people, the endpoints for wallets, and the jobs
//! behind them.
//!
//! A request passes through three layers: a handler of a face ([`api`], [`web`], [`oid4vci`],
//! [`openid4vp`]), a flow ([`flows`]), and methods of [`Tx`](store::Tx). Modules are public for the
//! integration tests only; this crate is not a library for others.

pub mod addresses;
pub mod api;
pub mod app;
pub mod auth;
pub mod backup;
pub mod certificate_chain;
pub mod cli;
pub mod config;
pub mod documents;
pub mod email;
pub mod error;
pub mod fair_queue;
pub mod flows;
pub mod form_token;
pub mod http;
pub mod i18n;
pub mod issuer_lookup;
pub mod issuing;
pub mod jobs;
pub mod keys;
pub mod links;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod oid4vci;
pub mod openapi;
pub mod openid4vp;
pub mod outage;
pub mod outbound;
pub mod outbox;
mod partner_chains;
pub mod rate_limit;
pub mod readiness;
mod reloaded;
pub mod request_log;
pub mod sandbox;
pub mod server;
pub mod trusted_issuers;
pub mod trusted_time;
pub mod web;
pub mod webhook_message;
