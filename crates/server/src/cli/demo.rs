//! `tenure demo`: everything on this machine, with nothing to set up.
//!
//! Owns what the demonstration relaxes: mails are shown on `/dev/inbox`, and a sandbox partner's secret is kept in the
//! folder to print it again. Every page says that it is a demonstration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use credential::{BatchForm, Type};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::{Outcome, StoreArguments, block_on, print};
use super::{partner, serve};
use crate::app::App;
use crate::config::Config;
use crate::error::Error;
use crate::flows;
use crate::flows::batch::BatchPush;
use crate::flows::push::{Push, Version};
use crate::log;
use crate::sandbox::Person;

/// The body of the push to try: the smallest that is taken.
const SAMPLE: &str = r#"{"credential_id":"my-first","fields":{"full_name":"Ada Example","employment":[{"organisation":"Company A","role_title":"Engineer","start_date":"2021-03","last_processed_month":"2024-05"}]}}"#;

/// Try everything on this machine.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the demonstration keeps its data; delete the folder to start afresh.
    #[arg(long, value_name = "DIR", default_value = "tenure-demo")]
    data: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// The address that links start with; http://localhost and the port unless given.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// The sandbox partner, kept in the folder since a demonstration may show its secret again.
#[derive(Debug, Serialize, Deserialize)]
struct Sandbox {
    client_id: Uuid,
    client_secret: String,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        let port = self.listen.rsplit_once(':').map_or("8080", |(_, port)| port);
        let base_url = self.base_url.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
        let mail = format!("dir:{}", self.data.join("mail").display());
        let arguments = StoreArguments { data: Some(self.data.clone()), database_url: None, config: None };
        let mut config = arguments.load(&[
            ("server.listen", Some(self.listen.clone())),
            ("server.base_url", Some(base_url)),
            ("mail.transport", Some(mail)),
        ])?;
        if config.log.filter == "info" {
            "warn".clone_into(&mut config.log.filter);
        }
        // Who tries webhooks out has their receiver here.
        config.webhooks.allow_loopback = true;
        config.log.format = crate::config::LogFormat::Text;
        let _logging = log::start(&config.log)?;
        block_on(demonstrate(config, self.data))?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn demonstrate(config: Config, data: PathBuf) -> Result<(), String> {
    let (sender, ready) = tokio::sync::oneshot::channel();
    let printing = tokio::spawn(async move {
        let Ok(app) = ready.await else { return };
        match prepare(&app, &data).await {
            Ok((sandbox, links)) => announce(&app, &sandbox, &links),
            Err(error) => tracing::error!(error = error.detail, "the sandbox could not be prepared"),
        }
    });
    let served = serve::serve(config, true, |app| drop(sender.send(app.clone()))).await;
    printing.abort();
    served
}

/// The sandbox partner and a pushed sample; both are kept between starts.
async fn prepare(app: &App, data: &Path) -> Result<(Sandbox, [String; 2]), Error> {
    let path = data.join("sandbox-partner.json");
    let kept: Option<Sandbox> = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let known = match &kept {
        Some(sandbox) => app.store().read().await?.partner(sandbox.client_id).await?,
        None => None,
    };
    // A folder of an earlier version may hold a partner that is none: it gets one that is.
    let sandbox = match kept {
        Some(sandbox) if known.is_some_and(|partner| partner.sandbox) => sandbox,
        _ => {
            let scopes: Vec<&str> =
                credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect();
            let mut tx = app.store().write().await?;
            let (client_id, client_secret) =
                partner::add(&mut tx, app.rng(), app.now(), "Sandbox Payroll", &scopes.join(" "), true).await?;
            tx.commit().await?;
            let sandbox = Sandbox { client_id, client_secret };
            let text = serde_json::to_vec_pretty(&sandbox).map_err(Error::internal)?;
            std::fs::write(&path, text).map_err(Error::internal)?;
            sandbox
        }
    };
    let links = [push_sample(app, sandbox.client_id).await?, push_batch(app, sandbox.client_id).await?];
    Ok((sandbox, links))
}

async fn push_sample(app: &App, partner: Uuid) -> Result<String, Error> {
    let credential_type = Type::default();
    let body = (credential_type.sample)().to_string().into();
    let push = Push { credential_type, body, version: Version::V2 };
    Ok(flows::push::push(app, partner, push).await?.redirect_uri)
}

/// One of every type, behind one link.
async fn push_batch(app: &App, partner: Uuid) -> Result<String, Error> {
    let mut body = credential::batch_sample_of(credential::ALL);
    // The other link has the career under its own id.
    body["career_history"]["credential_id"] = "sample-career-in-a-batch".into();
    let body = body.to_string();
    let batch = BatchPush { body: body.as_bytes(), form: BatchForm::V2 };
    Ok(flows::batch::push(app, partner, batch, |_| Ok(())).await?.redirect_uri)
}

fn announce(app: &App, sandbox: &Sandbox, [link, batch]: &[String; 2]) {
    let base = app.config().base();
    let mut text = String::new();
    let _ = writeln!(text, "\nTenure is running at {base} (a demonstration: its data is not protected).\n");
    let _ = writeln!(
        text,
        "1. Open this link as the person; the code that is mailed is shown at {base}/dev/inbox:\n\n   {link}\n\n   Or this one, with a credential of every type:\n\n   {batch}\n"
    );
    let _ = writeln!(text, "2. Push one yourself, as the partner:\n");
    let _ = writeln!(
        text,
        "   TOKEN=$(curl -s {base}/api/partner/v1/oauth/token -d grant_type=client_credentials -d client_id={} -d client_secret={} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
        sandbox.client_id, sandbox.client_secret
    );
    let _ = writeln!(
        text,
        "   curl -s {base}/api/partner/v2/add/requests/career_history -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{SAMPLE}'\n"
    );
    let _ = writeln!(
        text,
        "3. Or finish an integration with no human: push with \"claim\": {{\"email\": \"{}\"}}, and the server plays that\n   person within seconds. {base}/docs#sandbox lists them all.\n",
        Person::Consents.address()
    );
    let _ = writeln!(
        text,
        "The API is described at {base}/docs. Stop with Ctrl-C; the data stays in {}.",
        app.config().storage.data.display()
    );
    if let Err(error) = print(&text) {
        tracing::warn!(error, "the links could not be printed");
    }
}
