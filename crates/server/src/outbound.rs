//! Requests that leave the server at somebody else's word: the one client that makes them, and where it may go.
//!
//! Owns the filter. A name is resolved here, the addresses that are not public are dropped from the answer, and the
//! connection is made to what is left of that same answer: a name that means something else a moment later gains
//! nothing. Redirects are not followed, proxies are not used, and only https is spoken.

pub mod look;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, TryStreamExt as _};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::{Host, Url};

use crate::config::{Outbound as Settings, Webhooks};
use store::domain::asset::Failure;
use store::domain::webhook::NoAnswer;

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection to a receiver of webhooks is kept for the next delivery. It leads to the address that was looked
/// at when it was made, whatever the name means by now.
const KEPT: Duration = Duration::from_secs(15);

/// Most bytes that are read of what a receiver of webhooks answers; nobody looks at them, but then its connection can be
/// used again.
const ANSWER: usize = 16 * 1024;

/// Where names are looked up.
#[derive(Clone, Debug, Default)]
pub enum Lookup {
    /// By the operating system.
    #[default]
    System,
    /// In a table, for tests: each name's answers, one after the other, the last one staying.
    Table(Arc<Mutex<HashMap<String, Vec<Vec<IpAddr>>>>>),
}

impl Lookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()),
            Self::Table(table) => {
                let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
                let answers = table.get_mut(name).ok_or(std::io::ErrorKind::NotFound)?;
                Ok(if answers.len() > 1 { answers.remove(0) } else { answers.first().cloned().unwrap_or_default() })
            }
        }
    }
}

/// The filtering client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
    allowed: Arc<[IpNet]>,
    /// Whether servers on this machine may be asked, by http.
    with_this_machine: bool,
}

/// No address of a name is one that may be reached.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the address is not public")]
struct NotPublic;

struct Filter {
    lookup: Lookup,
    allowed: Arc<[IpNet]>,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allowed) = (self.lookup.clone(), self.allowed.clone());
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            let mut reachable = found.into_iter().filter(|address| may_reach(*address, &allowed)).peekable();
            if reachable.peek().is_none() {
                return Err(NotPublic.into());
            }
            let reachable: Vec<_> = reachable.map(|address| SocketAddr::new(address, 0)).collect();
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}

impl Outbound {
    /// The client that `settings` describe.
    ///
    /// # Errors
    /// The extra certificate authorities cannot be read, in words for the operator.
    pub fn new(settings: &Settings, lookup: Lookup) -> Result<Self, String> {
        Self::build(settings, lookup, false, 0)
    }

