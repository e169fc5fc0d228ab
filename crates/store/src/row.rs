//! Reads a row of either database into a struct.

/// Implements [`sqlx::FromRow`] for a struct whose fields are named as the columns are; the field after `flatten` reads its
/// own columns from the same row.
///
/// `derive(FromRow)` does the same, but its feature compiles both drivers, SQLite's C code included, a second time for the
/// macro.
macro_rules! from_row {
    ($name:ident { $($field:ident),* $(,)? $(; flatten $inner:ident)? }) => {
        $crate::from_row!(@for sqlx::sqlite::SqliteRow, $name, $($field)*, $($inner)?);
        $crate::from_row!(@for sqlx::postgres::PgRow, $name, $($field)*, $($inner)?);
    };
    (@for $row:ty, $name:ident, $($field:ident)*, $($inner:ident)?) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> Result<Self, sqlx::Error> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?,)*
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                })
            }
        }
    };
}
pub(crate) use from_row;
