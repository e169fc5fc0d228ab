//! What a run takes from the process around it.

use std::time::Duration;

use ambient::{Clock, Rng};
use credential::Context;

/// What a run takes from the process around it.
#[derive(Debug)]
pub struct Surroundings {
    /// The categories of a `universal_credential`.
    pub categories: Vec<String>,
    /// The certificate authorities that are trusted, and the rest of TLS.
    pub tls: rustls::ClientConfig,
    /// Longest time for one request.
    pub timeout: Duration,
    /// The time.
    pub clock: Clock,
    /// Random bytes.
    pub rng: Rng,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Option<String>,
}

impl Surroundings {
    /// The context in which credentials are checked.
    pub(crate) fn context(&self) -> Context<'_> {
        Context { now: self.clock.now().to_jiff(), categories: Some(&self.categories), return_urls: None }
    }
}
