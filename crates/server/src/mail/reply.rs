//! Classifies a relay's response to RCPT TO.

/// Enhanced status codes about the recipient's address or mailbox (RFC 3463, sections 3.2 and 3.3;
/// 5.1.10 is in RFC 7505). Others, also 5.1.0, are used for senders and policies.
const RECIPIENT_CODES: [(u16, u16, u16); 6] = [(5, 1, 1), (5, 1, 2), (5, 1, 3), (5, 1, 6), (5, 1, 10), (5, 2, 1)];

/// What a text without an enhanced code must name. The recipient's address is replaced by nothing,
/// which leaves `<>`.
const SUBJECTS: [&str; 5] = ["user", "mailbox", "recipient", "account", "<>"];

/// What such a text must say about it.
const UNKNOWN: [&str; 7] =
    ["unknown", "no such", "not found", "does not exist", "doesn't exist", "not local", "mailbox name not allowed"];

/// Words of texts about the sender, the session, a policy or a list. Such a text never refuses a
/// recipient: a mail that is retried in vain costs less than one that is lost.
const OTHER_CAUSES: [&str; 26] = [
    "sender",
    "from",
    "helo",
    "ehlo",
    "client",
    "dns",
    "ptr",
    "relay",
    "block",
    "black",
    "rbl",
    "listed",
    "reputation",
    "spam",
    "junk",
    "auth",
    "credential",
    "denied",
    "policy",
    "policies",
    "prohibit",
    "too many",
    "limit",
    "temporary",
    "temporarily",
    "verif",
];

/// Returns whether a response permanently rejects this recipient, rather than this server.
///
/// The enhanced status code decides if there is one. Without it the response must say that the
/// user or the mailbox is unknown, because relays use 550 for everything (RFC 5321, section
/// 4.2.3).
pub(super) fn refuses_recipient(code: u16, text: &str, recipient: &str) -> bool {
    let text = text.to_lowercase().replace(&recipient.to_lowercase(), "");
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if !(500..600).contains(&code) {
        return false;
    }
    match enhanced(&text) {
        Some(found) => RECIPIENT_CODES.contains(&found) && !text.contains("sender"),
        None => matches!(code, 550..=553 | 556) && !says(&OTHER_CAUSES) && says(&SUBJECTS) && says(&UNKNOWN),
    }
}

/// Returns the first enhanced status code in a text.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let mut parts = word.split('.').map(|part| part.parse::<u16>().ok());
        match (parts.next()??, parts.next()??, parts.next()??, parts.next()) {
            (class @ (2 | 4 | 5), subject, detail, None) => Some((class, subject, detail)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_permanent_replies_about_the_recipient_refuse_it() {
        for (code, text, refuses) in [
            (550, "5.1.1 <a@b.example>: Recipient address rejected: User unknown", true),
            (550, "No such user here", true),
            (551, "User not local", true),
            (553, "Mailbox name not allowed", true),
            (556, "5.1.10 Recipient address has null MX", true),
            (550, "5.2.1 The account is disabled", true),
            (550, "5.1.2 Bad destination system", true),
            (553, "5.1.3 Bad recipient address syntax", true),
            (550, "5.1.6 The mailbox has moved", true),
            (550, "5.1.1 <a@b.example>: User unknown in relay recipient table", true),
            (550, "Unknown user", true),
            (550, "Requested action not taken: mailbox not found", true),
            (550, "The account does not exist", true),
            (450, "4.1.1 Unverified recipient", false),
            (550, "5.7.1 Relaying denied", false),
            (554, "5.7.1 <a@b.example>: Relay access denied", false),
            (550, "relay not permitted", false),
            (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", false),
            (530, "5.7.0 Authentication required", false),
            (550, "5.1.8 <no-reply@here.example>: Sender address rejected: Domain not found", false),
            (550, "5.3.2 System not accepting network messages", false),
            (554, "Transaction failed", false),
            (503, "Bad sequence of commands", false),
            (550, "5.1.0 <no-reply@here.example> sender rejected", false),
            (550, "5.1.0 Address rejected", false),
            (550, "5.1.1 Sender address rejected: User unknown", false),
            (550, "5.2.2 Mailbox full", false),
            (550, "Sender verify failed", false),
            (550, "Unknown sender; no such user here", false),
            (550, "Administrative prohibition", false),
            (550, "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", false),
            (550, "authentication required", false),
            (550, "User unknown or not authorized", false),
            (550, "JunkMail rejected - host is in an RBL", false),
            (553, "sorry, your envelope sender is in my badmailfrom list", false),
            (550, "Too many messages to unknown users", false),
            (550, "Your IP address is blocked", false),
            (550, "Your IP address does not exist in the DNS", false),
            (550, "Mail to this user is refused by policy", false),
            (550, "Mailbox unavailable", false),
            (552, "Message rejected as spam", false),
        ] {
            assert_eq!(refuses_recipient(code, text, "a@b.example"), refuses, "{code} {text}");
        }
        assert!(
            refuses_recipient(550, "<relay@b.example> unknown", "relay@b.example"),
            "the address itself says nothing"
        );
        assert!(refuses_recipient(550, "5.1.1 host 192.0.2.1 said: no", "a@b.example"));
    }
}
