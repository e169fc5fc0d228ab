//! The kinds of load: pushes of a type, single statuses, thirty statuses at once, and a mix.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};

/// A kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Only pushes.
    Push,
    /// Five pushes, then the status of an id that this connection has pushed.
    Mixed,
    /// Status requests for one id.
    Status,
    /// Status requests for thirty ids.
    Bulk,
}

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A push; the expected status is 201.
    Push,
    /// A status of one id; the expected status is 200.
    Status,
    /// A status of thirty ids; the expected status is 200.
    Bulk,
}

impl RequestKind {
    /// Returns the expected status of the response.
    pub fn expected(self) -> StatusCode {
        if self == Self::Push { StatusCode::CREATED } else { StatusCode::OK }
    }
}

impl Load {
    /// Returns the kind of the request with this number on a connection.
    pub fn kind(self, number: u64) -> RequestKind {
        match self {
            Self::Mixed if number % 6 == 5 => RequestKind::Status,
            Self::Push | Self::Mixed => RequestKind::Push,
            Self::Status => RequestKind::Status,
            Self::Bulk => RequestKind::Bulk,
        }
    }
}

/// The parts that all requests of a load share.
#[derive(Clone, Debug)]
pub struct Requests {
    push_path: String,
    /// The JSON body before and after the id.
    around: (String, String),
    authorization: Option<HeaderValue>,
    /// Ids to request the status of.
    pub known: Arc<Vec<String>>,
}

impl Requests {
    /// Prepares pushes of the sample of `credential_type` to `push_path`, with `token` if given.
    pub fn new(
        credential_type: &str,
        push_path: &str,
        token: Option<&str>,
        known: Arc<Vec<String>>,
    ) -> Result<Self, String> {
        let authorization = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
        let authorization = authorization.transpose().map_err(|error| error.to_string())?;
        Ok(Self { push_path: push_path.to_owned(), around: around_id(credential_type)?, authorization, known })
    }

    /// Returns the JSON body of a push of `id`.
    pub fn body(&self, id: &str) -> String {
        [&self.around.0, id, &self.around.1].concat()
    }

    /// Builds a request of `kind`: a push of `id`, or the status of `asked` or of random known ids.
    pub fn build(
        &self,
        kind: RequestKind,
        id: &str,
        asked: Option<&str>,
        random: &mut Random,
    ) -> Result<Request<Full<Bytes>>, String> {
        let chosen = |random: &mut Random| match self.known.len() {
            0 => id,
            several => self.known[random.below(several)].as_str(),
        };
        let (method, path, body) = match kind {
            RequestKind::Push => (Method::POST, self.push_path.clone(), self.body(id)),
            RequestKind::Status => {
                let asked = asked.unwrap_or_else(|| chosen(random));
                (Method::GET, format!("/api/partner/v2/submissions/{asked}/status"), String::new())
            }
            RequestKind::Bulk => {
                let ids: Vec<&str> = (0..30).map(|_| chosen(random)).collect();
                let body = format!(r#"{{"ids":["{}"]}}"#, ids.join(r#"",""#));
                (Method::POST, "/api/partner/v2/submissions/status".to_owned(), body)
            }
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        request = request.header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        request.body(Full::from(body)).map_err(|error| error.to_string())
    }
}

/// Splits a type's sample into the JSON before and after its id.
fn around_id(credential_type: &str) -> Result<(String, String), String> {
    const PLACE: &str = "the-id";
    let known: credential::Type = credential_type.parse().map_err(|_| format!("there is no type {credential_type}"))?;
    let mut sample = (known.sample)();
    sample["credential_id"] = PLACE.into();
    let body = sample.to_string();
    let (head, tail) = body.split_once(PLACE).ok_or("a sample without its id")?;
    Ok((head.to_owned(), tail.to_owned()))
}

/// Fast pseudo-random numbers (splitmix64), so that ids spread over an index as the ids of real
/// partners do.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Creates a generator with a random seed.
    pub fn new() -> Result<Self, String> {
        let mut seed = [0; 8];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| "no rng to be had")?;
        Ok(Self(u64::from_le_bytes(seed)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or_default()
    }

    /// Returns a random UUID of version 4, like the ids of real partners.
    pub fn id(&mut self) -> String {
        let (left, right) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            left >> 32,
            left >> 16 & 0xffff,
            left & 0xfff,
            right >> 52,
            right & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_4_and_differ() {
        let mut random = Random::new().expect("rng");
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| random.id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert_eq!(uuid::Uuid::parse_str(&id).expect("a UUID").get_version_num(), 4, "{id}");
        }
    }

    #[test]
    fn push_bodies_use_the_given_id_and_the_sample_fields() {
        for known in credential::ALL {
            let requests = Requests::new(known.name, "/push", None, Arc::default()).expect("a sample");
            let body: serde_json::Value = serde_json::from_str(&requests.body("mine")).expect("JSON");
            assert_eq!(body["credential_id"], "mine");
            assert_eq!(body["fields"], (known.sample)()["fields"]);
        }
    }
}
