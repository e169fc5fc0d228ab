//! Warnings to a partner whose request was successful.

use std::borrow::Cow;

use credential::Submission;
use serde::Serialize;
use utoipa::ToSchema;

/// A warning about a successful push.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// A stable code.
    #[schema(value_type = String, example = "duplicate.different_body")]
    pub code: &'static str,
    /// A description in English.
    #[schema(value_type = String, example = "You have already sent this credential_id with a different body.")]
    pub message: Cow<'static, str>,
}

/// Returns warnings about `submission` that do not prevent it from being stored.
pub fn advice(submission: &Submission) -> impl Iterator<Item = Warning> + use<> {
    submission.advice().into_iter().map(|advice| Warning { code: advice.code, message: advice.message.into() })
}
