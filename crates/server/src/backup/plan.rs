//! Which columns and rows of which tables, at one version of the schema.

use sqlx::{SqliteConnection, query_scalar};

use super::tables::Kept;
use store::StoreError;

/// What is read of one table.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// Its name.
    pub(super) table: &'static str,
    /// Its columns, quoted.
    pub(super) columns: Vec<String>,
    /// What is read for each of them.
    values: Vec<String>,
    /// Which rows.
    rows: &'static str,
}

impl Planned {
    /// Its columns as a list.
    pub(super) fn list(&self) -> String {
        self.columns.join(", ")
    }

    /// The statement that reads it.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {} WHERE {}", self.values.join(", "), self.table, self.rows)
    }

    /// The same table, read as it stands: of a backup, in which nothing has to be left out any more.
    pub(super) fn as_it_stands(&self) -> Self {
        Self { values: self.columns.clone(), rows: "TRUE", ..self.clone() }
    }
}

/// The kept ones of `tables` that the schema of `blank` has. A table that nobody has decided on is refused.
pub(super) async fn plan(
    tables: &[(&'static str, Kept)],
    blank: &mut SqliteConnection,
) -> Result<Vec<Planned>, StoreError> {
    let names: Vec<String> = query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *blank)
    .await?;
    if let Some(unknown) = names.iter().find(|name| !tables.iter().any(|(known, _)| known == name)) {
        return Err(StoreError::Broken(format!("backups do not know the table {unknown}")));
    }
    let mut planned = Vec::new();
    for (table, kept) in tables.iter().filter(|(table, _)| names.iter().any(|name| name == table)) {
        let (rows, replaced) = match *kept {
            Kept::Whole => ("TRUE", &[][..]),
            Kept::Part { rows, columns } => (rows, columns),
            Kept::Nothing(_) => continue,
        };
        let columns: Vec<String> = query_scalar("SELECT name FROM pragma_table_info($1) ORDER BY cid")
            .bind(table)
            .fetch_all(&mut *blank)
            .await?;
        let value = |column: &String| {
            let replaced = replaced.iter().find(|(name, _)| name == column);
            replaced.map_or_else(|| quoted(column), |(_, value)| (*value).to_owned())
        };
        let values = columns.iter().map(value).collect();
        planned.push(Planned { table, columns: columns.iter().map(|column| quoted(column)).collect(), values, rows });
    }
    Ok(planned)
}

fn quoted(column: &str) -> String {
    format!("\"{column}\"")
}
