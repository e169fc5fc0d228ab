//! Issuing credentials to outside wallets (OpenID4VCI 1.0).

pub mod access;
pub mod authorization;
mod codes;
pub mod credential;
pub mod deferred;
pub mod notification;
pub mod offer;
pub mod token;
