//! Names of HTTP libraries: none in flows, and in faces no extractors that respond in plain text.

use std::collections::BTreeSet;
use std::fs;

use crate::layers::{Layers, files};
use crate::source::{Crate, Target};
use crate::{root, seeded, server};

/// Libraries that a flow must not use, because flows do not depend on HTTP.
const HTTP_LIBRARIES: [&str; 12] = [
    "axum",
    "axum_extra",
    "cookie",
    "http",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "tower",
    "tower_http",
    "transport",
    "utoipa_axum",
];

/// Extractors of axum that a face must not name.
const PLAIN_EXTRACTORS: [&str; 3] = ["Form", "Path", "Query"];

/// Types that a face may name, but not extract: axum responds in plain text if it rejects them.
const PLAIN_ARGUMENTS: [&str; 5] = ["Bytes", "Json", "Multipart", "RawForm", "RawPathParams"];

/// Returns the HTTP libraries that flows name.
fn http_in_flows(read: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in files(read, |top| top == "flows") {
        let libraries = read.names(module).into_iter().filter_map(|target| match target {
            Target::Other(path) => path.into_iter().next().filter(|first| HTTP_LIBRARIES.contains(&first.as_str())),
            Target::Module(_) => None,
        });
        let methods = read.scopes(module).flat_map(|(_, scope)| &scope.methods);
        let methods = methods.filter(|method| *method == "into_response").cloned();
        found.extend(libraries.chain(methods).map(|what| format!("{file}: {what}")));
    }
    found
}

/// Returns the extractors in faces whose rejections are plain text.
fn plain_extractors(read: &Crate) -> Vec<String> {
    let layers = Layers::read();
    let mut found = Vec::new();
    for (module, file) in files(read, |top| layers.is_face(top)) {
        let names = read.names(module);
        let named = names.iter().filter_map(|target| target.in_library("axum"));
        let named = named.filter(|name| PLAIN_EXTRACTORS.contains(&name.as_str())).cloned();
        found.extend(named.map(|name| format!("{file}: {name}")));
        for (scope_of, scope) in read.scopes(module) {
            for function in &scope.functions {
                let types: BTreeSet<Target> =
                    function.parameters.iter().flat_map(|path| read.resolve(scope_of, path, 0)).collect();
                found.extend(plain_argument(&types).map(|name| format!("{file}: {name} in {}", function.name)));
            }
        }
    }
    found
}

/// Returns a parameter of an async function that axum rejects in plain text. A text is an extractor
/// only in a handler, which has the state.
fn plain_argument(types: &BTreeSet<Target>) -> Option<String> {
    let of_axum = |target: &Target| target.in_library("axum").or(target.in_library("bytes")).cloned();
    let is_handler = types.iter().filter_map(of_axum).any(|name| name == "State");
    let text = Target::Other(vec!["String".to_owned()]);
    let plain = types.iter().filter_map(of_axum).find(|name| PLAIN_ARGUMENTS.contains(&name.as_str()));
    plain.or_else(|| (is_handler && types.contains(&text)).then(|| "String".to_owned()))
}

#[test]
fn flows_name_no_http_library() {
    assert!(files(server(), |top| top == "flows").len() > 10, "the flows are there");
    let mut found = http_in_flows(server());
    for manifest in ["Cargo.toml", "crates/server/Cargo.toml"] {
        let manifest = fs::read_to_string(root().join(manifest)).expect("a manifest");
        let is_renamed = |library: &&str| manifest.contains(&format!("package = \"{}\"", library.replace('_', "-")));
        found.extend(
            HTTP_LIBRARIES.iter().filter(|library| is_renamed(library)).map(|library| format!("renamed: {library}")),
        );
    }
    assert!(found.is_empty(), "a flow returns plain values:\n{}", found.join("\n"));
}

#[test]
fn faces_use_extractors_with_error_bodies() {
    let found = plain_extractors(server());
    assert!(found.is_empty(), "take these from http::extract:\n{}", found.join("\n"));
}

#[test]
fn http_libraries_behind_re_exports_are_found() {
    let error = ("error.rs", "pub use axum::http::Method;\npub use transport::StatusCode;");
    for code in [
        "pub use axum::http::StatusCode;",
        "pub(super) use axum::response::IntoResponse as _;",
        "use crate::error::Method;",
        "use crate::error::StatusCode;",
        "fn x(jar: cookie::CookieJar) {}",
        "fn x(service: impl tower::Service<u8>) {}",
    ] {
        assert_eq!(http_in_flows(&seeded(&[("flows.rs", code), error])).len(), 1, "{code}");
    }
}

#[test]
fn plain_text_rejections_are_found() {
    for arguments in [
        "axum::Json(body): axum::Json<u8>",
        "State(app): State<App>, body: String",
        "State(app): State<App>, body: axum::body::Bytes",
        "body: bytes::Bytes",
        "body: axum::extract::RawForm",
        "path: axum::extract::RawPathParams",
        "Extract(body): Extract<u8>",
        "axum::extract::Query(query): axum::extract::Query<u8>",
    ] {
        let code = format!("use axum::Json as Extract;\nuse axum::extract::State;\nasync fn x({arguments}) {{}}");
        assert_eq!(plain_extractors(&seeded(&[("web.rs", code.as_str())])).len(), 1, "{arguments}");
    }
    let code = "use axum::Json;\nuse axum::extract::{RawPathParams, State};\n\
                async fn page(app: &App, text: String) -> Json<u8> {}\n\
                async fn handler(State(app): State<App>, path: &RawPathParams, JsonBody(body): JsonBody) {}";
    assert_eq!(plain_extractors(&seeded(&[("web.rs", code)])), [""; 0]);
}
