//! Texts of notification emails. They contain no data of a credential, except the job titles and
//! categories that an update changes. Names that could reorder the words around them are isolated.

use uuid::Uuid;

use credential::{EarlierTitle, TitleKind};

use super::Mail;
use crate::i18n::{Text, isolated_text, within_sentence};
use ambient::Timestamp;

/// What a link offers, without its content.
#[derive(Clone, Copy, Debug)]
pub enum Offer {
    /// One credential, by the title of its type.
    One(&'static str),
    /// A number of credentials.
    Several(usize),
}

impl Offer {
    fn in_words(self, text: &Text) -> String {
        match self {
            Self::One(title) => title.to_owned(),
            Self::Several(count) => text.count("mail-offered-several", i64::try_from(count).unwrap_or(i64::MAX)),
        }
    }

    fn in_sentence(self, text: &Text) -> String {
        match self {
            Self::One(title) => text.with("mail-offered-one", &[("title", &within_sentence(title))]),
            Self::Several(_) => self.in_words(text),
        }
    }
}

/// Composes the email with the link of a submission, which the partner requested.
pub fn offered(to: String, partner: &str, offer: Offer, link: &str, until: Timestamp) -> Mail {
    let (text, partner) = (Text::default(), &*isolated_text(partner));
    let what = offer.in_sentence(&text);
    let values = [("partner", partner), ("what", &*what), ("link", link), ("until", &text.moment(&until))];
    let day = text.short_day(&until);
    let subject = [("partner", partner), ("what", &*what), ("day", &*day)];
    Mail { to, subject: text.with("mail-offered-subject", &subject), text: text.with("mail-offered", &values) }
}

/// Composes the email about a credential that a partner has updated under a standing consent. The
/// holder can undo the update until `until`. `changed` are the job titles and categories that it
/// changes.
pub fn updated(
    base: &str,
    to: String,
    (partner, title): (&str, &str),
    changed: &[EarlierTitle],
    until: Timestamp,
) -> Mail {
    let (text, partner) = (Text::default(), &*isolated_text(partner));
    let changes: String = changed.iter().map(|title| format!("\n\n{}", change(title, &text))).collect();
    let until = text.moment(&until);
    let values = [("partner", partner), ("title", title), ("changes", &*changes), ("base", base), ("until", &*until)];
    let updated = [("partner", partner), ("title", &*within_sentence(title))];
    Mail { to, subject: text.with("mail-updated-subject", &updated), text: text.with("mail-updated", &values) }
}

/// Says what a job title or category is now, and what it was before.
fn change(title: &EarlierTitle, text: &Text) -> String {
    let key = match (title.kind, &title.before) {
        (TitleKind::Title, Some(_)) => "mail-updated-title",
        (TitleKind::Title, None) => "mail-updated-title-added",
        (TitleKind::Category, Some(_)) => "mail-updated-category",
        (TitleKind::Category, None) => "mail-updated-category-added",
    };
    let isolated = |value: Option<&str>| isolated_text(value.unwrap_or_default());
    let (now, before) = (isolated(title.now()), isolated(title.before.as_deref()));
    text.with(key, &[("now", &*now), ("before", &*before), ("month", &*text.month(title.until))])
}

/// Composes the email with the link that finishes the sign-up for a sandbox partner.
pub fn sandbox_sign_up(to: String, name: &str, link: &str) -> Mail {
    let (text, name) = (Text::default(), &*isolated_text(name));
    let values = [("name", name), ("link", link)];
    Mail { to, subject: text.of("mail-sandbox-subject"), text: text.with("mail-sandbox", &values) }
}

/// Something of a person's that ends soon.
#[derive(Clone, Debug)]
pub struct Ending {
    /// When it ends.
    pub at: Timestamp,
    /// What ends.
    pub kind: EndingKind,
}

/// The kinds of things that end.
#[derive(Clone, Debug)]
pub enum EndingKind {
    /// A link that the person has not answered.
    Link {
        /// Name of the partner that sent it.
        partner: String,
        /// What the link offers.
        offer: Offer,
        link: String,
    },
    /// The documents of a credential in an unclaimed wallet.
    Documents {
        /// Name of the partner that sent it.
        partner: String,
        /// Title of the credential's type.
        title: &'static str,
    },
    Share {
        /// When the person created it.
        created_at: Timestamp,
    },
}

/// Maximum number of items that an email lists.
const LISTED: usize = 20;

/// Composes the warning that things end soon. Only the wallet shows the data of a credential and
/// the purpose of a share.
pub fn ends(base: &str, to: String, endings: &[Ending]) -> Mail {
    let text = Text::default();
    let line = |ending: &Ending| {
        let at = text.moment(&ending.at);
        match &ending.kind {
            EndingKind::Link { partner, offer, link } => {
                let (what, partner) = (offer.in_words(&text), &*isolated_text(partner));
                text.with("mail-ends-link", &[("partner", partner), ("what", &what), ("at", &at), ("link", link)])
            }
            EndingKind::Documents { partner, title } => {
                let partner = &*isolated_text(partner);
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

/// Composes the email about a credential that a partner has withdrawn. The reason may be personal,
/// so only the page of the `credential` shows it.
pub fn withdrawn(base: &str, to: String, partner: &str, title: &str, credential: Uuid) -> Mail {
    let (text, partner) = (Text::default(), &*isolated_text(partner));
    let page = format!("{base}/wallet/credentials/{credential}");
    let values = [("partner", partner), ("title", title), ("page", &*page)];
    let subject = [("partner", partner), ("title", &*within_sentence(title))];
    Mail { to, subject: text.with("mail-withdrawn-subject", &subject), text: text.with("mail-withdrawn", &values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_to_left_names_are_isolated_in_mails() {
        let (to, until) = ("ada@example.org".to_owned(), Timestamp::from_micros(1_706_000_000_000_000));
        let name = "شركة (م) Ltd.";
        let isolated = format!("\u{2068}{name}\u{2069}");
        let mail = offered(to.clone(), name, Offer::One("Career history"), "https://link.example", until);
        for said in [&mail.subject, &mail.text] {
            assert!(said.starts_with(&format!("{isolated} has sent")), "{said}");
        }
        let base = "https://passport.example";
        let partner = name.to_owned();
        let ending = Ending { at: until, kind: EndingKind::Documents { partner, title: "Career history" } };
        for mail in [
            updated(base, to.clone(), (name, "Career history"), &[], until),
            withdrawn(base, to.clone(), name, "Career history", Uuid::nil()),
            ends(base, to, &[ending]),
        ] {
            assert!(mail.text.contains(&isolated), "{}", mail.text);
        }
        let latin = withdrawn(base, String::new(), "Acme Payroll", "Career history", Uuid::nil());
        assert!(!latin.text.contains('\u{2068}'), "{}", latin.text);
    }
}
