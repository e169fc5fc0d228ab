//! Which texts are e-mail addresses that mail can be sent to.

/// Maximum length of an address (RFC 5321, section 4.5.3.1, less the angle brackets).
pub(crate) const MAX_LENGTH: usize = 254;

/// Returns whether `text` is an e-mail address that any mail server can deliver to: a dot-atom in ASCII of at most 64
/// characters, `@`, and a domain name with at least two labels.
///
/// Quoted local parts, address literals and internationalized local parts (SMTPUTF8) are not accepted, because not every
/// mail server accepts them. Browsers send internationalized domains in their ASCII form.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let in_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(in_atom);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= MAX_LENGTH
        && local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && !domain.rsplit('.').next().is_some_and(is_number)
}
