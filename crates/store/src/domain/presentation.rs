//! A presentation: one request to an external wallet (OpenID4VP 1.0), from the page that shows it
//! to the response that takes effect. Pure: no I/O.
//!
//! Owns the states. A response takes effect only if it belongs to this presentation and the browser
//! that began it proves that it has the secret given to the wallet's device.

use std::time::Duration;

use uuid::Uuid;

use super::submission::Sealed;
use ambient::Timestamp;

/// Most rejected responses before the presentation ends. Wallets retry, and attackers can too.
pub const MAX_REFUSED: i64 = 10;
/// Most codes that can be tried per response. With a million codes, guessing succeeds with
/// probability 1 in 200,000.
pub const MAX_CODE_ATTEMPTS: i64 = 5;
/// How long an expired presentation is kept, so that its page can show how it ended.
pub const REMEMBERED: Duration = Duration::from_secs(3600);

/// Where the wallet runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On the same device as the browser. The wallet sends the person back to the browser.
    SameDevice,
    /// On another device. The person types a code from that device into the browser.
    CrossDevice,
}

impl Flow {
    /// Returns the name used in the store and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameDevice => "same_device",
            Self::CrossDevice => "cross_device",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SameDevice, Self::CrossDevice].into_iter().find(|flow| flow.name() == name)
    }
}

/// How the wallet sends its response (OpenID4VP 1.0, sections 8.2 and 8.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Unencrypted.
    Post,
    /// Encrypted to a key that only this presentation uses.
    PostJwt,
}

impl Mode {
    /// Returns the name used on the wire, in the store and in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "direct_post",
            Self::PostJwt => "direct_post.jwt",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Post, Self::PostJwt].into_iter().find(|mode| mode.name() == name)
    }
}

/// A request to one wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// Id, part of the presentation's URLs. It grants no access: the browser needs its cookie, and
    /// the wallet's device its code.
    pub id: Uuid,
    /// The verification request that it responds to.
    pub verification: Uuid,
    /// The account that the verification request was bound to when this presentation began, if any.
    /// The response takes no effect if the request is bound to another account by then.
    pub holder: Option<Uuid>,
    /// Where the wallet runs.
    pub flow: Flow,
    /// How the wallet sends its response.
    pub mode: Mode,
    /// Client id of the verifier: the audience of the wallet's signature.
    pub client_id: String,
    /// Nonce that the wallet must sign.
    pub nonce: String,
    /// SHA-256 of the secret of the browser that began the presentation.
    pub binding_hash: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires. A response must arrive and take effect before.
    pub expires_at: Timestamp,
    /// Stable code of the error that rejected the last response.
    pub refusal: Option<String>,
    /// State, with the data that belongs to it.
    pub state: PresentationState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentationState {
    /// Waiting for a response.
    Waiting {
        /// Private key that decrypts the response.
        key: Sealed,
    },
    /// A wallet sent a valid response. It has not taken effect yet.
    Answered {
        /// SHA-256 of the response's secret, which the wallet's device carries to the browser.
        response_hash: Vec<u8>,
        /// The server's `VerificationResult`, encrypted.
        shown: Sealed,
    },
    /// The response took effect: the partner has the result.
    Finished {
        /// SHA-256 of the response's secret.
        response_hash: Vec<u8>,
    },
    /// The wallet declined.
    Declined {
        /// SHA-256 of the response's secret; `None` if an earlier release stored it.
        response_hash: Option<Vec<u8>>,
    },
    /// Ended early: the response reached another browser, there were too many wrong codes or
    /// responses, the person at the wallet said that they did not begin it, or the credential was
    /// revoked before the response took effect.
    Rejected,
    /// Not finished in time.
    Expired,
}

impl Presentation {
    /// Returns the presentation as of `now`: an unfinished one past its expiry time is expired.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if matches!(self.state, PresentationState::Waiting { .. } | PresentationState::Answered { .. })
            && self.expires_at <= now
        {
            self.state = PresentationState::Expired;
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
            state: PresentationState::Waiting { key: sealed.clone() },
        };
        let answered = Presentation {
            state: PresentationState::Answered { response_hash: Vec::new(), shown: sealed },
            ..waiting.clone()
        };
        for open in [waiting.clone(), answered] {
            assert_eq!(open.clone().as_of(at(99)), open);
            assert_eq!(open.as_of(at(100)).state, PresentationState::Expired);
        }
        let finished = PresentationState::Finished { response_hash: Vec::new() };
        assert_eq!(Presentation { state: finished.clone(), ..waiting }.as_of(at(200)).state, finished);
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
