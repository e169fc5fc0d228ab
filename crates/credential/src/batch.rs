//! Batches: several submissions about one person with one link (docs/partner-api.md section 7).

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::body_form::{self, BodyForm};
use crate::context::Context;
use crate::credential_type::BatchMember;
use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::limits::BATCH;
use crate::pointer::Path;
use crate::return_url::{self, RETURN_URL};
use crate::schema::{Member, Presence, Shape, check_object, object_schema};
use crate::submission::{CREDENTIAL_ID, NOTIFY, ParseError, Submission, notify_email, object, replaces_itself, text};
use crate::types::{ALL, Type};
use crate::v1;

/// The version of a batch body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchForm {
    /// v2: one member per credential type.
    V2,
    /// v1: one list (docs/partner-api.md section 6).
    V1,
}

/// A JSON object that was not validated yet and may be a batch.
#[derive(Debug)]
pub struct BatchBody<'a> {
    form: BatchForm,
    source: &'a [u8],
    object: Members<'a>,
}

/// A validated batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The partner's id for the whole batch.
    pub credential_id: String,
    /// The JSON Pointer to that id in the caller's body.
    pub id_pointer: &'static str,
    /// Its items: 1 to 100.
    pub items: Vec<Submission>,
    /// The email address that the link is sent to, if any (a Tenure extension).
    pub notify: Option<String>,
    /// The URL that the person continues to after deciding about all items (a Tenure extension).
    pub return_url: Option<String>,
}

impl<'a> BatchBody<'a> {
    /// Parses the body as a JSON object.
    ///
    /// # Errors
    /// [`ParseError`], if it is not JSON or not an object.
    pub fn read(form: BatchForm, source: &'a [u8]) -> Result<Self, ParseError> {
        let (object, _) = object(source)?;
        Ok(Self { form, source, object })
    }

    /// Returns the types of its items without duplicates: the caller needs the scope of each.
    pub fn types(&self) -> Vec<Type> {
        let in_v1 = if self.form == BatchForm::V1 { v1::batch_types(&self.object) } else { Vec::new() };
        let has = |known: &Type| match self.form {
            BatchForm::V2 => self.object.get(known.batch.member()).is_some_and(is_something),
            BatchForm::V1 => in_v1.contains(known),
        };
        ALL.iter().copied().filter(has).collect()
    }

    /// Validates the batch and brings it into its normal form.
    ///
    /// # Errors
    /// [`ParseError`] with the errors of all items.
    pub fn check(self, context: &Context<'_>) -> Result<Batch, ParseError> {
        let mut field_errors = FieldErrors::default();
        let (form, id_pointer) = match self.form {
            BatchForm::V2 => (BodyForm::BatchV2, "/credential_id"),
            BatchForm::V1 => (BodyForm::BatchV1, "/id"),
        };
        body_form::check(form, &self.object, None, self.source).map_err(ParseError::Invalid)?;
        let batch = match self.form {
            BatchForm::V2 => Batch { id_pointer, ..check_v2(self.object, context, &mut field_errors) },
            BatchForm::V1 => {
                let (credential_id, items) = v1::check_batch(self.object, context, &mut field_errors);
                Batch { credential_id, id_pointer, items, notify: None, return_url: None }
            }
        };
        check_ids(&batch.credential_id, id_pointer, &batch.items, &mut field_errors);
        field_errors.into_result(self.source).map_err(ParseError::Invalid)?;
        Ok(batch)
    }
}

fn is_something(value: &Node<'_>) -> bool {
    match value {
        Node::Null => false,
        Node::List(items) => !items.is_empty(),
        _ => true,
    }
}

fn members() -> Vec<Member> {
    let list = |known: &Type| Member {
        name: known.batch.member(),
        shape: Shape::Anything,
        presence: Presence::Nullable,
        label: "",
        meaning: known.summary,
        example: "",
    };
    [CREDENTIAL_ID].into_iter().chain(ALL.iter().map(list)).chain([NOTIFY, RETURN_URL]).collect()
}

