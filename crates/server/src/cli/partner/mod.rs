//! `tenure partner`: adds and changes partners (OAuth clients) directly in the store. The server
//! may be running.

mod checks;
mod list;
mod output;
mod secrets;
mod update;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use uuid::Uuid;

use self::checks::{check_name, check_scopes, parse_client_id, parse_overlap};
use self::output::OutputArguments;
pub(super) use self::secrets::add;
use self::update::Changes;
use super::command::{CommandResult, block_on};
use ambient::Clock;

/// Add, list, change and disable partners, and rotate their secrets.
#[derive(Debug, Args)]
pub struct PartnerArguments {
    #[command(subcommand)]
    command: PartnerCommand,
}

#[derive(Debug, Subcommand)]
enum PartnerCommand {
    /// Add a partner and print its client_id and client_secret. The secret is shown only once.
    Add {
        #[command(flatten)]
        output: OutputArguments,
        /// Name that people read on the consent page.
        #[arg(long)]
        name: String,
        /// Scopes that the partner may request, separated by spaces, like "write.career_history".
        #[arg(long)]
        scope: String,
        /// Make it a sandbox partner, for testing. The server simulates the holders of addresses at
        /// sandbox.invalid.
        #[arg(long)]
        sandbox: bool,
    },
    /// List all partners.
    List {
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Show a partner: its state, scopes, addresses and the age of its secret.
    Show {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Change a partner's name, scopes or addresses, and print what changed.
    Update {
        #[command(flatten)]
        output: OutputArguments,
        #[command(flatten)]
        changes: Changes,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Give a partner a new secret. The old one stops working at once, unless --keep-old is given;
    /// issued tokens stay valid until they expire.
    Rotate {
        #[command(flatten)]
        output: OutputArguments,
        /// Keep the old secret working for this long too: 1m to 30d, such as 24h. Not for a secret
        /// that has leaked.
        #[arg(long, value_name = "DURATION", value_parser = parse_overlap)]
        keep_old: Option<Duration>,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Show when a partner's secrets were created, and when the old one stops working.
    Secrets {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Revoke the old secret of a partner before its time, after `rotate --keep-old`.
    RevokeSecret {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Set the hosts from which a partner's documents are fetched. Without a host, every public one
    /// is allowed.
    DocumentHosts {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
        /// Host names, such as documents.example.edu. Subdomains are included.
        hosts: Vec<String>,
    },
    /// Set the addresses to which people may be sent after they have answered one of the partner's
    /// verification requests, or decided about a push with a return_url. Without an address, none
    /// is allowed.
    CallbackUrls {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
        /// Addresses, such as https://hr.example/verified. When a person returns, the server adds
        /// the id and the status of the request to the query.
        urls: Vec<String>,
    },
    /// Disable a partner: its secrets and its tokens stop working.
    Disable {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
    /// Enable a disabled partner again: its secrets work, and so do tokens that have not expired.
    Enable {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
        client_id: Uuid,
    },
}

impl PartnerArguments {
    pub(super) fn run(self) -> CommandResult {
        block_on(self.execute())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute(self) -> Result<(), String> {
        let now = Clock::System.now();
        match self.command {
            PartnerCommand::Add { output, name, scope, sandbox } => {
                let (name, scope) = (check_name(&name)?, check_scopes(&scope)?);
                output.add(now, &name, &scope, sandbox).await
            }
            PartnerCommand::List { output } => output.list(now).await,
            PartnerCommand::Show { output, client_id } => output.show(client_id, now).await,
            PartnerCommand::Update { output, changes, client_id } => output.update(client_id, &changes).await,
            PartnerCommand::Rotate { output, keep_old, client_id } => output.rotate(client_id, keep_old, now).await,
            PartnerCommand::Secrets { output, client_id } => output.secrets(client_id, now).await,
            PartnerCommand::RevokeSecret { output, client_id } => output.revoke_secret(client_id, now).await,
            PartnerCommand::DocumentHosts { output, client_id, hosts } => {
                output.set_document_hosts(client_id, &hosts).await
            }
            PartnerCommand::CallbackUrls { output, client_id, urls } => {
                output.set_callback_urls(client_id, &urls).await
            }
            PartnerCommand::Disable { output, client_id } => output.disable(client_id, now).await,
            PartnerCommand::Enable { output, client_id } => output.enable(client_id).await,
        }
    }
}
