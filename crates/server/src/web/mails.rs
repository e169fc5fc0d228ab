//! The mails that tell a person of something: their words, and nothing of what is in a credential.

use crate::auth::holder::Email;
use crate::i18n::Text;
use crate::mail::Mail;
use ambient::Timestamp;

/// What a partner offers, in general.
#[derive(Clone, Copy, Debug)]
pub enum Offer {
    /// One thing: its type's title.
    One(&'static str),
    /// So many things.
    Several(usize),
}

/// A partner has pushed something and wants the link mailed.
pub fn offered(to: &Email, partner: &str, offer: Offer, link: &str, until: Timestamp) -> Mail {
    let text = Text::default();
    let what = match offer {
        Offer::One(title) => title.to_owned(),
        Offer::Several(count) => text.count("mail-offered-several", i64::try_from(count).unwrap_or(i64::MAX)),
    };
    let values = [("partner", partner), ("what", &*what), ("link", link), ("until", &text.moment(&until))];
    Mail {
        to: to.as_str().to_owned(),
        subject: text.with("mail-offered-subject", &[("partner", partner)]),
        text: text.with("mail-offered", &values),
    }
}

/// A partner has withdrawn what is in a wallet. The reason is about the person, and is shown in the wallet alone.
pub fn withdrawn(base: &str, to: String, partner: &str, title: &str) -> Mail {
    let text = Text::default();
    let values = [("partner", partner), ("title", title), ("base", base)];
    Mail { to, subject: text.of("mail-withdrawn-subject"), text: text.with("mail-withdrawn", &values) }
}
