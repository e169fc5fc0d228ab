//! `tenure demo`: runs a complete demonstration on this machine, without any setup.
//!
//! Owns the relaxed rules of the demonstration: emails are shown on `/dev/inbox`, and the secret of
//! a sandbox partner is stored in the folder so that it can be printed again. Every page says that
//! it is a demonstration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use credential::{BatchForm, Type};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::{CommandResult, StoreArguments, block_on, print};
use super::{partner, serve};
use crate::app::App;
use crate::config::Config;
use crate::error::Error;
use crate::flows;
use crate::flows::batch::BatchPush;
use crate::flows::push::{Push, Version};
use crate::log;
use crate::sandbox::Person;

/// Body of the suggested push: the smallest valid one.
const SAMPLE: &str = r#"{"credential_id":"my-first","fields":{"full_name":"Ada Example","employment":[{"organisation":"Company A","role_title":"Engineer","start_date":"2021-03","last_processed_month":"2024-05"}]}}"#;

/// Run a demonstration on this machine, without any setup.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for the data of the demonstration; delete it to start afresh.
    #[arg(long, value_name = "DIR", default_value = "tenure-demo")]
    data: PathBuf,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Address that links start with [default: http://localhost and the port].
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// The sandbox partner. It is stored in the folder, because a demonstration may show its secret
/// again.
#[derive(Debug, Serialize, Deserialize)]
struct Sandbox {
    client_id: Uuid,
    client_secret: String,
}

impl Demo {
    pub(super) fn run(self) -> CommandResult {
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
        // The receivers of developers who try webhooks run on this machine.
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

/// Creates the sandbox partner and pushes a sample, unless an earlier start has.
async fn prepare(app: &App, data: &Path) -> Result<(Sandbox, [String; 2]), Error> {
    let path = data.join("sandbox-partner.json");
    let kept: Option<Sandbox> = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let known = match &kept {
        Some(sandbox) => app.store().read().await?.partner(sandbox.client_id).await?,
        None => None,
    };
    // The folder of an earlier version may contain a partner that is not a sandbox partner.
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

/// Pushes one credential of every type as a batch, which has one link.
async fn push_batch(app: &App, partner: Uuid) -> Result<String, Error> {
    let mut body = credential::batch_sample_of(credential::ALL);
    // The other link already uses this credential id.
    body["career_history"]["credential_id"] = "sample-career-in-a-batch".into();
    let body = body.to_string();
    let batch = BatchPush { body: body.as_bytes(), form: BatchForm::V2 };
    Ok(flows::batch::push(app, partner, batch, |_| Ok(())).await?.redirect_uri)
}

fn announce(app: &App, sandbox: &Sandbox, [link, batch]: &[String; 2]) {
    let base = app.config().base();
    let mut text = String::new();
    let _ = writeln!(text, "\nTenure is running at {base} (demonstration: the data is not protected).\n");
    let _ = writeln!(
        text,
        "1. Open this link as the person. The sign-in code is shown at {base}/dev/inbox:\n\n   {link}\n\n   Or this \
         one, with a credential of every type:\n\n   {batch}\n"
    );
    let _ = writeln!(text, "2. Push a credential yourself, as the partner:\n");
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
        "3. Or test an integration without a person: push with \"notify\": {{\"email\": \"{}\"}}, and the server \
         simulates the\n   person within seconds. {base}/docs#sandbox lists all simulated people.\n",
        Person::Consents.address()
    );
    let _ = writeln!(
        text,
        "The API reference is at {base}/docs. Press Ctrl-C to stop. The data is kept in {}.",
        app.config().storage.data_dir.display()
    );
    if let Err(error) = print(&text) {
        tracing::warn!(error, "the links could not be printed");
    }
}
