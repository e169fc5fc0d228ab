//! Which network addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Returns whether `address` is public or in one of the `allowed` networks.
pub fn may_reach(address: IpAddr, allowed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    is_public(address) || allowed.iter().any(|network| network.contains(&address))
}

/// Returns whether `name` may resolve to an address that is public or in the `allowed` networks.
///
/// Some names never resolve in the public DNS: `localhost` and names below it (RFC 6761, section
/// 6.3), names below [`NEVER_PUBLIC`] and names of a single label. Names that DNS cannot express
/// are refused (RFC 1035, section 2.3.4). [`may_reach`] checks the addresses that a name resolves
/// to.
pub fn may_name(name: &str, allowed: &[IpNet]) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if name.len() > LONGEST_NAME || name.split('.').any(|label| !(1..=LONGEST_LABEL).contains(&label.len())) {
        return false;
    }
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    match name.rsplit('.').next() {
        Some("localhost") => loopback.into_iter().any(|address| may_reach(address, allowed)),
        Some(top) if NEVER_PUBLIC.contains(&top) => allows_others(allowed),
        _ if name.ends_with(".home.arpa") => allows_others(allowed),
        _ => name.contains('.') || allows_others(allowed),
    }
}

/// Longest name and longest label in DNS, in bytes.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Top-level names that never resolve in the public DNS: those of RFC 6762, RFC 7686 and RFC 9476;
/// those that ICANN has reserved or does not delegate; and those that private networks
/// and clusters use. `.example`, `.invalid` and `.test` are not in the list: they resolve nowhere,
/// and
/// documentation and tests use them.
const NEVER_PUBLIC: [&str; 11] =
    ["local", "internal", "localdomain", "lan", "home", "corp", "intranet", "private", "onion", "alt", "svc"];

/// Returns whether any of the networks lies outside loopback.
fn allows_others(networks: &[IpNet]) -> bool {
    networks.iter().any(|network| !network.addr().is_loopback())
}

/// Returns whether an address is globally reachable: in none of the special-purpose blocks of
/// IANA's registries (RFC 6890), and not an IPv6 form of an IPv4 address in one of them.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This host, private, loopback, link-local (which includes metadata services), multicast,
        // reserved.
        (0 | 10 | 127 | 224.., ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Carrier-grade NAT, IETF assignments, documentation, 6to4 relays, benchmarking.
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
    match address.segments() {
        // NAT64 maps to the embedded IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(Ipv4Addr::from_bits(address.to_bits() as u32)),
        // 6to4 (deprecated by RFC 7526) and ISATAP (RFC 5214, section 6.1) tunnel to an IPv4
        // address. A local router may send them elsewhere than the embedded address says.
        [0x2002, ..] | [_, _, _, _, 0 | 0x200, 0x5efe, ..] => false,
        // Teredo, benchmarking, ORCHID and other IETF assignments; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All global unicast addresses that IANA has assigned are in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public_in_any_encoding() {
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
            "2002:101:101::",
            "2606:4700::5efe:a00:1",
            "2606:4700::200:5efe:101:101",
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
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn only_allowed_private_networks_are_reachable() {
        let allowed: [IpNet; 1] = ["10.20.0.0/16".parse().expect("a network")];
        assert!(may_reach("10.20.1.2".parse().expect("an address"), &allowed));
        assert!(may_reach("::ffff:10.20.1.2".parse().expect("an address"), &allowed));
        assert!(!may_reach("10.21.1.2".parse().expect("an address"), &allowed));
    }

    #[test]
    fn names_outside_the_public_dns_need_an_allowed_network() {
        let networks = |text: &str| -> Vec<IpNet> {
            text.split_whitespace().map(|network| network.parse().expect("a network")).collect()
        };
        let (loopback, private) = (networks("127.0.0.0/8 ::1/128"), networks("10.0.0.0/8"));
        let lists: [&[IpNet]; 3] = [&[], &loopback, &private];
        for name in ["localhost", "LOCALHOST.", "hooks.localhost", "a.b.localhost."] {
            let found = lists.map(|allowed| may_name(name, allowed));
            assert_eq!(found, [false, true, false], "{name}");
        }
        for name in ["hooks", "hooks.", "printer.local", "hooks.internal", "a.b.Internal.", "nas.home.arpa"] {
            let found = lists.map(|allowed| may_name(name, allowed));
            assert_eq!(found, [false, false, true], "{name}");
        }
        for top in NEVER_PUBLIC.into_iter().chain(["home.arpa", "svc.cluster.local"]) {
            for name in [format!("hooks.{top}"), format!("a.hooks.{}.", top.to_ascii_uppercase())] {
                let found = lists.map(|allowed| may_name(&name, allowed));
                assert_eq!(found, [false, false, true], "{name}");
            }
        }
        for name in [
            "hooks.example.com",
            "hooks.example.com.",
            "hooks.example",
            "localhost.example.com",
            "mylocalhost.org",
            "test.example.com",
            "corp.example",
            "1.0.0.127.in-addr.arpa",
        ] {
            assert!(may_name(name, &[]), "{name}");
        }
    }

    #[test]
    fn names_that_dns_cannot_express_are_refused() {
        let anywhere: [IpNet; 1] = ["10.0.0.0/8".parse().expect("a network")];
        let label = "a".repeat(63);
        let longest = [&*label, &*label, &*label, &*"a".repeat(61)].join(".");
        assert_eq!(longest.len(), 253);
        for name in [&*longest, &format!("{longest}."), &format!("{label}.example")] {
            assert!(may_name(name, &[]), "{name}");
        }
        let (long_label, too_long) = (format!("{label}a.example"), format!("{longest}a"));
        for name in ["", ".", "..", "a..example", ".a.example", "a.example..", &*long_label, &*too_long] {
            assert!(!may_name(name, &anywhere), "{name}");
        }
    }
}
