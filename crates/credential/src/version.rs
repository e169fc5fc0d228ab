//! Versions: how a newer credential of a partner relates to an older one of the same person and type, and what changes.
//!
//! A type declares the relation in its own file; nothing else knows which fields decide it.

use serde_json::Value;

use crate::career::{CareerHistory, Employment};
use crate::credential_type::{FULL_NAME, text};
use crate::relation::Relation;
use crate::types::Type;
use crate::view::{Block, Datum};

const NAME: &str = FULL_NAME.name;

impl Type {
    /// How `newer` relates to `older`; both are fields without faults.
    pub fn relation(self, newer: &Value, older: &Value) -> Relation {
        (self.relation)(newer, older)
    }

    /// Whether `fields` may be kept up to date under a standing consent: then they also continue themselves.
    pub fn may_continue(self, fields: &Value) -> bool {
        self.relation(fields, fields) == Relation::Continues
    }
}

/// A difference between two versions of a credential, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another name.
    Name {
        /// The older version's.
        older: String,
        /// The newer version's.
        newer: String,
    },
    /// A job that only the newer version has.
    JobAdded(Employment),
    /// A job that only the older version has.
    JobMissing(Employment),
    /// A job that both have, and that differs.
    JobChanged {
        /// In the older version.
        older: Employment,
        /// In the newer version.
        newer: Employment,
    },
    /// A fact that differs, or that only one of them has.
    Fact {
        /// What people call it.
        label: &'static str,
        /// In the older version.
        older: Datum,
        /// In the newer version.
        newer: Datum,
    },
    /// Something in a table, on a scale or in a sentence.
    Details,
}

/// What changes from `older` to `newer`, both fields of `known` without faults, in the order in which a page shows it.
pub fn changes(known: Type, older: &Value, newer: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    let (name_before, name) = (text(older, NAME), text(newer, NAME));
    if name_before != name {
        changes.push(Change::Name { older: name_before.to_owned(), newer: name.to_owned() });
    }
    let (older, newer) = (Parts::of(known.view(older)), Parts::of(known.view(newer)));
    changes.extend(job_changes(&older.jobs, &newer.jobs));
    changes.extend(fact_changes(&older.facts, &newer.facts));
    if older.details != newer.details {
        changes.push(Change::Details);
    }
    changes
}

/// The blocks of a page, by how they are compared.
#[derive(Default)]
struct Parts {
    jobs: Vec<Employment>,
    facts: Vec<(&'static str, Datum)>,
    details: Vec<Block>,
}

impl Parts {
    fn of(view: Vec<Block>) -> Self {
        let mut parts = Self::default();
        for block in view {
            match block {
                Block::Career(CareerHistory { employment, .. }) => parts.jobs.extend(employment),
                Block::Facts(facts) => parts.facts.extend(facts),
                Block::Sentences(_) | Block::Table { .. } | Block::Scale { .. } => parts.details.push(block),
            }
        }
        parts
    }
}

fn job_changes(older: &[Employment], newer: &[Employment]) -> Vec<Change> {
    let mut left: Vec<&Employment> = older.iter().collect();
    let mut changes = Vec::new();
    for job in newer {
        // Of several with the same start, one that says the same is not a change.
        let same = left.iter().position(|known| *known == job);
        let counterpart = same.or_else(|| left.iter().position(|known| known.key() == job.key()));
        match counterpart.map(|at| left.remove(at)) {
            Some(known) if known == job => {}
            Some(known) => changes.push(Change::JobChanged { older: known.clone(), newer: job.clone() }),
            None => changes.push(Change::JobAdded(job.clone())),
        }
    }
    changes.extend(left.into_iter().cloned().map(Change::JobMissing));
    changes
}

fn fact_changes(older: &[(&'static str, Datum)], newer: &[(&'static str, Datum)]) -> Vec<Change> {
    let find = |facts: &[(&'static str, Datum)], label: &str| {
        facts.iter().find(|(known, _)| *known == label).map_or(Datum::Nothing, |(_, datum)| datum.clone())
    };
    let only_older = older.iter().filter(|(label, _)| find(newer, label) == Datum::Nothing);
    let labels = newer.iter().chain(only_older).map(|(label, _)| *label);
    let compared = labels.map(|label| (label, find(older, label), find(newer, label)));
    let changed = compared.filter(|(_, older, newer)| older != newer);
    changed.map(|(label, older, newer)| Change::Fact { label, older, newer }).collect()
}
