//! What pages show of credentials: opened, read, and drawn.

use credential::{CareerHistory, Payload};
use uuid::Uuid;

use super::Text;
use super::timeline::Timeline;
use crate::app::App;
use crate::domain::career::Career;
use crate::domain::submission::{State, Submission};
use crate::error::Error;

/// A credential that its holder looks at.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The request's id.
    pub id: Uuid,
    /// Who pushed it.
    pub partner: String,
    /// What people call its type.
    pub title: &'static str,
    /// What a hirer would read.
    pub headline: String,
    /// What was pushed.
    pub payload: Payload,
    /// When it was pushed.
    pub pushed_at: crate::time::Timestamp,
    /// When it is given up.
    pub expires_at: crate::time::Timestamp,
    /// When it was accepted, if it was.
    pub accepted_at: Option<crate::time::Timestamp>,
}

impl Shown {
    /// Opens `submission` for its holder; `None` if its data is gone.
    pub async fn open(app: &App, submission: &Submission) -> Result<Option<Self>, Error> {
        let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
        let (bytes, accepted_at) = match &submission.state {
            State::Incomplete { sealed, .. } => (app.keyring.open_sealed(sealed, &label).await?, None),
            State::Accepted { holder, at, sealed } => {
                (Some(app.keyring.open_for_holder(*holder, &label, sealed).await?), Some(*at))
            }
            State::Declined { .. } | State::Expired { .. } | State::Removed { .. } => (None, None),
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let payload = Payload::from_bytes(&bytes).map_err(Error::internal)?;
        let partner = app.store.read().await?.partner(submission.partner_id).await?;
        Ok(Some(Self {
            id: submission.id,
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            title: submission.credential_type.title,
            headline: submission.credential_type.headline(&payload.fields),
            payload,
            pushed_at: submission.created_at,
            expires_at: submission.expires_at,
            accepted_at,
        }))
    }

    /// The person's name as the partner knows it.
    pub fn full_name(&self) -> &str {
        self.payload.fields["full_name"].as_str().unwrap_or_default()
    }

    /// The institutions in between, in words, parent first; empty where there are none.
    pub fn chain(&self, text: &Text) -> String {
        let mut names = self.payload.partner_chain.iter().cloned();
        let first = names.next().unwrap_or_default();
        names.fold(first, |chain, next| text.with("chain-then", &[("chain", &chain), ("next", &next)]))
    }

    /// What was pushed, as JSON to read and copy.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.payload.fields).unwrap_or_default()
    }
}

/// The careers of several credentials as one picture and one list.
#[derive(Clone, Debug)]
pub struct CareerView {
    /// The jobs, gaps and totals.
    pub career: Career,
    /// The picture.
    pub timeline: String,
}

impl CareerView {
    /// Of those of `shown` that hold a career; `None` where none does.
    pub fn new(shown: &[Shown], text: &Text) -> Option<Self> {
        let histories: Vec<(String, CareerHistory)> = shown
            .iter()
            .filter_map(|shown| {
                CareerHistory::from_fields(&shown.payload.fields).ok().map(|history| (shown.partner.clone(), history))
            })
            .collect();
        let career = Career::new(&histories);
        let timeline = Timeline::new(&career, text)?.html();
        Some(Self { career, timeline })
    }
}
