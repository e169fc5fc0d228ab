//! Recognizes a body that belongs to another path: to the other version, or a batch in place of one
//! credential.

use crate::field_error::{Code, FieldError, FieldErrors};
use crate::json::{Members, Node};
use crate::pointer::Path;
use crate::types::{ALL, Type};

/// The form of a body: the version of the API, and whether it is a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyForm {
    V1,
    V2,
    BatchV1,
    BatchV2,
}

impl BodyForm {
    /// Determines the form by the names of the fields; `None` if they are of several forms or none.
    fn of(object: &Members<'_>) -> Option<Self> {
        let has = |names: &[&str]| names.iter().any(|name| object.contains_key(name));
        let has_types = ALL.iter().any(|known| object.contains_key(known.batch.member()));
        let found = [
            (Self::V1, has(&["data"])),
            (Self::V2, has(&["fields"])),
            (Self::BatchV1, has(&["credentials"])),
            (Self::BatchV2, has_types),
        ];
        let mut forms = found.into_iter().filter(|(_, is_found)| *is_found).map(|(form, _)| form);
        let form = forms.next().filter(|_| forms.next().is_none())?;
        let is_whole = match form {
            Self::V1 => has(&["credential_type", "document_type"]),
            Self::V2 => !has(&["id", "document_type"]),
            Self::BatchV1 | Self::BatchV2 => true,
        };
        is_whole.then_some(form)
    }

    fn is_batch(self) -> bool {
        matches!(self, Self::BatchV1 | Self::BatchV2)
    }

    fn called(self) -> &'static str {
        match self {
            Self::V1 => "a v1 body with one credential",
            Self::V2 => "a v2 body with one credential",
            Self::BatchV1 => "a v1 batch",
            Self::BatchV2 => "a v2 batch",
        }
    }

    /// Returns the names of its fields.
    fn fields(self) -> &'static str {
        match self {
            Self::V1 => "\"id\", \"document_type\", \"credential_type\" and \"data\"",
            Self::V2 => "\"credential_id\" and \"fields\"",
            Self::BatchV1 => "\"id\" and \"credentials\"",
            Self::BatchV2 => "\"credential_id\" and those of the types, such as \"education_items\"",
        }
    }

    /// Returns the path that accepts it; `None` if v1 does not have the type.
    fn path(self, credential_type: Option<Type>) -> Option<String> {
        let name = credential_type.map_or("{type}", Type::name);
        match self {
            Self::V1 if credential_type.is_some_and(|known| known.v1.is_none()) => None,
            Self::V1 => Some(format!("/api/partner/v1/add/{name}")),
            Self::V2 => Some(format!("/api/partner/v2/add/requests/{name}")),
            Self::BatchV1 => Some("/api/partner/v1/add/batch".to_owned()),
            Self::BatchV2 => Some("/api/partner/v2/add/requests/batch".to_owned()),
        }
    }
}

/// Checks that a body is not of another form than that of its path, `expected`. Otherwise it gets
/// one error, in place of one for each of its fields. `credential_type` is that of the path; a path
/// for batches has none.
///
/// # Errors
/// The one error, with the path that accepts the body.
pub(crate) fn check(
    expected: BodyForm,
    object: &Members<'_>,
    credential_type: Option<Type>,
    source: &[u8],
) -> Result<(), Vec<FieldError>> {
    let Some(found) = BodyForm::of(object).filter(|found| *found != expected) else { return Ok(()) };
    let is_other_kind = found.is_batch() != expected.is_batch();
    let code = if is_other_kind { Code::BatchMismatch } else { Code::VersionMismatch };
    let named = || object.get("credential_type").and_then(Node::as_str)?.parse::<Type>().ok();
    let cure = match found.path(credential_type.or_else(named)) {
        Some(path) => format!("Send it to {path}, or use"),
        None => "Use".to_owned(),
    };
    let fields = format!("the fields of {}: {}", expected.called(), expected.fields());
    let mut field_errors = FieldErrors::default();
    field_errors.add(&Path::Root, code, || format!("This is {}. {cure} {fields}.", found.called()));
    field_errors.into_result(source)
}
