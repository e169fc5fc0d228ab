//! The `htu` of a DPoP proof: whether it names the request's URI (RFC 9449, section 4.3).

use credential::{is_plain_url, url_authority};
use url::Url;

/// Returns whether two HTTP URIs name the same target. Query and fragment are ignored. Both are
/// normalized (RFC 3986, sections 6.2.2 and 6.2.3): case of scheme and host, default port, dot
/// segments, percent-encoding and the empty path.
pub fn is_same_target(left: &str, right: &str) -> bool {
    left == right || normalized(left).is_some_and(|left| normalized(right) == Some(left))
}

fn normalized(uri: &str) -> Option<Url> {
    let uri = uri.split(['?', '#']).next().unwrap_or_default();
    // The URL parser would also accept forms that are no URI, and map them to one.
    if !uri.is_ascii() || !is_plain_url(uri) || url_authority(uri).contains('@') {
        return None;
    }
    let mut url: Url = uri.parse().ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    let path = with_plain_escapes(url.path());
    url.set_path(&path);
    Some(url)
}

/// Decodes the escapes of unreserved characters, and writes the others in upper case.
fn with_plain_escapes(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some((digits, byte)) = digits.and_then(|digits| Some((digits, u8::from_str_radix(digits, 16).ok()?)))
        else {
            plain.push('%');
            rest = after;
            continue;
        };
        match char::from(byte) {
            character @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~') => plain.push(character),
            _ => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = &after[2..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TARGET: &str = "https://passport.example/oid4vci/credential";

    #[test]
    fn equivalent_uris_name_the_same_target() {
        for uri in [
            "https://passport.example/oid4vci/credential",
            "https://passport.example/oid4vci/credential?a=b",
            "https://passport.example/oid4vci/credential#a",
            "HTTPS://Passport.EXAMPLE/oid4vci/credential",
            "https://passport.example:443/oid4vci/credential",
            "https://passport.example:/oid4vci/credential",
            "https://passport.example/oid4vci/./credential",
            "https://passport.example/a/../oid4vci/credential",
            "https://passport.example/a/%2e%2E/oid4vci/credential",
            "https://passport.example/%6fid4vci/credenti%61%6C",
        ] {
            assert!(is_same_target(uri, TARGET), "{uri}");
        }
        for (left, right) in [
            ("https://a.example", "https://a.example/"),
            ("http://localhost:8080/a", "http://LOCALHOST:8080/a"),
            ("http://a.example:80/a", "http://a.example/a"),
            ("https://a.example/a%7eb", "https://a.example/a~b"),
            ("https://a.example/a%2fb", "https://a.example/a%2Fb"),
        ] {
            assert!(is_same_target(left, right) && is_same_target(right, left), "{left} {right}");
        }
    }

    #[test]
    fn other_uris_name_other_targets() {
        for uri in [
            "",
            "/oid4vci/credential",
            "http://passport.example/oid4vci/credential",
            "https://passport.example:8443/oid4vci/credential",
            "https://other.example/oid4vci/credential",
            "https://passport.example/oid4vci/Credential",
            "https://passport.example/oid4vci/credential/",
            "https://passport.example//oid4vci/credential",
            "https://passport.example/oid4vci%2Fcredential",
            "https://passport.example/oid4vci%2fcredential",
            "https://passport.example/oid4vci/credential%3Fa",
            "https://passport.example/oid4vci/credential%252e",
            "https://passport.example/oid4vci/credential%",
            "https://passport.example/oid4vci/%+6fredential",
            "https://ada@passport.example/oid4vci/credential",
            "https://@passport.example/oid4vci/credential",
            "https://\u{ff50}assport.example/oid4vci/credential",
            "https:\\\\passport.example/oid4vci/credential",
            "https:/passport.example/oid4vci/credential",
            "https://passport.example/oid4vci\\credential",
            "https://passport.example/oid4vci/cred\tential",
            " https://passport.example/oid4vci/credential",
            "ftp://passport.example/oid4vci/credential",
        ] {
            assert!(!is_same_target(uri, TARGET) && !is_same_target(TARGET, uri), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn escaping_unreserved_characters_changes_no_target(at in 25..TARGET.len()) {
            let mut escaped = TARGET.to_owned();
            let byte = TARGET.as_bytes()[at];
            prop_assume!(byte != b'/');
            escaped.replace_range(at..=at, &format!("%{byte:02x}"));
            prop_assert!(is_same_target(&escaped, TARGET));
        }

        #[test]
        fn any_text_is_compared_both_ways_alike(left in "\\PC{0,60}", right in "\\PC{0,60}") {
            prop_assert_eq!(is_same_target(&left, &right), is_same_target(&right, &left));
        }
    }
}
