//! `tenure restore`: a server from a backup; see [`crate::backup`].

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::backup::{contents, progress};
use super::command::{Outcome, StoreArguments, block_on, print};
use crate::backup::{self, GivenUp, Restored};
use ambient::Clock;
use ambient::Rng;

/// Put a backup back, into an empty data folder, or into an empty database of PostgreSQL. The data folder must have the
/// root.key of the server that the backup is of.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FILE", required_unless_present = "without_keys")]
    from: Option<PathBuf>,
    /// Keep the data that is there although its key ring is lost: what people accepted is deleted with their accounts, what
    /// waits is ended, and new keys are made. Without a backup, this is the only way on.
    #[arg(long, conflicts_with_all = ["from", "rehearsal"])]
    without_keys: bool,
    /// It is only tried out: documents in a bucket are left alone, and are missing here. Without this, the server that is
    /// started deletes from its bucket what was added since the backup.
    #[arg(long)]
    rehearsal: bool,
    #[command(flatten)]
    store: StoreArguments,
}

impl Restore {
    pub(super) fn run(self) -> Outcome {
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
        print(&told(&restored?, self.rehearsal))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn without_keys(given_up: &GivenUp) -> String {
    let GivenUp { ended, accounts, webhooks } = given_up;
    let webhooks = match webhooks {
        0 => String::new(),
        _ => format!(
            "  {webhooks} webhooks and all passkeys of consoles are deleted, because root.key was lost too: partners register them again\n"
        ),
    };
    format!(
        "The data has a new key ring, and what the old one sealed is given up:\n  {accounts} accounts are deleted, with what people \
         had accepted and shared\n  {ended} submissions that nobody had accepted are over: their partners are told, and can push them \
         again\n{webhooks}  credentials that were signed before cannot be verified any more\nPartners, statuses and consent records are \
         kept. Start the server; it makes new signing keys.\n"
    )
}

fn told(restored: &Restored, is_rehearsal: bool) -> String {
    let Restored { about, ended, deleted, documents } = restored;
    let mut text = format!("as it was at {}: {}\n", about.made_at, contents(about));
    let _ = writeln!(
        text,
        "  {ended} submissions that nobody had accepted are over: their partners are told, and can push them again"
    );
    match deleted {
        Some(deleted) => {
            let _ = writeln!(text, "  {deleted} accounts that were deleted since are deleted again");
        }
        None => text.push_str(
            "  WARNING: accounts that were deleted since are back, with everything: there is no deleted-accounts beside root.key.\n  \
             Before a server is started: copy that file from the old data folder (of several nodes: all of them, put together)\n  \
             to where root.key is, empty the folder and the database otherwise, and restore again\n",
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
        None if is_rehearsal => text.push_str("  documents are in the bucket, which is left alone: here they are missing\n"),
        None => text.push_str(
            "  WARNING: documents are in the bucket, and what was added to it since is deleted when the server starts.\n  \
             If another server still uses that bucket, start none here: empty the folder and the database, and restore again with --rehearsal\n",
        ),
    }
    text.push_str("What was done after that moment is not there: docs/operations.md says what that means.\n");
    text
}
