//! The settings: defaults, a file, the environment and the command line.
//!
//! Owns the name and meaning of every setting; `default.toml` is the reference. Unknown keys are
//! refused.

mod checks;
mod display;
mod effective;
mod file;
mod ignored;
mod log;
mod misspelt;
mod ranges;
mod renamed;
mod sandbox;
mod sections;
mod unknown;
mod values;

use std::path::Path;

use config::{Environment, File, FileFormat};
use serde::Deserialize;
use store::StoreError;

pub use self::display::{Color, Colors, Display, TypeColors};
pub use self::effective::{EffectiveSetting, Origin};
pub use self::log::{Log, LogFormat};
pub use self::sandbox::Sandbox;
pub use self::sections::{
    ClientIdPrefix, Credentials, ForwardedHeader, Mail, ObjectStorage, ObjectStoreKind, Oid4vci, Openid4vp, Outbound,
    RateLimit, Retention, Server, SignIn, Storage, Tokens, Verification, Webhooks,
};
pub use self::values::PortRange;

/// Documented defaults, in TOML. `tenure config` prints them.
pub const DEFAULT: &str = include_str!("default.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Listen address, public address and limits of the HTTP server.
    pub server: Server,
    /// Database and data folder.
    pub storage: Storage,
    /// Storage of documents.
    pub object_storage: ObjectStorage,
    /// Outgoing requests.
    pub outbound: Outbound,
    /// Webhook deliveries.
    pub webhooks: Webhooks,
    /// Credential types and signing.
    pub credentials: Credentials,
    /// Issuing credentials to other wallets.
    pub oid4vci: Oid4vci,
    /// What other wallets show of the issuer and its credentials.
    pub display: Display,
    /// Requesting presentations from other wallets.
    pub openid4vp: Openid4vp,
    /// Sending email.
    pub mail: Mail,
    /// Access tokens.
    pub tokens: Tokens,
    /// Retention periods.
    pub retention: Retention,
    /// Verification requests.
    pub verification: Verification,
    /// Sign-in of holders.
    pub sign_in: SignIn,
    pub sandbox: Sandbox,
    pub rate_limit: RateLimit,
    /// Logging.
    pub log: Log,
}

/// The settings could not be loaded; the message names the key.
#[derive(Debug, thiserror::Error)]
#[error("invalid settings: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Loads the defaults, then `file`, then `TENURE_*` variables of `environment`, then
    /// `overrides` (key and value) from the command line. Later sources take precedence.
    ///
    /// # Errors
    /// The file cannot be read, a key is unknown, or a value has the wrong type or is out of range.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let (default, settings) = sources(file, environment, overrides)?;
        renamed::refuse(&settings).map_err(ConfigError)?;
        unknown::refuse(&settings, DEFAULT).map_err(ConfigError)?;
        ranges::check(&settings, &default).map_err(ConfigError)?;
        let config: Self = settings.try_deserialize().map_err(explain)?;
        config.check().map_err(ConfigError)?;
        Ok(config)
    }

    /// Lists every setting with its value and where it comes from, without secrets. The arguments
    /// are those of [`Config::load`].
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn effective(
        file: Option<&Path>,
        environment: &[(String, String)],
        overrides: &[(&str, String)],
    ) -> Result<Vec<EffectiveSetting>, ConfigError> {
        Self::load(file, environment.iter().cloned(), overrides)?;
        let (_, settings) = sources(file, environment.iter().cloned(), overrides)?;
        let text = file.map(|path| file::read(path, DEFAULT).map(|text| (path, text)));
        let given = effective::Given {
            file: text.transpose().map_err(ConfigError)?,
            variables: environment.iter().map(|(name, _)| name.as_str()).collect(),
            options: overrides.iter().map(|(name, _)| *name).collect(),
        };
        Ok(effective::list(misspelt::settings(DEFAULT), &settings, &given))
    }

    /// Returns the names of `TENURE_` variables that are ignored. They may be another program's.
    pub fn ignored_variables(environment: &[(String, String)]) -> Vec<&str> {
        let unknown = environment.iter().filter(|(name, value)| misspelt::is_unknown(name, value));
        unknown.map(|(name, _)| name.as_str()).collect()
    }

    fn check(&self) -> Result<(), String> {
        checks::base_url(&self.server.base_url)?;
        values::check_log_filter(&self.log.filter)?;
        if self.storage.data_dir.as_os_str().is_empty() {
            return Err("storage.data_dir must be a folder; it is empty".to_owned());
        }
        if !self.storage.database_url.is_empty() {
            let what = |error| match error {
                StoreError::Broken(what) | StoreError::Unavailable(what) => what,
            };
            store::connect_options(&self.storage.database_url).map_err(what)?;
        }
        checks::objects(&self.object_storage)?;
        checks::orphan_age(&self.object_storage, &self.server, &self.outbound)?;
        checks::categories(&self.credentials.categories)?;
        self.display.check()?;
        ignored::refuse(&self.object_storage, &self.server, &self.display)?;
        display::check_formats(&self.oid4vci)?;
        checks::openid4vp(&self.openid4vp, &self.server.base_url)?;
        checks::verification(&self.verification, &self.retention)
    }

    /// Returns the public address without a trailing slash, as a prefix for paths.
    pub fn base(&self) -> &str {
        self.server.base_url.as_str().trim_end_matches('/')
    }

    /// Returns whether the public address is https, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.server.base_url.scheme() == "https"
    }
}

