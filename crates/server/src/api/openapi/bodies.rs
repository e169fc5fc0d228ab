//! Request bodies by credential type: one path per type, and named schemas for every body.

use serde_json::{Map, Value, json};

use crate::openapi::ITEM;

/// Path templates of pushes in the code. The document lists one path per type instead.
const PUSH: &str = "/api/partner/v2/add/requests/{type}";
const PUSH_V1: &str = "/api/partner/v1/add/{type}";
/// Path template of withdrawals, listed per type.
const WITHDRAW: &str = "/api/partner/v2/add/requests/{type}/{credential_id}";
/// Likewise, by POST.
const WITHDRAW_BY_POST: &str = "/api/partner/v2/add/requests/{type}/{credential_id}/withdraw";
/// Path template of verification requests, listed per type; and the path of their results, which
/// has the request's id.
const VERIFY: &str = "/api/partner/v2/verify/requests/{type}";
const VERIFIED: &str = "/api/partner/v2/verify/requests/{request_id}";
const BATCH: &str = "/api/partner/v2/add/requests/batch";
const BATCH_V1: &str = "/api/partner/v1/add/batch";

/// Replaces path templates with one path per type, and describes every body by a named schema.
pub(super) fn describe(document: &mut Value) {
    let mut schemas = Map::new();
    for known in credential::ALL {
        add_schemas(&mut schemas, *known);
    }
    schemas.insert("Batch".to_owned(), batch(credential::batch_schema()));
    schemas.insert("BatchV1".to_owned(), batch_v1());
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    let sample = |known: credential::Type| (known.sample)();
    expand_types(paths, PUSH, |name| format!("add{name}"), |known| Some((named("Submission", known), sample(known))));
    let body_v1 = |known: credential::Type| known.v1_sample().map(|sample| (named("SubmissionV1", known), sample));
    expand_types(paths, PUSH_V1, |name| format!("add{name}V1"), body_v1);
    expand_withdrawals(paths);
    expand_verification_requests(paths);
    describe_batch(paths, BATCH, "Batch", &credential::batch_sample());
    describe_batch(paths, BATCH_V1, "BatchV1", &credential::v1_batch_sample());
    let components = document["components"]["schemas"].as_object_mut().expect("a document has schemas");
    components.extend(schemas);
}

/// Returns the name of a type's schema, such as `Submission_career_history`.
fn name(of: &str, known: credential::Type) -> String {
    format!("{of}_{known}")
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn named(of: &str, known: credential::Type) -> Value {
    reference(&name(of, known))
}

/// Moves a schema into the components, and leaves a reference to it.
fn lift(schemas: &mut Map<String, Value>, name: String, schema: &mut Value) {
    let inline = std::mem::replace(schema, reference(&name));
    schemas.insert(name, inline);
}

/// Adds the schemas of a type's bodies. Code generators name their types after them.
fn add_schemas(schemas: &mut Map<String, Value>, known: credential::Type) {
    for (of, mut body) in [("Submission", known.json_schema()), (ITEM.trim_end_matches('_'), known.item_schema())] {
        lift_parts(schemas, known, &mut body);
        schemas.insert(name(of, known), body);
    }
    let mut request = credential::presentation_request_schema(known);
    let query = &mut request["properties"]["dcql_query"]["properties"]["credentials"]["items"];
    lift(schemas, "DcqlClaimQuery".to_owned(), &mut query["properties"]["claims"]["items"]);
    lift(schemas, "DcqlCredentialQuery".to_owned(), query);
    schemas.insert(name("VerificationRequest", known), request);
    let Some(mut submission_v1) = known.v1_schema() else { return };
    refer_to_fields(schemas, known, &mut submission_v1);
    lift_chain(schemas, &mut submission_v1["properties"]["data"]);
    lift(schemas, name("DataV1", known), &mut submission_v1["properties"]["data"]);
    schemas.insert(name("SubmissionV1", known), submission_v1);
}

/// Moves the objects inside a v2 body into the components.
fn lift_parts(schemas: &mut Map<String, Value>, known: credential::Type, body: &mut Value) {
    lift_objects(schemas, known, "", &mut body["properties"]["fields"]);
    lift(schemas, name("Fields", known), &mut body["properties"]["fields"]);
    let assets = &mut body["properties"]["assets"];
    if assets["maxItems"] != 0 {
        lift(schemas, name("Asset", known), &mut assets["items"]);
    }
    lift_chain(schemas, body);
}

/// Moves the objects in the properties of a schema into the components, named by their path.
fn lift_objects(schemas: &mut Map<String, Value>, known: credential::Type, parent: &str, schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (member, value) in properties.into_iter().flatten() {
        let path = format!("{parent}{}", pascal_case(member));
        let object = if value["items"].is_object() { &mut value["items"] } else { value };
        lift_objects(schemas, known, &path, object);
        if object["type"] == "object" {
            lift(schemas, name(&path, known), object);
        }
    }
}

/// Moves the schema of a partner in a chain, the same for all types, into the components.
fn lift_chain(schemas: &mut Map<String, Value>, body: &mut Value) {
    if let Some(partner) = body["properties"]["partner_chain"].get_mut("items") {
        lift(schemas, "ChainPartner".to_owned(), partner);
    }
}

/// Replaces the fields of a v1 body with references: to the fields of v2, and to those of an older
/// form.
fn refer_to_fields(schemas: &mut Map<String, Value>, known: credential::Type, body: &mut Value) {
    let fields = &mut body["properties"]["data"]["properties"]["credential"];
    if let Some([current, older]) = fields["anyOf"].as_array_mut().map(Vec::as_mut_slice) {
        *current = named("Fields", known);
        lift_objects(schemas, known, "V1", older);
        lift(schemas, name("FieldsV1", known), older);
    } else {
        *fields = named("Fields", known);
    }
}

/// Replaces each item of a v2 batch with a reference to the schema of its type.
fn batch(mut schema: Value) -> Value {
    for known in credential::ALL {
        let member = &mut schema["properties"][known.batch.member()];
        let item = if member["items"].is_object() { &mut member["items"] } else { member };
        *item = reference(&format!("{ITEM}{known}"));
    }
    schema
}

/// Returns the schema of a v1 batch. Its items are submissions whose document type is optional.
fn batch_v1() -> Value {
    let mut schema = credential::v1_batch_schema();
    let in_v1 = credential::ALL.iter().filter(|known| known.v1.is_some());
    let items = schema["properties"]["credentials"]["items"]["anyOf"].as_array_mut();
    for (item, known) in items.into_iter().flatten().zip(in_v1) {
        item["properties"]["data"] = named("DataV1", *known);
        item["title"] = json!(name("ItemV1", *known));
    }
    schema
}

/// Replaces `{type}` with one path per type, each with its scope, schema and sample. Types without
/// a body get no path.
fn expand_types(
    paths: &mut Map<String, Value>,
    path: &str,
    operation_id: impl Fn(&str) -> String,
    body: impl Fn(credential::Type) -> Option<(Value, Value)>,
) {
    let template = paths.remove(path).expect("the push is documented");
    for known in credential::ALL {
        let Some((schema, sample)) = body(*known) else { continue };
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(operation_id(&pascal_case(known.name())));
        operation["summary"] = json!(format!("Push: {}", summary_title(known)));
        operation["description"] =
            json!(format!("{}\n\n{}", known.summary, operation["description"].as_str().unwrap_or_default()));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        operation["requestBody"] = request_body(&schema, &sample);
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.retain(|parameter| parameter["in"] != "path");
        }
        paths.insert(path.replace("{type}", known.name()), item);
    }
}

