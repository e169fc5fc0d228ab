//! Examples of responses to pushes, which follow from the example of the request.

use credential::{AssetSource, BatchBody, BatchForm, Context, Submission, Type};
use serde_json::{Map, Value, json};

/// The time at which the examples of requests are valid.
const NOW: &str = "2026-11-25T09:30:00Z";

/// The name of the link in the example of the schema.
const LINK: &str = "/add/careerHistory#";

/// A push as its example describes it.
struct Example {
    /// The type; `None` for a batch.
    credential_type: Option<Type>,
    credential_id: String,
    submissions: Vec<Submission>,
}

/// Replaces the examples of responses to pushes, which have the same schema for all types.
pub(super) fn add(document: &mut Value) {
    let upload = document["components"]["schemas"]["UploadLink"]["properties"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let Some(operation) = item.get_mut("post") else { continue };
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        let Some(pushed) = example(path, body) else { continue };
        for (status, response) in operation["responses"].as_object_mut().into_iter().flat_map(Map::iter_mut) {
            let Some(example) = response.pointer_mut("/content/application~1json/example") else { continue };
            match status.as_str() {
                "201" => describe_stored(example, &pushed, &upload),
                "200" => *example = dry_run(&pushed),
                _ => {}
            }
        }
    }
}

/// Parses the example of a request; `None` for other operations.
fn example(path: &str, body: &Value) -> Option<Example> {
    let (name, is_v1) = match path.strip_prefix("/api/partner/v2/add/requests/") {
        Some(name) => (name, false),
        None => (path.strip_prefix("/api/partner/v1/add/")?, true),
    };
    let (context, source) = (Context::new(NOW.parse().ok()?), body.to_string());
    if name == "batch" {
        let form = if is_v1 { BatchForm::V1 } else { BatchForm::V2 };
        let batch = BatchBody::read(form, source.as_bytes()).and_then(|body| body.check(&context)).ok()?;
        return Some(Example { credential_type: None, credential_id: batch.credential_id, submissions: batch.items });
    }
    let known: Type = name.parse().ok()?;
    let parse = if is_v1 { Submission::parse_v1 } else { Submission::parse_v2 };
    let submission = parse(known, source.as_bytes(), &context).ok()?;
    Some(Example {
        credential_type: Some(known),
        credential_id: submission.credential_id.clone(),
        submissions: vec![submission],
    })
}

/// Adapts the response to a push.
fn describe_stored(example: &mut Value, pushed: &Example, upload: &Value) {
    let link = example["redirect_uri"].as_str().unwrap_or_default();
    let link = match (pushed.credential_type, pushed.submissions.first()) {
        (Some(known), Some(submission)) => {
            let document_type = format!("&documentType={}&", submission.document_type.unwrap_or("none"));
            link.replace(LINK, &format!("/add/{}#", known.redirect_name)).replace("&documentType=none&", &document_type)
        }
        _ => link.replace(LINK, "/add/batch#").replace("&documentType=none&", "&"),
    };
    example["redirect_uri"] = json!(link);
    // The response of v1 contains only the link.
    if example.get("credential_id").is_none() {
        return;
    }
    example["credential_id"] = json!(pushed.credential_id);
    let mut uploads = Vec::new();
    for submission in &pushed.submissions {
        for asset in submission.assets.iter().filter(|asset| asset.source == AssetSource::Upload) {
            let mut link = json!({
                "asset_id": asset.asset_id,
                "upload_url": upload["upload_url"]["example"],
                "content_type": asset.kind.content_type(),
                "expires_at": upload["expires_at"]["example"],
            });
            if pushed.credential_type.is_none() {
                link["credential_id"] = json!(submission.credential_id);
            }
            uploads.push(link);
        }
    }
    if !uploads.is_empty() {
        example["assets"] = json!(uploads);
    }
}

/// Returns the response to a dry run.
fn dry_run(pushed: &Example) -> Value {
    let headline = |submission: &Submission| submission.credential_type.headline(&submission.fields());
    let mut answer = json!({ "dry_run": true, "credential_id": pushed.credential_id });
    match (pushed.credential_type, pushed.submissions.first()) {
        (Some(_), Some(submission)) => answer["headline"] = json!(headline(submission)),
        _ => {
            let item = |item: &Submission| json!({ "credential_id": item.credential_id, "headline": headline(item) });
            answer["items"] = json!(Vec::from_iter(pushed.submissions.iter().map(item)));
        }
    }
    answer
}
