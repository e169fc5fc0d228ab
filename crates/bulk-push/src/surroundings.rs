//! The dependencies that the calling process injects into a run.

use std::time::Duration;

use ambient::{Clock, Rng};
use credential::Context;

/// The dependencies that the calling process injects into a run.
#[derive(Debug)]
pub struct Surroundings {
    /// The categories of a `universal_credential`.
    pub categories: Vec<String>,
    /// The TLS configuration, with the trusted certificate authorities.
    pub tls: rustls::ClientConfig,
    /// Request timeout.
    pub timeout: Duration,
    pub clock: Clock,
    /// The random number generator.
    pub rng: Rng,
    /// Looks up an environment variable.
    pub environment: fn(&str) -> Option<String>,
}

impl Surroundings {
    /// Returns the context in which credentials are validated.
    pub(crate) fn context(&self) -> Context<'_> {
        Context { now: self.clock.now().to_jiff(), categories: Some(&self.categories), return_urls: None }
    }
}