/// Returns a name such as `CareerHistory`.
fn pascal_case(name: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capitalised).collect()
}

/// Returns the title of a type in summaries of operations. "Credential" alone would not name one.
fn summary_title(known: &credential::Type) -> String {
    if known.name() == "universal_credential" { "Universal credential".to_owned() } else { known.title.to_owned() }
}

/// Replaces the path of withdrawals with one path per type, since each type has its own scope.
fn expand_withdrawals(paths: &mut Map<String, Value>) {
    for (path, method, suffix) in [(WITHDRAW, "delete", ""), (WITHDRAW_BY_POST, "post", "ByPost")] {
        let template = paths.remove(path).expect("withdrawing is documented");
        for known in credential::ALL {
            let mut item = template.clone();
            let operation = &mut item[method];
            operation["operationId"] = json!(format!("withdraw{}{suffix}", pascal_case(known.name())));
            operation["summary"] = json!(format!("Withdraw: {} ({})", summary_title(known), method.to_uppercase()));
            operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
            paths.insert(path.replace("{type}", known.name()), item);
        }
    }
}

/// Replaces the path of verification requests with one path per type, since each type has its own
/// scope and fields. The path of results stays one: the scope depends on the request.
fn expand_verification_requests(paths: &mut Map<String, Value>) {
    let mut template = paths.remove(VERIFY).expect("asking is documented");
    let result = template.as_object_mut().and_then(|item| item.remove("get")).expect("its result is documented");
    for known in credential::ALL {
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(format!("create{}VerificationRequest", pascal_case(known.name())));
        operation["summary"] = json!(format!("Request from people: {}", summary_title(known)));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        let sample = credential::presentation_request_sample(*known);
        operation["requestBody"] = request_body(&named("VerificationRequest", *known), &sample);
        paths.insert(VERIFY.replace("{type}", known.name()), item);
    }
    paths.insert(VERIFIED.to_owned(), json!({ "get": result }));
}

fn request_body(schema: &Value, sample: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema, "example": sample } } })
}

/// Describes the body of a batch. Its scopes depend on the types in the batch; the document lists
/// those of its example.
fn describe_batch(paths: &mut Map<String, Value>, path: &str, schema: &str, sample: &Value) {
    let operation = &mut paths.get_mut(path).expect("the batch is documented")["post"];
    let form = if path == BATCH_V1 { credential::BatchForm::V1 } else { credential::BatchForm::V2 };
    let source = sample.to_string();
    let types = credential::BatchBody::read(form, source.as_bytes()).map(|body| body.types()).unwrap_or_default();
    let scopes: Vec<&str> = types.iter().map(|known| known.write_scope).collect();
    operation["security"] = json!([{ "oauth": scopes }]);
    operation["requestBody"] = request_body(&reference(schema), sample);
}
