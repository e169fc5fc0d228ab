//! `/console/explorer`: sends real requests for a sandbox partner.
//!
//! A request passes through this server's own router with all its layers, with a token of the
//! partner. The response is shown unchanged. The operations come from the OpenAPI document.

mod exchange;

use std::sync::OnceLock;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use self::exchange::Exchange;
use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::access_token;
use crate::flows::console::submissions;
use crate::http::Client;
use crate::http::extract::{Form, Query};
use crate::http::session::SignedInPartner;
use crate::openapi::{self, TaggedOperation};
use crate::web::{Layout, PartnerApi, page};

/// The operation that is selected initially.
const FIRST: &str = "addCareerHistory";
/// Path of the request for the statuses of up to 30 ids.
const STATUSES: &str = "/api/partner/v2/submissions/status";
/// Path of uploads, which the explorer leaves out because a form field cannot contain a file.
const UPLOADS: &str = "/api/partner/v2/uploads/";
/// Prefix of the paths that the explorer may request.
const PREFIX: &str = "/api/partner/";

#[derive(Template)]
#[template(path = "console/explorer.html")]
struct ExplorerPage {
    layout: Layout,
    frame: Frame,
    groups: &'static [Group],
    chosen: &'static Operation,
    path: String,
    body: String,
    /// Text key of the error in the submitted form.
    problem: Option<&'static str>,
    exchange: Option<Exchange>,
}

impl ExplorerPage {
    /// Returns the height of the body field in lines: most of the body, but at most a screen.
    fn body_rows(&self) -> usize {
        (self.body.lines().count() + 1).clamp(4, 24)
    }

    /// Returns the operation that requests statuses.
    fn status_operation(&self) -> &'static str {
        let mut all = self.groups.iter().flat_map(|group| &group.operations);
        all.find(|found| found.path == STATUSES).map_or("", |found| &found.id)
    }
}

#[derive(Template)]
#[template(path = "console/explorer_closed.html")]
struct ClosedPage {
    layout: Layout,
    frame: Frame,
}

/// The operations under one tag.
#[derive(Debug)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    summary: String,
    /// Whether it needs a token. The token endpoint needs the secret instead.
    needs_token: bool,
    /// The media type of the body; `None` if there is no body.
    content_type: Option<String>,
    example: Option<Value>,
}

impl Operation {
    fn method(&self) -> &str {
        self.method.as_str()
    }
}

/// Returns the operations that can be sent, by tag. Parsed once.
fn groups(api: PartnerApi) -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| read_groups(api.document))
}

fn read_groups(document: &Value) -> Vec<Group> {
    let group = |tag| {
        let operations = openapi::operations(document, tag).filter_map(|found| read(&found)).collect();
        Group { name: tag["name"].as_str().unwrap_or_default().to_owned(), operations }
    };
    openapi::tags(document).map(group).filter(|group| !group.operations.is_empty()).collect()
}

/// Converts an operation of the Partner API, unless it is deprecated or takes a document.
fn read(found: &TaggedOperation<'_>) -> Option<Operation> {
    let TaggedOperation { path, method, operation } = *found;
    if !path.starts_with(PREFIX) || path.starts_with(UPLOADS) || operation["deprecated"] == true {
        return None;
    }
    let content = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let content_type = content.map(|(content_type, _)| content_type.clone());
    let is_text = |found: &String| found == "application/json" || found == "application/x-www-form-urlencoded";
    if !content_type.as_ref().is_none_or(is_text) {
        return None;
    }
    Some(Operation {
        id: operation["operationId"].as_str()?.to_owned(),
        method: method.to_uppercase().parse().ok()?,
        path: path.to_owned(),
        summary: operation["summary"].as_str().unwrap_or(path).to_owned(),
        needs_token: openapi::needs_token(operation),
        example: content.and_then(|(_, content)| content.get("example")).cloned(),
        content_type,
    })
}

