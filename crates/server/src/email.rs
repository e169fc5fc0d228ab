//! Email addresses of people.

use credential::EmailAddress;

use crate::keys::Keyring;

/// A canonical email address ([`EmailAddress`]) with the hash that it is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(EmailAddress);

impl Email {
    /// Trims and parses `text`.
    pub fn parse(text: &str) -> Option<Self> {
        EmailAddress::parse(text).map(Self)
    }

    /// Returns the address to send to.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the part after the at sign.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// Returns the address with only the first character before the at sign, like
    /// "a***@example.org".
    pub fn masked(&self) -> String {
        let first: String = self.as_str().chars().take(1).collect();
        format!("{first}***@{}", self.domain())
    }

    /// Returns the part before the at sign, in lower case.
    pub fn canonical_local(&self) -> String {
        let mut local = self.0.canonical();
        local.truncate(local.len() - self.0.domain().len() - 1);
        local
    }

    /// Returns the keyed hash of the canonical form. Account look-ups and rate limits use it.
    pub fn fingerprint(&self, keyring: &Keyring) -> [u8; 32] {
        keyring.fingerprint("email", self.0.canonical().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_domains_lower_cased() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").as_ref().map(Email::as_str), Some("Ada@example.org"));
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "a b@example.org",
            "ad\u{e8}le@example.org",
            "ada@example.org\r\nBcc: x@y.z",
        ] {
            assert_eq!(Email::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn masked_address_shows_one_character_and_the_domain() {
        for (address, masked) in [("ada@example.org", "a***@example.org"), ("x@example.org", "x***@example.org")] {
            assert_eq!(Email::parse(address).map(|email| email.masked()).as_deref(), Some(masked));
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_is_idempotent_and_mailers_accept_it(text in "[a-zA-Z0-9@. \\r\\né+!'{-]{0,12}@[a-zA-Zéß\u{ad}0-9.-]{1,10}\\.[a-z]{1,4}") {
            if let Some(email) = Email::parse(&text) {
                let again = Email::parse(email.as_str());
                proptest::prop_assert_eq!(again.as_ref().map(Email::as_str), Some(email.as_str()));
                proptest::prop_assert!(email.as_str().parse::<lettre::message::Mailbox>().is_ok());
            }
        }
    }
}
