//! `tenure doctor`: checks everything that a running server depends on, and suggests fixes.
//!
//! Owns the order of the checks and their shared inputs; each part has its own file. It reads the
//! same settings as `serve`, and the server may be running. It changes nothing: test data is
//! deleted again.

mod certificate;
mod database;
mod examination;
mod finding;
mod inspection;
mod keys;
mod mail;
mod objects;
mod outside;
mod settings;
mod webhooks;

use std::process::ExitCode;

use clap::Args;
use secrecy::ExposeSecret as _;
use url::Url;

use self::examination::{Examination, TIMEOUT};
use self::finding::Report;
use super::command::{CommandResult, StoreArguments, block_on, print};
use crate::config::Config;
use crate::outbound::Outbound;
use ambient::{Clock, Rng};

/// Check everything that a server with these settings depends on, and suggest a fix for each
/// problem.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    store: StoreArguments,
    /// Address and port that the server listens on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Public address for people and partners.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Mail transport.
    #[arg(long, value_name = "TRANSPORT")]
    mail: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(self) -> CommandResult {
        let config = self.store.load(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        let report = block_on(check(config))?;
        print(&if self.json { report.json() } else { report.text() })?;
        Ok(if report.has_failure() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn check(config: Config) -> Result<Report, String> {
    let mut report = Report::without(secrets(&config));
    let mut outgoing = config.outbound.clone();
    outgoing.timeout = outgoing.timeout.min(TIMEOUT);
    let outbound = Outbound::allow_loopback(&outgoing)?;
    let it = Examination { config, outbound, clock: Clock::System, rng: Rng::System };
    report.begin("Settings");
    settings::check(&mut report, &it);
    report.begin("From outside");
    let seen = outside::check(&mut report, &it).await;
    report.begin("Database");
    let stores = database::check(&mut report, &it, seen).await;
    report.begin("Keys");
    keys::check(&mut report, &it, stores.data.as_ref(), stores.keyring).await;
    report.begin("Documents");
    objects::check(&mut report, &it, stores.instance).await;
    inspection::check(&mut report, &it).await;
    report.begin("Mail");
    mail::check(&mut report, &it).await;
    report.begin("Webhooks");
    webhooks::check(&mut report, &it, stores.data).await;
    Ok(report)
}

/// Returns the secrets that errors of other programs might repeat.
fn secrets(config: &Config) -> Vec<String> {
    let of_url = |text: &str| {
        let url = Url::parse(text).ok();
        let password = url.as_ref().and_then(Url::password).map(str::to_owned).unwrap_or_default();
        // A long user name without a password may be a token.
        let user = url.filter(|url| url.password().is_none() && url.username().len() >= 16);
        let user = user.map(|url| url.username().to_owned()).unwrap_or_default();
        let decoded = percent_encoding::percent_decode_str(&password).decode_utf8_lossy().into_owned();
        [password, decoded, user]
    };
    let urls = [of_url(&config.storage.database_url), of_url(&config.mail.transport)];
    urls.into_iter().flatten().chain([config.object_storage.secret_key.expose_secret().to_owned()]).collect()
}
