//! The tables, columns and rows that a backup keeps, at one schema version.

use sqlx::{SqliteConnection, query_scalar};

use super::tables::Kept;
use store::StoreError;

/// A table to copy.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) table: &'static str,
    /// The columns, quoted.
    pub(super) columns: Vec<String>,
    /// The SQL expression of each column.
    values: Vec<String>,
    /// The SQL condition that selects rows.
    rows: &'static str,
}

impl Planned {
    /// Returns the columns as a list.
    pub(super) fn list(&self) -> String {
        self.columns.join(", ")
    }

    /// Returns the statement that reads the table.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {} WHERE {}", self.values.join(", "), self.table, self.rows)
    }

    /// Returns a plan that reads the same table of a backup, with all rows and unchanged columns.
    pub(super) fn as_it_stands(&self) -> Self {
        Self { values: self.columns.clone(), rows: "TRUE", ..self.clone() }
    }
}

/// Plans the kept ones of `tables` that exist in the schema of `blank`. Refuses a table that is not
/// listed.
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
        return Err(StoreError::Broken(format!("backups do not support the table {unknown}")));
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
