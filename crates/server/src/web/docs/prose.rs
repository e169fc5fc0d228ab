//! Codes in the plain texts of `/docs`: names of fields and headers, and values, are shown as code.

/// Names without a mark that tells them from words.
const NAMES: [&str; 7] = [
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "Idempotency-Key",
    "X-Request-Id",
    "X-Timestamp",
];

/// Characters around a code that belong to the sentence.
const AROUND: [char; 8] = ['.', ',', ':', ';', '(', ')', '"', '!'];

/// Returns a text as HTML, with its codes marked.
pub fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            html.push(' ');
        }
        let rest = word.trim_start_matches(AROUND);
        let code = rest.trim_end_matches(AROUND);
        let (before, after) = (&word[..word.len() - rest.len()], &rest[code.len()..]);
        html += before;
        if is_code(code) {
            html += "<code>";
            html += &escaped(code);
            html += "</code>";
        } else {
            html += &escaped(code);
        }
        html += after;
    }
    html
}

/// Returns whether a word is a code: it has a character that words do not have, or is a known name.
fn is_code(word: &str) -> bool {
    word.contains(['_', '=', '@']) || NAMES.contains(&word)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_a_sentence_are_marked() {
        let html = prose("Use grant_type=x, (redirect_uri) & Retry-After. No other <word>.");
        let codes = "Use <code>grant_type=x</code>, (<code>redirect_uri</code>) &amp; <code>Retry-After</code>.";
        assert_eq!(html, format!("{codes} No other &lt;word&gt;."));
        assert_eq!(prose(""), "");
    }
}
