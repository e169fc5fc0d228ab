//! Events: what happened to a submission, written in the transaction that made it happen.
//!
//! The consent record is read from them; what partners are told of is sent from them.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::announcement::{Announcement, AnnouncementKind, Listener};
use super::{NewSubmission, StoreError, Tx, from_row, on, push_list, rows_at_once};
use ambient::Timestamp;

/// What can happen to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The partner pushed it.
    Pushed,
    /// Somebody's browser handed its link over, before anybody signed in.
    LinkOpened,
    /// A person signed in and it was bound to their account.
    Opened,
    /// The person accepted it.
    Accepted,
    /// The person declined it.
    Declined,
    /// Its time was over.
    Expired,
    /// The person deleted it from the wallet.
    Removed,
    /// The partner withdrew it.
    Withdrawn,
    /// A later push took its place.
    Superseded,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Pushed,
        Self::LinkOpened,
        Self::Opened,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Removed,
        Self::Withdrawn,
        Self::Superseded,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::LinkOpened => "link_opened",
            Self::Opened => "opened",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Removed => "removed",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What partners are told of it. What people do with what they hold is their own affair; it is over with the status.
    fn announcement(self) -> Option<AnnouncementKind> {
        match self {
            Self::Pushed => Some(AnnouncementKind::AddPushed),
            Self::LinkOpened => Some(AnnouncementKind::AddOpened),
            Self::Opened => Some(AnnouncementKind::AddSignedIn),
            Self::Accepted => Some(AnnouncementKind::AddAccepted),
            Self::Declined => Some(AnnouncementKind::AddDeclined),
            Self::Expired => Some(AnnouncementKind::AddExpired),
            Self::Withdrawn => Some(AnnouncementKind::AddWithdrawn),
            Self::Removed | Self::Superseded => None,
        }
    }
}

/// A submission, as far as its events need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: Uuid,
    /// Who pushed it.
    pub partner_id: Uuid,
    /// The partner's id for it.
    pub credential_id: String,
    /// The batch that it came in, if any.
    pub batch_id: Option<Uuid>,
    /// The partner chain it was pushed with.
    pub partner_chain: Option<String>,
    /// When it was pushed.
    pub created_at: Timestamp,
}
from_row!(Subject { id, partner_id, credential_id, batch_id, partner_chain, created_at });

impl Subject {
    /// The request id that its partner was answered.
    fn request_id(&self) -> String {
        self.batch_id.unwrap_or(self.id).to_string()
    }
}

impl From<&NewSubmission> for Subject {
    fn from(new: &NewSubmission) -> Self {
        Self {
            id: new.id,
            partner_id: new.partner_id,
            credential_id: new.credential_id.clone(),
            batch_id: new.batch_id,
            partner_chain: new.partner_chain.clone(),
            created_at: new.created_at,
        }
    }
}

/// One event of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
}

impl Tx {
    /// Records that `kind` happened to each of `submissions` at `at`, tells their partners, and counts it.
    pub async fn record_events(
        &mut self,
        submissions: &[Uuid],
        kind: EventKind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if submissions.is_empty() {
            return Ok(());
        }
        let subjects = self.subjects(submissions).await?;
        self.write_events(submissions, kind, at).await?;
        let partners = subjects.iter().map(|subject| subject.partner_id).collect();
        let listeners = if kind.announcement().is_some() { self.listeners(&partners).await? } else { Vec::new() };
        self.tell_and_count(&listeners, &subjects, kind, at).await
    }

    /// Tells `listeners` that `kind` happened to `subjects` at `at`, and counts it: all there is to do where a submission says
    /// of itself when it was pushed.
    pub(super) async fn tell_and_count(
        &mut self,
        listeners: &[Listener],
        subjects: &[Subject],
        kind: EventKind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let happened: Vec<_> = subjects.iter().map(|subject| (subject, at)).collect();
        self.tell(listeners, &happened, kind, at).await?;
        self.count_events(subjects, kind).await
    }

    /// Tells `listeners`, the webhooks of the subjects' partners, at `told_at` that `kind` happened to each subject, at the
    /// instant beside it.
    pub(super) async fn tell(
        &mut self,
        listeners: &[Listener],
        happened: &[(&Subject, Timestamp)],
        kind: EventKind,
        told_at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(kind) = kind.announcement().filter(|_| !listeners.is_empty()) else { return Ok(()) };
        let request_ids: Vec<String> = happened.iter().map(|(subject, _)| subject.request_id()).collect();
        let announcements = happened.iter().zip(&request_ids).map(|((subject, at), request_id)| Announcement {
            partner: subject.partner_id,
            kind,
            request_id,
            credential_id: Some(&subject.credential_id),
            at: *at,
            told_at,
        });
        self.announce_among(listeners, &announcements.collect::<Vec<_>>()).await
    }

    /// What events need to know of submissions, in the order of their ids; those that are not there are left out.
    async fn subjects(&mut self, submissions: &[Uuid]) -> Result<Vec<Subject>, StoreError> {
        Ok(on!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT id, partner_id, credential_id, batch_id, partner_chain, created_at FROM submission WHERE id IN ",
            );
            push_list(&mut query, submissions.iter().copied());
            query.push(" ORDER BY id");
            query.build_query_as().fetch_all(connection).await
        })?)
    }

    async fn write_events(&mut self, submissions: &[Uuid], kind: EventKind, at: Timestamp) -> Result<(), StoreError> {
        let mut rest = submissions;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rows_at_once(rest.len()));
            rest = after;
            on!(self, connection => {
                let mut query = QueryBuilder::new("INSERT INTO event (submission_id, kind, at) ");
                query.push_values(chunk, |mut row, id| {
                    row.push_bind(*id).push_bind(kind.name()).push_bind(at);
                });
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// The events of a submission until `now`, in the order they happened. That it was pushed and that its time was over
    /// are no rows: its own times say so. (Rows of older releases that said it are passed over.)
    pub async fn events(&mut self, submission: Uuid, now: Timestamp) -> Result<Vec<Event>, StoreError> {
        struct Row {
            kind: String,
            at: Timestamp,
        }
        from_row!(Row { kind, at });
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
            "SELECT kind, at FROM
                (SELECT 'pushed' AS kind, created_at AS at, 0 AS sequence FROM submission WHERE id = $1 AND state <> 'batch'
                 UNION ALL
                 SELECT kind, at, sequence FROM event WHERE submission_id = $1 AND kind <> 'pushed'
                 UNION ALL
                 SELECT 'expired', expires_at, 9223372036854775807 FROM submission
                  WHERE id = $1 AND state = 'incomplete' AND expires_at <= $2) AS happened
              ORDER BY sequence",
        ).bind(submission).bind(now).fetch_all(connection).await)?;
        rows.into_iter()
            .map(|row| {
                let kind = EventKind::from_name(&row.kind);
                Ok(Event { kind: kind.ok_or_else(|| StoreError::nonsense("event", row.kind))?, at: row.at })
            })
            .collect()
    }
}
