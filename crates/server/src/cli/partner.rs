//! `tenure partner add|list|rotate|disable`: the OAuth clients, straight in the store, while the server runs or not.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::{Outcome, StoreArguments, block_on};
use crate::chance::Chance;
use crate::seal::sha256;
use crate::store::{Part, Partner, Store, StoreError};
use crate::time::{Clock, Timestamp};

/// Add, list, rotate and disable partners.
#[derive(Debug, Args)]
pub struct PartnerArguments {
    #[command(subcommand)]
    command: PartnerCommand,
}

#[derive(Debug, Subcommand)]
enum PartnerCommand {
    /// Add a partner and print its client_id and client_secret (the secret is shown this once).
    Add {
        #[command(flatten)]
        output: OutputArguments,
        /// The name that people read on the consent page.
        #[arg(long)]
        name: String,
        /// The scopes it may use, separated by spaces, like "write.career_history".
        #[arg(long)]
        scope: String,
        /// For trying things out: addresses at sandbox.invalid stand for people whom the server plays.
        #[arg(long)]
        sandbox: bool,
    },
    /// List all partners.
    List {
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Give a partner a new secret; the old one stops working at once, tokens already issued live out their hour.
    Rotate {
        #[command(flatten)]
        output: OutputArguments,
        /// Which partner.
        client_id: Uuid,
    },
    /// Say from which hosts a partner's documents are fetched; without a host: from any that is public.
    DocumentHosts {
        #[command(flatten)]
        output: OutputArguments,
        /// Which partner.
        client_id: Uuid,
        /// Host names, such as documents.example.edu; what is below one is meant too.
        hosts: Vec<String>,
    },
    /// Disable a partner: its secret and its tokens stop working.
    Disable {
        #[command(flatten)]
        output: OutputArguments,
        /// Which partner.
        client_id: Uuid,
    },
}

#[derive(Debug, Args)]
struct OutputArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl PartnerArguments {
    pub(super) fn run(self) -> Outcome {
        block_on(self.execute())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute(self) -> Result<(), String> {
        let now = Clock::System.now();
        match self.command {
            PartnerCommand::Add { output, name, scope, sandbox } => {
                let (name, scope) = (check_name(&name)?, check_scopes(&scope)?);
                let store = output.open().await?;
                let added = add(&store, &Chance::System, now, &name, &scope, sandbox).await;
                let (id, secret) = added.map_err(shown)?;
                output.secret(id, &secret);
            }
            PartnerCommand::List { output } => {
                let partners = output.open().await?.read().await.map_err(shown)?.partners().await.map_err(shown)?;
                output.list(&partners);
            }
            PartnerCommand::Rotate { output, client_id } => {
                let secret = Chance::System.secret();
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.rotate_partner(client_id, &sha256(secret.as_bytes()), now).await)?;
                tx.commit().await.map_err(shown)?;
                output.secret(client_id, &secret);
            }
            PartnerCommand::DocumentHosts { output, client_id, hosts } => {
                let hosts = check_hosts(&hosts)?;
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.set_document_hosts(client_id, &hosts).await)?;
                tx.commit().await.map_err(shown)?;
                let said = if hosts.is_empty() { "any public host" } else { &hosts };
                let text = format!("Documents of {client_id} are fetched from: {said}");
                output.say(&json!({ "client_id": client_id, "document_hosts": hosts }), &text);
            }
            PartnerCommand::Disable { output, client_id } => {
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.disable_partner(client_id, now).await)?;
                tx.commit().await.map_err(shown)?;
                output.say(&json!({ "client_id": client_id, "disabled": true }), &format!("{client_id} is disabled."));
            }
        }
        Ok(())
    }
}

/// Adds a partner; returns its id and its secret, which is stored nowhere.
pub(super) async fn add(
    store: &Store,
    chance: &Chance,
    now: Timestamp,
    name: &str,
    scopes: &str,
    sandbox: bool,
) -> Result<(Uuid, String), StoreError> {
    let (id, secret) = (chance.anonymous_id(), chance.secret());
    let partner = Partner {
        id,
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        secret_hash: sha256(secret.as_bytes()).to_vec(),
        created_at: now,
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox,
    };
    let mut tx = store.write().await?;
    tx.add_partner(&partner).await?;
    tx.commit().await?;
    Ok((id, secret))
}

impl OutputArguments {
    async fn open(&self) -> Result<Store, String> {
        let config = self.store.load(&[])?;
        let data = &config.storage.data;
        Store::open(Part::Data, data, &config.storage.database_url, 2).await.map_err(shown)
    }

    fn secret(&self, id: Uuid, secret: &str) {
        let text =
            format!("client_id:     {id}\nclient_secret: {secret}\n\nKeep the secret now: it is not shown again.");
        self.say(&json!({ "client_id": id, "client_secret": secret }), &text);
    }

    fn list(&self, partners: &[Partner]) {
        let rows: Vec<_> = partners
            .iter()
            .map(|partner| {
                json!({ "client_id": partner.id, "name": partner.name, "scope": partner.scopes, "created_at": partner.created_at,
                        "rotated_at": partner.rotated_at, "disabled_at": partner.disabled_at,
                        "document_hosts": partner.document_hosts, "sandbox": partner.sandbox })
            })
            .collect();
        let mut lines: Vec<String> = partners
            .iter()
            .map(|partner| {
                let state = partner.disabled_at.map_or_else(|| "active".to_owned(), |at| format!("disabled {at}"));
                let sandbox = if partner.sandbox { "  (sandbox)" } else { "" };
                format!("{}  {state:<29}  {}{sandbox}  [{}]", partner.id, partner.name, partner.scopes)
            })
            .collect();
        if lines.is_empty() {
            lines.push(
                "There are no partners yet. Add one: tenure partner add --name NAME --scope write.career_history"
                    .to_owned(),
            );
        }
        self.say(&json!(rows), &lines.join("\n"));
    }

    #[expect(clippy::print_stdout, reason = "the answer of the sub-command")]
    fn say(&self, value: &serde_json::Value, text: &str) {
        if self.json {
            println!("{value}");
        } else {
            println!("{text}");
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn shown(error: StoreError) -> String {
    error.to_string()
}

fn known(changed: Result<bool, StoreError>) -> Result<(), String> {
    if changed.map_err(shown)? {
        Ok(())
    } else {
        Err("there is no partner with this client_id; see: tenure partner list".to_owned())
    }
}

fn check_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err("--name must have 1 to 200 characters, without control characters".to_owned());
    }
    Ok(name.to_owned())
}

/// Host names in the form in which a URL has them.
fn check_hosts(hosts: &[String]) -> Result<String, String> {
    let named = |host: &String| match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => Ok(name),
        _ => Err(format!("'{host}' is not a host name such as documents.example.edu")),
    };
    Ok(hosts.iter().map(named).collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn check_scopes(scopes: &str) -> Result<String, String> {
    let known: Vec<String> = credential::ALL.iter().map(|known| known.write_scope.to_owned()).collect();
    let asked: Vec<&str> = scopes.split_whitespace().collect();
    match asked.iter().find(|scope| !known.iter().any(|known| known == *scope)) {
        Some(unknown) => Err(format!("there is no scope '{unknown}'; the scopes are: {}", known.join(" "))),
        None if asked.is_empty() => Err(format!("--scope must name at least one of: {}", known.join(" "))),
        None => Ok(asked.join(" ")),
    }
}
