//! The mails that tell a person of something: their words, and nothing of what is in a credential.

use super::Text;
use crate::mail::Mail;

/// A partner has withdrawn what is in a wallet. The reason is about the person, and is shown in the wallet alone.
pub fn withdrawn(base: &str, to: String, partner: &str, title: &str) -> Mail {
    let text = Text::default();
    let values = [("partner", partner), ("title", title), ("base", base)];
    Mail { to, subject: text.of("mail-withdrawn-subject"), text: text.with("mail-withdrawn", &values) }
}
