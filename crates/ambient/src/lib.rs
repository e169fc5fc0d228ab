//! What a process takes from its surroundings, passed along as values: the time ([`Clock`]) and random bytes ([`Rng`]).
//!
//! `clippy.toml` bans reading either elsewhere, so that a test can set the hour and repeat what was drawn.

mod clock;
#[cfg(feature = "sqlx")]
mod column;
mod rng;

pub use clock::{Clock, Timestamp};
pub use rng::{Rng, Seeded};
