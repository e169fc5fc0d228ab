//! What of each table a backup keeps. A test walks the migrations: a new table must be decided on here.

/// What of a table goes into a backup.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// Every row.
    Whole,
    /// Some rows, and some columns as something else; SQL that both databases read.
    Part {
        /// Which rows.
        rows: &'static str,
        /// Columns, and what is kept in their place.
        columns: &'static [(&'static str, &'static str)],
    },
    /// Nothing, and why.
    Nothing(&'static str),
}

use Kept::{Nothing, Part, Whole};

const ALL: &str = "TRUE";

/// The data, in the order in which rows can be put back: what others name comes first.
///
/// What is sealed under a ring key is left out wherever it stands: its key is in no backup. Where a row makes no sense
/// without it, the bytes are empty.
pub(super) const DATA: &[(&str, Kept)] = &[
    ("instance", Whole),
    ("write_probe", Nothing("whether this database takes writes")),
    ("clock_mark", Nothing("the time that this server has seen")),
    ("partner", Whole),
    ("holder", Whole),
    (
        "submission",
        Part {
            rows: ALL,
            columns: &[
                ("sealed", "CASE WHEN state <> 'incomplete' THEN sealed END"),
                ("reason_sealed", "CASE WHEN state <> 'taken_back' THEN reason_sealed END"),
            ],
        },
    ),
    ("payload", Nothing("what nobody has accepted, under ring keys")),
    ("expiry", Whole),
    ("event", Whole),
    ("standing_consent", Nothing("partners ask again: a consent that was ended since would live")),
    ("version_decision", Whole),
    (
        "asset",
        Part {
            // Of what is not accepted, the object's key is under a ring key.
            rows: "EXISTS (SELECT 1 FROM submission WHERE submission.id = asset.submission_id AND submission.state IN ('accepted', 'withdrawn'))",
            columns: &[],
        },
    ),
    ("removed_asset", Whole),
    ("return_url", Whole),
    ("link_recipient", Nothing("addresses of people whose links wait, under ring keys")),
    ("end_warning", Whole),
    ("dropped_object", Whole),
    ("tally", Whole),
    ("passkey", Whole),
    ("session", Nothing("everybody signs in again: a session that was ended since would live")),
    ("sign_in", Nothing("codes that were mailed, under ring keys")),
    ("ceremony", Nothing("minutes old, under ring keys")),
    ("idempotency", Nothing("answers under ring keys")),
    (
        "outbox_message",
        Nothing("mails under way, under ring keys; and keys to be destroyed, which a restore does by itself"),
    ),
    ("undelivered_link", Whole),
    ("outbox", Nothing("mails under way, under ring keys; and keys to be destroyed, which a restore does by itself")),
    ("status_list", Whole),
    ("status_entry", Whole),
    ("share", Whole),
    ("share_entry", Whole),
    ("issuance", Nothing("codes and tokens of wallets: they are over within the hour")),
    ("issuance_credential", Nothing("with the issuance")),
    ("deferred", Nothing("what was to be signed later, under ring keys")),
    ("used_nonce", Whole),
    ("webhook", Whole),
    ("delivery", Whole),
    ("delivery_attempt", Whole),
    (
        "verification",
        Part {
            rows: ALL,
            columns: &[
                ("request_sealed", "CASE WHEN state = 'open' THEN substr(request_sealed, 1, 0) END"),
                ("result_period", "NULL"),
                ("result_sealed", "NULL"),
            ],
        },
    ),
    ("allowance", Nothing("limits: a moment's counts")),
    ("presentation", Nothing("questions to wallets, under ring keys")),
    ("console_session", Nothing("as sessions")),
    ("console_passkey", Whole),
];

/// The key ring.
pub(super) const KEYRING: &[(&str, Kept)] = &[
    ("ring_key", Nothing("so that no backup opens what nobody has accepted")),
    ("root", Whole),
    ("identity", Whole),
    ("holder_key", Whole),
    ("signing_key", Whole),
    ("write_probe", Nothing("whether this database takes writes")),
    ("erasure", Nothing("about the files of this database")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The tables that the migrations in `folder` make and nobody drops or renames, without partitions.
    fn tables(folder: &str) -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/migrations").join(folder);
        let mut files: Vec<_> =
            std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        let mut tables = BTreeSet::new();
        for file in files {
            let text = std::fs::read_to_string(file).expect("text");
            let code: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
            for statement in code.join(" ").split(';') {
                let words: Vec<&str> = statement.split([' ', '(', '\n']).filter(|word| !word.is_empty()).collect();
                let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
                let after = |word: &str| upper.iter().position(|found| found == word).map(|at| at + 1);
                let name_at = |mut at: usize| {
                    while ["IF", "NOT", "EXISTS"].contains(&upper[at].as_str()) {
                        at += 1;
                    }
                    words[at].trim_matches('"').to_owned()
                };
                match upper.first().map(String::as_str) {
                    Some("CREATE") if !upper.contains(&"PARTITION".to_owned()) || upper.contains(&"BY".to_owned()) => {
                        tables.extend(after("TABLE").filter(|at| *at <= 3).map(name_at));
                    }
                    Some("DROP") => {
                        after("TABLE").map(name_at).inspect(|name| {
                            tables.remove(name);
                        });
                    }
                    Some("ALTER") if upper.contains(&"RENAME".to_owned()) && upper.contains(&"TO".to_owned()) => {
                        tables.remove(&name_at(2));
                        tables.extend(after("TO").map(name_at));
                    }
                    _ => {}
                }
            }
        }
        tables
    }

    #[test]
    fn every_table_has_a_backup_rule() {
        for (decided, folders) in [(DATA, ["sqlite", "postgres"]), (KEYRING, ["sqlite-keyring", "postgres-keyring"])] {
            let names: BTreeSet<String> = decided.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(names.len(), decided.len(), "each once");
            for folder in folders {
                let known = tables(folder);
                assert!(known.len() > 2, "{folder}");
                let undecided: Vec<&String> = known.difference(&names).collect();
                assert!(
                    undecided.is_empty(),
                    "say in backup/tables.rs what a backup keeps of {undecided:?} ({folder})"
                );
            }
        }
    }
}
