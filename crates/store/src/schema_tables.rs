//! Whether the tables that the migrations created are still there.

use std::collections::BTreeSet;

use super::{Part, Store, StoreError, Tx};

impl Store {
    /// Returns the tables of `part` that the applied migrations created and that are missing, for
    /// example because they were renamed or dropped by hand. If a newer release has migrated the
    /// database, it may have removed some, so none are reported.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn missing_tables(&self, part: Part) -> Result<Vec<String>, StoreError> {
        let mut tx = self.acquire().await?;
        let found = tx.tables().await?;
        let migrator = self.migrator(part);
        let mut created = BTreeSet::new();
        for migration in migrator.iter() {
            apply(migration.sql.as_str(), &mut created);
        }
        let missing: Vec<String> = created.difference(&found).cloned().collect();
        let is_ours = missing.is_empty() || tx.described_migrations(part.newest()).await?.is_empty();
        Ok(if is_ours { missing } else { Vec::new() })
    }
}

impl Tx {
    async fn tables(&mut self) -> Result<BTreeSet<String>, StoreError> {
        let names: Vec<String> = match self {
            Self::Sqlite(transaction) => {
                let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
                sqlx::query_scalar(tables).fetch_all(&mut **transaction).await?
            }
            Self::Postgres(transaction) => {
                let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
                sqlx::query_scalar(tables).fetch_all(&mut **transaction).await?
            }
        };
        Ok(names.into_iter().collect())
    }
}

/// Words of statements about tables that have no effect on their names.
const SKIPPED: [&str; 4] = ["IF", "NOT", "EXISTS", "UNLOGGED"];

/// Applies the statements about tables in a migration to a list of tables.
fn apply(migration: &str, tables: &mut BTreeSet<String>) {
    let words: Vec<&str> = migration.split(|c: char| c.is_whitespace() || "(;,\"".contains(c)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    for at in 0..words.len() {
        if !["CREATE", "DROP", "ALTER"].contains(&words[at]) {
            continue;
        }
        let rest: Vec<&str> = words[at..].iter().filter(|word| !SKIPPED.contains(*word)).take(5).copied().collect();
        match rest[..] {
            ["CREATE", "TABLE", name, ..] if is_name(name) => {
                tables.insert(name.to_owned());
            }
            ["DROP", "TABLE", name, ..] => {
                tables.remove(name);
            }
            ["ALTER", "TABLE", old, "RENAME", "TO"] => {
                // The new name is the word after these.
                let new = words[at..].iter().position(|word| *word == "TO").and_then(|to| words.get(at + to + 1));
                if let (true, Some(new)) = (tables.remove(old), new) {
                    tables.insert((*new).to_owned());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_migrations_are_found() {
        let mut tables = BTreeSet::new();
        apply("CREATE TABLE one (id BLOB);\nCREATE UNLOGGED TABLE IF NOT EXISTS two(id BLOB);", &mut tables);
        apply(
            "CREATE TABLE slotted_one (id BLOB); DROP TABLE one;\nALTER TABLE slotted_one RENAME TO one;",
            &mut tables,
        );
        apply("EXECUTE format('CREATE TABLE %I PARTITION OF one', name); DROP TABLE IF EXISTS three;", &mut tables);
        apply("ALTER TABLE two RENAME COLUMN id TO key;", &mut tables);
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["one", "two"]);
    }
}
