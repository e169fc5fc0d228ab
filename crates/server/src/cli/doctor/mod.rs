//! `tenure doctor`: looks at everything that a running server stands on, and says what to do about what is wrong.
//!
//! Owns the order of the checks and what they share. Each part has its file. It reads the same settings as `serve`, works
//! while a server runs or not, and changes nothing: what it writes to try something, it takes away again.

mod certificate;
mod database;
mod finding;
mod keys;
mod mail;
mod objects;
mod outside;
mod settings;
mod webhooks;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret as _;
use url::Url;

use self::finding::Report;
use super::{Outcome, StoreArguments, block_on};
use crate::config::Config;
use crate::outbound::Outbound;
use ambient::Rng;
use ambient::{Clock, Timestamp};

/// Longest wait for one answer from elsewhere.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// What every check may use.
struct Examination {
    config: Config,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
}

impl Examination {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn data(&self) -> &Path {
        &self.config.storage.data
    }
}

impl Doctor {
    pub(super) fn run(self) -> Outcome {
        let config = self.store.load(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        let report = block_on(examine(config))?;
        print(&if self.json { report.json() } else { report.text() });
        Ok(if report.has_failure() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the sub-command")]
fn print(text: &str) {
    println!("{text}");
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
    keys::examine(&mut report, &it, stores.keyring).await;
    report.begin("Documents");
    objects::examine(&mut report, &it, stores.instance).await;
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

/// How long something took, or is away, in the unit that a person would use.
fn told(duration: Duration) -> String {
    let (seconds, days) = (duration.as_secs_f64(), duration.as_secs() / 86_400);
    match duration.as_secs() {
        0 => format!("{:.1} ms", seconds * 1000.0),
        1..120 => format!("{seconds:.1} s"),
        120..7200 => format!("{:.0} min", seconds / 60.0),
        7200..172_800 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{days} days"),
    }
}
