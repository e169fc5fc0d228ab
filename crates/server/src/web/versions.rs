//! Versions of a credential in words: what a newer one would replace, what changes, and which
//! shared links include it.

use credential::{Change, DisplayValue, Employment, Type, changes};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use crate::flows::versions::RelatedVersion;
use crate::i18n::{self, Text};
use ambient::Timestamp;
use store::domain::career::Job;
use store::domain::share::{DisclosureRecord, Share};

/// A credential in the wallet that is related to an incoming one.
#[derive(Debug)]
pub struct VersionView {
    /// The name of the form field for the choice.
    pub field: String,
    pub headline: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Whether it is newer than the incoming one.
    pub is_newer: bool,
    /// Whether replacing is preselected.
    pub is_replacement: bool,
    /// The changes from the older to the newer one, as HTML.
    pub changes: Vec<String>,
    /// The shared links that include it.
    pub links: Vec<SharedLink>,
}

/// A shared link that includes a credential.
#[derive(Debug)]
pub struct SharedLink {
    /// The share's id.
    pub id: Uuid,
    /// Its purpose; empty if it has none.
    pub purpose: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it is updated to newer versions.
    pub keep_current: bool,
}

impl VersionView {
    /// Describes `version`, a credential of `holder`, beside the credential `incoming`, whose
    /// content is `said`.
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
            headline: i18n::headline(known, fields),
            pushed_at: version.submission.created_at,
            is_newer: version.is_newer,
            is_replacement: version.is_replacement,
            changes: sentences(text, known, older, newer),
            links: links(app, holder, version.submission.id).await?,
        })
    }
}

async fn links(app: &App, holder: Uuid, submission: Uuid) -> Result<Vec<SharedLink>, Error> {
    let link = |(share, memory): (Share, DisclosureRecord)| SharedLink {
        id: share.id,
        purpose: memory.purpose,
        created_at: share.created_at,
        keep_current: share.keep_current,
    };
    Ok(share::showing(app, holder, submission).await?.into_iter().map(link).collect())
}

/// Describes the changes from `older` to `newer`, which are fields of the type `known`; one
/// sentence
/// each, as HTML.
pub fn sentences(text: &Text, known: Type, older: &Value, newer: &Value) -> Vec<String> {
    changes(known, older, newer).iter().flat_map(|change| sentence(text, change)).collect()
}

fn sentence(text: &Text, change: &Change) -> Vec<String> {
    let job = |key: &str, employment: &Employment| {
        let job = Job { attester: String::new(), employment: employment.clone(), lane: 0 };
        let span = super::career::span(text, &job);
        let names = [("role", employment.role()), ("organisation", &employment.organisation)];
        vec![text.markup(key, &names, &[("span", &span)])]
    };
    match change {
        Change::Name { older, newer } => vec![text.markup("change-name", &[("older", older), ("newer", newer)], &[])],
        Change::JobAdded(employment) => job("change-job-added", employment),
        Change::JobMissing(employment) => job("change-job-missing", employment),
        Change::JobChanged { older, newer } => job_sentences(text, older, newer),
        Change::Fact { label, older, newer } => {
            let key = match (older, newer) {
                (DisplayValue::Nothing, _) => "change-fact-added",
                (_, DisplayValue::Nothing) => "change-fact-missing",
                _ => "change-fact",
            };
            let (older, newer) = (text.datum(older), text.datum(newer));
            vec![text.markup(key, &[("older", &older), ("newer", &newer)], &[("label", label)])]
        }
        Change::Details => vec![text.of("change-details")],
    }
}

/// Describes the changes of one job.
fn job_sentences(text: &Text, older: &Employment, newer: &Employment) -> Vec<String> {
    let said = |key: &str, before: &str, now: &str| {
        text.markup(key, &[("organisation", &newer.organisation), ("older", before), ("newer", now)], &[])
    };
    let dated = |key: &str, before: &str, now: &str| {
        text.markup(key, &[("organisation", &newer.organisation)], &[("older", before), ("newer", now)])
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
            |job: &Employment| job.role_classification.clone().unwrap_or_else(|| text.datum(&DisplayValue::Nothing));
        sentences.push(said("change-job-role", &classification(older), &classification(newer)));
    }
    sentences.extend(match (older.end_date, newer.end_date) {
        (None, Some(end)) => Some(dated("change-job-ended", "", &month(end))),
        (Some(end), None) => Some(dated("change-job-open", &month(end), "")),
        (Some(before), Some(now)) if before != now => Some(dated("change-job-end", &month(before), &month(now))),
        _ => None,
    });
    if older.last_processed_month != newer.last_processed_month {
        let (before, now) = (month(older.last_processed_month), month(newer.last_processed_month));
        sentences.push(dated("change-job-known", &before, &now));
    }
    sentences
}
