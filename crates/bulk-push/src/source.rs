//! The credentials of a file in either format.

use credential::Context;

use crate::entry::Read;
use crate::error::Error;
use crate::input::{ExtraContent, Input};
use crate::journal::PreviousRun;
use crate::lines::Lines;
use crate::rejected_row::RejectedRow;
use crate::table::Table;

/// A file of credentials.
#[derive(Debug)]
pub enum Source {
    Table(Box<Table>),
    /// NDJSON.
    Lines(Lines),
}

impl Source {
    /// Returns the number of credentials.
    pub fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    /// Reads credential `index`. Its derived id depends on what earlier runs pushed.
    pub fn read(&mut self, index: usize, context: &Context<'_>, previous: &PreviousRun) -> Result<Read, Error> {
        let derives_ids = self.is_by_person() && self.derives_ids();
        let read = match self {
            Self::Table(table) => table.read(index, context)?,
            Self::Lines(lines) => lines.read(index, context)?,
        };
        Ok(if derives_ids { read.map(|entry| previous.renewed(entry)) } else { read })
    }

    fn derives_ids(&self) -> bool {
        matches!(self, Self::Table(table) if table.plan.credential_id.is_none())
    }

    /// Adds the position in the file to a problem that the server reported.
    pub fn located(&mut self, index: usize, rejected_row: RejectedRow) -> Result<RejectedRow, Error> {
        match self {
            Self::Table(table) => table.located(index, rejected_row),
            Self::Lines(lines) => lines.located(index, rejected_row),
        }
    }

    pub fn input(&self) -> &Input {
        match self {
            Self::Table(table) => &table.input,
            Self::Lines(lines) => &lines.input,
        }
    }

    /// Counts totals, footers, and hidden rows and sheets of the file.
    pub fn extra(&self) -> ExtraContent {
        match self {
            Self::Table(table) => table.extra,
            Self::Lines(_) => ExtraContent::default(),
        }
    }

    /// Returns whether each person has one credential, so that a new one replaces the previous one.
    pub fn is_by_person(&self) -> bool {
        matches!(self, Self::Table(table) if table.plan.form.list.is_some())
    }

    /// Returns the singular and plural noun for the credentials in messages.
    pub fn nouns(&self) -> (&'static str, &'static str) {
        if self.is_by_person() { ("person", "people") } else { ("credential", "credentials") }
    }
}
