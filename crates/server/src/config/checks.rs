//! Checks that no range makes: addresses, names, and what several settings must have in common.

use url::Url;

use super::sections::{ClientIdPrefix, ObjectStoreKind, Objects, Openid4vp, Outbound, Retention, Server, Verification};
use crate::addresses;

/// Checks `server.base_url`.
pub(super) fn base_url(base: &Url) -> Result<(), String> {
    // The URL is not repeated: it has a password.
    if !base.username().is_empty() || base.password().is_some() {
        let why = "server.base_url must have no user and no password: write it like https://passport.example";
        return Err(why.to_owned());
    }
    if !matches!(base.scheme(), "http" | "https")
        || base.host().is_none()
        || base.path() != "/"
        || base.query().is_some()
        || base.fragment().is_some()
    {
        return Err(format!("server.base_url must be like https://passport.example, without a path; it is {base}"));
    }
    Ok(())
}

/// Checks where the object store is.
pub(super) fn objects(objects: &Objects) -> Result<(), String> {
    if let Some(endpoint) = &objects.endpoint {
        let is_good = matches!(endpoint.scheme(), "http" | "https")
            && endpoint.username().is_empty()
            && endpoint.password().is_none()
            && endpoint.query().is_none()
            && endpoint.fragment().is_none();
        if !is_good {
            // The URL is not repeated: it may have a password.
            let why = "objects.endpoint must be like https://minio.internal:9000: no user, password, query or fragment";
            return Err(why.to_owned());
        }
    }
    if objects.kind != ObjectStoreKind::S3 {
        return Ok(());
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if objects.bucket.is_empty() {
        return Err("objects.kind s3 needs the name of a bucket in objects.bucket".to_owned());
    }
    for (setting, name) in [("objects.bucket", &objects.bucket), ("objects.region", &objects.region)] {
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(format!("{setting} must have letters, digits, '.', '_' and '-' only; it is '{name}'"));
        }
    }
    Ok(())
}

/// Checks `credentials.categories`.
pub(super) fn categories(categories: &[String]) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match categories.iter().find(|name| name.is_empty() || !name.bytes().all(fits)) {
        Some(name) => Err(format!("credentials.categories must be names like background_check; one is '{name}'")),
        None if categories.is_empty() => Err("credentials.categories must name at least one category".to_owned()),
        None => Ok(()),
    }
}

