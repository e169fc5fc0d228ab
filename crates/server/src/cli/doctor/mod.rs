//! `tenure doctor`: looks at everything that a running server stands on, and says what to do about what is wrong.
//!
//! Owns the order of the checks and what they share. Each part has its file. It reads the same settings as `serve`, works
//! while a server runs or not, and changes nothing: what it writes to try something, it takes away again.

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

use self::examination::{Examination, PATIENCE};
use self::finding::Report;
use super::command::{Outcome, StoreArguments, block_on, print};
use crate::config::Config;
use crate::outbound::Outbound;
use ambient::{Clock, Rng};

/// Look at everything that a server with these settings stands on, and say what to do about what is wrong.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    store: StoreArguments,
    /// Where the server listens.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The address people and partners reach it by.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// How mail leaves.
    #[arg(long, value_name = "WAY")]
    mail: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(self) -> Outcome {
        let config = self.store.load(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        let report = block_on(examine(config))?;
        print(&if self.json { report.json() } else { report.text() })?;
        Ok(if report.has_failure() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn examine(config: Config) -> Result<Report, String> {
    let mut report = Report::without(secrets(&config));
    let mut outgoing = config.outbound.clone();
    outgoing.timeout = outgoing.timeout.min(PATIENCE);
    let outbound = Outbound::with_this_machine(&outgoing)?;
    let it = Examination { config, outbound, clock: Clock::System, rng: Rng::System };
    report.begin("Settings");
    settings::examine(&mut report, &it);
    report.begin("From outside");
    let seen = outside::examine(&mut report, &it).await;
    report.begin("Database");
    let stores = database::examine(&mut report, &it, seen).await;
    report.begin("Keys");
    keys::examine(&mut report, &it, stores.data.as_ref(), stores.keyring).await;
    report.begin("Documents");
    objects::examine(&mut report, &it, stores.instance).await;
    inspection::examine(&mut report, &it).await;
    report.begin("Mail");
    mail::examine(&mut report, &it).await;
    report.begin("Webhooks");
    webhooks::examine(&mut report, &it, stores.data).await;
    Ok(report)
}

/// What programs that are asked might repeat in an error.
fn secrets(config: &Config) -> Vec<String> {
    let of_url = |text: &str| {
        let password = Url::parse(text).ok().and_then(|url| url.password().map(str::to_owned)).unwrap_or_default();
        let decoded = percent_encoding::percent_decode_str(&password).decode_utf8_lossy().into_owned();
        [password, decoded]
    };
    let urls = [of_url(&config.storage.database_url), of_url(&config.mail.transport)];
    urls.into_iter().flatten().chain([config.objects.secret_key.expose_secret().to_owned()]).collect()
}
