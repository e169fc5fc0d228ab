//! Issuer lookup: what issuers publish about their credentials, fetched by the filtering client.
//!
//! Keys are fetched from the address that a credential names as its issuer. They prove which issuer
//! signed the credential, not that this issuer can be trusted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credential::jws::Jws;
use credential::key::PublicKey;
use credential::parse_limited;
use credential::verification::{LookupResult, Lookups, VerificationInputs, assertion_keys, keys_of, why_no_key};
use futures::TryStreamExt as _;
use serde_json::Value;
use tokio::time::timeout;
use url::{Position, Url};

use crate::outbound::{DocumentError, Expected, Outbound};
use ambient::Timestamp;
use store::domain::asset::Failure;

/// Maximum size of a fetched document, in bytes.
const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;
/// Maximum length of an address, in bytes.
const MAX_ADDRESS: usize = 2048;
/// Timeout of one lookup.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a fetched status list is cached. Failures are cached as long, so that not every request
/// waits for a timeout.
const STATUS_LIST_TTL: Duration = Duration::from_secs(30);
/// Maximum number of cached status lists.
const MAX_STATUS_LISTS: usize = 256;
/// Maximum size of all cached status lists, in bytes.
const MAX_STATUS_LIST_BYTES: usize = 16 * 1024 * 1024;

/// Status lists have media types of their own (Token Status List, section 8.1; VC-JOSE-COSE,
/// section 6.1), but servers that have other names for them are not refused. Any status of success
/// is valid (Token Status List, section 8.2).
const STATUS_LIST: Expected =
    Expected { accept: "application/statuslist+jwt, application/vc+jwt, */*;q=0.1", any_success: true };

/// Keys with their names.
type NamedKeys = Vec<(String, PublicKey)>;

/// Fetches documents that issuers publish. Cheap to clone.
#[derive(Clone, Debug)]
pub struct IssuerLookup {
    client: Outbound,
    status_lists: Arc<Mutex<HashMap<String, FetchedStatusList>>>,
}

/// A cached status list, or why it could not be fetched.
#[derive(Clone, Debug)]
struct FetchedStatusList {
    fetched_at: Timestamp,
    list: Result<Arc<str>, Arc<str>>,
}

impl FetchedStatusList {
    fn size(&self) -> usize {
        self.list.as_ref().unwrap_or_else(|why| why).len()
    }

    fn result(&self) -> LookupResult<String> {
        match &self.list {
            Ok(list) => LookupResult::Found(list.to_string()),
            Err(why) => LookupResult::Failed(why.to_string()),
        }
    }
}

impl IssuerLookup {
    /// Creates a lookup that fetches with `client`.
    pub fn new(client: Outbound) -> Self {
        Self { client, status_lists: Arc::default() }
    }

    /// Performs all lookups of a token that is verified as of `now`. `jws` is what its issuer
    /// signed.
    pub async fn all(&self, lookups: &Lookups, jws: &Jws<'_>, now: Timestamp) -> VerificationInputs {
        let issuer_keys = async {
            match &lookups.issuer {
                Some(issuer) => self.keys(issuer, jws, now).await,
                None => LookupResult::NotAttempted,
            }
        };
        let more_status = self.status_lists(&lookups.more_status);
        let (issuer_keys, (status, metadata), more_status) =
            tokio::join!(issuer_keys, self.details(lookups), more_status);
        VerificationInputs { issuer_keys, status, more_status, stored_status: None, metadata }
    }

    /// Fetches status lists, one after the other.
    pub async fn status_lists(&self, addresses: &[String]) -> Vec<LookupResult<String>> {
        let mut lists = Vec::with_capacity(addresses.len());
        for address in addresses {
            let lookups = Lookups { status: Some(address.clone()), ..Lookups::default() };
            lists.push(self.details(&lookups).await.0);
        }
        lists
    }

    /// Fetches the status list and the type's metadata.
    pub async fn details(&self, lookups: &Lookups) -> (LookupResult<String>, LookupResult<Vec<u8>>) {
        let fetched = async |address: &Option<String>, expected: Expected| match address {
            Some(address) => lookup_result(self.fetch(address, expected)).await,
            None => LookupResult::NotAttempted,
        };
        let (status, metadata) =
            tokio::join!(fetched(&lookups.status, STATUS_LIST), fetched(&lookups.metadata, Expected::ANY_TYPE));
        let status = match status {
            LookupResult::Found(bytes) => LookupResult::Found(String::from_utf8_lossy(&bytes).trim().to_owned()),
            LookupResult::Failed(why) => LookupResult::Failed(why),
            LookupResult::NotAttempted => LookupResult::NotAttempted,
        };
        (status, metadata)
    }

