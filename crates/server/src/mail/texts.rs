//! The mails that tell a person what a partner did: their texts, and nothing of what is in a credential.

use super::Mail;
use crate::i18n::Text;
use ambient::Timestamp;

/// What a partner offers, in general.
#[derive(Clone, Copy, Debug)]
pub enum Offer {
    /// One credential: its type's title.
    One(&'static str),
    /// This many credentials.
    Several(usize),
}

/// A partner has pushed something and asked for its link to be mailed.
pub fn offered(to: String, partner: &str, offer: Offer, link: &str, until: Timestamp) -> Mail {
    let text = Text::default();
    let what = match offer {
        Offer::One(title) => title.to_owned(),
        Offer::Several(count) => text.count("mail-offered-several", i64::try_from(count).unwrap_or(i64::MAX)),
    };
    let values = [("partner", partner), ("what", &*what), ("link", link), ("until", &text.moment(&until))];
    Mail {
        to,
        subject: text.with("mail-offered-subject", &[("partner", partner)]),
        text: text.with("mail-offered", &values),
    }
}

/// A partner has updated a credential under a standing consent, which can be undone until `until`.
pub fn updated(base: &str, to: String, partner: &str, title: &str, until: Timestamp) -> Mail {
    let text = Text::default();
    let values = [("partner", partner), ("title", title), ("base", base), ("until", &*text.day(&until))];
    Mail {
        to,
        subject: text.with("mail-updated-subject", &[("partner", partner), ("title", title)]),
        text: text.with("mail-updated", &values),
    }
}

/// A partner has withdrawn what is in a wallet. The reason may be about the person, so only the wallet shows it.
pub fn withdrawn(base: &str, to: String, partner: &str, title: &str) -> Mail {
    let text = Text::default();
    let values = [("partner", partner), ("title", title), ("base", base)];
    Mail { to, subject: text.of("mail-withdrawn-subject"), text: text.with("mail-withdrawn", &values) }
}