    /// The client that sends to webhooks.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn to_receivers(settings: &Settings, webhooks: &Webhooks, lookup: Lookup) -> Result<Self, String> {
        let mut settings = settings.clone();
        settings.timeout = webhooks.timeout;
        if webhooks.allow_loopback {
            settings.allow_this_machine();
        }
        let kept = usize::try_from(webhooks.concurrency).unwrap_or(1);
        Self::build(&settings, lookup, webhooks.allow_loopback, kept)
    }

    /// A client that also asks servers on this machine, by http: for a person at a terminal who tries things out, never
    /// for the server.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn with_this_machine(settings: &Settings) -> Result<Self, String> {
        let mut settings = settings.clone();
        settings.allow_this_machine();
        Self::build(&settings, Lookup::System, true, 0)
    }

    fn build(settings: &Settings, lookup: Lookup, with_this_machine: bool, kept: usize) -> Result<Self, String> {
        let allowed: Arc<[IpNet]> = settings.allowed_networks.clone().into();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(settings)?)
            .https_only(!with_this_machine)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(settings.timeout)
            // A connection that is kept long would answer for a name whose addresses were looked at long ago.
            .pool_max_idle_per_host(kept)
            .pool_idle_timeout(KEPT)
            .tls_info(with_this_machine)
            .user_agent(concat!("Tenure/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Filter { lookup, allowed: allowed.clone() }))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, allowed, with_this_machine })
    }

    /// Fetches a document of at most `most` bytes; the bytes arrive as they come.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn fetch(
        &self,
        address: &Url,
        most: u64,
    ) -> Result<impl Stream<Item = Result<bytes::Bytes, Failure>> + Send + use<>, Failure> {
        if !self.may_ask(address) {
            return Err(Failure::AddressRefused);
        }
        let answer = self.client.get(address.clone()).send().await.map_err(|error| failure(&error))?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(Failure::Unreachable);
        }
        if answer.content_length().is_some_and(|length| length > most) {
            return Err(Failure::TooLarge);
        }
        Ok(answer.bytes_stream().map_err(|error| failure(&error)))
    }

    /// Posts `body`, and returns the status that is answered; a redirect is an answer like any other.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn post(&self, address: &Url, headers: HeaderMap, body: bytes::Bytes) -> Result<u16, NoAnswer> {
        if !self.may_ask(address) {
            return Err(NoAnswer::AddressRefused);
        }
        let sent = self.client.post(address.clone()).headers(headers).body(body).send().await;
        let mut answer = sent.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let mut read = 0;
        while read < ANSWER {
            match answer.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                _ => break,
            }
        }
        Ok(status)
    }

    /// Whether an address may be asked, as far as can be told without looking its name up.
    pub fn may_ask(&self, address: &Url) -> bool {
        // A literal address is connected to without being resolved, so the filter would not see it.
        let literal = match address.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
            None => return false,
        };
        let is_here = matches!(address.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_spoken =
            address.scheme() == "https" || (self.with_this_machine && is_here && address.scheme() == "http");
        is_spoken && literal.is_none_or(|address| may_reach(address, &self.allowed))
    }
}

/// TLS with the public certificate authorities and those of the settings.
///
/// # Errors
/// The extra certificate authorities cannot be read, in words for the operator.
pub fn tls(settings: &Settings) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &settings.extra_roots {
        let refuse = |error: &dyn std::fmt::Display| format!("outbound.extra_roots, {}: {error}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refuse(&error))? {
            roots.add(certificate.map_err(|error| refuse(&error))?).map_err(|error| refuse(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn failure(error: &reqwest::Error) -> Failure {
    if is_not_public(error) { Failure::AddressRefused } else { Failure::Unreachable }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    if is_not_public(error) {
        NoAnswer::AddressRefused
    } else if error.is_timeout() {
        NoAnswer::TimedOut
    } else {
        NoAnswer::Unreachable
    }
}

/// Whether the filter left nothing of what the name means.
fn is_not_public(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn may_reach(address: IpAddr, allowed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    is_public(address) || allowed.iter().any(|network| network.contains(&address))
}

/// Whether an address is one of the internet at large: none of the special-purpose blocks of IANA's registries (RFC
/// 6890), and not one of those in IPv6 dress.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This host, private, loopback, link-local (metadata services too), multicast and reserved.
        (0 | 10 | 127 | 224.., ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared between carriers, IETF assignments, documentation, 6to4 relays, benchmarks.
        (100, 64..=127, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            true
        }
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    let embedded = |at: usize| {
        let [high, low] = [segments[at], segments[at + 1]].map(u16::to_be_bytes);
        Ipv4Addr::new(high[0], high[1], low[0], low[1])
    };
    match segments {
        // NAT64 and 6to4 lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(embedded(6)),
        [0x2002, ..] => is_public_v4(embedded(1)),
        // Teredo, benchmarks, ORCHID and other IETF assignments; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything that is global today is in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public_in_any_dress() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address: IpAddr = special.parse().expect(special);
            assert!(!is_public(address), "{special}");
            assert!(!may_reach(address, &[]), "{special}");
        }
        for public in [
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2002:101:101::",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn an_allowed_network_is_reached_and_its_neighbour_is_not() {
        let allowed: [IpNet; 1] = ["10.20.0.0/16".parse().expect("a network")];
        assert!(may_reach("10.20.1.2".parse().unwrap(), &allowed));
        assert!(may_reach("::ffff:10.20.1.2".parse().unwrap(), &allowed));
        assert!(!may_reach("10.21.1.2".parse().unwrap(), &allowed));
    }
}
