//! Versions of a credential in words: what a newer one would replace, what changes, and which shared links show it.

use credential::{Change, Datum, Employment, Type, changes};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use crate::flows::versions::RelatedVersion;
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::career::Job;

/// A credential in the wallet that an incoming one relates to.
#[derive(Debug)]
pub struct VersionView {
    /// The field of the form with the choice.
    pub field: String,
    /// What a hirer reads of it.
    pub headline: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Whether it is newer than the incoming one.
    pub is_newer: bool,
    /// Whether replacing is chosen unless the person chooses otherwise.
    pub is_replacement: bool,
    /// What changes from the older to the newer one.
    pub changes: Vec<String>,
    /// The shared links that show it.
    pub links: Vec<SharedLink>,
}

/// A shared link that shows a credential.
#[derive(Debug)]
pub struct SharedLink {
    /// The share.
    pub id: Uuid,
    /// Its purpose; empty if it has none.
    pub purpose: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it goes on to the newer version.
    pub keep_current: bool,
}

impl VersionView {
    /// The view of `version` for `holder`, beside the credential `incoming`, which says `said`.
    pub async fn new(
        app: &App,
        holder: Uuid,
        version: &RelatedVersion,
        (incoming, said): (Uuid, &Value),
        text: &Text,
    ) -> Result<Self, Error> {
        let known = version.submission.credential_type;
        let fields = &version.payload.fields;
        let (older, newer) = if version.is_newer { (said, fields) } else { (fields, said) };
        Ok(Self {
            field: format!("version-{incoming}-{}", version.submission.id),
            headline: known.headline(fields),
            pushed_at: version.submission.created_at,
            is_newer: version.is_newer,
            is_replacement: version.is_replacement,
            changes: sentences(text, known, older, newer),
            links: links(app, holder, version.submission.id).await?,
        })
    }
}

async fn links(app: &App, holder: Uuid, submission: Uuid) -> Result<Vec<SharedLink>, Error> {
    let showing = app.store().read().await?.shares_showing(holder, &[submission], app.now()).await?;
    let mut links = Vec::with_capacity(showing.len());
    for showing in showing {
        let (share, memory) = share::get(app, showing.share, holder).await?;
        links.push(SharedLink {
            id: share.id,
            purpose: memory.purpose,
            created_at: share.created_at,
            keep_current: showing.keep_current,
        });
    }
    Ok(links)
}

/// What changes from `older` to `newer`, both fields of `known`, a sentence each.
pub fn sentences(text: &Text, known: Type, older: &Value, newer: &Value) -> Vec<String> {
    changes(known, older, newer).iter().flat_map(|change| sentence(text, change)).collect()
}

fn sentence(text: &Text, change: &Change) -> Vec<String> {
    let job = |key: &str, employment: &Employment| {
        let job = Job { attester: String::new(), employment: employment.clone(), lane: 0 };
        let span = super::career::span(text, &job);
        let values = [("role", employment.role()), ("organisation", &employment.organisation), ("span", &span)];
        vec![text.with(key, &values)]
    };
    match change {
        Change::Name { older, newer } => vec![text.with("change-name", &[("older", older), ("newer", newer)])],
        Change::JobAdded(employment) => job("change-job-added", employment),
        Change::JobMissing(employment) => job("change-job-missing", employment),
        Change::JobChanged { older, newer } => job_sentences(text, older, newer),
        Change::Fact { label, older, newer } => {
            let key = match (older, newer) {
                (Datum::Nothing, _) => "change-fact-added",
                (_, Datum::Nothing) => "change-fact-missing",
                _ => "change-fact",
            };
            let (older, newer) = (text.datum(older), text.datum(newer));
            vec![text.with(key, &[("label", label), ("older", &older), ("newer", &newer)])]
        }
        Change::Details => vec![text.of("change-details")],
    }
}

/// What has changed of one job.
fn job_sentences(text: &Text, older: &Employment, newer: &Employment) -> Vec<String> {
    let said = |key: &str, before: &str, now: &str| {
        text.with(key, &[("organisation", &newer.organisation), ("older", before), ("newer", now)])
    };
    let month = |month: credential::YearMonth| text.month(month);
    let mut sentences = Vec::new();
    if older.organisation != newer.organisation {
        sentences.push(said("change-job-organisation", &older.organisation, &newer.organisation));
    }
    if older.role() != newer.role() {
        sentences.push(said("change-job-role", older.role(), newer.role()));
    } else if older.role_classification != newer.role_classification {
        let classification =
            |job: &Employment| job.role_classification.clone().unwrap_or_else(|| text.datum(&Datum::Nothing));
        sentences.push(said("change-job-role", &classification(older), &classification(newer)));
    }
    sentences.extend(match (older.end_date, newer.end_date) {
        (None, Some(end)) => Some(said("change-job-ended", "", &month(end))),
        (Some(end), None) => Some(said("change-job-open", &month(end), "")),
        (Some(before), Some(now)) if before != now => Some(said("change-job-end", &month(before), &month(now))),
        _ => None,
    });
    if older.last_processed_month != newer.last_processed_month {
        let (before, now) = (month(older.last_processed_month), month(newer.last_processed_month));
        sentences.push(said("change-job-known", &before, &now));
    }
    sentences
}
