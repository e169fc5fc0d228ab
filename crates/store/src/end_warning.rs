//! Warnings before something of a holder expires: pending links, documents of a wallet that is not
//! kept, and shares.
//!
//! There is no warning for anything that lives for a day or less.

use std::time::Duration;

use credential::Type;
use uuid::Uuid;

use super::expiry_cursor::Work;
use super::holder::IS_KEPT;
use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::share::MAX_PASSCODE_ATTEMPTS;
use crate::domain::submission::Sealed;
use ambient::{Timestamp, micros};

/// How long before expiry the holder is warned.
pub const WARNED_BEFORE: Duration = Duration::from_secs(86_400);

/// Shortest time between opening a link and the warning: its page shows the expiry already.
const JUST_OPENED: Duration = Duration::from_secs(3600);

/// Person to warn before a link expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecipient {
    /// Keyed hash of the email address.
    pub email_fingerprint: Vec<u8>,
    /// When the link expires.
    pub expires_at: Timestamp,
    /// The email address, encrypted.
    pub email: Sealed,
}

/// A link that expires soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingLink {
    /// Id of the link: a submission's or a batch's.
    pub link: Uuid,
    /// When it expires.
    pub ends_at: Timestamp,
    /// Email address given by the partner; `None` once an account has opened the link.
    pub email: Option<Sealed>,
}

/// Documents of a credential that will be deleted unless the wallet is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingDocuments {
    /// The credential's submission.
    pub submission: Uuid,
    /// The partner that pushed it.
    pub partner: Uuid,
    pub credential_type: Type,
    /// When the first of the documents is deleted.
    pub ends_at: Timestamp,
}

/// A share that expires soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingShare {
    /// Id of the share.
    pub share: Uuid,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub ends_at: Timestamp,
}

/// Something that a holder was warned about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warned {
    Link(Uuid),
    /// The documents of a submission.
    Documents(Uuid),
    Share(Uuid),
}

impl Warned {
    /// Returns the stored kind and the id.
    fn columns(self) -> (&'static str, Uuid) {
        match self {
            Self::Link(id) => ("link", id),
            Self::Documents(id) => ("documents", id),
            Self::Share(id) => ("share", id),
        }
    }
}

struct LinkRow {
    request_id: Uuid,
    expires_at: Timestamp,
    ring_period: Option<Timestamp>,
    sealed: Option<Vec<u8>>,
}
from_row!(LinkRow { request_id, expires_at, ring_period, sealed });

struct DocumentsRow {
    id: Uuid,
    partner_id: Uuid,
    credential_type: String,
    ends_at: Timestamp,
}
from_row!(DocumentsRow { id, partner_id, credential_type, ends_at });

struct ShareRow {
    id: Uuid,
    created_at: Timestamp,
    expires_at: Timestamp,
}
from_row!(ShareRow { id, created_at, expires_at });

/// Returns the SQL condition that a row has had no warning, given the kind and the columns with its
/// id and with the holder's fingerprint.
fn unwarned(kind: &str, id: &str, fingerprint: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM end_warning AS warned WHERE warned.email_fingerprint = {fingerprint}
                        AND warned.kind = '{kind}' AND warned.subject_id = {id})"
    )
}

/// Selects documents of wallets that are deleted after `$1` and before `$2`, with a lifetime above
/// `$3`. The caller adds `NOT IS_KEPT`.
const DOCUMENTS: &str = "FROM asset JOIN submission ON submission.id = asset.submission_id
    JOIN holder ON holder.id = submission.holder_id
   WHERE asset.keep_by > $1 AND asset.keep_by < $2 AND asset.state = 'stored' AND asset.keep_by - submission.finalized_at > $3";

/// Selects shares that can be opened and expire after `$1` and before `$2`, with a lifetime above
/// `$3`. `$4` is the number of wrong passcodes that locks a share.
const SHARES: &str = "FROM share JOIN holder ON holder.id = share.holder_id
   WHERE share.expires_at > $1 AND share.expires_at < $2 AND share.expires_at - share.created_at > $3
     AND share.revoked_at IS NULL AND share.passcode_tries < $4";