    /// Returns the status list at `address`, from the cache if it was fetched within
    /// `STATUS_LIST_TTL` of `now`. On a cache miss `may_fetch` decides whether it is fetched.
    pub async fn status_list(
        &self,
        address: &str,
        now: Timestamp,
        may_fetch: impl FnOnce() -> bool,
    ) -> LookupResult<String> {
        if let Some(fetched) = self.fetched_status_list(address, now) {
            return fetched.result();
        }
        if !may_fetch() {
            return LookupResult::Failed("the limit of fetches per minute is reached".to_owned());
        }
        let lookups = Lookups { status: Some(address.to_owned()), ..Lookups::default() };
        let (status, _) = self.details(&lookups).await;
        let list = match &status {
            LookupResult::Found(list) => Ok(list.as_str().into()),
            LookupResult::Failed(why) => Err(why.as_str().into()),
            LookupResult::NotAttempted => return status,
        };
        self.remember_status_list(address, FetchedStatusList { fetched_at: now, list });
        status
    }

    fn fetched_status_list(&self, address: &str, now: Timestamp) -> Option<FetchedStatusList> {
        let lists = self.status_lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.get(address).filter(|fetched| now.since(fetched.fetched_at) < STATUS_LIST_TTL).cloned()
    }

    fn remember_status_list(&self, address: &str, fetched: FetchedStatusList) {
        let mut lists = self.status_lists.lock().unwrap_or_else(PoisonError::into_inner);
        let now = fetched.fetched_at;
        lists.retain(|_, other| now.since(other.fetched_at) < STATUS_LIST_TTL);
        let size: usize = lists.values().map(FetchedStatusList::size).sum();
        if address.len() <= MAX_ADDRESS
            && lists.len() < MAX_STATUS_LISTS
            && size.saturating_add(fetched.size()) <= MAX_STATUS_LIST_BYTES
        {
            lists.insert(address.to_owned(), fetched);
        }
    }

    /// Fetches the keys of an issuer: by JWT VC Issuer Metadata (SD-JWT VC, section 4), or from its
    /// DID document (did:web), for a token that is verified as of `now`. `jws` is what the
    /// issuer signed.
    pub async fn keys(&self, issuer: &str, jws: &Jws<'_>, now: Timestamp) -> LookupResult<NamedKeys> {
        lookup_result(async {
            if issuer.starts_with("did:web:") {
                self.did_keys(issuer, jws, now).await
            } else {
                self.metadata_keys(issuer).await
            }
        })
        .await
    }

    async fn metadata_keys(&self, issuer: &str) -> Result<NamedKeys, String> {
        let address = metadata_address(issuer).ok_or_else(|| format!("{} is not a valid issuer URL", shown(issuer)))?;
        let metadata = self.fetch_json(&address).await?;
        if metadata["issuer"].as_str() != Some(issuer) {
            return Err(format!("{address} belongs to another issuer"));
        }
        let jwks = match metadata["jwks_uri"].as_str() {
            Some(address) => self.fetch_json(address).await?,
            None => metadata["jwks"].clone(),
        };
        let keys = keys_of(&jwks);
        if keys.is_empty() { Err(format!("{address}: {}", why_no_key(&jwks))) } else { Ok(keys) }
    }

    /// Returns the keys of a DID that sign credentials.
    async fn did_keys(&self, did: &str, jws: &Jws<'_>, now: Timestamp) -> Result<NamedKeys, String> {
        let address = self.did_address(did).ok_or_else(|| format!("{} is not a did:web", shown(did)))?;
        let document = self.fetch_json(&address).await?;
        if document["id"].as_str() != Some(did) {
            return Err(format!("{address} belongs to another issuer"));
        }
        assertion_keys(&document, did, jws, now.seconds()).map_err(|why| format!("{address}: {why}"))
    }

    /// Returns the address of a did:web document (did:web, section 3.2): colons become slashes, and
    /// a port's colon is percent-encoded. The scheme is http only if the client may connect to this
    /// machine.
    fn did_address(&self, did: &str) -> Option<String> {
        let mut parts = did.strip_prefix("did:web:")?.split(':');
        let host = parts.next()?.replace("%3A", ":").replace("%3a", ":");
        let path: Vec<&str> = parts.collect();
        let path = if path.is_empty() { ".well-known".to_owned() } else { path.join("/") };
        let url = |scheme: &str| {
            let url = plain_url(&format!("{scheme}://{host}/{path}/did.json"))?;
            (url[Position::BeforeHost..Position::AfterPort] == host).then_some(url)
        };
        url("http").filter(|url| self.client.is_allowed(url)).or_else(|| url("https")).map(String::from)
    }

    async fn fetch_json(&self, address: &str) -> Result<Value, String> {
        parse_limited(&self.fetch(address, Expected::ANY_TYPE).await?)
            .map_err(|_| format!("{} is not JSON", shown(address)))
    }

