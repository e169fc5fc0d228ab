//! `tenure partner add|list|rotate|document-hosts|callback-urls|disable`: manages OAuth clients
//! directly in the store. The server may be running.

use std::borrow::Cow;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use credential::encoding::sha256;
use serde_json::json;
use uuid::Uuid;

use super::command::{Outcome, StoreArguments, block_on, print, require_data, write_stdout};
use crate::addresses;
use ambient::Rng;
use ambient::{Clock, Timestamp};
use store::{Part, Partner, Store, StoreError, Tx};

/// Add, list, rotate and disable partners.
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
    /// Give a partner a new secret. The old one stops working at once; issued tokens stay valid
    /// until they expire.
    Rotate {
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
        /// Addresses, such as https://hr.example/verified. Only the answer is added to them.
        urls: Vec<String>,
    },
    /// Disable a partner: its secret and its tokens stop working.
    Disable {
        #[command(flatten)]
        output: OutputArguments,
        /// Partner's client_id.
        #[arg(value_parser = parse_client_id)]
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
                output.add(now, &name, &scope, sandbox).await?;
            }
            PartnerCommand::List { output } => {
                let partners = output.open().await?.read().await.map_err(shown)?.partners().await.map_err(shown)?;
                output.list(&partners)?;
            }
            PartnerCommand::Rotate { output, client_id } => output.rotate(client_id, now).await?,
            PartnerCommand::DocumentHosts { output, client_id, hosts } => {
                let hosts = check_hosts(&hosts)?;
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.set_document_hosts(client_id, &hosts).await)?;
                tx.commit().await.map_err(shown)?;
                let said = if hosts.is_empty() { "any public host" } else { &hosts };
                let text = format!("Documents of {client_id} are fetched from: {said}");
                output.say(&json!({ "client_id": client_id, "document_hosts": hosts }), &text)?;
            }
            PartnerCommand::CallbackUrls { output, client_id, urls } => {
                let urls = check_callbacks(&urls, output.store.load(&[])?.is_https())?;
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.set_callback_urls(client_id, &urls).await)?;
                tx.commit().await.map_err(shown)?;
                let said = if urls.is_empty() { "nowhere" } else { &urls };
                let text = format!("Allowed callback URLs of {client_id}: {said}");
                output.say(&json!({ "client_id": client_id, "callback_urls": urls }), &text)?;
            }
            PartnerCommand::Disable { output, client_id } => {
                let mut tx = output.open().await?.write().await.map_err(shown)?;
                known(tx.disable_partner(client_id, now).await)?;
                tx.commit().await.map_err(shown)?;
                output
                    .say(&json!({ "client_id": client_id, "disabled": true }), &format!("{client_id} is disabled."))?;
            }
        }
        Ok(())
    }
}

/// Adds a partner. Returns its id and its secret, which is not stored.
pub(super) async fn add(
    tx: &mut Tx,
    rng: &Rng,
    now: Timestamp,
    name: &str,
    scopes: &str,
    sandbox: bool,
) -> Result<(Uuid, String), StoreError> {
    let (id, secret) = (rng.anonymous_id(), rng.secret());
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
        callback_urls: String::new(),
    };
    tx.add_partner(&partner).await?;
    Ok((id, secret))
}

impl OutputArguments {
    /// Opens the database of an existing server.
    async fn open(&self) -> Result<Store, String> {
        require_data(&self.store.load(&[])?.storage).await?;
        self.open_or_create().await
    }

    /// Opens the database, and creates it unless it exists: a partner may be added before the first
    /// start of the server.
    async fn open_or_create(&self) -> Result<Store, String> {
        let storage = self.store.load(&[])?.storage;
        Store::open(Part::Data, &storage.data_dir, &storage.database_url, 2).await.map_err(shown)
    }

    /// Adds a partner and prints its secret. The secret is printed after the commit, so that a
    /// printed secret always works. If printing fails, the partner is removed again.
    async fn add(&self, now: Timestamp, name: &str, scopes: &str, sandbox: bool) -> Result<(), String> {
        let store = self.open_or_create().await?;
        let mut tx = store.write().await.map_err(shown)?;
        let added = add(&mut tx, &Rng::System, now, name, scopes, sandbox).await;
        let (id, secret) = added.map_err(shown)?;
        tx.commit().await.map_err(shown)?;
        let Err(error) = self.print_secret(id, &secret) else { return Ok(()) };
        let undo = async {
            let mut tx = store.write().await?;
            let is_removed = tx.remove_partner(id).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(is_removed)
        };
        Err(not_written(&error, undo.await, &format!("Disable it: tenure partner disable {id}")))
    }

