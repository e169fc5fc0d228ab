//! Validation and normalisation of email addresses.

use url::Host;

/// Maximum number of characters (RFC 5321, section 4.5.3.1.3).
pub(crate) const MAX_LENGTH: usize = 254;

/// An email address that any mail server can deliver to.
///
/// The local part is an ASCII dot-atom of at most 64 characters. Quoted and internationalized local
/// parts (SMTPUTF8) are rejected: not every mail server accepts them, and with invisible or similar
/// characters one address could stand for two people, or two addresses for one. The domain has at
/// least two labels, in its ASCII form (UTS 46); IP addresses are rejected.
///
/// Addresses are equal if they differ only in case, because no mail provider in use distinguishes
/// it.
#[derive(Clone, Debug)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Trims and parses `text`. The local part keeps its case, for sending.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        // `Host` decodes percent signs, which no domain has.
        if !is_local(local) || domain.contains('%') {
            return None;
        }
        let Ok(Host::Domain(domain)) = Host::parse(domain) else { return None };
        let address = format!("{local}@{domain}");
        (is_domain(&domain) && address.len() <= MAX_LENGTH).then_some(Self(address))
    }

    /// Returns the address to send to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Returns the lower-case form that identifies a person.
    pub fn canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

fn is_local(local: &str) -> bool {
    let in_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(in_atom))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    domain.contains('.') && domain.split('.').all(is_label) && !domain.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_canonical_form() {
        let canonical = |text| EmailAddress::parse(text).map(|email| email.canonical());
        for text in [
            "mike@example.org",
            " MIKE@Example.ORG ",
            "mike@exam\u{ad}ple.org",
            "mike@\u{ff45}xample.org",
            "mike@example\u{3002}org",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("mike@example.org"), "{text:?}");
        }
        assert_eq!(canonical("ada@b\u{fc}cher.example").as_deref(), Some("ada@xn--bcher-kva.example"));
        assert_eq!(canonical("ada@B\u{dc}CHER.example"), canonical("ada@bu\u{308}cher.example"));
        assert_eq!(canonical("ada@\u{212a}iwi.example").as_deref(), Some("ada@kiwi.example"), "the same host in DNS");
    }

    #[test]
    fn look_alike_and_invisible_characters_are_rejected() {
        for local in [
            "mi\u{212a}e",
            "m\u{131}ke",
            "mi\u{ad}ke",
            "mike\u{200b}",
            "\u{202e}mike",
            "\u{ff4d}ike",
            "m\u{456}ke",
            "mike\u{301}",
        ] {
            assert_eq!(EmailAddress::parse(&format!("{local}@example.org")), None, "{local:?}");
        }
    }

    #[test]
    fn ip_addresses_and_single_labels_are_rejected() {
        for domain in [
            "192.0.2.1",
            "[192.0.2.1]",
            "[IPv6:2001:db8::1]",
            "[2001:db8::1]",
            "0x7f.0.0.1",
            "example.0x7f",
            "127.1",
            "localhost",
            "mail",
            "example.org.",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
            "ex%61mple.org",
        ] {
            assert_eq!(EmailAddress::parse(&format!("ada@{domain}")), None, "{domain:?}");
        }
    }
}
