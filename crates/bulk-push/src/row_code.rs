//! The codes of problems that `tenure push` finds in a file itself. Those of a body are in the
//! credential crate, and those of a response come from the server.
//!
//! The codes are stable. `/docs/errors` shows this list.

macro_rules! codes {
    ($($variant:ident $name:literal $meaning:literal $cure:literal)+) => {
        /// A stable name for a kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RowCode {
            $(#[doc = $meaning] $variant,)+
        }

        impl RowCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the name in the report, such as `name.part`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Returns the problem as a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// Returns what to do about it.
            pub fn cure(self) -> &'static str {
                match self { $(Self::$variant => $cure,)+ }
            }
        }
    };
}

codes! {
    RowCells "row.cells" "The row has more or fewer cells than the header, or repeats the header." "Put cells that contain the separator in quotes, and remove repeated headers. If your program leaves out empty cells at the end of rows, add --allow-short-rows."
    RowsDiffer "rows.differ" "Two rows of one person have different values where there can be one, or the same job with another end." "Correct one of the rows, or remove it. If they are different people, give each an id of their own."
    CellFormula "cell.formula" "The cell has the error of a spreadsheet's formula, such as #N/A." "Correct the formula, or empty the cell, and export the file again."
    TextGarbled "text.garbled" "The text was decoded with the wrong encoding, is in single or typographic quotes, begins with the apostrophe of a spreadsheet, or is a date, a number, an address or a value of another column in the place of a title or an organisation." "Export the file again as UTF-8, or set another --encoding. Remove such quotes around cells. Check that the cells of the row are not shifted."
    PersonMissing "person.missing" "The column with the person is empty." "Fill in the id of the person, or choose another column with --person."
    PersonPlaceholder "person.placeholder" "The value is not an id, such as N/A or 0, or a spreadsheet has rounded it or turned it into a date." "Write the id of the person. For such ids format the column as text, and export the file again."
    StatusLeft "status.left" "A status, a title or an organisation says that the person left, but the job has no end." "Fill in the end. If the text is a part of the name, add --employed-status with the whole text."
    NamePart "name.part" "A part of the name stands in a column that is not used." "Join the columns in their order, such as --column full_name=FIRST+MIDDLE+LAST, or exclude the column with --ignore-column."
    NameOrder "name.order" "A comma or another separator may stand between the family name and the given name." "Add --name-order family-given to turn all names round, or --name-order as-written to keep them. Remove other separators."
    NameRemark "name.remark" "The name has a number, a date, a mark or a remark, such as (Past Employee)." "Write the name only. If the person left, give the job an end."
    NamePlaceholder "name.placeholder" "The text or a part of it is not a name, such as N/A or NULL, or characters of it were lost." "Write the whole name, or empty the cell."
    NameGarbled "name.garbled" "The name has characters that are in no name: of another encoding, of an escape, of a formula, or invisible ones." "Export the file again as plain text in UTF-8, or set another --encoding. Remove marks and quotes around the name."
    NameLogin "name.login" "The name is an email address, a web address or a login." "Write the name of the person, or choose another column with --column full_name=COLUMN."
    DatePlaceholder "date.placeholder" "The start is a date that systems write if they know none, such as 1900-01-01, is not after the date of birth or before the age of 14, or is more than 75 years ago without an end." "Write the start of the job, or fill in the end."
    DateFuture "date.future" "The job starts in the future, or a date lies too far ahead, such as 3020-12-31." "Correct the start, or add --allow-future-start if a contract is signed. Correct the year of another date, or empty the cell if there is none."
    CredentialTypeUnknown "credential_type.unknown" "The credential_type of a line of NDJSON is unknown." "Use one of the types that the message lists."
    Json "json" "The line is not one JSON object." "Correct the JSON at the line and column of the message. Write one body per line."
    Http "http" "The server refused or failed on the credential without naming a field. The code ends in the status, such as http.413 or http.500." "Read the message. For 500 run the same command again later. If it persists, give the operator the id of the request."
}

impl RowCode {
    /// Returns the code of a response with this status, such as `http.413`.
    pub fn of_status(status: u16) -> String {
        format!("{}.{status}", Self::Http.as_str())
    }
}
