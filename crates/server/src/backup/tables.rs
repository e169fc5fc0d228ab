//! Decides what a backup keeps of each table. A test checks it against the migrations.

/// The part of a table that a backup keeps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// Every row.
    Whole,
    /// Some rows, and replacements for some columns, in SQL that both databases accept.
    Part {
        /// The condition that selects rows.
        rows: &'static str,
        /// Columns, each with the expression that replaces it.
        columns: &'static [(&'static str, &'static str)],
    },
    /// Nothing, with the reason.
    Nothing(&'static str),
}

use Kept::{Nothing, Part, Whole};

const ALL: &str = "TRUE";

/// The tables of the data, in an order in which rows can be inserted: referenced tables first.
///
/// All bytes that are encrypted with an epoch key are omitted, because no backup contains that key.
/// If a row makes no sense without them, they are replaced with empty bytes.
pub(super) const DATA: &[(&str, Kept)] = &[
    ("instance", Whole),
    ("write_probe", Nothing("only a test whether the database accepts writes")),
    ("clock_mark", Nothing("the latest time that this server has observed")),
    ("partner", Whole),
    ("sandbox_sign_up", Whole),
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
    ("payload", Nothing("data of pending submissions, encrypted with epoch keys")),
    ("expiry", Whole),
    ("event", Whole),
    ("standing_consent", Nothing("partners ask again, so that a consent that was ended since does not return")),
    ("version_decision", Whole),
    (
        "asset",
        Part {
            // Object keys of submissions that are not accepted are encrypted with an epoch key.
            rows: "EXISTS (SELECT 1 FROM submission WHERE submission.id = asset.submission_id AND submission.state IN ('accepted', 'withdrawn'))",
            columns: &[],
        },
    ),
    ("removed_asset", Whole),
    ("return_url", Whole),
    ("link_recipient", Nothing("addresses for pending links, encrypted with epoch keys")),
    ("end_warning", Whole),
    ("dropped_object", Whole),
    ("tally", Whole),
    ("passkey", Whole),
    ("session", Nothing("people sign in again, so that a session that was ended since does not return")),
    ("sign_in", Nothing("codes that were mailed, encrypted with epoch keys")),
    ("ceremony", Nothing("valid for minutes, encrypted with epoch keys")),
    ("idempotency", Nothing("responses encrypted with epoch keys")),
    (
        "outbox_message",
        Nothing("pending mails, encrypted with epoch keys; keys to destroy, which a restore destroys itself"),
    ),
    ("undelivered_link", Whole),
    ("outbox", Nothing("pending mails, encrypted with epoch keys; keys to destroy, which a restore destroys itself")),
    ("status_list", Whole),
    ("status_entry", Whole),
    ("share", Whole),
    ("share_entry", Whole),
    ("issuance", Nothing("codes and tokens of wallets, which expire within the hour")),
    ("issuance_credential", Nothing("belongs to the issuance")),
    ("deferred", Nothing("deferred credentials, encrypted with epoch keys")),
    ("used_nonce", Whole),
    ("request_log", Nothing("lets integrators find a failed request of the last days")),
    ("request_count", Nothing("belongs to the request log")),
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
    ("allowance", Nothing("short-lived counts of rate limits")),
    ("presentation", Nothing("requests to wallets, encrypted with epoch keys")),
    ("console_session", Nothing("the same as for sessions")),
    ("console_passkey", Whole),
];

/// The tables of the key ring.
pub(super) const KEYRING: &[(&str, Kept)] = &[
    ("ring_key", Nothing("so that no backup decrypts pending submissions")),
    ("root", Whole),
    ("identity", Whole),
    ("holder_key", Whole),
    ("signing_key", Whole),
    ("write_probe", Nothing("only a test whether the database accepts writes")),
    ("erasure", Nothing("describes the files of this database")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Returns the tables that the migrations in `folder` create and do not drop or rename, without
    /// partitions.
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
