//! Opens the input file, in the format that the options and its content indicate.

use std::path::{Path, PathBuf};

use clap::Args;
use credential::Type;

use crate::error::Error;
use crate::input::Scan;
use crate::lines::Lines;
use crate::mapping::{Columns, Mapping};
use crate::source::Source;
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
    /// A field with the same value in every row.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    constants: Vec<String>,
    /// The date format, such as DD/MM/YYYY or MMM-YY.
    #[arg(long, value_name = "PATTERN")]
    date_format: Option<String>,
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
    pub fn open(&self, path: &Path) -> Result<Source, Error> {
        let mapping = self.mapping()?;
        let name = mapping.credential_type.as_deref().unwrap_or(Type::default().name());
        let known: Type = name.parse().map_err(|_| {
            let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
            Error::Usage(format!("unknown credential type '{name}'. Use one of: {}", known.join(", ")))
        })?;
        let mut scan = Scan::open(path)?;
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let is_lines = match ending.as_deref().and_then(|ending| ending.to_str()) {
            Some("ndjson" | "jsonl") => true,
            Some("csv" | "tsv") => false,
            _ => scan.peek()?.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{'),
        };
        if is_lines {
            return Lines::open(scan, known).map(Source::Lines);
        }
        Table::open(scan, &mapping, known, self.mail_links).map(|table| Source::Table(Box::new(table)))
    }

    /// Reads the mapping file. The options override it.
    fn mapping(&self) -> Result<Mapping, Error> {
        let mut mapping = self.mapping.as_deref().map(Mapping::load).transpose()?.unwrap_or_default();
        let said = [
            (&self.credential_type, &mut mapping.credential_type),
            (&self.person, &mut mapping.person),
            (&self.replaces, &mut mapping.replaces),
            (&self.email, &mut mapping.email),
            (&self.date_format, &mut mapping.date_format),
        ];
        for (option, member) in said {
            if option.is_some() {
                member.clone_from(option);
            }
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
            mapping.columns.insert(field, Columns::of(&columns));
        }
        for text in &self.constants {
            let (field, value) = pair(text).ok_or_else(|| wrong(text, "last_processed_month=2026-10"))?;
            mapping.columns.remove(&field);
            mapping.constants.insert(field, value);
        }
        Ok(mapping)
    }
}