/// Returns the defaults, and the defaults overlaid by the other sources.
fn sources(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    overrides: &[(&str, String)],
) -> Result<(config::Config, config::Config), ConfigError> {
    let (settings, others): (Vec<_>, Vec<_>) = environment
        .into_iter()
        .filter(|(name, _)| name.to_ascii_uppercase().starts_with("TENURE_"))
        .partition(|(name, _)| name.starts_with("TENURE_") && name.contains("__"));
    misspelt::refuse(&others, DEFAULT).map_err(ConfigError)?;
    let environment = Environment::with_prefix("TENURE")
        .prefix_separator("_")
        .separator("__")
        .source(Some(settings.into_iter().collect()));
    let default = File::from_str(DEFAULT, FileFormat::Toml);
    let default = config::Config::builder().add_source(default).build().map_err(explain)?;
    let mut builder = config::Config::builder().add_source(default.clone());
    if let Some(path) = file {
        let text = file::read(path, DEFAULT).map_err(ConfigError)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    builder = builder.add_source(environment);
    for (key, value) in overrides {
        builder = builder.set_override(key, value.as_str()).map_err(explain)?;
    }
    Ok((default, builder.build().map_err(explain)?))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn explain(error: config::ConfigError) -> ConfigError {
    ConfigError(error.to_string())
}

/// Loads the defaults with these variables of the environment, for tests.
#[cfg(test)]
fn load_variables(variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(None, variables, &[]).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lists_are_arrays_or_words_with_commas_or_spaces() {
        let networks = |text| {
            let config = load(&[("TENURE_OUTBOUND__ALLOWED_NETWORKS", text)]).map_err(|error| error.to_string())?;
            Ok::<_, String>(config.outbound.allowed_networks.len())
        };
        assert_eq!((networks(""), networks("10.0.0.0/8 fd00::/8")), (Ok(0), Ok(2)));
        for two in ["10.0.0.0/8,fd00::/8", "10.0.0.0/8, fd00::/8", " 10.0.0.0/8 ,fd00::/8,"] {
            assert_eq!(networks(two), Ok(2), "{two}");
        }
        for (ports, count) in [("8443", 1), ("8443,9000-9100", 2), ("8443, 9443", 2)] {
            let config = load(&[("TENURE_WEBHOOKS__ALLOWED_PORTS", ports)]).expect("good");
            assert_eq!(config.webhooks.allowed_ports.len(), count, "{ports}");
        }
        assert!(networks("10.0.0.0/99").expect_err("not a network").contains("10.0.0.0/99"));
        assert_eq!(load(&[]).expect("good").credentials.categories, credential::CATEGORIES);
    }

    fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), &[])
    }

    #[test]
    fn effective_settings_name_their_origins() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = "[server]\nlisten = \"127.0.0.1:1\"\ntimeout = \"9s\"\n[retention]\nincomplete = \"20s\"\n";
        std::fs::write(file.path(), text).expect("written");
        let environment = [("TENURE_RETENTION__INCOMPLETE".to_owned(), "30s".to_owned())];
        let options = [("server.listen", "127.0.0.1:2".to_owned())];
        let all = Config::effective(Some(file.path()), &environment, &options).expect("settings");
        let of = |name: &str| {
            let found = all.iter().find(|setting| setting.name == name).expect(name);
            (found.value.as_ref().and_then(|value| value.as_str()).map(str::to_owned), found.origin.clone())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of("server.listen"), (text("127.0.0.1:2"), Origin::Option));
        assert_eq!(of("server.timeout"), (text("9s"), Origin::File(file.path().to_owned())));
        let variable = "TENURE_RETENTION__INCOMPLETE".to_owned();
        assert_eq!(of("retention.incomplete"), (text("30s"), Origin::Environment(variable)));
        assert_eq!(of("retention.status"), (text("400d"), Origin::Default));
        assert_eq!(of("outbound.ca_file"), (None, Origin::Unset));
    }

    #[test]
    fn default_configuration_loads_with_48_hour_retention() {
        let config = load(&[]).expect("the default loads");
        assert_eq!(config.retention.incomplete, Duration::from_secs(48 * 3600));
        assert_eq!(config.base(), "http://localhost:8080");
        assert!(config.rate_limit.enabled);
    }

    #[test]
    fn command_line_overrides_environment_overrides_defaults() {
        let variables = [("TENURE_RETENTION__INCOMPLETE", "20s"), ("TENURE_RATE_LIMIT__ENABLED", "false")];
        let config = load(&variables).expect("both are known");
        assert_eq!(config.retention.incomplete, Duration::from_secs(20));
        assert_eq!(config.retention.epoch_length(), Duration::from_secs(20));
        assert!(!config.rate_limit.enabled);
        let over = Config::load(
            None,
            [("TENURE_SERVER__LISTEN".to_owned(), "127.0.0.1:1".to_owned())],
            &[("server.listen", "127.0.0.1:2".to_owned())],
        );
        assert_eq!(over.expect("loads").server.listen.port(), 2);
    }

    #[test]
    fn ports_may_be_one_number() {
        let ports = |text| {
            let config = load(&[("TENURE_WEBHOOKS__ALLOWED_PORTS", text)]).map_err(|error| error.to_string())?;
            Ok::<_, String>(config.webhooks.allowed_ports)
        };
        let range = |text: &str| text.parse::<PortRange>().expect("a range");
        assert_eq!(ports("8443"), Ok(vec![range("8443")]));
        assert_eq!(ports("8443 9000-9100"), Ok(vec![range("8443"), range("9000-9100")]));
        assert!(ports("-1").is_err() && ports("70000").is_err() && ports("true").is_err());
        let file = tempfile::NamedTempFile::new().expect("a file");
        for list in ["8443", "[8443]", "[\"8443\"]"] {
            std::fs::write(file.path(), format!("[webhooks]\nallowed_ports = {list}\n")).expect("written");
            let config = Config::load(Some(file.path()), [], &[]).expect(list);
            assert_eq!(config.webhooks.allowed_ports, [range("8443")], "{list}");
        }
    }

    #[test]
    fn unknown_choices_are_rejected_with_the_allowed_ones() {
        let cases: [(&str, &[&str]); 5] = [
            ("TENURE_OBJECT_STORAGE__KIND", &["local", "s3"]),
            ("TENURE_SERVER__FORWARDED_HEADER", &["x-forwarded-for", "forwarded"]),
            ("TENURE_OPENID4VP__CLIENT_ID_PREFIX", &["x509_hash", "x509_san_dns", "decentralized_identifier"]),
            ("TENURE_LOG__FORMAT", &["json", "text"]),
            ("TENURE_LOG__FILTER", &["off", "error", "warn", "info", "debug", "trace"]),
        ];
        for (name, allowed) in cases {
            let error = load(&[(name, "nonsense")]).expect_err(name).to_string();
            assert!(allowed.iter().all(|value| error.contains(value)) && error.contains("nonsense"), "{error}");
        }
    }

    #[test]
    fn base_urls_with_passwords_and_s3_without_bucket_are_rejected() {
        for url in ["https://ada@passport.example", "https://ada:secret@passport.example/sub"] {
            let error = load(&[("TENURE_SERVER__BASE_URL", url)]).expect_err(url).to_string();
            assert!(error.contains("must not have a user name or password") && !error.contains("secret"), "{error}");
        }
        let error = load(&[("TENURE_OBJECT_STORAGE__KIND", "s3")]).expect_err("no bucket").to_string();
        assert!(error.contains("object_storage.bucket"), "{error}");
        assert!(load(&[("TENURE_OBJECT_STORAGE__KIND", "s3"), ("TENURE_OBJECT_STORAGE__BUCKET", "tenure")]).is_ok());
    }

    #[test]
    fn variables_of_the_environment_are_read_as_written() {
        for text in ["00123", "1e5", "12345678901234567890123", "TRUE", "1.50"] {
            let config = load(&[
                ("TENURE_OBJECT_STORAGE__KIND", "s3"),
                ("TENURE_OBJECT_STORAGE__BUCKET", "tenure"),
                ("TENURE_OBJECT_STORAGE__ACCESS_KEY", text),
                ("TENURE_RATE_LIMIT__PARTNER_BURST", "40"),
            ]);
            let config = config.expect("a text and a number");
            assert_eq!((&*config.object_storage.access_key, config.rate_limit.partner_burst), (text, 40));
        }
        for text in ["5.5", "5.0", "on", "-5", "4294967296", "18446744073709551615"] {
            let error = load(&[("TENURE_RATE_LIMIT__PARTNER_BURST", text)]).expect_err(text).to_string();
            assert!(error.contains(&format!("rate_limit.partner_burst: '{text}' must be")), "{error}");
        }
    }

    #[test]
    fn unknown_keys_and_invalid_values_are_rejected() {
        let unknown =
            load(&[("TENURE_RETENTION__INCOMPLET", "20s")]).expect_err("a typing error is not silence").to_string();
        assert!(unknown.contains("incomplet"), "{unknown}");
        let bad = load(&[("TENURE_RETENTION__INCOMPLETE", "soon")]).expect_err("not a duration").to_string();
        assert!(bad.contains("'soon'"), "{bad}");
        assert!(load(&[("TENURE_SERVER__BASE_URL", "https://passport.example/sub")]).is_err());
        for (name, zero) in [("TENURE_RATE_LIMIT__PARTNER_BURST", "0"), ("TENURE_TOKENS__LIFETIME", "0s")] {
            let error = load(&[(name, zero)]).expect_err(name).to_string();
            assert!(error.contains(&format!("'{zero}' must be")), "{error}");
        }
        let url = "postgres://ada:secret@db/tenure?sslmod=require";
        let error = load(&[("TENURE_STORAGE__DATABASE_URL", url)]).expect_err("not a parameter").to_string();
        assert!(error.contains("'sslmod'") && !error.contains("secret"), "{error}");
        let long = load(&[("TENURE_VERIFICATION__LIFETIME", "49h")]).expect_err("its key is gone by then").to_string();
        assert!(long.contains("verification.lifetime"), "{long}");
    }
}
