//! Credential types, their validation and names, signed formats, status lists and verification.
//!
//! Pure: no I/O, no clock, no randomness, nothing asynchronous. Parsing a partner's body takes the
//! time as an argument and returns a [`Submission`], or all of its [`FieldError`]s.
//!
//! ```
//! use credential::{Context, ParseError, Submission, Type};
//!
//! let context = Context::new("2026-11-23T09:00:00Z".parse().unwrap());
//! let history: Type = "career_history".parse().unwrap();
//!
//! let sample = (history.sample)().to_string();
//! let submission = Submission::parse_v2(history, sample.as_bytes(), &context).unwrap();
//! let headline = history.headline(&submission.fields());
//! assert_eq!(headline, "Senior Software Engineer at Company B, and one earlier job");
//!
//! let mistake = sample.replace("2020-01", "01/2020");
//! let refused = Submission::parse_v2(history, mistake.as_bytes(), &context);
//! let Err(ParseError::Invalid(errors)) = refused else { panic!() };
//! assert_eq!(errors[0].pointer, "/fields/employment/0/start_date");
//! assert_eq!(errors[0].code.as_str(), "date.format");
//! assert_eq!(errors[0].suggestion.as_deref(), Some("2020-01"));
//! ```

mod asset;
mod batch;
mod body_form;
mod career;
mod career_data;
mod claim_label;
mod confirmed_name;
mod context;
mod country;
mod credential_type;
mod date;
pub mod dcql;
mod earlier_title;
mod email;
pub mod encoding;
mod field_error;
pub mod format;
mod json;
pub mod jwe;
pub mod jws;
pub mod key;
mod key_set;
mod limits;
mod listener;
mod locate;
mod media_type;
pub mod names;
mod numeric_date;
pub mod opencerts;
mod partner_query;
mod payload;
mod period;
mod pointer;
mod presentation_request;
mod relation;
mod return_url;
mod sandbox;
mod schema;
pub mod status;
mod submission;
pub mod timeline;
mod token_to_verify;
mod types;
mod url_form;
mod v1;
mod v1_schema;
pub mod verification;
mod verify_error;
mod version;
mod view;
mod webhook;
mod whole_number;
mod year_month;

pub use asset::{Asset, AssetKind, AssetRecord, AssetRules, AssetSource, MAX_BYTES};
pub use batch::{Batch, BatchBody, BatchForm, batch_sample, batch_sample_of, batch_schema};
pub use career::{CareerHistory, Employment};
pub use career_data::{CareerData, FRESH_MONTHS, OldJob};
pub use confirmed_name::{BirthDateReason, ConfirmedBirthDate, ConfirmedName, NameReason};
pub use context::Context;
pub use credential_type::{Achievement, BatchMember, CredentialType, Hint, V1};
pub use date::{Date, ParseDateError};
pub use earlier_title::{EarlierTitle, TitleKind, earlier_titles};
pub use email::EmailAddress;
pub use field_error::{Code, FieldError, FieldErrors};
pub use json::{JsonError, JsonErrorKind, MAX_OTHER_VALUES, Members, Node, parse_limited};
pub use limits::MAX_VALUES;
pub use listener::{ListenerResult, parse_listener, parse_poll};
pub use locate::{Location, locate};
pub use numeric_date::{JwtDates, NumericDate};
pub use partner_query::PartnerQuery;
pub use payload::Payload;
pub use period::parse_period;
pub use pointer::Path;
pub use presentation_request::{PresentationRequest, presentation_request_sample, presentation_request_schema};
pub use relation::Relation;
pub use return_url::{is_listed, not_listed};
pub use sandbox::{Simulation, parse_advance, parse_sandbox_period, parse_simulation};
pub use schema::{Choice, ListRules, Member, Presence, Shape, parse_text};
pub use submission::{ParseError, Submission, is_identifier, parse_status_question, parse_withdrawal};
pub use token_to_verify::TokenToVerify;
pub use types::{ALL, CATEGORIES, Type, UnknownTypeError};
pub use url_form::{is_plain_url, url_authority};
pub use v1_schema::{v1_batch_sample, v1_batch_schema};
pub use verify_error::{InvalidDate, OtherContent, OtherToken, VerifyError};
pub use version::{Change, changes};
pub use view::{Block, DisplayValue};
pub use webhook::{EVENT_TYPES, Replay, WebhookFields, WebhookForm, parse_replay, parse_rotation, parse_webhook};
pub use year_month::{MONTH_NAMES, ParseYearMonthError, YearMonth};
