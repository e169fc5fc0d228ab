//! Who may do what: partners by access token or by the session of their console, people by session.
//!
//! Owns the extractors that are the permission check: a handler that takes [`Partner<Write>`](partner::Partner) or
//! [`SignedIn`](holder::SignedIn) cannot be reached without that right.

pub mod console;
pub mod holder;
pub mod limits;
pub mod partner;
pub mod token;