fn operation<'a>(groups: &'a [Group], id: &str) -> Option<&'a Operation> {
    let mut all = groups.iter().flat_map(|group| &group.operations);
    all.clone().find(|operation| operation.id == id).or_else(|| all.find(|operation| operation.id == FIRST))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExplorerQuery {
    operation: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SendForm {
    operation: String,
    path: String,
    body: String,
    client_secret: SecretString,
}

pub(super) fn routes(api: PartnerApi) -> Router<App> {
    Router::new().route("/console/explorer", get(explore).post(send)).layer(Extension(api))
}

/// Whether `user` may send requests here. Only sandbox partners may, because pushes of other
/// partners concern real people.
pub(super) fn is_open(user: &SignedInPartner) -> bool {
    user.partner.sandbox
}

fn closed(app: &App, user: &SignedInPartner, headers: &HeaderMap) -> Response {
    let (layout, frame) = (layout(app, headers), Frame::new(user, Section::Explorer));
    page(app, &ClosedPage { layout: layout.clone(), frame }, &layout)
}

async fn explore(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    user: SignedInPartner,
    Query(choice): Query<ExplorerQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if !is_open(&user) {
        return Ok(closed(&app, &user, &headers));
    }
    let groups = groups(api);
    let chosen = operation(groups, &choice.operation).ok_or_else(Error::not_found)?;
    // Example status requests use the id of the newest submission.
    let newest = submissions::newest(&app, user.partner.id).await?;
    let newest = newest.map_or_else(|| "my-first".to_owned(), |newest| newest.credential_id);
    let path = chosen.path.replace("{credential_id}", &newest);
    let path = if chosen.path.contains("/submissions/") { path.replace("{id}", &newest) } else { path };
    let layout = layout(&app, &headers);
    let template = ExplorerPage {
        frame: Frame::new(&user, Section::Explorer),
        groups,
        body: body(&app, &user, chosen, &newest),
        path,
        chosen,
        problem: None,
        exchange: None,
        layout: layout.clone(),
    };
    Ok(page(&app, &template, &layout))
}

/// Returns the initial body: the operation's example with fresh credential ids.
fn body(app: &App, user: &SignedInPartner, chosen: &Operation, newest: &str) -> String {
    if chosen.path == STATUSES {
        return serde_json::to_string_pretty(&serde_json::json!({ "ids": [newest] })).unwrap_or_default();
    }
    if !chosen.needs_token {
        return format!("grant_type=client_credentials&client_id={}", user.partner.id);
    }
    let Some(mut example) = chosen.example.clone() else { return String::new() };
    let fresh = app.rng().anonymous_id().simple().to_string();
    renew_ids(&mut example, &fresh[..8], &mut 0);
    serde_json::to_string_pretty(&example).unwrap_or_default()
}

/// Replaces each `credential_id` by a fresh one.
fn renew_ids(value: &mut Value, fresh: &str, count: &mut u32) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "credential_id" && member.is_string() {
                    *count += 1;
                    *member = if *count == 1 { format!("try-{fresh}") } else { format!("try-{fresh}-{count}") }.into();
                } else {
                    renew_ids(member, fresh, count);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renew_ids(item, fresh, count)),
        _ => {}
    }
}