impl Tx {
    /// Stores whom to warn before `link` expires, unless an account has opened it.
    pub async fn note_link_recipient(&mut self, link: Uuid, recipient: &LinkRecipient) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO link_recipient (request_id, email_fingerprint, warn_at, expires_at, ring_period, sealed)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (request_id) DO UPDATE SET email_fingerprint = excluded.email_fingerprint,
                ring_period = excluded.ring_period, sealed = excluded.sealed WHERE link_recipient.sealed IS NOT NULL",
        ).bind(link).bind(&recipient.email_fingerprint).bind(recipient.expires_at - WARNED_BEFORE).bind(recipient.expires_at)
            .bind(recipient.email.period).bind(&recipient.email.bytes).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Records that `holder` has opened `link`. From now on the holder is warned, and the email
    /// address given by the partner is deleted.
    pub(super) async fn note_link_holder(
        &mut self,
        link: Uuid,
        holder: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO link_recipient (request_id, email_fingerprint, warn_at, expires_at)
             SELECT submission.id, holder.email_fingerprint,
                    CASE WHEN submission.expires_at - $3 > $4 THEN submission.expires_at - $3 ELSE $4 END, submission.expires_at
               FROM submission CROSS JOIN holder
              WHERE submission.id = $1 AND holder.id = $2 AND submission.expires_at - submission.created_at > $3
             ON CONFLICT (request_id) DO UPDATE SET email_fingerprint = excluded.email_fingerprint, warn_at = excluded.warn_at,
                ring_period = NULL, sealed = NULL",
        ).bind(link).bind(holder).bind(micros(WARNED_BEFORE)).bind(now + JUST_OPENED).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the fingerprints, after `after`, of up to `limit` people who are due a warning at
    /// `now` and were sent none on this `day`.
    pub async fn people_to_warn(
        &mut self,
        after: &[u8],
        (now, day): (Timestamp, i64),
        limit: i64,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let statement = format!(
            "SELECT email_fingerprint FROM
                (SELECT email_fingerprint FROM link_recipient
                  WHERE warn_at <= $1 AND expires_at > $1 AND {links}
                 UNION
                 SELECT holder.email_fingerprint {DOCUMENTS} AND NOT {IS_KEPT} AND {documents}
                 UNION
                 SELECT holder.email_fingerprint {SHARES} AND {shares}) AS due
              WHERE email_fingerprint > $5
                AND NOT EXISTS (SELECT 1 FROM end_warning AS sent WHERE sent.email_fingerprint = due.email_fingerprint AND sent.day = $6)
              ORDER BY email_fingerprint LIMIT $7",
            links = unwarned("link", "link_recipient.request_id", "link_recipient.email_fingerprint"),
            documents = unwarned("documents", "submission.id", "holder.email_fingerprint"),
            shares = unwarned("share", "share.id", "holder.email_fingerprint"),
        );
        // Includes everything that expires in exactly a day.
        let until = now + WARNED_BEFORE + Duration::from_micros(1);
        Ok(dispatch!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(now).bind(until).bind(micros(WARNED_BEFORE)).bind(MAX_PASSCODE_ATTEMPTS).bind(after).bind(day).bind(limit)
            .fetch_all(connection).await)?)
    }

    /// Returns a person's links that expire after `now` and before `until` and had no warning. The
    /// caller checks which of them are still pending.
    pub async fn ending_links(
        &mut self,
        email_fingerprint: &[u8],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<EndingLink>, StoreError> {
        let statement = format!(
            "SELECT request_id, expires_at, ring_period, sealed FROM link_recipient
              WHERE email_fingerprint = $1 AND expires_at > $2 AND expires_at < $3 AND {} ORDER BY expires_at, request_id",
            unwarned("link", "link_recipient.request_id", "link_recipient.email_fingerprint"),
        );
        let rows: Vec<LinkRow> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(email_fingerprint).bind(now).bind(until).fetch_all(connection).await)?;
        let link = |row: LinkRow| EndingLink {
            link: row.request_id,
            ends_at: row.expires_at,
            email: row.ring_period.zip(row.sealed).map(|(period, bytes)| Sealed { period, bytes }),
        };
        Ok(rows.into_iter().map(link).collect())
    }

    /// Returns the credentials of `holder` whose documents are deleted after `now` and before
    /// `until` unless the wallet is kept. With `is_new`, only those that are due a warning and had
    /// none.
    pub async fn ending_documents(
        &mut self,
        holder: Uuid,
        now: Timestamp,
        until: Timestamp,
        is_new: bool,
    ) -> Result<Vec<EndingDocuments>, StoreError> {
        let unwarned = unwarned("documents", "submission.id", "holder.email_fingerprint");
        let statement = format!(
            "SELECT submission.id, submission.partner_id, submission.credential_type, min(asset.keep_by) AS ends_at
               {DOCUMENTS} AND holder.id = $4 AND NOT {IS_KEPT} AND ({unwarned} OR NOT $5)
              GROUP BY submission.id, submission.partner_id, submission.credential_type
              ORDER BY min(asset.keep_by), submission.id",
        );
        let rows: Vec<DocumentsRow> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(now).bind(until).bind(if is_new { micros(WARNED_BEFORE) } else { 0 }).bind(holder).bind(is_new)
            .fetch_all(connection).await)?;
        let documents = |row: DocumentsRow| {
            let credential_type = row.credential_type.parse();
            Ok(EndingDocuments {
                submission: row.id,
                partner: row.partner_id,
                credential_type: credential_type.map_err(|_| StoreError::corrupt_row("submission", "its type"))?,
                ends_at: row.ends_at,
            })
        };
        rows.into_iter().map(documents).collect()
    }

    /// Returns the shares of `holder` that expire after `now` and before `until` and had no
    /// warning.
    pub async fn ending_shares(
        &mut self,
        holder: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<EndingShare>, StoreError> {
        let unwarned = unwarned("share", "share.id", "holder.email_fingerprint");
        let statement = format!(
            "SELECT share.id, share.created_at, share.expires_at {SHARES} AND holder.id = $5 AND {unwarned}
              ORDER BY share.expires_at, share.id"
        );
        let rows: Vec<ShareRow> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(now).bind(until).bind(micros(WARNED_BEFORE)).bind(MAX_PASSCODE_ATTEMPTS).bind(holder).fetch_all(connection).await)?;
        let share = |row: ShareRow| EndingShare { share: row.id, created_at: row.created_at, ends_at: row.expires_at };
        Ok(rows.into_iter().map(share).collect())
    }

    /// Locks the warning job until the end of the transaction. Returns false if another node is
    /// running it.
    pub async fn lock_warnings(&mut self) -> Result<bool, StoreError> {
        self.try_lock_job(Work::Warning).await
    }

    /// Records that a holder was warned by an email of this `day`. Returns false, and records
    /// nothing, if one was already sent on that day. The caller must have locked the warning job.
    pub async fn note_warned(
        &mut self,
        email_fingerprint: &[u8],
        warned: &[Warned],
        day: i64,
    ) -> Result<bool, StoreError> {
        let was_sent: bool = dispatch!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM end_warning WHERE email_fingerprint = $1 AND day = $2)",
        ).bind(email_fingerprint).bind(day).fetch_one(connection).await)?;
        if was_sent {
            return Ok(false);
        }
        for warned in warned {
            let (kind, id) = warned.columns();
            dispatch!(self, connection => sqlx::query(
                "INSERT INTO end_warning (email_fingerprint, kind, subject_id, day) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            ).bind(email_fingerprint).bind(kind).bind(id).bind(day).execute(connection).await.map(drop))?;
            if let Warned::Link(link) = warned {
                self.forget_link_recipient(*link).await?;
            }
        }
        Ok(true)
    }

    /// Deletes the person to warn before `link` expires, since they decided or were warned.
    pub async fn forget_link_recipient(&mut self, link: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM link_recipient WHERE request_id = $1").bind(link).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes warnings of days before `day`, and the people to warn about links that have expired
    /// at `now`.
    pub async fn forget_warnings(&mut self, day: i64, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => {
            sqlx::query("DELETE FROM end_warning WHERE day < $1").bind(day).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM link_recipient WHERE warn_at <= $1 AND expires_at <= $1")
                .bind(now).execute(connection).await.map(drop)
        })?;
        Ok(())
    }
}
