//! Careers, as pages draw them.

pub use credential::timeline::{Career, Disagreement, Gap, Job};