    async fn fetch(&self, address: &str, expected: Expected) -> Result<Vec<u8>, String> {
        let url = (address.len() <= MAX_ADDRESS).then(|| address.parse::<Url>().ok()).flatten();
        let url = url.ok_or_else(|| format!("{} is not a URL", shown(address)))?;
        if url.scheme() != "https" && !self.client.is_allowed(&url) {
            return Err(format!("{}: the address does not begin with https", shown(address)));
        }
        if !self.client.may_ask_port(&url) && !self.client.is_allowed(&url) {
            return Err(format!("{address}: only port 443 is allowed, unless the operator allows other ports"));
        }
        let because = |failure: Failure| format!("{address}: {}", failure.name());
        let fetched = self.client.fetch_as(&url, expected, MAX_DOCUMENT).await;
        let mut stream = std::pin::pin!(fetched.map_err(|error| match error {
            DocumentError::Status(status) => format!("{address}: the response has the HTTP status {status}"),
            DocumentError::Failed(failure) => because(failure),
        })?);
        let mut bytes = Vec::new();
        while let Some(piece) = stream.try_next().await.map_err(because)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > MAX_DOCUMENT {
                return Err(format!("{address}: larger than 4 MiB"));
            }
        }
        Ok(bytes)
    }
}

async fn lookup_result<T>(lookup: impl Future<Output = Result<T, String>>) -> LookupResult<T> {
    match timeout(LOOKUP_TIMEOUT, lookup).await {
        Ok(Ok(found)) => LookupResult::Found(found),
        Ok(Err(why)) => LookupResult::Failed(why),
        Err(_) => LookupResult::Failed("timed out".to_owned()),
    }
}

/// Returns the address of an issuer's metadata: the well-known path goes between host and path
/// (SD-JWT VC, section 4.1).
fn metadata_address(issuer: &str) -> Option<String> {
    let url = plain_url(issuer).or_else(|| plain_url(&format!("{issuer}/")))?;
    let origin = url.origin().ascii_serialization();
    Some(format!("{origin}/.well-known/jwt-vc-issuer{}", url.path().trim_end_matches('/')))
}

/// Parses an http or https address without user, query and fragment. It must be in the URL parser's
/// normal form: a different spelling could pass for another issuer's address.
fn plain_url(address: &str) -> Option<Url> {
    let url: Url = (address.len() <= MAX_ADDRESS).then(|| address.parse().ok()).flatten()?;
    let is_plain = matches!(url.scheme(), "https" | "http")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (is_plain && url.as_str() == address).then_some(url)
}

/// Truncates text from a token for use in a message.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::outbound::Lookup;

    #[test]
    fn issuer_addresses_lead_to_their_metadata() {
        for (issuer, address) in [
            ("https://a.example", Some("https://a.example/.well-known/jwt-vc-issuer")),
            ("https://a.example/", Some("https://a.example/.well-known/jwt-vc-issuer")),
            ("https://a.example:8443/b/c", Some("https://a.example:8443/.well-known/jwt-vc-issuer/b/c")),
            ("http://localhost:8080", Some("http://localhost:8080/.well-known/jwt-vc-issuer")),
            ("https://a.example@b.example", None),
            ("https://a.example?b", None),
            ("https://a.example#b", None),
            ("https://A.example", None),
            ("https://bücher.example", None),
            ("https://a.example:443", None),
            ("ftp://a.example", None),
            ("a.example", None),
            ("", None),
        ] {
            assert_eq!(metadata_address(issuer).as_deref(), address, "{issuer}");
        }
    }

    #[test]
    fn did_web_ids_lead_to_their_documents() {
        let settings = Config::load(None, [], &[]).expect("the settings are good").outbound;
        let outside = IssuerLookup::new(Outbound::new(&settings, Lookup::System).expect("a client"));
        let local = IssuerLookup::new(Outbound::allow_loopback(&settings).expect("a client"));
        for (did, address) in [
            ("did:web:a.example", Some("https://a.example/.well-known/did.json")),
            ("did:web:localhost%3A8080", Some("https://localhost:8080/.well-known/did.json")),
            ("did:web:a.example:b:c", Some("https://a.example/b/c/did.json")),
            ("did:web:a.example@b.example", None),
            ("did:web:a.example%2Fb", None),
            ("did:web:a.example/b", None),
            ("did:web:a.example?b", None),
            ("did:web:a.example:b?c", None),
            ("did:web:a.example:..:b", None),
            ("did:web:", None),
            ("did:key:z6Mk", None),
        ] {
            assert_eq!(outside.did_address(did).as_deref(), address, "{did}");
        }
        let address = local.did_address("did:web:localhost%3A8080");
        assert_eq!(address.as_deref(), Some("http://localhost:8080/.well-known/did.json"));
        assert_eq!(local.did_address("did:web:a.example"), outside.did_address("did:web:a.example"));
    }
}
