//! The query of lists with pages (docs/partner-api.md section 8).

use credential::Type;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{Error, Kind};
use crate::flows::partner_lists::PageRequest;
use crate::http::extract::Query;
use ambient::Timestamp;
use store::{ListFilter, StatusFilter};

/// Maximum number of rows per page.
const MAX_PAGE: i64 = 100;

/// Number of rows per page without a `limit`.
const DEFAULT_PAGE: i64 = 50;

/// The filters and the page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListOptions {
    /// Return only those of this credential type.
    #[param(example = "career_history")]
    r#type: Option<String>,
    /// Return only those with this status: `incomplete`, `verified` or `canceled`.
    #[param(example = "canceled")]
    status: Option<String>,
    /// Return only those created at this time or later (RFC 3339).
    #[param(format = "date-time", example = "2026-11-24T00:00:00Z")]
    created_after: Option<String>,
    /// Return only those created before this time (RFC 3339).
    #[param(format = "date-time", example = "2026-11-25T00:00:00Z")]
    created_before: Option<String>,
    /// Maximum number per page, 1 to 100. Default: 50.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// The `next_cursor` of the previous page. Send it with the same filters.
    cursor: Option<String>,
}

/// The options, or the error of parsing them.
pub(super) type Options = Result<Query<ListOptions>, Error>;

/// The id of a submission.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SubmissionId {
    /// Return only the submission with this `credential_id`, if you have one.
    #[param(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    credential_id: Option<String>,
}

impl SubmissionId {
    /// Returns the id.
    ///
    /// # Errors
    /// 400 if it cannot be one.
    pub(super) fn checked(self) -> Result<Option<String>, Error> {
        checked_id("credential_id", self.credential_id)
    }
}

/// The id of a verification request.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct VerificationRequestId {
    /// Return only the verification request with this `request_id`, if you have one.
    #[param(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    request_id: Option<String>,
}

impl VerificationRequestId {
    /// Returns the id.
    ///
    /// # Errors
    /// 400 if it cannot be one.
    pub(super) fn checked(self) -> Result<Option<String>, Error> {
        checked_id("request_id", self.request_id)
    }
}

fn checked_id(parameter: &str, id: Option<String>) -> Result<Option<String>, Error> {
    if id.as_deref().is_some_and(|id| !credential::is_identifier(id)) {
        return Err(invalid(&format!("{parameter} must be an id of yours, complete and without control characters")));
    }
    Ok(id)
}

/// Validates the query of a list. `own_id` is the id of the only entry to return.
pub(super) fn page_request(options: Options, own_id: Option<String>) -> Result<PageRequest, Error> {
    let invalid_limit = || invalid("limit must be 1 to 100, and each parameter may be given once");
    let Query(options) = options.map_err(|_| invalid_limit())?;
    let limit = Some(options.limit.unwrap_or(DEFAULT_PAGE)).filter(|limit| (1..=MAX_PAGE).contains(limit));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).ok_or_else(invalid_limit)?;
    let status = options.status.as_deref().map(|name| {
        StatusFilter::from_name(name).ok_or_else(|| invalid("status must be incomplete, verified or canceled"))
    });
    let filter = ListFilter {
        status: status.transpose()?,
        types: options.r#type.as_deref().map(credential_type).transpose()?.map(|known| vec![known]),
        created_after: options.created_after.as_deref().map(|text| time("created_after", text)).transpose()?,
        created_before: options.created_before.as_deref().map(|text| time("created_before", text)).transpose()?,
        own_id,
    };
    Ok(PageRequest { filter, cursor: options.cursor, limit })
}

fn invalid(rule: &str) -> Error {
    Error::new(Kind::Malformed, format!("Invalid query: {rule}."))
}

fn credential_type(name: &str) -> Result<Type, Error> {
    let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
    name.parse().map_err(|_| invalid(&format!("type must be one of {}", known.join(", "))))
}

fn time(parameter: &str, text: &str) -> Result<Timestamp, Error> {
    let time = text.parse::<jiff::Timestamp>().map_err(|_| {
        invalid(&format!(
            "{parameter} must be a time in RFC 3339, such as 2026-11-24T00:00:00Z, and no later than \
             9999-12-30T22:00:00Z; write + as %2B"
        ))
    })?;
    Ok(Timestamp::from_micros(time.as_microsecond()))
}
