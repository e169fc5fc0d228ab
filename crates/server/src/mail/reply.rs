//! Classifies a relay's response to RCPT TO.

/// Returns whether a response permanently rejects this recipient, rather than this server.
///
/// The enhanced status code decides if there is one (RFC 3463): addressing and mailbox codes are
/// about the recipient. Codes for the sender's address (5.1.7, 5.1.8), the mail system, the network
/// and policies are not. Without an enhanced code the basic code decides (RFC 5321, section 4.2.3),
/// unless the text mentions relaying.
pub(super) fn refuses_recipient(code: u16, text: &str, recipient: &str) -> bool {
    let text = text.to_lowercase().replace(&recipient.to_lowercase(), "");
    match enhanced(&text) {
        _ if !(500..600).contains(&code) => false,
        Some((5, 1, 7 | 8)) => false,
        Some((5, 1 | 2, _)) => true,
        Some(_) => false,
        None => matches!(code, 550..=553 | 556) && !text.contains("relay"),
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
