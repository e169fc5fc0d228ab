//! Asking a server as its partner does: what `tenure push` sends.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use url::Url;

use super::Outbound;
use super::look::{Seen, Unseen, read};

impl Outbound {
    /// Posts `body` and reads the answer; a redirect is an answer like any other.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(&self, address: &Url, headers: HeaderMap, body: Bytes) -> Result<Seen, Unseen> {
        if !self.may_ask(address) {
            return Err(Unseen::AddressRefused);
        }
        read(self.client.post(address.clone()).headers(headers).body(body)).await
    }
}