/// Checks how wallets are asked.
pub(super) fn openid4vp(settings: &Openid4vp, base: &Url) -> Result<(), String> {
    if settings.client_id_prefix == ClientIdPrefix::X509SanDns && base.domain().is_none() {
        return Err(format!("openid4vp.client_id_prefix x509_san_dns needs a name in server.base_url; it is {base}"));
    }
    if !addresses::is_wallet_scheme(&settings.scheme) {
        let scheme = &settings.scheme;
        let why = "must be a scheme of wallets, like openid4vp or haip-vp, and none that browsers handle themselves";
        return Err(format!("openid4vp.scheme {why}; it is '{scheme}'"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match settings.authorities.iter().find(|name| name.is_empty() || !name.bytes().all(fits)) {
        Some(name) => {
            Err(format!("openid4vp.authorities must be own or key identifiers in base64url; one is '{name}'"))
        }
        None => Ok(()),
    }
}

/// Checks that a verification request can be answered as long as it is open.
pub(super) fn verification(verification: &Verification, retention: &Retention) -> Result<(), String> {
    if verification.lifetime > retention.ring_key_lifetime() {
        let why = "a request is sealed under a key that lives as long";
        return Err(format!("verification.lifetime must not be longer than retention.incomplete: {why}"));
    }
    Ok(())
}

/// Checks that the sweep deletes nothing that is still being written. An object has no row until its request has ended; twice
/// that time leaves room for its inspection.
pub(super) fn orphan_age(objects: &Objects, server: &Server, outbound: &Outbound) -> Result<(), String> {
    let timeouts = [
        ("objects.upload_timeout", objects.upload_timeout),
        ("outbound.timeout", outbound.timeout),
        ("server.timeout", server.timeout),
    ];
    match timeouts.into_iter().find(|(_, timeout)| objects.orphan_age < 2 * *timeout) {
        Some((setting, timeout)) => Err(format!(
            "objects.orphan_age is {}s; it must be at least {}s, twice {setting}: younger documents may be under way",
            objects.orphan_age.as_secs(),
            2 * timeout.as_secs()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, variables, &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn schemes_that_browsers_handle_are_rejected() {
        for scheme in ["openid4vp", "haip-vp", "haip", "com.example.wallet", "eudi-openid4vp"] {
            assert!(load(&[("TENURE_OPENID4VP__SCHEME", scheme)]).is_ok(), "{scheme}");
        }
        for scheme in [
            "javascript",
            "JavaScript",
            "data",
            "file",
            "http",
            "https",
            "vbscript",
            "about",
            "blob",
            "view-source",
            "intent",
            "",
            "4vp",
            "open id",
            "openid4vp:",
            "openid4vp://",
        ] {
            let error = load(&[("TENURE_OPENID4VP__SCHEME", scheme)]).expect_err(scheme);
            assert!(error.contains("openid4vp.scheme") && error.contains(&format!("'{scheme}'")), "{error}");
        }
    }

    #[test]
    fn orphan_age_is_longer_than_every_upload() {
        for (age, timeout, is_good) in
            [("10m", "5m", true), ("599s", "5m", false), ("2s", "1s", false), ("1h", "30m", true), ("1h", "1h", false)]
        {
            let settings = [("TENURE_OBJECTS__ORPHAN_AGE", age), ("TENURE_OBJECTS__UPLOAD_TIMEOUT", timeout)];
            let loaded = load(&settings).map(drop);
            assert_eq!(loaded.is_ok(), is_good, "{age} {timeout}: {loaded:?}");
        }
        let error = load(&[("TENURE_OBJECTS__ORPHAN_AGE", "30s"), ("TENURE_OBJECTS__UPLOAD_TIMEOUT", "1s")]);
        assert!(error.expect_err("shorter than two requests").contains("at least 60s, twice "));
        assert!(load(&[("TENURE_OBJECTS__ORPHAN_AGE", "0s")]).expect_err("zero").contains("objects.orphan_age: '0s'"));
    }

    #[test]
    fn odd_names_and_addresses_are_rejected() {
        for (name, value, setting) in [
            ("TENURE_STORAGE__DATA", "", "storage.data"),
            ("TENURE_OBJECTS__ENDPOINT", "ftp://minio.internal", "objects.endpoint"),
            ("TENURE_OBJECTS__ENDPOINT", "https://ada:secret@minio.internal", "objects.endpoint"),
            ("TENURE_OBJECTS__ENDPOINT", "https://minio.internal/?x=1", "objects.endpoint"),
            ("TENURE_OBJECTS__ENDPOINT", "minio.internal:9000", "objects.endpoint"),
            ("TENURE_OBJECTS__BUCKET", "a/b", "objects.bucket"),
            ("TENURE_OBJECTS__REGION", "eu central", "objects.region"),
            ("TENURE_OBJECTS__REGION", "", "objects.region"),
            ("TENURE_CREDENTIALS__CATEGORIES", "", "credentials.categories"),
            ("TENURE_CREDENTIALS__CATEGORIES", "licence <b>", "credentials.categories"),
            ("TENURE_OPENID4VP__AUTHORITIES", "own a+b/=", "openid4vp.authorities"),
        ] {
            let mut settings = vec![("TENURE_OBJECTS__KIND", "s3"), ("TENURE_OBJECTS__BUCKET", "tenure")];
            settings.retain(|(known, _)| *known != name);
            settings.push((name, value));
            let error = load(&settings).expect_err(value);
            assert!(error.contains(setting) && !error.contains("secret"), "{error}");
        }
        assert!(load(&[("TENURE_OBJECTS__ENDPOINT", "http://127.0.0.1:9000")]).is_ok());
    }
}
