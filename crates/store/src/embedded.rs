//! The migrations, embedded in the binary.
//!
//! `sqlx::migrate!` could do this, but its feature compiles both drivers, including SQLite's C
//! code, a second time for the macro.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::Part;

/// One migration. Both databases have the same file names.
struct File {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! files {
    ($sqlite:literal, $postgres:literal: $($name:literal)*) => {
        &[$(File { name: $name, sqlite: files!(@text $sqlite $name), postgres: files!(@text $postgres $name) }),*]
    };
    (@text $folder:literal $name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/", $name, ".sql"))
    };
}

const DATA: &[File] = files!("sqlite", "postgres":
    "0001_first"
    "0002_documents"
    "0003_signed"
    "0004_shares"
    "0005_issuance"
    "0006_webhooks"
    "0007_verification"
    "0008_presentation"
    "0009_console"
    "0010_sandbox"
    "0011_payload"
    "0012_nodes"
    "0013_statuses"
    "0014_outbox_lanes"
    "0015_sign_in_browser"
    "0016_identity"
    "0017_signed_documents"
    "0018_replaced"
    "0019_updates"
    "0020_told"
    "0021_kept"
    "0022_disabled_webhooks"
    "0023_verification_partner"
    "0024_previous_secret"
    "0025_listeners"
    "0026_request_log"
    "0027_sandbox_sign_up"
    "0028_document_hosts"
    "0029_document_host_index"
);

const KEYRING: &[File] = files!("sqlite-keyring", "postgres-keyring":
    "0001_first"
    "0002_purposes"
    "0003_nodes"
    "0004_identity"
    "0005_key_statistics"
);

/// Returns the migrations of `part` on SQLite.
pub(super) fn sqlite(part: Part) -> Migrator {
    migrator(part, |file| file.sqlite)
}

/// Returns the migrations of `part` on PostgreSQL.
pub(super) fn postgres(part: Part) -> Migrator {
    migrator(part, |file| file.postgres)
}

fn migrator(part: Part, text: fn(&File) -> &'static str) -> Migrator {
    let files = match part {
        Part::Data => DATA,
        Part::Keyring => KEYRING,
    };
    Migrator::with_migrations(files.iter().map(|file| migration(file.name, text(file))).collect())
}

/// Parses version and description from the file name, as sqlx does.
fn migration(name: &str, text: &'static str) -> Migration {
    let (digits, description) = name.split_once('_').unwrap_or((name, ""));
    let version = digits.bytes().fold(0, |version, digit| version * 10 + i64::from(digit - b'0'));
    let is_outside_transaction = text.starts_with("-- no-transaction");
    Migration::new(
        version,
        description.replace('_', " ").into(),
        MigrationType::Simple,
        SqlStr::from_static(text),
        is_outside_transaction,
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn described(migrator: &Migrator) -> Vec<String> {
        migrator
            .iter()
            .map(|migration| {
                let Migration { version, description, migration_type, sql, checksum, no_tx } = migration;
                format!("{version} {description:?} {migration_type:?} {checksum:02x?} {no_tx} {}", sql.as_str())
            })
            .collect()
    }

    /// Databases store versions, descriptions and checksums, so these must equal those that sqlx
    /// computes.
    #[tokio::test]
    async fn embedded_migrations_equal_the_files() {
        for (folder, embedded) in [
            ("sqlite", sqlite(Part::Data)),
            ("sqlite-keyring", sqlite(Part::Keyring)),
            ("postgres", postgres(Part::Data)),
            ("postgres-keyring", postgres(Part::Keyring)),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let files = Migrator::new(path).await.expect("the files");
            assert_eq!(described(&embedded), described(&files), "{folder}");
        }
    }
}
