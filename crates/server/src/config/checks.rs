//! Checks beyond single ranges: addresses, names, and settings that depend on each other.

use url::Url;

use super::sections::{
    ClientIdPrefix, ObjectStorage, ObjectStoreKind, Openid4vp, Outbound, Retention, Server, Verification,
};
use crate::addresses;

/// Checks `server.base_url`.
pub(super) fn base_url(base: &Url) -> Result<(), String> {
    // The message omits the URL, which contains a password.
    if !base.username().is_empty() || base.password().is_some() {
        let why = "server.base_url must not have a user name or password, as in https://passport.example";
        return Err(why.to_owned());
    }
    if !matches!(base.scheme(), "http" | "https")
        || base.host().is_none()
        || base.path() != "/"
        || base.query().is_some()
        || base.fragment().is_some()
    {
        return Err(format!(
            "server.base_url must be a URL without a path, such as https://passport.example; it is {base}"
        ));
    }
    Ok(())
}

/// Checks the endpoint, bucket and region of the object store.
pub(super) fn objects(objects: &ObjectStorage) -> Result<(), String> {
    if let Some(endpoint) = &objects.endpoint {
        let is_good = matches!(endpoint.scheme(), "http" | "https")
            && endpoint.username().is_empty()
            && endpoint.password().is_none()
            && endpoint.query().is_none()
            && endpoint.fragment().is_none();
        if !is_good {
            // The message omits the URL, which may contain a password.
            let why = "object_storage.endpoint must be a URL without user name, password, query or fragment, such as https://minio.internal:9000";
            return Err(why.to_owned());
        }
    }
    if objects.kind != ObjectStoreKind::S3 {
        return Ok(());
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if objects.bucket.is_empty() {
        return Err("object_storage.kind = s3 needs a bucket: set object_storage.bucket".to_owned());
    }
    for (setting, name) in [("object_storage.bucket", &objects.bucket), ("object_storage.region", &objects.region)] {
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(format!("{setting} must consist of letters, digits, '.', '_' and '-'; it is '{name}'"));
        }
    }
    Ok(())
}

/// Checks `credentials.categories`.
pub(super) fn categories(categories: &[String]) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match categories.iter().find(|name| name.is_empty() || !name.bytes().all(fits)) {
        Some(name) => Err(format!("credentials.categories must be names such as background_check; one is '{name}'")),
        None if categories.is_empty() => Err("credentials.categories must have at least one category".to_owned()),
        None => Ok(()),
    }
}

/// Checks the settings of requests to other wallets.
pub(super) fn openid4vp(settings: &Openid4vp, base: &Url) -> Result<(), String> {
    if settings.client_id_prefix == ClientIdPrefix::X509SanDns && base.domain().is_none() {
        return Err(format!(
            "openid4vp.client_id_prefix = x509_san_dns needs a host name in server.base_url; it is {base}"
        ));
    }
    if !addresses::is_wallet_scheme(&settings.scheme) {
        let scheme = &settings.scheme;
        let why = "must be a URL scheme of wallets, such as openid4vp or haip-vp, and not one that browsers handle themselves";
        return Err(format!("openid4vp.scheme {why}; it is '{scheme}'"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match settings.trusted_authorities.iter().find(|name| name.is_empty() || !name.bytes().all(fits)) {
        Some(name) => {
            Err(format!("openid4vp.trusted_authorities must be own or key identifiers in base64url; one is '{name}'"))
        }
        None => Ok(()),
    }
}

/// Checks that the key that encrypts a verification request outlives the request.
pub(super) fn verification(verification: &Verification, retention: &Retention) -> Result<(), String> {
    if verification.lifetime > retention.epoch_key_lifetime() {
        let why = "the key that encrypts a request lives that long";
        return Err(format!("verification.lifetime must not exceed retention.incomplete: {why}"));
    }
    Ok(())
}

/// Checks that the sweep cannot delete an object that is still being written. An object has no row
/// until its request has ended. Twice the timeout leaves time for the inspection.
pub(super) fn orphan_age(objects: &ObjectStorage, server: &Server, outbound: &Outbound) -> Result<(), String> {
    let timeouts = [
        ("object_storage.upload_timeout", objects.upload_timeout),
        ("outbound.timeout", outbound.timeout),
        ("server.timeout", server.timeout),
    ];
    match timeouts.into_iter().find(|(_, timeout)| objects.orphan_age < 2 * *timeout) {
        Some((setting, timeout)) => Err(format!(
            "object_storage.orphan_age is {}s; it must be at least {}s, twice {setting}: uploads of younger \
             documents may be in progress",
            objects.orphan_age.as_secs(),
            2 * timeout.as_secs()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load_variables as load;

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
            let settings =
                [("TENURE_OBJECT_STORAGE__ORPHAN_AGE", age), ("TENURE_OBJECT_STORAGE__UPLOAD_TIMEOUT", timeout)];
            let loaded = load(&settings).map(drop);
            assert_eq!(loaded.is_ok(), is_good, "{age} {timeout}: {loaded:?}");
        }
        let error =
            load(&[("TENURE_OBJECT_STORAGE__ORPHAN_AGE", "30s"), ("TENURE_OBJECT_STORAGE__UPLOAD_TIMEOUT", "1s")]);
        assert!(error.expect_err("shorter than two requests").contains("at least 60s, twice "));
        assert!(
            load(&[("TENURE_OBJECT_STORAGE__ORPHAN_AGE", "0s")])
                .expect_err("zero")
                .contains("object_storage.orphan_age: '0s'")
        );
    }

    #[test]
    fn odd_names_and_addresses_are_rejected() {
        for (name, value, setting) in [
            ("TENURE_STORAGE__DATA_DIR", "", "storage.data_dir"),
            ("TENURE_OBJECT_STORAGE__ENDPOINT", "ftp://minio.internal", "object_storage.endpoint"),
            ("TENURE_OBJECT_STORAGE__ENDPOINT", "https://ada:secret@minio.internal", "object_storage.endpoint"),
            ("TENURE_OBJECT_STORAGE__ENDPOINT", "https://minio.internal/?x=1", "object_storage.endpoint"),
            ("TENURE_OBJECT_STORAGE__ENDPOINT", "minio.internal:9000", "object_storage.endpoint"),
            ("TENURE_OBJECT_STORAGE__BUCKET", "a/b", "object_storage.bucket"),
            ("TENURE_OBJECT_STORAGE__REGION", "eu central", "object_storage.region"),
            ("TENURE_OBJECT_STORAGE__REGION", "", "object_storage.region"),
            ("TENURE_CREDENTIALS__CATEGORIES", "", "credentials.categories"),
            ("TENURE_CREDENTIALS__CATEGORIES", "licence <b>", "credentials.categories"),
            ("TENURE_OPENID4VP__TRUSTED_AUTHORITIES", "own a+b/=", "openid4vp.trusted_authorities"),
        ] {
            let mut settings = vec![("TENURE_OBJECT_STORAGE__KIND", "s3"), ("TENURE_OBJECT_STORAGE__BUCKET", "tenure")];
            settings.retain(|(known, _)| *known != name);
            settings.push((name, value));
            let error = load(&settings).expect_err(value);
            assert!(error.contains(setting) && !error.contains("secret"), "{error}");
        }
        let s3 = [("TENURE_OBJECT_STORAGE__KIND", "s3"), ("TENURE_OBJECT_STORAGE__BUCKET", "tenure")];
        assert!(load(&[&s3[..], &[("TENURE_OBJECT_STORAGE__ENDPOINT", "http://127.0.0.1:9000")]].concat()).is_ok());
    }
}
