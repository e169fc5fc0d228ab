//! Mail through a relay: failures, lanes, and what partners see.

mod failures;
mod lanes;
mod support;
mod tls;
mod undelivered;
