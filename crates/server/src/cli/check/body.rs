//! The validation of one body, with the parsers of the server.

use credential::{Batch, BatchBody, BatchForm, Code, Context, FieldError, ParseError, Submission, Type};
use serde_json::{Map, Value};

use crate::flows::warning::{Warning, advice, item_advice};

/// The form of a body: the version of the API, and whether it is a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyForm {
    V1,
    V2,
    BatchV1,
    BatchV2,
}

/// A valid body.
#[derive(Debug)]
pub(super) struct Valid {
    /// The partner's id of the push or the batch.
    pub credential_id: String,
    /// One line for each credential.
    pub headlines: Vec<String>,
    /// What the server would warn about.
    pub warnings: Vec<Warning>,
}

impl BodyForm {
    /// Determines the form from the names of the members.
    pub(super) fn of(text: &str) -> Self {
        let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let has = |name: &str| object.contains_key(name);
        if has("fields") {
            Self::V2
        } else if has("credentials") {
            Self::BatchV1
        } else if has("data") {
            Self::V1
        } else if credential::ALL.iter().any(|known| has(known.batch.member())) {
            Self::BatchV2
        } else {
            Self::V2
        }
    }

    /// Returns the name in the output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::BatchV1 => "v1 batch",
            Self::BatchV2 => "v2 batch",
        }
    }

    /// Returns whether the body names its types itself.
    pub(super) fn is_batch(self) -> bool {
        matches!(self, Self::BatchV1 | Self::BatchV2)
    }
}

/// Returns the type that a v1 body names.
pub(super) fn named_type(text: &str) -> Option<Type> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object.get("credential_type")?.as_str()?.parse().ok()
}

/// Validates `text` as a push of `credential_type`, or as a batch.
pub(super) fn check(
    form: BodyForm,
    text: &str,
    credential_type: Type,
    context: &Context<'_>,
) -> Result<Valid, ParseError> {
    let bytes = text.as_bytes();
    let batch = |form: BatchForm| BatchBody::read(form, bytes)?.check(context).map(of_batch);
    match form {
        BodyForm::V1 if credential_type.v1.is_none() => Err(ParseError::Invalid(vec![not_in_v1(credential_type)])),
        BodyForm::V1 => Submission::parse_v1(credential_type, bytes, context).map(of_push),
        BodyForm::V2 => Submission::parse_v2(credential_type, bytes, context).map(of_push),
        BodyForm::BatchV1 => batch(BatchForm::V1),
        BodyForm::BatchV2 => batch(BatchForm::V2),
    }
}

fn headline(submission: &Submission) -> String {
    submission.credential_type.headline(&submission.fields())
}

fn of_push(submission: Submission) -> Valid {
    Valid {
        headlines: vec![headline(&submission)],
        warnings: advice(&submission).collect(),
        credential_id: submission.credential_id,
    }
}

fn of_batch(batch: Batch) -> Valid {
    Valid {
        headlines: batch.items.iter().map(headline).collect(),
        warnings: batch.items.iter().flat_map(item_advice).collect(),
        credential_id: batch.credential_id,
    }
}

fn not_in_v1(credential_type: Type) -> FieldError {
    FieldError {
        pointer: "/credential_type".to_owned(),
        code: Code::CredentialTypeMismatch,
        message: format!("v1 has no credential type {credential_type}. Use a v2 body."),
        received: Some(credential_type.name().to_owned()),
        suggestion: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context<'static> {
        Context::new("2026-11-23T09:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn every_form_is_recognised_and_validated() {
        let push = (Type::default().sample)();
        let v1 = Type::default().v1_sample().expect("v1 has it");
        for (sample, form) in [
            (push, BodyForm::V2),
            (v1, BodyForm::V1),
            (credential::batch_sample(), BodyForm::BatchV2),
            (credential::v1_batch_sample(), BodyForm::BatchV1),
        ] {
            let text = sample.to_string();
            assert_eq!(BodyForm::of(&text), form);
            let valid = check(form, &text, Type::default(), &context()).expect("valid");
            assert_eq!(valid.headlines.len() > 1, form.is_batch(), "{}", form.name());
        }
        assert_eq!(BodyForm::of("{ not json"), BodyForm::V2);
    }

    #[test]
    fn types_that_v1_lacks_are_refused() {
        let unknown = credential::ALL.iter().copied().find(|known| known.v1.is_none()).expect("v2 has more types");
        let body = format!(r#"{{"id":"1","credential_type":"{unknown}","data":{{}}}}"#);
        assert_eq!(named_type(&body), Some(unknown));
        let refused = check(BodyForm::V1, &body, unknown, &context()).expect_err("not in v1");
        assert!(matches!(refused, ParseError::Invalid(errors) if errors[0].message.contains("Use a v2 body")));
    }
}
