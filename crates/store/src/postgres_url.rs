//! PostgreSQL URLs (libpq's connection URIs), read strictly.

use std::net::Ipv6Addr;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use crate::error::StoreError;

/// Parameters that the driver supports. It ignores unknown ones, so `sslmod=require` would connect
/// without TLS.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// Parses the connection options from `url`. Errors never include the URL, which may contain a
/// password.
///
/// # Errors
/// The URL is invalid or has an unknown parameter.
pub fn connect_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let refuse = |what: &str| StoreError::Broken(format!("storage.database_url: {what}"));
    let parsed: url::Url = url.parse().map_err(|error| refuse(&format!("it is not a URL: {error}")))?;
    let is_postgres = matches!(parsed.scheme(), "postgres" | "postgresql");
    if !is_postgres || !parsed.has_authority() || url.contains('\\') {
        return Err(refuse("it must start with postgres://"));
    }
    // An unescaped character in a password ends the authority early. The rest is not repeated.
    let is_cut = parsed.username().is_empty() && parsed.path().contains('@');
    if is_cut || parsed.query_pairs().any(|(name, _)| name.contains('@')) || parsed.fragment().is_some() {
        return Err(refuse("write / ? and # in a password as %2F, %3F and %23"));
    }
    let unknown = parsed.query_pairs().find(|(name, _)| {
        let is_option = name.starts_with("options[") && name.ends_with(']');
        name != "statement-cache-capacity" && !is_option && !PARAMETERS.contains(&&**name)
    });
    if let Some((name, _)) = unknown {
        return Err(refuse(&format!("unknown parameter '{name}'. Use one of: {}", PARAMETERS.join(", "))));
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| refuse(&error.to_string()))?;
    // The driver resolves the host as a name, which must not have brackets.
    let literal = parsed.host_str().and_then(|host| host.strip_prefix('[')?.strip_suffix(']'));
    let is_overridden = parsed.query_pairs().any(|(name, _)| name == "host" || name == "hostaddr");
    match literal.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
        Some(address) if !is_overridden => Ok(options.host(&address.to_string())),
        _ => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_are_rejected_without_the_password() {
        for (url, expected) in [
            ("postgres://ada:secret@db/tenure?sslmod=require", "unknown parameter 'sslmod'"),
            ("postgres://ada:secret@db/tenure?sslmode=requir", "requir"),
            ("mysql://ada:secret@db/tenure", "must start with postgres://"),
            ("ada:secret@db", "must start with postgres://"),
            ("postgres:/ada:secret@db/tenure", "must start with postgres://"),
            ("postgres:\\\\ada:secret@db/tenure", "must start with postgres://"),
            ("postgres://ada:12/secret@db/tenure", "in a password as %2F"),
            ("postgres://ada:12?secret@db/tenure", "in a password as %2F"),
            ("postgres://ada:12#secret@db/tenure", "in a password as %2F"),
            ("db", "is not a URL"),
        ] {
            let error = connect_options(url).expect_err(url).to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
        for url in [
            "postgresql://db/tenure?sslmode=verify-full&sslrootcert=/ca.pem&options[search_path]=a",
            "postgres:///tenure?host=/run/postgresql&statement-cache-capacity=0",
        ] {
            connect_options(url).expect(url);
        }
    }

    #[test]
    fn ipv6_hosts_lose_their_brackets() {
        let host = |url: &str| connect_options(url).expect(url).get_host().to_owned();
        assert_eq!(host("postgres://ada@[2001:DB8::1]:5433/tenure"), "2001:db8::1");
        assert_eq!(host("postgres://ada@[::1]/tenure?host=db"), "db");
        assert_eq!(host("postgres://ada@db/tenure"), "db");
    }
}
