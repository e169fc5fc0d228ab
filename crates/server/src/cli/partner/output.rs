//! The store and the output of the sub-commands of `tenure partner`.

use clap::Args;

use crate::cli::command::{StoreArguments, print, require_data};
use store::{Part, Store, StoreError};

#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl OutputArguments {
    /// Opens the database of an existing server.
    pub(super) async fn open(&self) -> Result<Store, String> {
        require_data(&self.store.load(&[])?.storage).await?;
        self.open_or_create().await
    }

    /// Opens the database, and creates it unless it exists: a partner may be added before the first
    /// start of the server.
    pub(super) async fn open_or_create(&self) -> Result<Store, String> {
        let storage = self.store.load(&[])?.storage;
        Store::open(Part::Data, &storage.data_dir, &storage.database_url, 2).await.map_err(shown)
    }

    pub(super) fn say(&self, value: &serde_json::Value, text: &str) -> Result<(), String> {
        if self.json { print(&value.to_string()) } else { print(text) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
pub(super) fn shown(error: StoreError) -> String {
    error.to_string()
}

/// Returns what was found of a partner.
pub(super) fn found<T>(read: Result<Option<T>, StoreError>) -> Result<T, String> {
    let missing = || "there is no partner with this client_id. List them: tenure partner list".to_owned();
    read.map_err(shown)?.ok_or_else(missing)
}

/// Succeeds if a partner was changed.
pub(super) fn known(changed: Result<bool, StoreError>) -> Result<(), String> {
    found(changed.map(|is_changed| is_changed.then_some(())))
}
