//! Warnings: what a partner should know although its request was successful.

use std::borrow::Cow;

use credential::Submission;
use serde::Serialize;
use utoipa::ToSchema;

/// Something to know about a push that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// A stable code.
    #[schema(value_type = String, example = "submission.differs")]
    pub code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
}

/// The advice on `submission` that does not keep it from being stored.
pub fn advice(submission: &Submission) -> impl Iterator<Item = Warning> + use<> {
    submission.advice().into_iter().map(|advice| Warning { code: advice.code, message: advice.message.into() })
}
