//! The URL of an SMTP relay in `mail.transport`.
//!
//! Ignoring a parameter could send sign-in codes without TLS, so unknown ones are refused.

use std::net::IpAddr;

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::Url;

/// The parameters of an `smtp://` URL, for error messages.
const SMTP_PARAMETERS: &str = "tls=required, tls=opportunistic, tls=none and ehlo=NAME";
/// The parameters of an `smtps://` URL, for error messages.
const SMTPS_PARAMETERS: &str = "ehlo=NAME (smtps:// always uses TLS)";

/// How a session with the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// TLS from the start (`smtps://`).
    Implicit,
    /// STARTTLS is required to send messages.
    Required,
    /// STARTTLS if the relay offers it.
    Opportunistic,
    /// No TLS.
    Plain,
}

impl Protection {
    fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::Required | Self::Opportunistic => 587,
            Self::Plain => 25,
        }
    }
}

/// A parsed URL like `smtp://user:password@host:587?tls=required`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RelayUrl {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub credentials: Option<Credentials>,
    /// The name sent in EHLO.
    pub ehlo: Option<String>,
}

impl RelayUrl {
    /// Parses `address`. No error message contains the user, the password or the whole URL.
    ///
    /// # Errors
    /// A part is unknown, repeated or missing, or credentials would cross a network without TLS.
    pub fn parse(address: &str) -> Result<Self, String> {
        let url = Url::parse(address).map_err(|error| error.to_string())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the host is missing")?;
        let host = host.trim_matches(['[', ']']).to_owned();
        if !matches!(url.path(), "" | "/") {
            return Err(
                "the URL must have no path. Remove what follows the port; the name for EHLO is set by ?ehlo=NAME"
                    .to_owned(),
            );
        }
        if url.fragment().is_some() {
            return Err("the URL must have no fragment. Write a # in the user or the password as %23".to_owned());
        }
        let Parameters { tls, ehlo } = Parameters::of(&url)?;
        let protection = match (url.scheme(), tls.as_deref()) {
            ("smtps", _) => Protection::Implicit,
            (_, Some("required")) => Protection::Required,
            (_, Some("opportunistic")) => Protection::Opportunistic,
            (_, Some("none") | None) => Protection::Plain,
            (_, Some(other)) => {
                return Err(format!("unknown value \"{other}\" of tls; allowed are required, opportunistic and none"));
            }
        };
        let credentials = credentials(&url)?;
        if protection == Protection::Plain && tls.is_none() && credentials.is_some() && !is_loopback(&host) {
            return Err(format!(
                "user and password would be sent to {host} without TLS. Add ?tls=required, or ?tls=none if the network is trusted"
            ));
        }
        Ok(Self { host, port: url.port().unwrap_or_else(|| protection.port()), protection, credentials, ehlo })
    }
}

#[derive(Default)]
struct Parameters {
    tls: Option<String>,
    ehlo: Option<String>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self, String> {
        let is_implicit = url.scheme() == "smtps";
        let allowed = if is_implicit { SMTPS_PARAMETERS } else { SMTP_PARAMETERS };
        let mut parameters = Self::default();
        for (name, value) in url.query_pairs() {
            let parameter = match &*name {
                "tls" if !is_implicit => &mut parameters.tls,
                "ehlo" => &mut parameters.ehlo,
                // An unescaped ? in a password begins the parameters early. The rest is not
                // repeated.
                unknown if unknown.contains('@') => {
                    return Err("the URL has an @ in its parameters. Write a ? in the password as %3F".to_owned());
                }
                unknown => return Err(format!("unknown parameter \"{unknown}\" of the URL; allowed are {allowed}")),
            };
            if parameter.replace(value.into_owned()).is_some() {
                return Err(format!("the parameter \"{name}\" is repeated; write it once. Allowed are {allowed}"));
            }
        }
        let is_name = |name: &String| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        if parameters.ehlo.as_ref().is_some_and(|name| !is_name(name)) {
            return Err("the parameter \"ehlo\" must be a host name such as passport.example".to_owned());
        }
        Ok(parameters)
    }
}

/// Returns the user and the password, if the URL has them.
fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
        decoded.map_err(|_| "user and password must be UTF-8 once their %XX are decoded".to_owned())
    };
    match (url.username(), url.password().filter(|password| !password.is_empty())) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
        _ => Err("the URL needs both a user and a password, as in smtp://user:password@host, or neither".to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_urls_set_port_and_protection() {
        for (address, port, protection) in [
            ("smtp://localhost", 25, Protection::Plain),
            ("smtp://mail.example/", 25, Protection::Plain),
            ("smtp://mail.example:2525?tls=none", 2525, Protection::Plain),
            ("smtp://mail.example?tls=required", 587, Protection::Required),
            ("smtp://mail.example?tls=opportunistic", 587, Protection::Opportunistic),
            ("smtps://mail.example", 465, Protection::Implicit),
        ] {
            let parsed = RelayUrl::parse(address).expect(address);
            assert_eq!((parsed.port, parsed.protection), (port, protection), "{address}");
        }
        let parsed = RelayUrl::parse("smtps://ada:p%40ss@[::1]?ehlo=passport.example").expect("valid");
        assert_eq!((parsed.host.as_str(), parsed.ehlo.as_deref()), ("::1", Some("passport.example")));
        assert_eq!(parsed.credentials, Some(Credentials::new("ada".to_owned(), "p@ss".to_owned())));
    }

    #[test]
    fn relay_urls_with_unknown_or_repeated_parts_are_rejected() {
        for (address, said) in [
            ("smtp://h?tsl=required", "\"tsl\""),
            ("smtp://h?TLS=required", "\"TLS\""),
            ("smtp://h?starttls=required", "\"starttls\""),
            ("smtp://h?tls=required&verify=no", "\"verify\""),
            ("smtp://h?tls=required&tls=opportunistic", "\"tls\" is repeated"),
            ("smtp://h?tls=Required", "\"Required\""),
            ("smtp://h?tls", "unknown value \"\""),
            ("smtps://h?tls=none", "\"tls\""),
            ("smtp://h?ehlo=a%20b", "\"ehlo\""),
            ("smtp://h:25/path", "no path"),
            ("smtp://h:25#fragment", "no fragment"),
            ("smtp://ada@h?tls=required", "both a user and a password"),
            ("smtp://:secret@h?tls=required", "both a user and a password"),
            ("smtp://:25", "host"),
        ] {
            let error = RelayUrl::parse(address).expect_err(address);
            assert!(error.contains(said) && !error.contains("secret"), "{address}: {error}");
        }
        let error = RelayUrl::parse("smtp://h?tsl=required").expect_err("unknown");
        assert!(error.contains(SMTP_PARAMETERS), "{error}");
    }

    #[test]
    fn credentials_without_tls_need_loopback_or_tls_none() {
        for address in [
            "smtp://ada:secret@localhost",
            "smtp://ada:secret@127.0.0.1:2525",
            "smtp://ada:secret@[::1]:2525",
            "smtp://ada:secret@mail.example?tls=none",
            "smtp://ada:secret@mail.example?tls=required",
        ] {
            assert!(RelayUrl::parse(address).is_ok(), "{address}");
        }
        for address in ["smtp://ada:secret@mail.example", "smtp://ada:secret@192.0.2.1:25"] {
            let error = RelayUrl::parse(address).expect_err(address);
            assert!(error.contains("without TLS") && !error.contains("secret"), "{error}");
        }
    }
}
