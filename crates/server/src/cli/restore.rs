//! `tenure restore`: restores a server from a backup; see [`crate::backup`].

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::backup::{contents, progress};
use super::command::{CommandResult, StoreArguments, block_on, print};
use crate::backup::{self, GivenUp, Restored};
use ambient::Clock;
use ambient::Rng;

/// Restore a backup into an empty data folder, or into an empty PostgreSQL database. The data
/// folder must contain the root.key of the server that created the backup.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FILE", required_unless_present = "without_keys")]
    from: Option<PathBuf>,
    /// Keep the existing data although its key ring is lost, if there is no backup. Deletes
    /// accounts with their credentials, ends pending submissions and creates new keys.
    #[arg(long, conflicts_with_all = ["from", "rehearsal"])]
    without_keys: bool,
    /// Restore only as a test: documents in a bucket are not touched, and are missing here. Without
    /// this option, the restored server deletes from its bucket the documents that were added after
    /// the backup.
    #[arg(long)]
    rehearsal: bool,
    #[command(flatten)]
    store: StoreArguments,
}

impl Restore {
    pub(super) fn run(self) -> CommandResult {
        let config = self.store.load(&[])?;
        let now = Clock::System.now();
        let Some(from) = self.from else {
            let given_up = block_on(async {
                backup::give_up_keys(&config, &Rng::System, now).await.map_err(|error| error.to_string())
            });
            print(&without_keys(&given_up?))?;
            return Ok(ExitCode::SUCCESS);
        };
        let bar = progress();
        let rehearse = self.rehearsal.then(|| Rng::System.anonymous_id());
        let restored = block_on(async {
            backup::restore(&config, &from, rehearse, now, &bar).await.map_err(|error| error.to_string())
        });
        bar.finish_and_clear();
        print(&render(&restored?, self.rehearsal))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn without_keys(given_up: &GivenUp) -> String {
    let GivenUp { ended, accounts, webhooks } = given_up;
    let webhooks = match webhooks {
        0 => String::new(),
        _ => format!(
            "  {webhooks} webhooks and all passkeys of consoles were deleted, because root.key was lost too: \
             partners must register them again\n"
        ),
    };
    format!(
        "The data has a new key ring. Everything that was encrypted with the old one is lost:\n  {accounts} accounts \
         were deleted, with everything people had accepted and shared\n  {ended} pending submissions were ended: \
         their partners are notified and can push them again\n{webhooks}  credentials that were signed before can no \
         longer be verified\nPartners, statuses and consent records were kept. Start the server: it creates new \
         signing keys.\n"
    )
}

fn render(restored: &Restored, is_rehearsal: bool) -> String {
    let Restored { about, ended, deleted, documents } = restored;
    let mut text = format!("restored the state of {}: {}\n", about.made_at, contents(about));
    let _ =
        writeln!(text, "  {ended} pending submissions were ended: their partners are notified and can push them again");
    match deleted {
        Some(deleted) => {
            let _ = writeln!(text, "  {deleted} accounts that were deleted after the backup were deleted again");
        }
        // Without accounts in the backup, none can be back.
        None if !about.rows.iter().any(|(table, rows)| table == "holder" && *rows > 0) => {}
        None => text.push_str(
            "  WARNING: accounts that were deleted after the backup are back, with all data: the file \
             deleted-accounts is not beside root.key.\n  Before you start a server: copy that file from the old data \
             folder (with several nodes: merge the files of all nodes)\n  to the folder of root.key, delete \
             everything else in the folder and the database, and restore again\n",
        ),
    }
    match documents {
        Some(copied) => {
            let _ = writeln!(
                text,
                "  {} documents, {} of them missing",
                copied.copied + copied.there + copied.missing.len(),
                copied.missing.len()
            );
            for object in &copied.missing {
                let _ = writeln!(text, "    missing: {}", object.simple());
            }
        }
        None if is_rehearsal => {
            text.push_str("  documents are in the bucket, which was not touched: they are missing here\n");
        }
        None => text.push_str(
            "  WARNING: documents are in the bucket, and those added after the backup are deleted when the server \
             starts.\n  If another server still uses that bucket, do not start one here: empty the folder and the \
             database, and restore again with --rehearsal\n",
        ),
    }
    text.push_str("Changes after that time are missing: docs/operate/backup.md describes the consequences.\n");
    text
}
