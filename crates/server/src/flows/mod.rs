//! The use cases, one file each: what decides, opens transactions and records events.
//!
//! A flow takes `&App` and plain values. It knows nothing of HTTP: handlers parse the request, call one flow and render
//! what it returns.

pub mod issuance;
