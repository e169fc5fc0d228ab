//! Documents as partners see them.
//!
//! A holder who deletes a credential does not change what the partner sees. The status of its
//! documents is copied to a separate table before they are deleted.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::asset::{AssetStage, AssetStatus, Failure};

struct AssetStatusRow {
    submission_id: Uuid,
    asset_id: String,
    state: String,
    failure: Option<String>,
}
from_row!(AssetStatusRow { submission_id, asset_id, state, failure });

impl TryFrom<AssetStatusRow> for AssetStatus {
    type Error = StoreError;

    fn try_from(row: AssetStatusRow) -> Result<Self, StoreError> {
        let failure = row.failure.as_deref().and_then(Failure::from_name);
        let stage = AssetStage::from_name(&row.state, failure);
        Ok(Self {
            stage: stage.ok_or_else(|| StoreError::corrupt_row("asset", format!("state {}", row.state)))?,
            submission_id: row.submission_id,
            asset_id: row.asset_id,
        })
    }
}

/// Most submissions per statement.
const CHUNK: usize = 256;

const COLUMNS: &str = "SELECT submission_id, position, asset_id, state, failure FROM ";

impl Tx {
    /// Returns the documents of `submissions` as their partners see them, in the partner's order.
    pub async fn asset_statuses(&mut self, submissions: &[Uuid]) -> Result<Vec<AssetStatus>, StoreError> {
        let mut statuses = Vec::new();
        for chunk in submissions.chunks(CHUNK) {
            let rows: Vec<AssetStatusRow> = dispatch!(self, connection => {
                let mut query = QueryBuilder::new(COLUMNS);
                query.push("asset WHERE submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" UNION ALL ").push(COLUMNS).push("removed_asset WHERE submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY submission_id, position");
                query.build_query_as().fetch_all(connection).await
            })?;
            for row in rows {
                statuses.push(row.try_into()?);
            }
        }
        Ok(statuses)
    }

    /// Keeps the document statuses of `submissions`, whose documents are deleted in the same
    /// transaction.
    pub(super) async fn keep_asset_statuses(&mut self, submissions: &[Uuid]) -> Result<(), StoreError> {
        for chunk in submissions.chunks(CHUNK) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new("INSERT INTO removed_asset (submission_id, position, asset_id, state, failure) ");
                query.push(COLUMNS).push("asset WHERE submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ON CONFLICT DO NOTHING");
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}
