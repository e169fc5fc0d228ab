//! Conversion of rows of either database into structs.

/// Implements [`sqlx::FromRow`] for a struct. A field is read from the column of its name, or of
/// the name that follows it. The field after `flatten` reads its own columns from the same row.
///
/// `derive(FromRow)` does the same, but its feature compiles both drivers, including SQLite's C
/// code, a second time for the macro.
macro_rules! from_row {
    ($name:ident { $($field:ident $(: $column:literal)?),* $(,)? $(; flatten $inner:ident)? }) => {
        $crate::from_row!(@for sqlx::sqlite::SqliteRow, $name, $($field $(: $column)?)*, $($inner)?);
        $crate::from_row!(@for sqlx::postgres::PgRow, $name, $($field $(: $column)?)*, $($inner)?);
    };
    (@for $row:ty, $name:ident, $($field:ident $(: $column:literal)?)*, $($inner:ident)?) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> Result<Self, sqlx::Error> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, $crate::from_row!(@column $field $($column)?))?,)*
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                })
            }
        }
    };
    (@column $field:ident) => { stringify!($field) };
    (@column $field:ident $column:literal) => { $column };
}
pub(crate) use from_row;
