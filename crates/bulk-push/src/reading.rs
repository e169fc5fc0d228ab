//! Opens the input file, in the format that the options and its content indicate.

use std::path::{Path, PathBuf};

use clap::Args;
use credential::Type;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::encodings;
use crate::error::Error;
use crate::file_kind::{FileKind, refusal};
use crate::input::Scan;
use crate::leavers::titles::Title;
use crate::lines::Lines;
use crate::mapping::{Columns, Mapping};
use crate::names::{AS_WRITTEN, FAMILY_GIVEN};
use crate::printable::printable;
use crate::source::Source;
use crate::spreadsheet;
use crate::table::Table;

/// How to read the file.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// The credential type. Default: career_history, or the type in the mapping.
    #[arg(long = "type", value_name = "TYPE")]
    pub credential_type: Option<String>,
    /// A mapping file that --save-mapping wrote: TOML, or JSON if its name ends in .json.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Save the mapping of columns to fields, including inferred columns.
    #[arg(long, value_name = "FILE")]
    pub save_mapping: Option<PathBuf>,
    /// The column that identifies the person.
    #[arg(long, value_name = "COLUMN")]
    person: Option<String>,
    /// The column for a field. Several columns are joined by a space: full_name="First
    /// name+Surname".
    #[arg(long = "column", value_name = "FIELD=COLUMN")]
    columns: Vec<String>,
    /// A field with the same value in every row. The last processed month can be last-month or
    /// this-month.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    constants: Vec<String>,
    /// The date format, such as DD/MM/YYYY or MMM-YY.
    #[arg(long, value_name = "PATTERN")]
    date_format: Option<String>,
    /// A column that is deliberately not used. Repeat it for several columns.
    #[arg(long = "ignore-column", value_name = "COLUMN")]
    ignore: Vec<String>,
    /// A value of a status that means that the person is employed, or that a credential of another
    /// type is valid. Repeat it for several values.
    #[arg(long = "employed-status", value_name = "VALUE")]
    employed_status: Vec<String>,
    /// A value of a status that means that the person left: rows without an end are refused. Repeat
    /// it for several values.
    #[arg(long = "left-status", value_name = "VALUE")]
    left_status: Vec<String>,
    /// Whether names are written "Family, Given" and turned round, or pushed as written.
    #[arg(long, value_name = "ORDER", value_parser = ["family-given", "as-written"])]
    name_order: Option<String>,
    /// An end such as None, NaN, 0000-00-00 or dashes means that there is no end.
    #[arg(long)]
    empty_end: bool,
    /// A job may start up to 12 months in the future, for signed contracts.
    #[arg(long)]
    allow_future_start: bool,
    /// Rows may have fewer cells than the header, from a program that leaves out empty cells at
    /// their end.
    #[arg(long)]
    allow_short_rows: bool,
    /// The sheet of a workbook (.xlsx). Default: the only one with rows.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of a text file that is not UTF-8, such as windows-1252 or utf-16le.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The separator of cells. Default: the most frequent of comma, semicolon, tab and bar.
    #[arg(long, value_name = "CHARACTER")]
    separator: Option<char>,
    /// Number of lines above the header. Default: the header is found by its names.
    #[arg(long, value_name = "COUNT")]
    skip_rows: Option<u32>,
    /// The column with the id of the earlier credential that a row updates.
    #[arg(long, value_name = "COLUMN")]
    replaces: Option<String>,
    /// Have the server mail each person their link, to the address in the email column.
    #[arg(long)]
    mail_links: bool,
    /// The column with the email address for --mail-links.
    #[arg(long, value_name = "COLUMN", requires = "mail_links")]
    email: Option<String>,
}

