//! Warnings to a partner whose request was successful.

use std::borrow::Cow;

use credential::{Hint, Submission};
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
    /// The part of the message that says what it is about; empty if there is none. Warnings that
    /// differ only in this part can be joined.
    #[serde(skip)]
    pub place: String,
}

/// Returns warnings about `submission` that do not prevent it from being stored.
pub fn advice(submission: &Submission) -> impl Iterator<Item = Warning> + use<> {
    submission.advice().into_iter().map(|Hint { code, pointer, message }| Warning {
        code,
        message: message.into(),
        place: pointer,
    })
}

/// Returns warnings about an item of a batch. They name it by its id too.
pub fn item_advice(item: &Submission) -> impl Iterator<Item = Warning> {
    advice(item).map(move |Warning { code, message, place: pointer }| {
        let place = format!("{pointer} (id {})", item.credential_id);
        Warning { code, message: message.replacen(&pointer, &place, 1).into(), place }
    })
}