fn check_v2(mut object: Members<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) -> Batch {
    check_object(&mut object, &members(), &Path::Root, field_errors);
    return_url::check(&object, context, field_errors);
    let mut items = Vec::new();
    let mut count = 0;
    for known in ALL {
        let name = known.batch.member();
        let path = Path::Member(&Path::Root, name);
        match (known.batch, object.remove(name)) {
            (_, None) => {}
            (BatchMember::One(_), Some(value)) => {
                count += 1;
                items.extend(check_item(value, *known, &path, context, field_errors));
            }
            (BatchMember::Many(_), Some(Node::List(values))) => {
                for (index, value) in values.into_iter().enumerate() {
                    count += 1;
                    if count <= BATCH {
                        items.extend(check_item(value, *known, &Path::Item(&path, index), context, field_errors));
                    }
                }
            }
            (BatchMember::Many(_), Some(mut other)) => {
                count += 1;
                Shape::List { of: &Shape::Anything, least: 0, most: BATCH }.check(&mut other, &path, field_errors);
            }
        }
    }
    if count == 0 {
        field_errors.add(&Path::Root, Code::BatchEmpty, || "A batch must have at least one item.".to_owned());
    }
    if count > BATCH {
        field_errors.add(&Path::Root, Code::ListTooLong, || {
            format!("A batch must have at most {BATCH} items; it has {count}.")
        });
    }
    // The batch is rejected if it has any error, so unusable values may be dropped here.
    let notify = object.remove("notify").filter(Node::is_object);
    Batch {
        credential_id: text(object.remove("credential_id")),
        id_pointer: "",
        items,
        notify: notify_email(notify),
        return_url: object.remove(RETURN_URL.name).map(|address| text(Some(address))),
    }
}

/// Validates and reads one item. The result may be used only if no error was added.
fn check_item(
    mut value: Node<'_>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) -> Option<Submission> {
    let Node::Object(object) = &mut value else {
        Shape::Object(&[]).check(&mut value, path, field_errors);
        return None;
    };
    crate::submission::check_item(object, credential_type, path, context, field_errors);
    Some(Submission::read(std::mem::take(object), credential_type, path))
}

/// Checks that the ids of the batch and its items are unique, because each has a status of its own.
/// An item must not replace another item of the batch, because none is accepted yet.
fn check_ids(batch: &str, batch_pointer: &str, items: &[Submission], field_errors: &mut FieldErrors) {
    let mut seen: HashMap<&str, &str> = HashMap::from([(batch, batch_pointer)]);
    for item in items.iter().filter(|item| !item.credential_id.is_empty()) {
        if let Some(earlier) = seen.insert(&item.credential_id, &item.id_pointer) {
            let message = || {
                format!("The same id is used at {earlier}. The batch and each of its items must have different ids.")
            };
            field_errors
                .add(&Path::Pointer(&item.id_pointer), Code::CredentialIdDuplicate, message)
                .received(&Node::from(item.credential_id.as_str()));
        }
    }
    for item in items {
        // An item that replaces itself was reported before.
        let replaces = item.replaces.as_deref().filter(|replaces| **replaces != item.credential_id);
        if let Some(replaces) = replaces.filter(|replaces| seen.contains_key(replaces)) {
            replaces_itself(&Node::from(replaces), &Path::Pointer(&item.replaces_pointer()), field_errors);
        }
    }
}

/// Returns the JSON Schema (2020-12) of a v2 batch.
pub fn batch_schema() -> Value {
    let mut schema = object_schema(&[CREDENTIAL_ID, NOTIFY, RETURN_URL]);
    for known in ALL {
        let item = known.item_schema();
        schema["properties"][known.batch.member()] = match known.batch {
            BatchMember::One(_) => item,
            BatchMember::Many(_) => json!({
                "type": ["array", "null"], "maxItems": BATCH, "description": known.summary, "items": item,
            }),
        };
    }
    schema
}

/// Returns a valid v2 batch of three types, for the API reference.
pub fn batch_sample() -> Value {
    batch_sample_of(&ALL[..3])
}

/// Returns a v2 batch with the sample of each of `types`.
pub fn batch_sample_of(types: &[Type]) -> Value {
    let mut sample = json!({ "credential_id": "BATCH-6d1f0a3b-95c2-4e78-b6d4-8f3a2c7e5b19" });
    for known in types {
        let item = (known.sample)();
        sample[known.batch.member()] = match known.batch {
            BatchMember::One(_) => item,
            BatchMember::Many(_) => json!([item]),
        };
    }
    sample
}
