//! Which network address a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::ForwardedHeader;

/// Network address of the client, as far as the trusted proxies vouch for it.
///
/// An IPv6 address is reduced to its /64 network (RFC 6177): one subscriber usually controls all
/// addresses in it.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let server = &app.config().server;
        let forwarded = forwarded(&parts.headers, server.forwarded_header, server.trusted_proxies);
        Ok(Self(subscriber(forwarded.unwrap_or(peer))))
    }
}

/// Returns the address that the outermost of `trusted` proxies saw.
///
/// Entries are counted before they are parsed, so an unreadable entry cannot shift the count. An
/// unreadable entry gives `None`, and the caller falls back to the peer's address.
fn forwarded(headers: &HeaderMap, header: ForwardedHeader, trusted: usize) -> Option<IpAddr> {
    let lines: Vec<String> = headers
        .get_all(header.name())
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect();
    let entries = lines.iter().rev().flat_map(|line| from_right(line, b','));
    // Empty list elements are ignored (RFC 9110, section 5.6.1).
    let entry = entries.map(str::trim).filter(|entry| !entry.is_empty()).take(trusted).last()?;
    match header {
        ForwardedHeader::XForwardedFor => address(entry),
        ForwardedHeader::Forwarded => from_right(entry, b';').into_iter().find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            if name.trim().eq_ignore_ascii_case("for") { address(value.trim()) } else { None }
        }),
    }
}

/// Splits `list` at each unquoted `separator`, last element first.
///
/// Scanning from the right ensures that an unclosed quote sent by a client cannot hide what a proxy
/// appended.
fn from_right(list: &str, separator: u8) -> Vec<&str> {
    let bytes = list.as_bytes();
    let is_escaped = |at: usize| bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let (mut elements, mut end, mut is_quoted) = (Vec::new(), list.len(), false);
    for at in (0..list.len()).rev() {
        if bytes[at] == b'"' && !(is_quoted && is_escaped(at)) {
            is_quoted = !is_quoted;
        } else if bytes[at] == separator && !is_quoted {
            elements.push(&list[at + 1..end]);
            end = at;
        }
    }
    elements.push(&list[..end]);
    elements
}

/// Parses an address with or without a port, brackets (RFC 3986, section 3.2.2) and quotes (RFC
/// 7239, section 6).
fn address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return (port.is_empty() || port.starts_with(':')).then(|| address.parse().ok().map(IpAddr::V6))?;
    }
    let is_v4_with_port = text.matches(':').count() == 1;
    let address = if is_v4_with_port { text.split(':').next()? } else { text };
    address.parse().ok()
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(header: ForwardedHeader, lines: &[&str], trusted: usize) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        }
        forwarded(&headers, header, trusted).map(|address| address.to_string())
    }

    #[test]
    fn ipv6_addresses_are_grouped_by_64_bit_network() {
        for (address, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
            ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(subscriber(address.parse().expect(address)), counted.parse::<IpAddr>().expect(counted));
        }
    }

    #[test]
    fn x_forwarded_for_is_counted_from_the_right() {
        let cases: [(&[&str], usize, Option<&str>); 18] = [
            (&[], 1, None),
            (&["192.0.2.1"], 0, None),
            (&["192.0.2.1"], 1, Some("192.0.2.1")),
            (&["198.51.100.7, 192.0.2.1"], 1, Some("192.0.2.1")),
            (&["198.51.100.7, 192.0.2.1, 10.0.0.1"], 2, Some("192.0.2.1")),
            (&["198.51.100.7", "192.0.2.1 ,10.0.0.1"], 2, Some("192.0.2.1")),
            (&["198.51.100.7, 192.0.2.1", "10.0.0.1"], 2, Some("192.0.2.1")),
            (&["192.0.2.1"], 2, Some("192.0.2.1")),
            (&["192.0.2.1:5432"], 1, Some("192.0.2.1")),
            (&["198.51.100.7, 192.0.2.1:5432, 10.0.0.1:1"], 2, Some("192.0.2.1")),
            (&["[2001:db8::1]:443"], 1, Some("2001:db8::1")),
            (&["[2001:db8::1]"], 1, Some("2001:db8::1")),
            (&["2001:db8::1"], 1, Some("2001:db8::1")),
            (&["\"[2001:db8::1]:443\""], 1, Some("2001:db8::1")),
            (&["198.51.100.7, nonsense"], 1, None),
            (&["198.51.100.7, nonsense, 10.0.0.1"], 2, None),
            (&["192.0.2.1", ""], 1, Some("192.0.2.1")),
            (&["\u{ff}, \"198.51.100.7, 192.0.2.1"], 1, Some("192.0.2.1")),
        ];
        for (lines, trusted, expected) in cases {
            assert_eq!(
                seen(ForwardedHeader::XForwardedFor, lines, trusted).as_deref(),
                expected,
                "{lines:?} {trusted}"
            );
        }
    }

    #[test]
    fn forwarded_header_is_counted_from_the_right() {
        let cases: [(&[&str], usize, Option<&str>); 12] = [
            (&["for=192.0.2.1"], 1, Some("192.0.2.1")),
            (&["For=\"192.0.2.1:47011\";proto=https"], 1, Some("192.0.2.1")),
            (&["proto=https;by=203.0.113.43;for=192.0.2.1"], 1, Some("192.0.2.1")),
            (&["for=198.51.100.7, for=\"[2001:db8:cafe::17]:4711\""], 1, Some("2001:db8:cafe::17")),
            (&["for=198.51.100.7, for=192.0.2.1", "for=10.0.0.1;host=\"a,b\""], 2, Some("192.0.2.1")),
            (&["for=_hidden"], 1, None),
            (&["for=unknown"], 1, None),
            (&["proto=https"], 1, None),
            (&["for=198.51.100.7, for=_gazonk"], 1, None),
            (&["for=198.51.100.7, proto=https"], 1, None),
            (&["for=\", for=192.0.2.1"], 1, Some("192.0.2.1")),
            (&["for=\"\\\", for=\"[2001:db8::1]:1\""], 1, Some("2001:db8::1")),
        ];
        for (lines, trusted, expected) in cases {
            assert_eq!(seen(ForwardedHeader::Forwarded, lines, trusted).as_deref(), expected, "{lines:?} {trusted}");
        }
    }
}
