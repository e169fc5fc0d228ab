//! Careers, as the pages present them.

pub use credential::timeline::{Career, Disagreement, Gap, Job};
