//! What a process takes from its surroundings, passed along as values: the time ([`Clock`]) and random bytes ([`Rng`]);
//! and what follows from both, the wait before a retry ([`Backoff`]).
//!
//! `clippy.toml` bans reading either elsewhere, so that a test can set the hour and repeat what was drawn.

mod backoff;
mod clock;
#[cfg(feature = "sqlx")]
mod column;
mod rng;

pub use backoff::Backoff;
pub use clock::{Clock, Stopwatch, Timestamp};
pub use rng::{Rng, Seeded};
