//! `/docs`: its addresses, sizes and caching.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Request;

use crate::support::app::TestApp;
use crate::support::response::TestResponse;

/// Most bytes of a first visit, with styles and scripts.
const FIRST_VIEW: usize = 60_000;

/// Returns the values of an attribute on a page.
fn attributes<'a>(page: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {name}=\"");
    let parts: Vec<&str> = page.split(&*start).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split('"').next())
}

async fn get_with(test: &TestApp, path: &str, header: &str, value: &str) -> TestResponse {
    test.send(Request::get(path).header(header, value).body("".into()).expect("a request")).await
}

/// Loads every page of `/docs` that links lead to. Returns the ids on each.
async fn pages(test: &TestApp, wanted: &mut BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut waiting = vec!["/docs".to_owned()];
    while let Some(path) = waiting.pop() {
        if known.contains_key(&path) {
            continue;
        }
        let page = test.text(&path).await;
        let ids: Vec<&str> = attributes(&page, "id").collect();
        let unique: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(ids.len(), unique.len(), "an id occurs twice on {path}");
        known.insert(path.clone(), unique);
        for link in attributes(&page, "href") {
            let link = if link.starts_with('#') { format!("{path}{link}") } else { link.to_owned() };
            if link.starts_with("/docs") {
                waiting.push(link.split('#').next().unwrap_or_default().to_owned());
                wanted.insert(link);
            }
        }
    }
    known
}

#[tokio::test]
async fn links_of_the_documentation_lead_somewhere() {
    let test = TestApp::new().await;
    let index = test.get("/docs/search.json").await.json();
    let found = index.as_array().expect("entries").iter().filter_map(|entry| entry["u"].as_str());
    let mut wanted: BTreeSet<String> = found.map(str::to_owned).collect();
    let pages = pages(&test, &mut wanted).await;
    assert!(pages.len() > 60, "{}", pages.len());
    for link in wanted {
        let (path, id) = link.split_once('#').unwrap_or((link.as_str(), ""));
        let ids = pages.get(path).unwrap_or_else(|| panic!("{link}"));
        assert!(id.is_empty() || ids.contains(id), "{link} leads to no element");
    }
}

#[tokio::test]
async fn addresses_of_earlier_releases_lead_to_content() {
    let test = TestApp::new().await;
    let page = test.text("/docs").await;
    let ids: BTreeSet<&str> = attributes(&page, "id").collect();
    let sections = ["start", "clients", "sandbox", "webhook-deliveries", "rules", "errors", "codes"];
    let tags = ["Token", "Add", "Withdraw", "Status", "Verify", "Webhooks", "Sandbox", "Operations"];
    for id in sections.into_iter().chain(tags).chain(["addBatch", "error-invalid", "code-date.format"]) {
        assert!(ids.contains(id), "{id}");
    }
}

#[tokio::test]
async fn first_view_of_the_documentation_is_small() {
    let test = TestApp::new().await;
    for path in ["/docs", "/docs/errors", "/docs/guides/contract", "/docs/operations/addBatch", "/docs/clients"] {
        let page = get_with(&test, path, "accept-encoding", "gzip").await.assert_status(200);
        assert_eq!((page.header("content-encoding"), page.header("vary")), ("gzip", "accept-encoding"), "{path}");
        let plain = test.text(path).await;
        let linked = attributes(&plain, "href").chain(attributes(&plain, "src"));
        let mut files: BTreeSet<String> =
            linked.filter(|link| link.starts_with("/static/")).map(str::to_owned).collect();
        assert!(files.len() >= 6, "{files:?}");
        // Imported by the script for times.
        files.insert("/static/moments.js".to_owned());
        let mut bytes = page.bytes.len();
        for file in &files {
            bytes += get_with(&test, file, "accept-encoding", "gzip").await.assert_status(200).bytes.len();
        }
        assert!(bytes < FIRST_VIEW, "{path}: {bytes} bytes");
    }
}

#[tokio::test]
async fn pages_and_files_are_cached_by_their_content() {
    let test = TestApp::new().await;
    for path in ["/docs", "/docs/search.json", "/docs/guides/push"] {
        let page = test.get(path).await.assert_status(200);
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let again = get_with(&test, path, "if-none-match", page.header("etag")).await.assert_status(304);
        assert!(again.bytes.is_empty());
        get_with(&test, path, "if-none-match", "W/\"other\"").await.assert_status(200);
    }
    let page = test.text("/docs").await;
    let style = attributes(&page, "href").find(|link| link.starts_with("/static/reference.css?v=")).expect("a link");
    assert_eq!(test.get(style).await.header("cache-control"), "public, max-age=31536000, immutable");
    for other in ["/static/reference.css?v=other", "/static/reference.css"] {
        assert_eq!(test.get(other).await.assert_status(200).header("cache-control"), "public, max-age=3600", "{other}");
    }
}

#[tokio::test]
async fn documentation_is_the_same_for_every_visitor() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    for path in ["/docs", "/docs/errors", "/docs/operations/addCareerHistory"] {
        assert_eq!(person.text(path).await, test.text(path).await, "{path}");
    }
    let wallet = person.get("/wallet").await;
    assert_eq!((wallet.header("etag"), wallet.header("content-encoding")), ("", ""));
}
