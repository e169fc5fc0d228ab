//! Sandbox users: email addresses whose holder the server simulates, so that an integration can be
//! tested without people.
//!
//! Defines the users and parses their addresses; [`crate::flows::sandbox`] acts for them. No mail
//! is sent to these addresses, so signing in as one is impossible. Each partner has its own users,
//! so that data of two partners never meets in one wallet.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::email::Email;

/// The domain of their addresses, which never resolves (RFC 2606, section 2).
pub const DOMAIN: &str = "sandbox.invalid";

/// Longest delay of a sandbox user.
pub const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// What a sandbox user does on receiving a link. Nodes of different versions share the messages
/// that name them, so the serialized names must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// Opens the link and accepts.
    Consents,
    /// Opens the link and declines.
    Declines,
    /// Never opens the link, which expires at once.
    Expires,
    /// Never opens the link, which expires when it is due.
    Ignores,
    /// Is a different person from the one in the credential, and opens the link first.
    Stranger,
    /// Opens the link, and leaves when asked whether a name that differs from their wallet is
    /// theirs.
    Unconfirmed,
    /// Accepts, and deletes the credential from the wallet.
    Deletes,
    /// Accepts, and gives a standing consent.
    KeepsCurrent,
    /// Accepts, gives a standing consent and withdraws it. Opens the links of later updates, and
    /// does not decide.
    StopsUpdates,
}

impl Person {
    /// Every sandbox user.
    pub const ALL: [Self; 9] = [
        Self::Consents,
        Self::Declines,
        Self::Expires,
        Self::Ignores,
        Self::Stranger,
        Self::Unconfirmed,
        Self::Deletes,
        Self::KeepsCurrent,
        Self::StopsUpdates,
    ];

    /// Returns the part of the address before the at sign.
    pub fn name(self) -> &'static str {
        match self {
            Self::Consents => "consents",
            Self::Declines => "declines",
            Self::Expires => "expires",
            Self::Ignores => "ignores",
            Self::Stranger => "stranger",
            Self::Unconfirmed => "unconfirmed",
            Self::Deletes => "deletes",
            Self::KeepsCurrent => "keeps-current",
            Self::StopsUpdates => "stops-updates",
        }
    }

    /// Returns the email address.
    pub fn address(self) -> String {
        format!("{}@{DOMAIN}", self.name())
    }
}

/// A sandbox user as named by a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxUser {
    /// The behaviour of this user.
    pub person: Person,
    /// The part before the at sign, without the delay. Each tag after a plus sign is a user of its
    /// own, with its own wallet.
    pub local: String,
    /// How long this user waits before acting. A message is due that much later, so it does not
    /// contain the delay.
    #[serde(skip)]
    pub delay: Duration,
}

/// Returns whether an address is in the sandbox domain, even if it names no user there.
pub fn is_address(address: &Email) -> bool {
    address.domain().strip_suffix(DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl SandboxUser {
    /// Parses an address such as `consents@sandbox.invalid`, `consents+2@sandbox.invalid`, or
    /// `consents.5m@sandbox.invalid` for a delay of five minutes.
    pub fn parse(address: &Email) -> Option<Self> {
        let local = address.canonical_local();
        let (behaviour, tag) = match local.split_once('+') {
            Some((behaviour, tag)) => (behaviour, Some(tag)),
            None => (local.as_str(), None),
        };
        let (name, delay) = match behaviour.split_once('.') {
            Some((name, delay)) => (name, parse_delay(delay)?),
            None => (behaviour, Duration::ZERO),
        };
        let person = Person::ALL.into_iter().find(|person| person.name() == name)?;
        let local = tag.map_or_else(|| name.to_owned(), |tag| format!("{name}+{tag}"));
        (address.domain() == DOMAIN).then_some(Self { person, local, delay })
    }

    /// Returns the address of this user's account, which contains data of `partner` only.
    pub fn account(&self, partner: Uuid) -> String {
        format!("{}@{partner}.{DOMAIN}", self.local)
    }
}

fn parse_delay(text: &str) -> Option<Duration> {
    credential::parse_sandbox_period(text).filter(|delay| *delay <= LONGEST_DELAY)
}

/// An action of a sandbox user on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxAction {
    /// The acting user.
    #[serde(rename = "player")]
    pub user: SandboxUser,
    /// The partner that created the request.
    pub partner: Uuid,
    /// The id of the request: the link's `content`.
    pub request: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(address: &str) -> Option<SandboxUser> {
        Email::parse(address).as_ref().and_then(SandboxUser::parse)
    }

    #[test]
    fn only_known_names_at_the_sandbox_domain_are_users() {
        for (address, person) in [
            ("consents@sandbox.invalid", Some(Person::Consents)),
            (" Declines@SANDBOX.invalid ", Some(Person::Declines)),
            ("consents@\u{17f}andbox.invalid", Some(Person::Consents)),
            ("stranger+2@sandbox.invalid", Some(Person::Stranger)),
            ("keeps-current@sandbox.invalid", Some(Person::KeepsCurrent)),
            ("consents.24h@sandbox.invalid", Some(Person::Consents)),
            ("consents.25h@sandbox.invalid", None),
            ("consents.soon@sandbox.invalid", None),
            ("nobody@sandbox.invalid", None),
            ("consents@example.org", None),
            ("consents@a.sandbox.invalid", None),
            ("consents", None),
        ] {
            assert_eq!(user(address).map(|user| user.person), person, "{address}");
        }
        for (address, inside) in [
            ("nobody@sandbox.invalid", true),
            ("x@0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21.Sandbox.Invalid", true),
            ("x@notsandbox.invalid", false),
            ("sandbox.invalid", false),
        ] {
            assert_eq!(Email::parse(address).is_some_and(|email| is_address(&email)), inside, "{address}");
        }
    }

    #[test]
    fn partners_and_tags_have_separate_sandbox_accounts() {
        let account =
            |address: &str, partner| user(address).map(|user| user.account(Uuid::from_u128(partner))).expect("a user");
        let one = account("consents@sandbox.invalid", 1);
        assert_eq!(account("Consents@sandbox.invalid", 1), one);
        assert_ne!(account("consents@sandbox.invalid", 2), one);
        assert_ne!(account("consents+2@sandbox.invalid", 1), one);
    }

    #[test]
    fn delay_does_not_change_the_wallet() {
        for (address, local, seconds) in
            [("Declines.30S@sandbox.invalid", "declines", 30), ("consents.5m+2@sandbox.invalid", "consents+2", 300)]
        {
            let user = user(address).expect("a user");
            assert_eq!((user.local.as_str(), user.delay), (local, Duration::from_secs(seconds)), "{address}");
        }
    }

    #[test]
    fn serialized_actions_keep_their_field_names() {
        let action = SandboxAction {
            user: user("expires@sandbox.invalid").expect("a user"),
            partner: Uuid::nil(),
            request: Uuid::nil(),
        };
        let names = serde_json::to_value(&action).expect("JSON");
        assert_eq!(names["player"], serde_json::json!({ "person": "expires", "local": "expires" }));
    }
}
