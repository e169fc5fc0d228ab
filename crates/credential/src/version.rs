//! Versions: how a partner's newer credential relates to an older one of the same person and type,
//! and the changes between them.
//!
//! A type declares the relation in its own file; no other code depends on the fields that determine
//! it.

use serde_json::Value;

use crate::career::{CareerHistory, Employment};
use crate::credential_type::{FULL_NAME, text};
use crate::relation::Relation;
use crate::types::Type;
use crate::view::{Block, DisplayValue};

const NAME: &str = FULL_NAME.name;

impl Type {
    /// Returns how `newer` relates to `older`. Both are valid fields.
    pub fn relation(self, newer: &Value, older: &Value) -> Relation {
        (self.relation)(newer, older)
    }

    /// Returns whether a standing consent can apply to `fields`: they must continue themselves.
    pub fn may_continue(self, fields: &Value) -> bool {
        self.relation(fields, fields) == Relation::Continues
    }
}

/// A difference between two versions of a credential, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The name differs.
    Name {
        /// The older name.
        older: String,
        /// The newer name.
        newer: String,
    },
    /// A job that only the newer version has.
    JobAdded(Employment),
    /// A job that only the older version has.
    JobMissing(Employment),
    /// A job that both have, with differences.
    JobChanged {
        /// In the older version.
        older: Employment,
        /// In the newer version.
        newer: Employment,
    },
    /// A fact that differs, or that only one of them has.
    Fact {
        /// The label of the fact.
        label: &'static str,
        /// In the older version.
        older: DisplayValue,
        /// In the newer version.
        newer: DisplayValue,
    },
    /// A difference in a table, on a scale or in a sentence.
    Details,
}

/// Returns the changes from `older` to `newer`, valid fields of type `known`, in display order.
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

/// The blocks of a page, grouped by how they are compared.
#[derive(Default)]
struct Parts {
    jobs: Vec<Employment>,
    facts: Vec<(&'static str, DisplayValue)>,
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
        // If several jobs have the same start, an identical one is not a change.
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

fn fact_changes(older: &[(&'static str, DisplayValue)], newer: &[(&'static str, DisplayValue)]) -> Vec<Change> {
    let find = |facts: &[(&'static str, DisplayValue)], label: &str| {
        facts.iter().find(|(known, _)| *known == label).map_or(DisplayValue::Nothing, |(_, datum)| datum.clone())
    };
    let only_older = older.iter().filter(|(label, _)| find(newer, label) == DisplayValue::Nothing);
    let labels = newer.iter().chain(only_older).map(|(label, _)| *label);
    let compared = labels.map(|label| (label, find(older, label), find(newer, label)));
    let changed = compared.filter(|(_, older, newer)| older != newer);
    changed.map(|(label, older, newer)| Change::Fact { label, older, newer }).collect()
}
