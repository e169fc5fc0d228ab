//! Events: the history of a submission, written in the transaction of each change.
//!
//! The consent record is built from them, and webhook announcements are sent for them.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::announcement::{Announcement, AnnouncementKind, Listener};
use super::{NewSubmission, StoreError, Tx, chunk_size, dispatch, from_row, push_list};
use ambient::Timestamp;

/// Kind of event in a submission's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The partner pushed it.
    Pushed,
    /// A browser opened its link, before anyone signed in.
    LinkOpened,
    /// A person signed in, and it was bound to their account.
    Opened,
    /// The holder accepted it.
    Accepted,
    /// The holder declined it.
    Declined,
    Expired,
    /// The holder deleted it from the wallet.
    Removed,
    /// The partner withdrew it.
    Withdrawn,
    /// A later push superseded it.
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

    /// Returns the stored name.
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

    /// Returns the kind with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the announcement for the partner. There is none for what a holder does with an
    /// accepted credential, since that is private.
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

/// The columns of a submission that its events need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Id of the submission.
    pub id: Uuid,
    /// The partner that pushed it.
    pub partner_id: Uuid,
    /// The partner's own id for the credential.
    pub credential_id: String,
    /// The batch, if it was pushed in one.
    pub batch_id: Option<Uuid>,
    /// Partner chain of the push.
    pub partner_chain: Option<String>,
    /// When it was pushed.
    pub created_at: Timestamp,
}
from_row!(Subject { id, partner_id, credential_id, batch_id, partner_chain, created_at });

impl Subject {
    /// Returns the request id that the partner received.
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
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
}

impl Tx {
    /// Records that `kind` happened to each of `submissions` at `at`, announces it to the partners,
    /// and counts it.
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
        self.record_and_count(&listeners, &subjects, kind, at).await
    }

    /// Announces that `kind` happened to `subjects` at `at`, and counts it, but stores no event
    /// rows. A push needs none, since the submission's row has its time.
    pub(super) async fn record_and_count(
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

    /// Announces to `listeners`, the webhooks of the subjects' partners, that `kind` happened to
    /// each subject at the paired time. The deliveries are due at `told_at`.
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

    /// Returns the subjects with these ids, in order. Ids that do not exist are left out.
    async fn subjects(&mut self, submissions: &[Uuid]) -> Result<Vec<Subject>, StoreError> {
        Ok(dispatch!(self, connection => {
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
            let (chunk, after) = rest.split_at(chunk_size(rest.len()));
            rest = after;
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new("INSERT INTO event (submission_id, kind, at) ");
                query.push_values(chunk, |mut row, id| {
                    row.push_bind(*id).push_bind(kind.name()).push_bind(at);
                });
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Returns the events of a submission until `now`, in order.
    ///
    /// Push and expiry have no rows, since the submission's own columns have their times. Push rows
    /// of earlier releases are ignored.
    pub async fn events(&mut self, submission: Uuid, now: Timestamp) -> Result<Vec<Event>, StoreError> {
        struct EventRow {
            kind: String,
            at: Timestamp,
        }
        from_row!(EventRow { kind, at });
        let rows: Vec<EventRow> = dispatch!(self, connection => sqlx::query_as(
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
                Ok(Event { kind: kind.ok_or_else(|| StoreError::corrupt_row("event", row.kind))?, at: row.at })
            })
            .collect()
    }
}
