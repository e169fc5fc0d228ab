//! A question to one outside wallet (OpenID4VP 1.0): from the page that shows it to the answer that counts. Pure.
//!
//! Owns the states, and what makes an answer count: it came for this question, and the browser that began has what the
//! wallet's device was given.

use std::time::Duration;

use uuid::Uuid;

use super::submission::Sealed;
use ambient::Timestamp;

/// How many answers may be refused before a question ends: wallets try again, and so do others.
pub const MOST_REFUSED: i64 = 10;
/// How many codes may be typed for one answer: of a million, that is one in two hundred thousand.
pub const MOST_TRIES: i64 = 5;
/// How long after its time a question is remembered, so that its page can say how it ended.
pub const REMEMBERED: Duration = Duration::from_secs(3600);

/// Where the wallet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On the device of the browser: the wallet sends the person back to it.
    SameDevice,
    /// On another one: the person carries a code from there to the browser.
    CrossDevice,
}

impl Flow {
    /// Its name in the store and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameDevice => "same_device",
            Self::CrossDevice => "cross_device",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SameDevice, Self::CrossDevice].into_iter().find(|flow| flow.name() == name)
    }
}

/// How the answer is sent (OpenID4VP 1.0, sections 8.2 and 8.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it is.
    Post,
    /// Encrypted for a key of this question alone.
    PostJwt,
}

impl Mode {
    /// Its name on the wire, in the store and in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "direct_post",
            Self::PostJwt => "direct_post.jwt",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Post, Self::PostJwt].into_iter().find(|mode| mode.name() == name)
    }
}

/// A question to one wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// Its id, in its addresses. It opens nothing by itself: the browser needs its cookie, the wallet's device its code.
    pub id: Uuid,
    /// What it is to answer.
    pub verification: Uuid,
    /// The account that this was bound to when the wallet was asked, if it was: another one's answer is not this one's.
    pub holder: Option<Uuid>,
    /// Where the wallet is.
    pub flow: Flow,
    /// How the answer is sent.
    pub mode: Mode,
    /// Who asks, as the wallet is told: the audience of what it signs.
    pub client_id: String,
    /// What the wallet must sign.
    pub nonce: String,
    /// SHA-256 of the secret of the browser that began it.
    pub binding_hash: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when it can be answered, and its answer counted.
    pub expires_at: Timestamp,
    /// Why the last answer that was refused was not taken, by its stable code.
    pub refusal: Option<String>,
    /// Where it stands.
    pub state: State,
}

/// Where a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be answered.
    Waiting {
        /// The private key that the answer is encrypted for.
        key: Sealed,
    },
    /// A wallet has answered, and what it showed is good. It does not count yet.
    Answered {
        /// SHA-256 of the secret that the wallet's device was sent back with.
        response_hash: Vec<u8>,
        /// What was shown, as an [`Outcome`](super::verification::Outcome).
        shown: Sealed,
    },
    /// What was shown went to the partner.
    Finished,
    /// The wallet said no.
    Declined,
    /// It was ended: the answer came to another browser, codes or answers were wrong too often, or the person at the wallet
    /// said that it was not them.
    Rejected,
    /// Its time is over.
    Expired,
}

impl Presentation {
    /// The same as it stands at `now`.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if matches!(self.state, State::Waiting { .. } | State::Answered { .. }) && self.expires_at <= now {
            self.state = State::Expired;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_presentations_expire_on_time() {
        let at = Timestamp::from_micros;
        let sealed = Sealed { period: at(0), bytes: Vec::new() };
        let waiting = Presentation {
            id: Uuid::nil(),
            verification: Uuid::nil(),
            holder: None,
            flow: Flow::SameDevice,
            mode: Mode::PostJwt,
            client_id: String::new(),
            nonce: String::new(),
            binding_hash: Vec::new(),
            created_at: at(0),
            expires_at: at(100),
            refusal: None,
            state: State::Waiting { key: sealed.clone() },
        };
        let answered =
            Presentation { state: State::Answered { response_hash: Vec::new(), shown: sealed }, ..waiting.clone() };
        for open in [waiting.clone(), answered] {
            assert_eq!(open.clone().as_of(at(99)), open);
            assert_eq!(open.as_of(at(100)).state, State::Expired);
        }
        let finished = Presentation { state: State::Finished, ..waiting };
        assert_eq!(finished.as_of(at(200)).state, State::Finished);
    }

    #[test]
    fn flow_and_mode_names_round_trip() {
        for flow in [Flow::SameDevice, Flow::CrossDevice] {
            assert_eq!(Flow::from_name(flow.name()), Some(flow));
        }
        for mode in [Mode::Post, Mode::PostJwt] {
            assert_eq!(Mode::from_name(mode.name()), Some(mode));
        }
    }
}
