//! Refuses settings under their old names and names the new ones.

use config::{Config, Value};

/// Old and new names. A name without a dot is a section.
const RENAMED: [(&str, &str); 14] = [
    ("server.head_timeout", "server.header_read_timeout"),
    ("storage.data", "storage.data_dir"),
    ("objects", "object_storage"),
    ("outbound.extra_roots", "outbound.ca_file"),
    ("credentials.signing_key_age", "credentials.key_rotation_interval"),
    ("tokens.signing_key_age", "tokens.key_rotation_interval"),
    ("wallets.providers", "oid4vci.trusted_wallet_providers_file"),
    ("wallets", "oid4vci"),
    ("openid4vp.authorities", "openid4vp.trusted_authorities"),
    ("retention.unkept_documents", "retention.unclaimed_documents"),
    ("sign_in.code_attempts", "sign_in.max_code_attempts"),
    ("sign_in.codes_per_client", "sign_in.codes_per_ip_per_hour"),
    ("rate_limit.wallets_per_minute", "rate_limit.wallet_requests_per_ip_per_minute"),
    ("rate_limit.tokens_per_minute", "rate_limit.token_requests_per_ip_per_minute"),
];

/// Refuses a renamed setting from any source.
///
/// # Errors
/// An old name is set; the message contains the new one.
pub(super) fn refuse(settings: &Config) -> Result<(), String> {
    match RENAMED.iter().find(|(old, _)| settings.get::<Value>(old).is_ok()) {
        Some((old, new)) if old.contains('.') => {
            Err(format!("the setting {old} was renamed to {new} (in the environment: {})", variable(new)))
        }
        Some((old, new)) => {
            Err(format!("the section [{old}] was renamed to [{new}] (in the environment: {}__...)", variable(new)))
        }
        None => Ok(()),
    }
}

/// Returns why a variable without `__` is refused: its name is an old one, written with a single
/// underscore or without the section.
pub(super) fn refuse_variable(name: &str) -> Option<String> {
    let is_old = |old: &str| {
        let single = variable(old).replace("__", "_");
        match old.split_once('.') {
            Some((_, key)) => name == single || name == variable(key),
            None => name.strip_prefix(&single).is_some_and(|key| key.is_empty() || key.starts_with('_')),
        }
    };
    let (old, new) = RENAMED.iter().find(|(old, _)| is_old(old))?;
    let new = if old.contains('.') { variable(new) } else { format!("{}__...", variable(new)) };
    Some(format!("the environment variable {name} has the old name of {old}. Its name is now {new}"))
}

fn variable(setting: &str) -> String {
    format!("TENURE_{}", setting.replace('.', "__").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_settings_are_refused_with_the_new_name() {
        for (old, new) in RENAMED {
            let (key, new_key) =
                if old.contains('.') { (old.to_owned(), new.to_owned()) } else { (format!("{old}.x"), new.to_owned()) };
            let environment = [(variable(&key), "1".to_owned())];
            let error = crate::config::Config::load(None, environment, &[]).expect_err(old).to_string();
            assert!(error.contains(&new_key) && error.contains(&variable(new)), "{old}: {error}");
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("tenure.toml");
            std::fs::write(&path, format!("{key} = 1\n")).expect("written");
            let error = crate::config::Config::load(Some(&path), [], &[]).expect_err(old).to_string();
            assert!(error.contains(&new_key), "{old}: {error}");
        }
    }

    #[test]
    fn old_names_with_one_underscore_are_refused_with_the_new_name() {
        for (name, new) in [
            ("TENURE_OBJECTS", "TENURE_OBJECT_STORAGE__"),
            ("TENURE_OBJECTS_KIND", "TENURE_OBJECT_STORAGE__"),
            ("TENURE_WALLETS", "TENURE_OID4VCI__"),
            ("TENURE_WALLETS_PROVIDERS", "TENURE_OID4VCI__TRUSTED_WALLET_PROVIDERS_FILE"),
            ("TENURE_HEAD_TIMEOUT", "TENURE_SERVER__HEADER_READ_TIMEOUT"),
            ("TENURE_SERVER_HEAD_TIMEOUT", "TENURE_SERVER__HEADER_READ_TIMEOUT"),
        ] {
            let environment = [(name.to_owned(), "1".to_owned())];
            let error = crate::config::Config::load(None, environment, &[]).expect_err(name).to_string();
            assert!(error.contains(name) && error.contains(new), "{name}: {error}");
        }
        for name in ["TENURE_OBJECTSTORE", "TENURE_WALLETS_SERVICE_HOST", "TENURE_WALLETS_PORT_80_TCP_ADDR"] {
            let environment = [(name.to_owned(), "10.0.0.1".to_owned())];
            assert!(crate::config::Config::load(None, environment, &[]).is_ok(), "{name}");
        }
    }

    #[test]
    fn no_setting_has_an_old_name() {
        for (old, new) in RENAMED {
            let (section, key) = new.split_once('.').unwrap_or((new, ""));
            assert!(crate::config::DEFAULT.contains(&format!("[{section}]")), "{old}");
            assert!(crate::config::DEFAULT.contains(key), "{old}");
        }
    }
}
