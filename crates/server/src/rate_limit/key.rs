//! What a rate limit counts by.

use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

use crate::keys::Keyring;

/// The key that a limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A partner, or a shared link.
    Id(Uuid),
    /// A network address; for IPv6, its /64 network.
    Address(IpAddr),
    /// An IPv6 /48 network, which one site gets (RFC 6177). Counted in addition to each of its /64
    /// networks.
    Site(Ipv6Addr),
    Hash([u8; 32]),
}

/// Limit of a site, as a multiple of the limit of one network.
const SITE_SHARE: u32 = 16;

impl From<&Uuid> for Key {
    fn from(id: &Uuid) -> Self {
        Self::Id(*id)
    }
}

impl From<&IpAddr> for Key {
    fn from(address: &IpAddr) -> Self {
        Self::Address(*address)
    }
}

impl From<&[u8; 32]> for Key {
    fn from(hash: &[u8; 32]) -> Self {
        Self::Hash(*hash)
    }
}

impl Key {
    /// Returns the site that is counted in addition to `self`.
    pub(super) fn site(&self) -> Option<Self> {
        match self {
            Self::Address(IpAddr::V6(network)) => Some(Self::Site((u128::from(*network) & (u128::MAX << 80)).into())),
            _ => None,
        }
    }

    /// Returns how many times the limit applies to this key.
    pub(super) fn share(&self) -> u32 {
        if matches!(self, Self::Site(_)) { SITE_SHARE } else { 1 }
    }

    /// Returns the key in the database. An address cannot be recovered from it without the root
    /// key.
    pub(super) fn fingerprint(&self, keyring: &Keyring, limit: &str) -> [u8; 32] {
        let key = match self {
            Self::Id(id) => id.as_bytes().to_vec(),
            Self::Address(address) => address.to_string().into_bytes(),
            Self::Site(network) => format!("{network}/48").into_bytes(),
            Self::Hash(hash) => hash.to_vec(),
        };
        keyring.fingerprint("limit", &[limit.as_bytes(), b"\0", &key].concat())
    }
}
