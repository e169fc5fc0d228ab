//! What the integration tests share.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod app;
#[path = "../../../store/tests/support/database.rs"]
pub mod database;
pub mod receiver;
pub mod samples;
pub mod wallet;
