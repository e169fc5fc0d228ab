//! Requests that are not pushes: repeated until each has a final result, or the server is silent.

use std::time::Duration;

use ambient::Rng;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::client::{Client, Problem, PushResponse, Reply};
use crate::destination::Destination;
use crate::error::Error;
use crate::http::Http;
use crate::progress::lasting;
use crate::retry::{Gate, backoff};
use crate::surroundings::Surroundings;

/// Maximum number of responses with status 500 for a request.
const MAX_ATTEMPTS: u32 = 6;

/// Sends requests to one destination.
#[derive(Debug)]
pub struct Calls {
    client: Client,
    gate: Gate,
    give_up_after: Duration,
    rng: Rng,
}

/// The final result of one request.
#[derive(Debug)]
pub enum Done {
    /// It succeeded, with this body.
    Body(Bytes),
    /// The server does not know the credential.
    Missing,
    /// The request was refused, or the server failed on it each time.
    Refused(Problem),
}

impl Calls {
    /// Connects to the destination with a token for `scope`; an empty one is every scope that the
    /// partner has.
    pub async fn begin(
        destination: Destination,
        scope: String,
        surroundings: Surroundings,
        (concurrency, give_up_after): (usize, u64),
    ) -> Result<Self, Error> {
        let Surroundings { tls, timeout, clock, rng, .. } = surroundings;
        let http = Http::new(tls, timeout, concurrency);
        let client = Client::new(http, destination, scope, false, clock);
        client.begin().await.map_err(Error::Failed)?;
        Ok(Self { client, gate: Gate::new(), give_up_after: Duration::from_secs(give_up_after), rng })
    }

    /// Posts `body` to `path` until there is a final result.
    ///
    /// # Errors
    /// Every further request would fail, or the server did not respond for too long.
    pub async fn post(&self, path: &str, body: &Bytes) -> Result<Done, Error> {
        let (mut failures, mut broken) = (0, 0);
        loop {
            self.wait(failures).await;
            let answer = match self.client.post(path, body).await {
                Reply::Done(body) => {
                    self.gate.answered();
                    return Ok(Done::Body(body));
                }
                Reply::Missing => {
                    self.gate.answered();
                    return Ok(Done::Missing);
                }
                Reply::Other(answer) => answer,
            };
            if let PushResponse::Slower(wait) | PushResponse::Later(wait) = answer {
                self.gate.close(wait);
            }
            if !matches!(answer, PushResponse::Lost(_) | PushResponse::Later(_)) {
                self.gate.answered();
            }
            failures += 1;
            match answer {
                PushResponse::Refused(problem) => return Ok(Done::Refused(problem)),
                PushResponse::Broken(problem) => {
                    broken += 1;
                    if broken == MAX_ATTEMPTS {
                        return Ok(Done::Refused(problem));
                    }
                }
                PushResponse::Slower(_) => failures = 0,
                PushResponse::Later(_) => self.check_silence("status 503")?,
                PushResponse::Lost(why) => self.check_silence(&why)?,
                PushResponse::Hopeless(why) => return Err(Error::Failed(why)),
                PushResponse::Taken(_) => {
                    return Err(Error::Failed(
                        "the server sent an unexpected response; is it a Tenure server?".to_owned(),
                    ));
                }
            }
        }
    }

    fn check_silence(&self, why: &str) -> Result<(), Error> {
        let silence = self.gate.silence();
        if silence <= self.give_up_after {
            return Ok(());
        }
        Err(Error::Failed(format!("no response for {}: {why}", lasting(silence))))
    }

    /// Waits until a request may be sent.
    async fn wait(&self, failures: u32) {
        let now = Instant::now();
        let own = if failures > 0 { now + backoff(failures, &self.rng) } else { now };
        loop {
            sleep_until(own.max(self.gate.opens())).await;
            if self.gate.opens() <= Instant::now() {
                return;
            }
        }
    }
}
