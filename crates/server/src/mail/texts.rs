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

impl Offer {
    fn in_words(self, text: &Text) -> String {
        match self {
            Self::One(title) => title.to_owned(),
            Self::Several(count) => text.count("mail-offered-several", i64::try_from(count).unwrap_or(i64::MAX)),
        }
    }
}

/// A partner has pushed something and asked for its link to be mailed.
pub fn offered(to: String, partner: &str, offer: Offer, link: &str, until: Timestamp) -> Mail {
    let text = Text::default();
    let what = offer.in_words(&text);
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

/// Something of a person that ends.
#[derive(Clone, Debug)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EndingKind,
}

/// What ends.
#[derive(Clone, Debug)]
pub enum EndingKind {
    /// A link that the person has not answered.
    Link {
        /// Who sent it.
        partner: String,
        /// What it offers.
        offer: Offer,
        /// The link.
        link: String,
    },
    /// The documents of a credential in a wallet that was not kept.
    Documents {
        /// Who sent it.
        partner: String,
        /// Its type's title.
        title: &'static str,
    },
    /// A share.
    Share {
        /// When the person made it.
        created_at: Timestamp,
    },
}

/// How many things a mail lists one by one.
const LISTED: usize = 20;

/// Something of the person ends soon. What is in a credential, and what a share is for, only the wallet says.
pub fn ends(base: &str, to: String, endings: &[Ending]) -> Mail {
    let text = Text::default();
    let line = |ending: &Ending| {
        let at = text.moment(&ending.at);
        match &ending.kind {
            EndingKind::Link { partner, offer, link } => {
                let what = offer.in_words(&text);
                text.with("mail-ends-link", &[("partner", partner), ("what", &what), ("at", &at), ("link", link)])
            }
            EndingKind::Documents { partner, title } => {
                text.with("mail-ends-documents", &[("partner", partner), ("title", title), ("at", &at), ("base", base)])
            }
            EndingKind::Share { created_at } => {
                let made = text.day(created_at);
                text.with("mail-ends-share", &[("day", &made), ("at", &at), ("base", base)])
            }
        }
    };
    let mut lines: Vec<String> = endings.iter().take(LISTED).map(line).collect();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    if endings.len() > LISTED {
        lines.push(text.count("mail-ends-more", count(endings.len() - LISTED)));
    }
    let values = [("list", &*lines.join("\n\n")), ("base", base)];
    Mail { to, subject: text.count("mail-ends-subject", count(endings.len())), text: text.with("mail-ends", &values) }
}

/// A partner has withdrawn what is in a wallet. The reason may be about the person, so only the wallet shows it.
pub fn withdrawn(base: &str, to: String, partner: &str, title: &str) -> Mail {
    let text = Text::default();
    let values = [("partner", partner), ("title", title), ("base", base)];
    Mail { to, subject: text.of("mail-withdrawn-subject"), text: text.with("mail-withdrawn", &values) }
}
