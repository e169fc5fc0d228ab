//! Assets: the documents of submissions, and objects in the object store that no row refers to any
//! more.

use credential::AssetKind;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::holder::IS_KEPT;
use super::{StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::asset::{Asset, AssetState, Failure, Object};
use ambient::Timestamp;

struct AssetRow {
    id: Uuid,
    submission_id: Uuid,
    position: i64,
    asset_id: String,
    asset_type: String,
    state: String,
    object: Option<Uuid>,
    size: Option<i64>,
    failure: Option<String>,
    sealed: Option<Vec<u8>>,
    signed: bool,
    host: i64,
}
from_row!(AssetRow {
    id,
    submission_id,
    position,
    asset_id,
    asset_type,
    state,
    object,
    size,
    failure,
    sealed,
    signed,
    host,
});

impl TryFrom<AssetRow> for Asset {
    type Error = StoreError;

    fn try_from(row: AssetRow) -> Result<Self, StoreError> {
        let failure = row.failure.as_deref().and_then(Failure::from_name);
        let size = row.size.and_then(|size| u64::try_from(size).ok());
        let state = match (row.state.as_str(), row.object, size, failure, row.sealed) {
            ("awaited", None, None, None, None) => AssetState::Awaited,
            ("fetching", None, None, None, Some(sealed)) => AssetState::Fetching { sealed, host: row.host },
            ("stored", Some(name), Some(size), None, Some(sealed_key)) => {
                AssetState::Stored(Object { name, size, sealed_key, is_signed: row.signed })
            }
            ("failed", None, None, Some(failure), None) => AssetState::Failed(failure),
            ("deleted", None, None, None, None) => AssetState::Deleted,
            (state, ..) => return Err(StoreError::corrupt_row("asset", format!("{} in state {state}", row.id))),
        };
        let kind = AssetKind::from_name(&row.asset_type).ok_or_else(|| StoreError::corrupt_row("asset", "its type"))?;
        let AssetRow { id, submission_id, position, asset_id, .. } = row;
        Ok(Self { id, submission_id, position, asset_id, kind, state })
    }
}

/// Column values of a state.
#[derive(Default)]
struct Columns<'a> {
    object: Option<Uuid>,
    size: Option<i64>,
    failure: Option<&'static str>,
    sealed: Option<&'a [u8]>,
    signed: bool,
    host: i64,
}

fn columns(state: &AssetState) -> Columns<'_> {
    match state {
        AssetState::Awaited | AssetState::Deleted => Columns::default(),
        AssetState::Fetching { sealed, host } => Columns { sealed: Some(sealed), host: *host, ..Columns::default() },
        AssetState::Stored(object) => Columns {
            object: Some(object.name),
            size: Some(i64::try_from(object.size).unwrap_or(i64::MAX)),
            sealed: Some(&object.sealed_key),
            signed: object.is_signed,
            ..Columns::default()
        },
        AssetState::Failed(failure) => Columns { failure: Some(failure.name()), ..Columns::default() },
    }
}

/// Most assets per insert. Each binds 13 values, and SQLite allows about 32,000 per statement.
const CHUNK: usize = 256;

impl Tx {
    /// Inserts assets. Those to be fetched are due at `now`.
    pub async fn insert_assets(&mut self, assets: &[&Asset], now: Timestamp) -> Result<(), StoreError> {
        for chunk in assets.chunks(CHUNK) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO asset (id, submission_id, position, asset_id, asset_type, state, object, size, failure, sealed, signed, host, due_at) ",
                );
                query.push_values(chunk, |mut row, asset| {
                    let columns = columns(&asset.state);
                    row.push_bind(asset.id)
                        .push_bind(asset.submission_id)
                        .push_bind(asset.position)
                        .push_bind(asset.asset_id.as_str())
                        .push_bind(asset.kind.name())
                        .push_bind(asset.state.name())
                        .push_bind(columns.object)
                        .push_bind(columns.size)
                        .push_bind(columns.failure)
                        .push_bind(columns.sealed)
                        .push_bind(columns.signed)
                        .push_bind(columns.host)
                        .push_bind(now);
                });
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Returns the asset with this id. The caller checks who owns its submission.
    pub async fn asset(&mut self, id: Uuid) -> Result<Option<Asset>, StoreError> {
        let row: Option<AssetRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM asset WHERE id = $1").bind(id).fetch_optional(connection).await)?;
        row.map(Asset::try_from).transpose()
    }

    /// Returns the assets of `submissions`, in the partner's order.
    pub async fn assets(&mut self, submissions: &[Uuid]) -> Result<Vec<Asset>, StoreError> {
        let mut assets = Vec::new();
        for chunk in submissions.chunks(CHUNK) {
            let rows: Vec<AssetRow> = dispatch!(self, connection => {
                let mut query = QueryBuilder::new("SELECT * FROM asset WHERE submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY submission_id, position");
                query.build_query_as().fetch_all(connection).await
            })?;
            for row in rows {
                assets.push(Asset::try_from(row)?);
            }
        }
        Ok(assets)
    }

