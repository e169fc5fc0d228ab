//! Validation of external addresses: where a browser may be redirected, and which schemes may open
//! a wallet.

use url::{Host, Url};

/// Maximum length of an address that a browser is redirected to, in characters.
const LONGEST: usize = 2_048;

/// Maximum length of a scheme, in characters.
const LONGEST_SCHEME: usize = 64;

/// Schemes that a browser or the operating system handles itself. They run scripts, show other
/// content under our origin, read files or start programs that are not wallets.
const HANDLED: [&str; 74] = [
    "about",
    "app-settings",
    "applescript",
    "blob",
    "brave",
    "callto",
    "chrome",
    "chrome-extension",
    "chrome-untrusted",
    "cid",
    "content",
    "data",
    "devtools",
    "dict",
    "edge",
    "facetime",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "geo",
    "git",
    "gopher",
    "help",
    "http",
    "https",
    "imap",
    "intent",
    "irc",
    "itms",
    "itms-apps",
    "jar",
    "javascript",
    "ldap",
    "ldaps",
    "livescript",
    "magnet",
    "mailto",
    "maps",
    "market",
    "mhtml",
    "mocha",
    "moz-extension",
    "news",
    "nfs",
    "nntp",
    "opera",
    "prefs",
    "resource",
    "rtsp",
    "safari-extension",
    "safari-web-extension",
    "search",
    "search-ms",
    "sftp",
    "shell",
    "shortcuts",
    "sip",
    "sips",
    "smb",
    "sms",
    "ssh",
    "svn",
    "tel",
    "telnet",
    "vbscript",
    "view-source",
    "vivaldi",
    "vnc",
    "webcal",
    "ws",
    "wss",
    "xmpp",
];

/// Prefix of the schemes of Windows itself, such as ms-settings.
const HANDLED_PREFIX: &str = "ms-";

/// Why an address is invalid. Each message completes a sentence that begins with the address or its
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Longer than 2,048 characters.
    #[error("must have at most 2,048 characters")]
    TooLong,
    /// Relative, or contains characters that a URI does not allow (RFC 3986, section 2).
    #[error("must be an absolute URI in ASCII, without spaces and control characters")]
    NoUri,
    /// Contains a fragment, even an empty one.
    #[error("must have no fragment")]
    Fragment,
    /// Contains a user name or password, even an empty one.
    #[error("must have no user and no password")]
    UserInfo,
}

/// Parses an address that a browser may be redirected to. The caller checks whether the scheme is
/// allowed.
///
/// # Errors
/// The address does not have the required form; see [`AddressError`].
pub fn parse(text: &str) -> Result<Url, AddressError> {
    if text.chars().count() > LONGEST {
        return Err(AddressError::TooLong);
    }
    // The URL parser removes tabs, line breaks and surrounding spaces, and reads a backslash as a
    // slash.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    let url = is_plain.then(|| Url::parse(text).ok()).flatten().ok_or(AddressError::NoUri)?;
    let rest = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    // The URL parser reads https:a.example and https:///a.example as https://a.example.
    if matches!(url.scheme(), "http" | "https") && authority.is_empty() {
        return Err(AddressError::NoUri);
    }
    if authority.contains('@') {
        return Err(AddressError::UserInfo);
    }
    if url.fragment().is_some() { Err(AddressError::Fragment) } else { Ok(url) }
}

/// Whether requests to a web address are safe from eavesdropping: https, or http on the loopback
/// interface.
pub fn is_web(url: &Url) -> bool {
    let is_loopback = || match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback())
}

/// Whether a scheme may belong to a wallet: lower case, valid by RFC 3986, section 3.1, and not
/// handled by browsers themselves.
pub fn is_wallet_scheme(scheme: &str) -> bool {
    let fits = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '+' | '-' | '.')
    };
    scheme.len() <= LONGEST_SCHEME
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(fits)
        && !HANDLED.contains(&scheme)
        && !scheme.starts_with(HANDLED_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_addresses_are_rejected_with_their_reason() {
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        for (text, why) in [
            ("", AddressError::NoUri),
            ("/done", AddressError::NoUri),
            ("//a.example/done", AddressError::NoUri),
            ("a.example/done", AddressError::NoUri),
            ("https:a.example", AddressError::NoUri),
            ("https:/a.example", AddressError::NoUri),
            ("https:///a.example", AddressError::NoUri),
            ("https:\\\\a.example", AddressError::NoUri),
            (" https://a.example/", AddressError::NoUri),
            ("https://a.example/ ", AddressError::NoUri),
            ("https://a.example/a b", AddressError::NoUri),
            ("https://a.example/\t", AddressError::NoUri),
            ("java\nscript:alert(1)", AddressError::NoUri),
            ("https://a.example/\r\nSet-Cookie: a=b", AddressError::NoUri),
            ("https://a.example/\u{202e}", AddressError::NoUri),
            ("https://a.example/\"<b>", AddressError::NoUri),
            ("https://a.example/#", AddressError::Fragment),
            ("com.example.wallet:/done#x", AddressError::Fragment),
            ("https://ada@a.example/", AddressError::UserInfo),
            ("https://@a.example/", AddressError::UserInfo),
            ("https://ada:secret@a.example", AddressError::UserInfo),
            ("com.example.wallet://ada@done", AddressError::UserInfo),
            (&*long, AddressError::TooLong),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
        let longest = format!("https://a.example/{}", "x".repeat(LONGEST - 18));
        for text in
            ["https://a.example", "HTTPS://a.example:8443/x?y=a@b", "com.example.wallet:/done?at=x://a@b", &*longest]
        {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_https_and_loopback_are_the_web() {
        let is_web = |text: &str| is_web(&parse(text).expect(text));
        for text in ["https://a.example/", "http://localhost:3000/", "http://127.0.0.1/", "http://[::1]:7000/"] {
            assert!(is_web(text), "{text}");
        }
        for text in
            ["http://a.example/", "http://10.0.0.1/", "http://localhost.example/", "ftp://localhost/", "javascript:x"]
        {
            assert!(!is_web(text), "{text}");
        }
    }

    #[test]
    fn schemes_that_browsers_handle_are_no_wallets() {
        for scheme in
            ["openid4vp", "haip-vp", "haip", "openid-credential-offer", "com.example.wallet", "eudi+x", "walletapp"]
        {
            assert!(is_wallet_scheme(scheme), "{scheme}");
        }
        let long = "a".repeat(LONGEST_SCHEME + 1);
        for scheme in ["", "4vp", "a b", "a:b", "Haip", "JavaScript", ".x", "-x", "a/b", "ä", "ms-settings", &*long] {
            assert!(!is_wallet_scheme(scheme), "{scheme}");
        }
        for scheme in HANDLED {
            assert!(!is_wallet_scheme(scheme), "{scheme}");
        }
    }
}
