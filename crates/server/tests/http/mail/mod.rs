//! Mail through a relay: failures, lanes, and the resulting warnings for partners.

mod failures;
mod lanes;
mod support;
mod tls;
mod undelivered;
