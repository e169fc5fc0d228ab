//! The clock (`Clock`) and random bytes (`Rng`), injected as values, and the wait before a
//! retry (`Backoff`).
//!
//! `clippy.toml` forbids reading either elsewhere, so that a test can set the time and repeat the
//! random draws.

mod backoff;
mod clock;
#[cfg(feature = "sqlx")]
mod column;
mod rng;
mod steady_clock;

pub use backoff::Backoff;
pub use clock::{Clock, DAY, HOUR, MINUTE, Stopwatch, Timestamp, micros};
pub use rng::{Rng, Seeded};
pub use steady_clock::{LEAP, Moment, SteadyClock};