    /// Changes the state of an asset if its submission is still pending at `now`, and schedules a
    /// replaced object for deletion. Returns false, and changes nothing, if the submission is not
    /// pending.
    pub async fn change_asset(&mut self, id: Uuid, state: &AssetState, now: Timestamp) -> Result<bool, StoreError> {
        let over = self.lock_expiry(now).await?;
        // This update locks the submission's row until the commit, so that acceptance cannot
        // interleave.
        let waits = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET expires_at = expires_at
              WHERE id = (SELECT submission_id FROM asset WHERE id = $1) AND state = 'incomplete' AND expires_at > $2",
        ).bind(id).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if waits == 0 {
            return Ok(false);
        }
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO dropped_object SELECT object FROM asset WHERE id = $1 AND object IS NOT NULL ON CONFLICT DO NOTHING",
        ).bind(id).execute(connection).await.map(drop))?;
        let Columns { object, size, failure, sealed, signed, host } = columns(state);
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE asset SET state = $2, object = $3, size = $4, failure = $5, sealed = $6, signed = $7, host = $8, due_at = NULL
              WHERE id = $1",
        ).bind(id).bind(state.name()).bind(object).bind(size).bind(failure).bind(sealed).bind(signed).bind(host)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Fails the fetches of a submission that are still running when its holder decides.
    pub async fn end_fetching(&mut self, submission: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE asset SET state = 'failed', failure = $2, sealed = NULL, host = 0, due_at = NULL
              WHERE submission_id = $1 AND state = 'fetching'",
        ).bind(submission).bind(Failure::Late.name()).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Hands a stored asset over to the holder: stores its re-encrypted key, and deletes it at
    /// `keep_by` if the wallet is not kept by then.
    pub async fn hand_over_asset(
        &mut self,
        id: Uuid,
        object: Uuid,
        sealed_key: &[u8],
        keep_by: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE asset SET sealed = $3, keep_by = $4 WHERE id = $1 AND object = $2 AND state = 'stored'",
        ).bind(id).bind(object).bind(sealed_key).bind(keep_by).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Deletes all assets of submissions whose data is deleted in the same transaction, and
    /// schedules their objects for deletion.
    pub(super) async fn drop_assets(&mut self, submissions: &[Uuid]) -> Result<(), StoreError> {
        for chunk in submissions.chunks(CHUNK) {
            dispatch!(self, connection => {
                for start in [
                    "INSERT INTO dropped_object SELECT object FROM asset WHERE object IS NOT NULL AND submission_id IN ",
                    "DELETE FROM asset WHERE submission_id IN ",
                ] {
                    let mut query = QueryBuilder::new(start);
                    push_list(&mut query, chunk.iter().copied());
                    query.build().execute(&mut *connection).await?;
                }
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(())
    }

    /// Returns the hosts with assets whose fetch is due at `now`, each with the partner of its next
    /// asset.
    ///
    /// Goes from one host to the next in the index, so the time depends on the number of hosts, not
    /// on that of assets.
    pub async fn hosts_to_fetch(&mut self, now: Timestamp) -> Result<Vec<(i64, Uuid)>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "WITH RECURSIVE queue (host) AS (
                 SELECT min(host) FROM asset WHERE state = 'fetching'
                 UNION ALL
                 SELECT (SELECT min(asset.host) FROM asset WHERE asset.state = 'fetching' AND asset.host > queue.host)
                   FROM queue WHERE queue.host IS NOT NULL
             ), due (host, partner_id) AS MATERIALIZED (
                 SELECT queue.host,
                        (SELECT submission.partner_id
                           FROM asset JOIN submission ON submission.id = asset.submission_id
                          WHERE asset.state = 'fetching' AND asset.host = queue.host AND asset.due_at <= $1
                          ORDER BY asset.due_at, asset.id LIMIT 1)
                   FROM queue WHERE queue.host IS NOT NULL
             ) SELECT host, partner_id FROM due WHERE partner_id IS NOT NULL",
        ).bind(now).fetch_all(connection).await)?)
    }

    /// Takes up to `limit` assets of a host whose fetch is due at `now`, each with its partner and
    /// its number of attempts.
    ///
    /// A taken asset is leased until `again`: if the node crashes, another one takes it then.
    pub async fn take_assets_to_fetch(
        &mut self,
        (now, again): (Timestamp, Timestamp),
        host: i64,
        limit: i64,
    ) -> Result<Vec<(Asset, Uuid, i64)>, StoreError> {
        struct Taken {
            row: AssetRow,
            attempts: i64,
            partner_id: Uuid,
        }
        from_row!(Taken { attempts, partner_id; flatten row });
        let skip_taken = self.skip_taken();
        let take = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM asset WHERE state = 'fetching' AND host = $1 AND due_at <= $2
                                        ORDER BY due_at, id LIMIT $4 {skip_taken})
             UPDATE asset SET due_at = $3, attempts = attempts + 1 WHERE id IN (SELECT id FROM due)
             RETURNING *, (SELECT partner_id FROM submission WHERE submission.id = asset.submission_id) AS partner_id"
        );
        let rows: Vec<Taken> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(take))
            .bind(host).bind(now).bind(again).bind(limit).fetch_all(connection).await)?;
        rows.into_iter().map(|taken| Ok((taken.row.try_into()?, taken.partner_id, taken.attempts))).collect()
    }

    /// Postpones the fetch of an asset until `due_at`.
    pub async fn put_off_asset(&mut self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE asset SET due_at = $2 WHERE id = $1 AND state = 'fetching'")
            .bind(id).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Stores the host of an asset that was taken without one. The attempt does not count, and the
    /// next one is due at `due_at`.
    pub async fn set_asset_host(&mut self, id: Uuid, host: i64, due_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE asset SET host = $2, due_at = $3, attempts = attempts - 1 WHERE id = $1 AND state = 'fetching'",
        ).bind(id).bind(host).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Ends up to `limit` waits for wallets to be kept that are due at `now`. If the wallet was not
    /// kept, the document is deleted (docs/partner-api.md section 8). Returns the number of ended
    /// waits, and how many of them deleted a document.
    pub async fn end_waits_for_keeping(&mut self, now: Timestamp, limit: i64) -> Result<(u64, u64), StoreError> {
        let skip_taken = self.skip_taken();
        let due = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM asset WHERE keep_by <= $1 ORDER BY keep_by, id LIMIT $2 {skip_taken})"
        );
        let kept = format!(
            "EXISTS (SELECT 1 FROM submission JOIN holder ON holder.id = submission.holder_id
              WHERE submission.id = asset.submission_id AND {IS_KEPT})"
        );
        // A single statement decides which wallets are kept. The rest follows its result.
        let deleted = format!(
            "{due} UPDATE asset SET state = 'deleted', sealed = NULL, keep_by = NULL
              WHERE id IN (SELECT id FROM due) AND NOT {kept} RETURNING object"
        );
        let no_longer_waiting =
            format!("{due} UPDATE asset SET keep_by = NULL WHERE id IN (SELECT id FROM due) AND {kept}");
        let (deleted, kept): (Vec<Option<Uuid>>, u64) = dispatch!(self, connection => {
            let deleted =
                sqlx::query_scalar(sqlx::AssertSqlSafe(deleted)).bind(now).bind(limit).fetch_all(&mut *connection).await?;
            let kept = sqlx::query(sqlx::AssertSqlSafe(no_longer_waiting)).bind(now).bind(limit).execute(connection).await?;
            Ok::<_, StoreError>((deleted, kept.rows_affected()))
        })?;
        for object in deleted.iter().flatten() {
            self.drop_object(*object).await?;
            dispatch!(self, connection => sqlx::query("UPDATE asset SET object = NULL, size = NULL WHERE object = $1 AND state = 'deleted'")
                .bind(object).execute(connection).await.map(drop))?;
        }
        Ok((deleted.len() as u64 + kept, deleted.len() as u64))
    }

    /// Returns the id of this database; it becomes `new` if it had none.
    pub async fn instance(&mut self, new: Uuid) -> Result<Uuid, StoreError> {
        Ok(dispatch!(self, connection => {
            sqlx::query("INSERT INTO instance (place, id) VALUES (1, $1) ON CONFLICT DO NOTHING").bind(new).execute(&mut *connection).await?;
            sqlx::query_scalar("SELECT id FROM instance").fetch_one(connection).await
        })?)
    }

    /// Stores the server's current base URL. Returns the previous one if it differs.
    pub async fn note_base_url(&mut self, base_url: &str) -> Result<Option<String>, StoreError> {
        let before: Option<String> = dispatch!(self, connection => sqlx::query_scalar("SELECT base_url FROM instance WHERE place = 1").fetch_optional(connection).await)?;
        let Some(before) = before.filter(|before| before != base_url) else { return Ok(None) };
        dispatch!(self, connection => sqlx::query("UPDATE instance SET base_url = $1 WHERE place = 1")
            .bind(base_url).execute(connection).await.map(drop))?;
        Ok((!before.is_empty()).then_some(before))
    }

    /// Returns up to `limit` objects that are scheduled for deletion. The order is the same on
    /// every node.
    pub async fn dropped_objects(&mut self, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT object FROM dropped_object ORDER BY object LIMIT $1").bind(limit).fetch_all(connection).await)?,
        )
    }

    /// Schedules an object for deletion.
    pub async fn drop_object(&mut self, object: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO dropped_object (object) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(object).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes a deleted object from the schedule.
    pub async fn forget_dropped_object(&mut self, object: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM dropped_object WHERE object = $1").bind(object).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns whether any row refers to this object.
    pub async fn is_object_known(&mut self, object: Uuid) -> Result<bool, StoreError> {
        let count: i64 = dispatch!(self, connection => sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM asset WHERE object = $1) + (SELECT count(*) FROM dropped_object WHERE object = $1)",
        ).bind(object).fetch_one(connection).await)?;
        Ok(count > 0)
    }
}
