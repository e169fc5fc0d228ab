//! Batches: several submissions about one person behind one link (partner-api, section 7).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::credential_type::BatchMember;
use crate::fault::{Code, Faults};
use crate::limits::BATCH;
use crate::pointer::Path;
use crate::return_url::{self, RETURN_URL};
use crate::schema::{Member, Presence, Shape, check_object, object_schema};
use crate::submission::{CLAIM, CREDENTIAL_ID, Rejection, Submission, claimed, object, replaces_itself, text};
use crate::types::{ALL, Type};
use crate::v1;

/// The form of a batch's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchForm {
    /// v2's: a member a type.
    V2,
    /// v1's: one list (partner-api, section 6).
    V1,
}

/// A body that may be a batch: an object, and nothing else is known yet.
#[derive(Debug)]
pub struct BatchBody<'a> {
    form: BatchForm,
    source: &'a [u8],
    object: Map<String, Value>,
}

/// A batch without faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The partner's own id for the whole.
    pub credential_id: String,
    /// Where in the caller's body that id stands: a JSON Pointer.
    pub id_pointer: &'static str,
    /// Its items: at least one, at most a hundred.
    pub items: Vec<Submission>,
    /// Whom to mail the link to, if anybody (ours).
    pub claim: Option<String>,
    /// Where the person goes on after deciding about all of it (ours).
    pub return_url: Option<String>,
}

impl<'a> BatchBody<'a> {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`Rejection`]: not JSON, or no object.
    pub fn read(form: BatchForm, source: &'a [u8]) -> Result<Self, Rejection> {
        let (object, _) = object(source)?;
        Ok(Self { form, source, object })
    }

    /// The types of its items, each once: what the caller must have the right to.
    pub fn types(&self) -> Vec<Type> {
        let in_v1 = if self.form == BatchForm::V1 { v1::batch_types(&self.object) } else { Vec::new() };
        let has = |known: &Type| match self.form {
            BatchForm::V2 => self.object.get(known.batch.member()).is_some_and(is_something),
            BatchForm::V1 => in_v1.contains(known),
        };
        ALL.iter().copied().filter(has).collect()
    }

    /// Checks it and brings it into its normal form.
    ///
    /// # Errors
    /// [`Rejection`] with every fault of every item.
    pub fn check(self, context: &Context<'_>) -> Result<Batch, Rejection> {
        let mut faults = Faults::default();
        let id_pointer = match self.form {
            BatchForm::V2 => "/credential_id",
            BatchForm::V1 => "/id",
        };
        let batch = match self.form {
            BatchForm::V2 => Batch { id_pointer, ..check_v2(self.object, context, &mut faults) },
            BatchForm::V1 => {
                let (credential_id, items) = v1::check_batch(self.object, context, &mut faults);
                Batch { credential_id, id_pointer, items, claim: None, return_url: None }
            }
        };
        check_ids(&batch.credential_id, id_pointer, &batch.items, &mut faults);
        faults.into_result(self.source).map_err(Rejection::Invalid)?;
        Ok(batch)
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn members() -> Vec<Member> {
    let list = |known: &Type| Member {
        name: known.batch.member(),
        shape: Shape::Anything,
        presence: Presence::Nullable,
        meaning: known.summary,
        example: "",
    };
    [CREDENTIAL_ID].into_iter().chain(ALL.iter().map(list)).chain([CLAIM, RETURN_URL]).collect()
}

fn check_v2(mut object: Map<String, Value>, context: &Context<'_>, faults: &mut Faults) -> Batch {
    check_object(&mut object, &members(), &Path::Root, faults);
    return_url::check(&object, context, faults);
    let mut items = Vec::new();
    let mut count = 0;
    for known in ALL {
        let name = known.batch.member();
        let path = Path::Member(&Path::Root, name);
        match (known.batch, object.remove(name)) {
            (_, None) => {}
            (BatchMember::One(_), Some(value)) => {
                count += 1;
                items.extend(check_item(value, *known, &path, context, faults));
            }
            (BatchMember::Many(_), Some(Value::Array(values))) => {
                for (index, value) in values.into_iter().enumerate() {
                    count += 1;
                    if count <= BATCH {
                        items.extend(check_item(value, *known, &Path::Item(&path, index), context, faults));
                    }
                }
            }
            (BatchMember::Many(_), Some(mut other)) => {
                count += 1;
                Shape::List { of: &Shape::Anything, least: 0, most: BATCH }.check(&mut other, &path, faults);
            }
        }
    }
    if count == 0 {
        faults.add(&Path::Root, Code::BatchEmpty, || "A batch needs at least one item.".to_owned());
    }
    if count > BATCH {
        faults.add(&Path::Root, Code::ListTooLong, || format!("A batch may have {BATCH} items; this has {count}."));
    }
    // Whoever finds a fault in it has found one in the whole.
    let claim = object.remove("claim").filter(Value::is_object);
    Batch {
        credential_id: text(object.remove("credential_id")),
        id_pointer: "",
        items,
        claim: claimed(claim),
        return_url: object.remove(RETURN_URL.name).map(|address| text(Some(address))),
    }
}

/// Reads one item; what comes out counts only if no fault was added.
fn check_item(
    mut value: Value,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    faults: &mut Faults,
) -> Option<Submission> {
    let Value::Object(object) = &mut value else {
        Shape::Object(&[]).check(&mut value, path, faults);
        return None;
    };
    crate::submission::check_item(object, credential_type, path, context, faults);
    Some(Submission::read(std::mem::take(object), credential_type, path))
}

/// The ids of a batch and of its items all differ, since a status can be asked of each. No item replaces another one of
/// them, of which nothing is accepted yet.
fn check_ids(batch: &str, batch_pointer: &str, items: &[Submission], faults: &mut Faults) {
    let mut seen: HashMap<&str, &str> = HashMap::from([(batch, batch_pointer)]);
    for item in items.iter().filter(|item| !item.credential_id.is_empty()) {
        if let Some(earlier) = seen.insert(&item.credential_id, &item.id_pointer) {
            let message =
                || format!("The same id stands at {earlier}; the batch and each of its items need their own.");
            faults
                .add(&Path::Pointer(&item.id_pointer), Code::CredentialIdDuplicate, message)
                .received(&Value::from(item.credential_id.as_str()));
        }
    }
    for item in items {
        // An item that names itself has this fault already.
        let replaces = item.replaces.as_deref().filter(|replaces| **replaces != item.credential_id);
        if let Some(replaces) = replaces.filter(|replaces| seen.contains_key(replaces)) {
            replaces_itself(&Value::from(replaces), &Path::Pointer(&item.replaces_pointer()), faults);
        }
    }
}

/// JSON Schema (2020-12) of a v2 batch.
pub fn batch_schema() -> Value {
    let mut schema = object_schema(&[CREDENTIAL_ID, CLAIM, RETURN_URL]);
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

/// A v2 batch that is taken: three types, for the reference.
pub fn batch_sample() -> Value {
    batch_sample_of(&ALL[..3])
}

/// A v2 batch with the sample of each of `types`.
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
