//! Entities of the server and their states. Pure: no I/O.

pub mod asset;
pub mod batch;
pub mod career;
pub mod carry_over;
pub mod issuance;
pub mod presentation;
pub mod share;
pub mod submission;
pub mod verification;
pub mod webhook;