    /// Gives a partner a new secret and prints it after the commit. If printing fails, the old
    /// secret is restored.
    async fn rotate(&self, id: Uuid, now: Timestamp) -> Result<(), String> {
        let (store, secret) = (self.open().await?, Rng::System.secret());
        let new = sha256(secret.as_bytes());
        let mut tx = store.write().await.map_err(shown)?;
        let before = tx.partner(id).await.map_err(shown)?.map(|partner| partner.secret_hash).unwrap_or_default();
        known(tx.rotate_partner(id, &new, now).await)?;
        tx.commit().await.map_err(shown)?;
        let Err(error) = self.print_secret(id, &secret) else { return Ok(()) };
        let undo = async {
            let mut tx = store.write().await?;
            let is_exchanged = tx.exchange_partner_secret(id, &new, &before, now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(is_exchanged)
        };
        Err(not_written(&error, undo.await, &format!("Rotate again: tenure partner rotate {id}")))
    }

    /// Prints a new secret on the first line. It cannot be printed again, and a reader such as
    /// `head` may read only that line.
    fn print_secret(&self, id: Uuid, secret: &str) -> std::io::Result<()> {
        let text =
            format!("client_secret: {secret}\nclient_id:     {id}\n\nSave the secret now: it is not shown again.");
        let text = if self.json { json!({ "client_id": id, "client_secret": secret }).to_string() } else { text };
        write_stdout(&text)
    }

    fn list(&self, partners: &[Partner]) -> Result<(), String> {
        let rows: Vec<_> = partners
            .iter()
            .map(|partner| {
                json!({ "client_id": partner.id, "name": partner.name, "scope": partner.scopes, "created_at": partner.created_at,
                        "rotated_at": partner.rotated_at, "disabled_at": partner.disabled_at,
                        "document_hosts": partner.document_hosts, "callback_urls": partner.callback_urls,
                        "sandbox": partner.sandbox })
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
        self.say(&json!(rows), &lines.join("\n"))
    }

    fn say(&self, value: &serde_json::Value, text: &str) -> Result<(), String> {
        if self.json { print(&value.to_string()) } else { print(text) }
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
        Err("there is no partner with this client_id. List them: tenure partner list".to_owned())
    }
}

/// Composes the error message if a new secret could not be printed: the change was undone, or the
/// operator has to act.
fn not_written(error: &std::io::Error, undone: Result<bool, StoreError>, otherwise: &str) -> String {
    match undone {
        Ok(true) => format!("the secret could not be written, so nothing was changed: {error}"),
        Ok(false) => format!("the secret could not be written: {error}. {otherwise}"),
        Err(store) => {
            format!("the secret could not be written: {error}. The change could not be undone: {store}. {otherwise}")
        }
    }
}

fn check_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err("--name must have 1 to 200 characters, without control characters".to_owned());
    }
    Ok(name.to_owned())
}

fn parse_client_id(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "it must be a UUID, as `tenure partner list` prints it")
}

/// Normalises host names to the form that they have in URLs.
fn check_hosts(hosts: &[String]) -> Result<String, String> {
    let named = |host: &String| match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => Ok(name),
        _ => Err(format!("'{host}' is not a host name such as documents.example.edu")),
    };
    Ok(hosts.iter().map(named).collect::<Result<Vec<_>, _>>()?.join(" "))
}

/// Normalises addresses to the form that browsers use. http is allowed only on this machine, and
/// only if the server itself is reached by http.
fn check_callbacks(urls: &[String], is_https: bool) -> Result<String, String> {
    let checked = urls.iter().map(|text| {
        let url = addresses::parse(text).map_err(|why| format!("'{text}' {why}, like https://hr.example/verified"))?;
        let is_allowed = addresses::is_web(&url) && (url.scheme() == "https" || !is_https);
        let is_ours = |(name, _): (Cow<'_, str>, _)| name == "request_id" || name == "status";
        if !is_allowed {
            Err(format!("'{text}' must start with https://"))
        } else if url.query_pairs().any(is_ours) {
            Err(format!("'{text}' must not have request_id or status in its query: the server adds them"))
        } else {
            Ok(url.to_string())
        }
    });
    Ok(checked.collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn check_scopes(scopes: &str) -> Result<String, String> {
    let known: Vec<&str> = credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect();
    let asked: Vec<&str> = scopes.split_whitespace().collect();
    match asked.iter().find(|scope| !known.contains(scope)) {
        Some(unknown) => Err(format!("unknown scope '{unknown}'. The scopes are: {}", known.join(" "))),
        None if asked.is_empty() => Err(format!("--scope must have at least one of: {}", known.join(" "))),
        None => Ok(asked.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_callback_urls_need_loopback_and_an_http_server() {
        let check = |url: &str, is_https| check_callbacks(&[url.to_owned()], is_https);
        assert_eq!(check("https://HR.example", true), Ok("https://hr.example/".to_owned()));
        assert_eq!(check("https://hr.example/back?x=1", false), Ok("https://hr.example/back?x=1".to_owned()));
        for local in ["http://localhost:3000/", "http://127.0.0.1:3000/", "http://[::1]/"] {
            assert_eq!(check(local, false), Ok(local.to_owned()));
            assert!(check(local, true).is_err(), "{local}");
        }
        for bad in [
            "hr.example/back",
            "http://hr.example/",
            "http://10.0.0.1/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://hr.example/#here",
            "https://ada@hr.example/",
            "https://hr.example/?status=verified",
            "",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert_eq!(check_callbacks(&[], true), Ok(String::new()));
    }

    #[test]
    fn unknown_and_empty_scopes_are_rejected() {
        assert_eq!(check_scopes(" write.education  read.universal"), Ok("write.education read.universal".to_owned()));
        assert!(check_scopes("read.salary").is_err_and(|said| said.contains("read.digital_identity")));
        assert!(check_scopes(" ").is_err());
    }
}