async fn send(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    user: SignedInPartner,
    client: Client,
    headers: HeaderMap,
    Form(mut form): Form<SendForm>,
) -> Result<Response, Error> {
    if !is_open(&user) {
        return Ok((StatusCode::FORBIDDEN, closed(&app, &user, &headers)).into_response());
    }
    let groups = groups(api);
    let chosen = operation(groups, &form.operation).filter(|chosen| chosen.id == form.operation);
    let chosen = chosen.ok_or_else(Error::not_found)?;
    // Browsers submit line breaks of a text field as CR LF.
    form.body = form.body.replace("\r\n", "\n");
    form.path = form.path.trim().to_owned();
    let problem = problem(&form.path);
    let exchange = match problem {
        Some(_) => None,
        None => Some(exchange(&app, &user, client, (api.router)(&app), chosen, &form).await?),
    };
    let layout = layout(&app, &headers);
    let frame = Frame::new(&user, Section::Explorer);
    let SendForm { path, body, .. } = form;
    let template = ExplorerPage { layout: layout.clone(), frame, groups, chosen, path, body, problem, exchange };
    let response = page(&app, &template, &layout);
    Ok(if problem.is_some() { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

/// Returns the text key of the error in a path.
fn problem(path: &str) -> Option<&'static str> {
    if !path.starts_with(PREFIX) || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("console-explorer-problem-path")
    } else if path.contains(['{', '}']) {
        Some("console-explorer-problem-name")
    } else {
        None
    }
}

async fn exchange(
    app: &App,
    user: &SignedInPartner,
    client: Client,
    router: Router,
    chosen: &Operation,
    form: &SendForm,
) -> Result<Exchange, Error> {
    let mut sent = form.body.clone();
    let token = if chosen.needs_token {
        Some(access_token::issue_to_signed_in(app, &user.partner)?)
    } else {
        let secret =
            url::form_urlencoded::byte_serialize(form.client_secret.expose_secret().as_bytes()).collect::<String>();
        sent = format!("{}&client_secret={secret}", sent.trim());
        None
    };
    let request = exchange::Request {
        method: &chosen.method,
        path: &form.path,
        content_type: chosen.content_type.as_deref(),
        body: sent,
        shown_body: &form.body,
        token,
    };
    audit(user, "explorer_request_sent");
    let exchange = Exchange::make(router, app.config().base(), client, request).await;
    exchange.map_err(|_| Error::new(Kind::Malformed, "This is not a path."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_current_operations_with_a_text_body_can_be_sent() {
        let add = json!({ "tags": ["Add"], "operationId": FIRST, "security": [{ "oauth": [] }] });
        let other = |id: &str, more: Value| {
            let mut operation = json!({ "tags": ["Add"], "operationId": id });
            operation
                .as_object_mut()
                .into_iter()
                .for_each(|members| members.extend(more.as_object().cloned().unwrap_or_default()));
            operation
        };
        let pdf = json!({ "requestBody": { "content": { "application/pdf": {} } } });
        let document = json!({
            "tags": [{ "name": "Add" }, { "name": "Empty" }],
            "paths": {
                "/api/partner/v2/add": { "post": add },
                "/api/partner/v1/add": { "post": other("old", json!({ "deprecated": true })) },
                "/api/partner/v2/document": { "put": other("document", pdf) },
                "/api/partner/v2/uploads/{token}": { "put": other("upload", json!({})) },
                "/elsewhere": { "get": other("elsewhere", json!({})) },
            },
        });
        let groups = read_groups(&document);
        assert_eq!(groups.iter().map(|group| (&*group.name, group.operations.len())).collect::<Vec<_>>(), [("Add", 1)]);
        let found = operation(&groups, "unknown").expect("the first one");
        assert_eq!((&*found.id, &found.method, found.needs_token), (FIRST, &Method::POST, true));
    }

    #[test]
    fn paths_outside_the_api_are_rejected() {
        assert_eq!(problem("/api/partner/v2/submissions/x/status"), None);
        for bad in
            ["", "/console", "https://elsewhere.example/api/partner/", "/api/partner/v2/a b", "/api/partner/{id}"]
        {
            assert!(problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn examples_get_unique_ids() {
        let mut batch = credential::batch_sample_of(credential::ALL);
        renew_ids(&mut batch, "0a1b2c3d", &mut 0);
        let text = batch.to_string();
        assert!(text.contains("\"try-0a1b2c3d\"") && text.contains("\"try-0a1b2c3d-2\""), "{text}");
    }
}
