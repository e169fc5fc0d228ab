//! E-mail addresses of people.

use crate::keys::Keyring;

/// An e-mail address, as far as it can be checked without sending to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Trims and checks `text` by the rule that pushes are checked by ([`credential::is_email`]). The domain is
    /// lower-cased; the local part keeps its case for sending.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        let address = format!("{local}@{}", domain.to_ascii_lowercase());
        credential::is_email(&address).then_some(Self(address))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The keyed hash that an account is looked up by. It covers the address in lower case, since no mail provider in use
    /// distinguishes case.
    pub fn fingerprint(&self, keyring: &Keyring) -> [u8; 32] {
        keyring.fingerprint("email", self.0.to_lowercase().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_domains_lower_cased() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").map(|email| email.0).as_deref(), Some("Ada@example.org"));
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

    proptest::proptest! {
        #[test]
        fn parsing_is_idempotent_and_mailers_accept_it(text in "[a-zA-Z0-9@. \\r\\né+!'{-]{0,12}@[a-zA-Z0-9.-]{1,10}\\.[a-z]{1,4}") {
            if let Some(email) = Email::parse(&text) {
                proptest::prop_assert_eq!(Email::parse(email.as_str()), Some(email.clone()));
                proptest::prop_assert!(email.as_str().parse::<lettre::message::Mailbox>().is_ok());
            }
        }
    }
}
