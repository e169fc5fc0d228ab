//! Helpers of the integration tests.

pub mod app;
pub mod browser;
pub mod certificates;
#[path = "../../../store/tests/support/database.rs"]
pub mod database;
pub mod delivered;
pub mod https;
pub mod moments;
pub mod names;
pub mod receiver;
pub mod relay;
pub mod response;
pub mod samples;
pub mod tls;
pub mod wallet;