impl ReadingArgs {
    /// Opens the file as a table or as NDJSON.
    pub fn open(&self, path: &Path, now: Timestamp) -> Result<Source, Error> {
        let today = Offset::UTC.to_datetime(now).date();
        let mut mapping = self.mapping(today)?;
        let name = mapping.credential_type.as_deref().unwrap_or(Type::default().name());
        let known: Type = name.parse().map_err(|_| {
            let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
            Error::Usage(format!("unknown credential type '{name}'. Use one of: {}", known.join(", ")))
        })?;
        let mut scan = scan(path, &mut mapping)?;
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let is_lines = match ending.as_deref().and_then(|ending| ending.to_str()) {
            Some("ndjson" | "jsonl") => true,
            Some("xlsx" | "xlsm") => false,
            // MYOB writes {} above the header.
            _ if scan.peek()?.starts_with(b"{}") => false,
            Some("csv" | "tsv") => begins_an_object(scan.peek()?),
            _ => scan.peek()?.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte)),
        };
        if is_lines {
            return Lines::open(scan, known, &mapping.employed_status).map(Source::Lines);
        }
        Table::open(scan, &mapping, known, self.mail_links, today).map(|table| Source::Table(Box::new(table)))
    }

    /// Reads the mapping file. The options override it.
    fn mapping(&self, today: Date) -> Result<Mapping, Error> {
        let mut mapping = self.mapping.as_deref().map(Mapping::load).transpose()?.unwrap_or_default();
        let said = [
            (&self.credential_type, &mut mapping.credential_type),
            (&self.person, &mut mapping.person),
            (&self.replaces, &mut mapping.replaces),
            (&self.email, &mut mapping.email),
            (&self.date_format, &mut mapping.date_format),
            (&self.sheet, &mut mapping.sheet),
            (&self.encoding, &mut mapping.encoding),
            (&self.name_order, &mut mapping.name_order),
        ];
        for (option, member) in said {
            if option.is_some() {
                member.clone_from(option);
            }
        }
        mapping.separator = self.separator.or(mapping.separator);
        mapping.skip_rows = self.skip_rows.or(mapping.skip_rows);
        mapping.empty_end |= self.empty_end;
        mapping.allow_future_start |= self.allow_future_start;
        mapping.allow_short_rows |= self.allow_short_rows;
        for (said, names) in [
            (&self.ignore, &mut mapping.ignore),
            (&self.employed_status, &mut mapping.employed_status),
            (&self.left_status, &mut mapping.left_status),
        ] {
            let more: Vec<String> = said.iter().filter(|name| !names.contains(name)).cloned().collect();
            names.extend(more);
        }
        mapping.ignored_now.clone_from(&self.ignore);
        if mapping.name_order.as_deref().is_some_and(|order| !matches!(order, FAMILY_GIVEN | AS_WRITTEN)) {
            return Err(Error::Usage(format!("name_order must be {FAMILY_GIVEN} or {AS_WRITTEN}")));
        }
        let pair = |text: &String| {
            let (field, value) =
                text.split_once('=').filter(|(field, value)| !field.is_empty() && !value.is_empty())?;
            Some((field.trim().to_owned(), value.trim().to_owned()))
        };
        let wrong = |text: &String, what: &str| Error::Usage(format!("'{text}' must have the form {what}"));
        for text in &self.columns {
            let (field, columns) = pair(text).ok_or_else(|| wrong(text, "organisation=Company"))?;
            mapping.constants.remove(&field);
            if field == "end_date" {
                mapping.other_ends.clear();
            }
            mapping.chosen_now.push(field.clone());
            mapping.columns.insert(field, Columns::of(&columns));
        }
        for text in &self.constants {
            let (field, value) = pair(text).ok_or_else(|| wrong(text, "last_processed_month=2026-10"))?;
            mapping.columns.remove(&field);
            mapping.constants.insert(field, value);
        }
        let is_month_given = self.constants.iter().any(|text| text.trim_start().starts_with("last_processed_month"));
        mapping.resolve_month(is_month_given, today)?;
        Ok(mapping)
    }
}

/// Returns whether a text begins with a JSON object that has a member.
fn begins_an_object(start: &[u8]) -> bool {
    let member = start.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    member.is_some_and(|member| member.starts_with(b"\""))
}

/// Refuses a sheet of people who left: their rows may have no end, because all of them left.
fn sheet_of_leavers(title: &str) -> Error {
    let title = printable(title);
    Error::Usage(format!(
        "the name of the sheet '{title}' may say that these people left. Push people who left with the end of each job. To \
         read the sheet, add --sheet \"{title}\""
    ))
}

/// Opens a file as text: a sheet of a workbook and other encodings are converted first.
fn scan(path: &Path, mapping: &mut Mapping) -> Result<Scan, Error> {
    let name = printable(&path.display().to_string());
    match FileKind::of(path) {
        FileKind::Workbook => {
            let sheet = spreadsheet::read(path, mapping.sheet.as_deref())?;
            let title = if mapping.sheet.is_none() { Title::of(&sheet.title) } else { Title::Other };
            if title == Title::OfLeavers {
                return Err(sheet_of_leavers(&sheet.title));
            }
            mapping.separator = Some(spreadsheet::SEPARATOR);
            let mut scan = Scan::of_text(&name, sheet.text);
            (scan.is_sheet, scan.merged, scan.is_of_both) = (true, sheet.merged, title == Title::OfBoth);
            (scan.extra.hidden_rows, scan.extra.hidden_sheets) = (sheet.hidden_rows, sheet.hidden_sheets);
            Ok(scan)
        }
        FileKind::Other(what) => Err(refusal(&name, what)),
        FileKind::Text => match &mapping.encoding {
            Some(label) => Ok(Scan::of_text(&name, encodings::read(path, label)?)),
            None => Scan::open(path),
        },
    }
}
