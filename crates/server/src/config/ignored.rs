//! Settings that another setting makes useless.
//!
//! An operator who sets one of them expects an effect, so the server refuses to start instead of
//! ignoring it. Settings that only tune what is switched off are accepted, so that they are kept
//! while it is.

use secrecy::ExposeSecret as _;

use super::display::Display;
use super::sections::{ForwardedHeader, ObjectStorage, ObjectStoreKind, Server};

/// The region of `default.toml`.
const DEFAULT_REGION: &str = "us-east-1";

/// Refuses settings without effect.
pub(super) fn refuse(objects: &ObjectStorage, server: &Server, display: &Display) -> Result<(), String> {
    of_a_bucket(objects)?;
    if server.trusted_proxies == 0 && server.forwarded_header != ForwardedHeader::XForwardedFor {
        let fix = "Set server.trusted_proxies to the number of proxies, or remove server.forwarded_header.";
        return Err(format!(
            "server.forwarded_header is ignored because server.trusted_proxies is 0: no proxy is trusted. {fix}"
        ));
    }
    if display.logo.is_empty() && !display.logo_alt_text.is_empty() {
        let fix = "Set display.logo, or remove display.logo_alt_text.";
        return Err(format!("display.logo_alt_text is ignored because display.logo is empty. {fix}"));
    }
    Ok(())
}

/// Refuses settings of a bucket while documents are stored in the data folder.
fn of_a_bucket(objects: &ObjectStorage) -> Result<(), String> {
    if objects.kind != ObjectStoreKind::Local {
        return Ok(());
    }
    let settings = [
        ("bucket", !objects.bucket.is_empty()),
        ("endpoint", objects.endpoint.is_some()),
        ("region", objects.region != DEFAULT_REGION),
        ("access_key", !objects.access_key.is_empty()),
        ("secret_key", !objects.secret_key.expose_secret().is_empty()),
    ];
    match settings.into_iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => Err(format!(
            "object_storage.{name} is ignored because object_storage.kind is local: documents would be stored in the \
             data folder. Set object_storage.kind = \"s3\", or remove object_storage.{name}."
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_variables as load;

    #[test]
    fn settings_of_a_bucket_are_refused_without_s3() {
        for (name, value) in [
            ("BUCKET", "tenure"),
            ("ENDPOINT", "https://minio.internal:9000"),
            ("REGION", "eu-central-1"),
            ("ACCESS_KEY", "key-1"),
            ("SECRET_KEY", "very-secret"),
        ] {
            let variable = format!("TENURE_OBJECT_STORAGE__{name}");
            let error = load(&[(variable.as_str(), value)]).expect_err(name);
            let setting = format!("object_storage.{}", name.to_lowercase());
            assert!(error.contains(&format!("{setting} is ignored")) && error.contains("kind = \"s3\""), "{error}");
            assert!(!error.contains(value), "{error}");
            let s3 = [("TENURE_OBJECT_STORAGE__KIND", "s3"), ("TENURE_OBJECT_STORAGE__BUCKET", "tenure")];
            assert!(load(&[&s3[..], &[(variable.as_str(), value)]].concat()).is_ok(), "{name}");
        }
        assert_eq!(load(&[]).expect("the defaults").object_storage.region, DEFAULT_REGION);
        assert!(load(&[("TENURE_OBJECT_STORAGE__REGION", DEFAULT_REGION)]).is_ok());
    }

    #[test]
    fn other_settings_without_effect_are_refused() {
        for (name, value, setting, other) in [
            ("TENURE_SERVER__FORWARDED_HEADER", "forwarded", "server.forwarded_header", "server.trusted_proxies"),
            ("TENURE_DISPLAY__LOGO_ALT_TEXT", "A compass", "display.logo_alt_text", "display.logo"),
        ] {
            let error = load(&[(name, value)]).expect_err(name);
            assert!(error.contains(&format!("{setting} is ignored because {other}")), "{error}");
        }
        let proxied = [("TENURE_SERVER__FORWARDED_HEADER", "forwarded"), ("TENURE_SERVER__TRUSTED_PROXIES", "1")];
        assert!(load(&proxied).is_ok());
        assert!(load(&[("TENURE_RATE_LIMIT__ENABLED", "false"), ("TENURE_RATE_LIMIT__PARTNER_BURST", "9")]).is_ok());
    }
}
