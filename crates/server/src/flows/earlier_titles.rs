//! The titles that jobs had in earlier versions of a career in a wallet.

use std::collections::BTreeSet;

use credential::{Block, CareerHistory, EarlierTitle, Payload, Type, earlier_titles};
use uuid::Uuid;

use super::versions;
use crate::app::App;
use crate::error::Error;
use store::domain::submission::Submission;
use store::{Decision, Tx};

/// Maximum number of versions that are compared; bounds the work of a page.
const MAX_VERSIONS: usize = 1000;

/// Returns the earlier titles of the jobs in a credential of `holder` and of type `known`, from the
/// versions that it replaced and that are still in the wallet.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn of(app: &App, holder: Uuid, known: Type, id: Uuid) -> Result<Vec<EarlierTitle>, Error> {
    if !has_careers(known) {
        return Ok(Vec::new());
    }
    let versions = replaced_by(&mut app.store().read().await?, holder, id).await?;
    if versions.len() < 2 {
        return Ok(Vec::new());
    }
    let mut careers = Vec::with_capacity(versions.len());
    for version in versions {
        let payload = versions::open(app, &version).await?;
        careers.extend(payload.and_then(|payload| career(version.credential_type, &payload)));
    }
    Ok(earlier_titles(&careers))
}

/// Returns the earlier titles of the jobs in `newer`, an update of `older`.
pub fn between(known: Type, newer: &Payload, older: &Payload) -> Vec<EarlierTitle> {
    let careers: Vec<CareerHistory> = [newer, older].into_iter().filter_map(|payload| career(known, payload)).collect();
    earlier_titles(&careers)
}

/// Returns whether credentials of a type have jobs.
fn has_careers(known: Type) -> bool {
    known.view(&(known.sample)()["fields"]).iter().any(|block| matches!(block, Block::Career(_)))
}

fn career(known: Type, payload: &Payload) -> Option<CareerHistory> {
    known.view(&payload.fields).into_iter().find_map(|block| match block {
        Block::Career(career) => Some(career),
        _ => None,
    })
}

/// Returns the credential `id` and the versions that it replaced, directly or not, newest first.
/// Deleted ones are left out.
async fn replaced_by(tx: &mut Tx, holder: Uuid, id: Uuid) -> Result<Vec<Submission>, Error> {
    let (mut left, mut known, mut versions) = (vec![id], BTreeSet::from([id]), Vec::new());
    while let Some(id) = left.pop() {
        versions.extend(tx.held_submission(id, holder).await?);
        for decided in tx.version_decisions(id).await? {
            let has_replaced = decided.decision != Decision::Kept && decided.undone_at.is_none();
            let is_older = has_replaced && decided.newer_id == id && known.len() < MAX_VERSIONS;
            if is_older && known.insert(decided.older_id) {
                left.push(decided.older_id);
            }
        }
    }
    versions.sort_unstable_by_key(|version| std::cmp::Reverse((version.created_at, version.id)));
    Ok(versions)
}
