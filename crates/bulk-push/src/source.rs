//! What is pushed, one credential after the other, whatever the file looks like.

use credential::Context;

use crate::entry::Read;
use crate::error::Error;
use crate::input::Input;
use crate::journal::PreviousRun;
use crate::lines::Lines;
use crate::rejected_row::RejectedRow;
use crate::table::Table;

/// A file of credentials.
#[derive(Debug)]
pub enum Source {
    /// A table.
    Table(Box<Table>),
    /// Bodies, one a line.
    Lines(Lines),
}

impl Source {
    /// How many credentials there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    /// The credential number `index`, after what earlier runs have pushed.
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

    /// The refusal `refusal` of `entry`, found by the server, with the place in the file.
    pub fn located(&mut self, index: usize, rejected_row: RejectedRow) -> Result<RejectedRow, Error> {
        match self {
            Self::Table(table) => table.located(index, rejected_row),
            Self::Lines(lines) => lines.located(index, rejected_row),
        }
    }

    /// The file.
    pub fn input(&self) -> &Input {
        match self {
            Self::Table(table) => &table.input,
            Self::Lines(lines) => &lines.input,
        }
    }

    /// Whether each person has one credential in it, so that another one of theirs takes its place.
    pub fn is_by_person(&self) -> bool {
        matches!(self, Self::Table(table) if table.plan.form.list.is_some())
    }

    /// What one and several of what is counted are called.
    pub fn nouns(&self) -> (&'static str, &'static str) {
        if self.is_by_person() { ("person", "people") } else { ("credential", "credentials") }
    }
}
