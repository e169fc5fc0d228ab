//! The form of an issuer's identifier.

use crate::jws::shown;

/// Checks the form of the identifier of an issuer: an http or https URL without user name, query
/// and fragment, or another URI such as a DID (SD-JWT VC, section 2.2.2.2; VCDM 2.0, section 4.7).
///
/// # Errors
/// The problem with it.
pub(super) fn require_uri(issuer: &str) -> Result<(), &'static str> {
    const NO_URI: &str = "it is neither a URL nor a DID";
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let Some((scheme, rest)) = issuer.split_once(':').filter(|(scheme, _)| scheme.bytes().all(is_of_scheme)) else {
        return Err(NO_URI);
    };
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || rest.is_empty() {
        return Err(NO_URI);
    }
    if issuer.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err("it contains white space");
    }
    if issuer.contains('#') {
        return Err("it contains a fragment (#)");
    }
    if !matches!(scheme, "http" | "https") {
        return Ok(());
    }
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if authority.is_empty() {
        Err("it is a URL without a host")
    } else if authority.contains('@') {
        Err("it contains a user name")
    } else if issuer.contains('?') {
        Err("it contains a query (?)")
    } else {
        Ok(())
    }
}

/// Returns whether a well-formed identifier is an http or https URL or a DID. Other URIs, such as
/// `urn:` and `javascript:`, name no one: anyone may use any of them.
pub(super) fn identifies_someone(issuer: &str) -> bool {
    issuer.split_once(':').is_some_and(|(scheme, _)| matches!(scheme, "https" | "http" | "did"))
}

/// Says why no keys can be looked up for an issuer whose identifier is well-formed, if that follows
/// from the identifier.
pub(super) fn why_no_lookup(issuer: &str) -> Option<String> {
    let (scheme, rest) = issuer.split_once(':')?;
    match scheme {
        "https" => None,
        "http" => Some("its address begins with http, and only https proves whose site it is".to_owned()),
        "did" => {
            let method = rest.split(':').next().unwrap_or_default();
            (method != "web").then(|| format!("DIDs of the method {:?} are not supported", shown(method)))
        }
        other => Some(format!("{:?} is not a supported kind of identifier", shown(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_uris() {
        for issuer in [
            "https://issuer.example",
            "https://issuer.example/a/b/",
            "http://localhost:8080",
            "did:web:issuer.example",
            "did:example:123",
            "urn:example:issuer",
        ] {
            assert_eq!(require_uri(issuer), Ok(()), "{issuer}");
        }
        for (issuer, why) in [
            ("", "neither"),
            ("Example Ltd", "neither"),
            ("issuer.example", "neither"),
            ("issuer.example/x:y", "neither"),
            (":x", "neither"),
            ("https:", "neither"),
            ("8080:x", "neither"),
            ("https://", "without a host"),
            ("https:issuer.example", "without a host"),
            ("https://issuer.example#k1", "fragment"),
            ("did:web:issuer.example#k1", "fragment"),
            ("https://issuer.example?x=1", "query"),
            ("https://issuer.example@other.example", "user name"),
            ("https://issuer.example/a b", "white space"),
        ] {
            let found = require_uri(issuer).expect_err(issuer);
            assert!(found.contains(why), "{issuer}: {found}");
        }
    }

    #[test]
    fn only_addresses_and_dids_identify_someone() {
        for issuer in ["https://issuer.example", "http://localhost:8080", "did:web:issuer.example", "did:key:z6Mk"] {
            assert!(identifies_someone(issuer), "{issuer}");
        }
        for issuer in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "urn:example:issuer", "x", ""] {
            assert!(!identifies_someone(issuer), "{issuer}");
        }
    }

    #[test]
    fn issuers_without_published_keys_are_named() {
        for (issuer, why) in [
            ("https://issuer.example", None),
            ("did:web:issuer.example", None),
            ("http://issuer.example", Some("begins with http")),
            ("did:key:z6Mk", Some("\"key\"")),
            ("urn:example:issuer", Some("\"urn\"")),
        ] {
            let found = why_no_lookup(issuer);
            let is_expected = match (&found, why) {
                (Some(found), Some(why)) => found.contains(why),
                (found, why) => found.is_none() && why.is_none(),
            };
            assert!(is_expected, "{issuer}: {found:?}");
        }
    }
}
