//! `/docs`: the content of its pages. Addresses, sizes and caching are in `reference_links.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::app::TestApp;
use tenure::api::openapi::DOCUMENT;
use tenure::sandbox::Person;
use tenure::web::docs::snippets;

/// Returns the text of the `pre` element with this id, as a browser shows it.
fn shown(page: &str, id: &str) -> String {
    let start = format!("<pre id=\"{id}\" tabindex=\"0\">");
    let after = page.split_once(&start).unwrap_or_else(|| panic!("{id}")).1;
    let text = after.split_once("</pre>").expect("its end").0;
    let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, letter)| text.replace(mark, letter))
}

/// Returns the entry of a list on a page, from its id to its end.
fn entry<'a>(page: &'a str, id: &str) -> &'a str {
    let after = page.split_once(&format!("<div id=\"{id}\">")).unwrap_or_else(|| panic!("{id}")).1;
    after.split_once("</div>").expect("its end").0
}

#[tokio::test]
async fn documented_clients_match_the_tested_files() {
    let test = TestApp::new().await;
    let page = test.text("/docs/clients").await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snippets");
    let files = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(files, snippets::ALL.len(), "every file is shown");
    let script = std::fs::read_to_string(folder.join("../../../scripts/snippets")).expect("the script");
    for snippet in snippets::ALL {
        let file = std::fs::read_to_string(folder.join(snippet.file)).expect("a file");
        assert_eq!(shown(&page, &format!("client-{}", snippet.id)), file, "{}", snippet.file);
        let command = snippet.command.replace(snippet.file, &format!("\"$SNIPPETS/{}\"", snippet.file));
        assert!(script.contains(&format!("{command}\n")), "{command} is what is run");
        assert!(page.contains(&format!("<label for=\"language-{}\">{}</label>", snippet.id, snippet.language)));
    }
}

#[tokio::test]
async fn reference_lists_sandbox_users_and_their_actions() {
    let test = TestApp::new().await;
    let page = test.text("/docs").await;
    for person in Person::ALL {
        assert!(page.contains(&person.address()), "{person:?}");
    }
    assert!(!page.contains("docs-sandbox-") && !page.contains("docs-start-"), "every sentence has its words");
}

#[tokio::test]
async fn every_operation_has_a_page() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let overview = test.text("/docs").await;
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id");
            let page = test.text(&format!("/docs/operations/{id}")).await;
            let method = method.to_uppercase();
            assert!(page.contains(&format!("<strong>{method}</strong> {path}</code>")), "{method} {path}");
            assert!(overview.contains(&format!("<li id=\"{id}\"><a href=\"/docs/operations/{id}\"")), "{id}");
            let command = shown(&page, "command");
            assert!(command.contains("https://passport.example/"), "{id}: {command}");
            for status in operation["responses"].as_object().expect("responses").keys() {
                assert!(page.contains(&format!("id=\"response-{status}\"")), "{id}: {status}");
            }
        }
    }
    assert!(overview.contains("curl -s https://passport.example/api/partner/v1/oauth/token"));
    test.get("/docs/operations/none").await.assert_status(404);
    test.get("/docs/guides/none").await.assert_status(404);
}

#[tokio::test]
async fn version_2_comes_before_version_1() {
    let test = TestApp::new().await;
    let page = test.text("/docs").await;
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    for (current, older) in
        [("addCareerHistory", "addCareerHistoryV1"), ("getSubmissionStatus", "getSubmissionStatusV1")]
    {
        assert!(at(&format!("<li id=\"{current}\"")) < at(&format!("<li id=\"{older}\"")), "{current}");
        let link = |id: &str| at(&format!("<li><a href=\"/docs/operations/{id}\""));
        assert!(link(current) < link(older), "{current}");
    }
    let older = test.text("/docs/operations/addCareerHistoryV1").await;
    assert!(older.contains("Deprecated, but still works as before."));
}

#[tokio::test]
async fn fields_have_their_sizes_values_and_formats() {
    let test = TestApp::new().await;
    let page = async |id: &str| test.text(&format!("/docs/operations/{id}")).await;
    let career = page("addCareerHistory").await;
    for text in ["fields.employment[].last_processed_month", "1 to 500 items", "1 to 255 characters", "Pattern: "] {
        assert!(career.contains(text), "{text}");
    }
    let identity = page("addDigitalIdentity").await;
    for value in ["manual", "government_database", "verifiable_credential", "in_person"] {
        assert!(identity.contains(&format!("<code>&#34;{value}&#34;</code>")), "{value}");
    }
    assert!(page("getVerificationResult").await.contains("Format: date-time"));
}

/// Returns a schema without references and the choice of null.
fn plain(schema: &'static Value) -> &'static Value {
    if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        return plain(DOCUMENT.pointer(pointer).expect("a reference that resolves"));
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).into_iter().flatten();
    match choices.filter(|choice| choice["type"] != "null").collect::<Vec<_>>()[..] {
        [only] => plain(only),
        _ => schema,
    }
}

/// Collects what a page must say of the fields of a schema, down to a depth that every page shows.
fn sayings(schema: &'static Value, depth: usize, found: &mut BTreeSet<String>) {
    let schema = plain(schema);
    // Of several alternatives, a page shows each field once, so they are not compared.
    schema["allOf"].as_array().into_iter().flatten().for_each(|part| sayings(part, depth, found));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let (member, item) = (plain(member), plain(&plain(member)["items"]));
        found.insert(name.clone());
        for described in [member, item] {
            let values = described["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.extend(values.map(|value| format!("<code>&#34;{value}&#34;</code>")));
            found.extend(described["format"].as_str().map(|format| format!("Format: {format}")));
            for (limit, unit) in [("maxLength", "characters"), ("maxItems", "items")] {
                found.extend(described[limit].as_u64().map(|most| format!("{most} {unit}")));
            }
        }
        // The items of a batch are on the pages of their own pushes.
        let is_item = [member, item].iter().any(|one| one["properties"]["credential_id"].is_object());
        if depth > 0 && !is_item {
            [member, item].into_iter().for_each(|inner| sayings(inner, depth - 1, found));
        }
    }
}

#[tokio::test]
async fn every_field_has_its_size_values_and_format() {
    let test = TestApp::new().await;
    let mut seen = 0;
    for operation in DOCUMENT["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object()) {
        for operation in operation.values() {
            let id = operation["operationId"].as_str().expect("an id");
            let page = test.text(&format!("/docs/operations/{id}")).await;
            let responses = operation["responses"].as_object().into_iter().flatten();
            let successes = responses.filter(|(status, _)| status.starts_with('2')).map(|(_, response)| response);
            let mut found = BTreeSet::new();
            for body in successes.chain(operation.get("requestBody")) {
                for (_, content) in body["content"].as_object().into_iter().flatten() {
                    sayings(&content["schema"], 2, &mut found);
                }
            }
            let missing: Vec<&String> = found.iter().filter(|saying| !page.contains(&***saying)).collect();
            assert!(missing.is_empty(), "{id}: {missing:?}");
            seen += found.len();
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[tokio::test]
async fn results_of_verifications_are_documented_in_full() {
    let test = TestApp::new().await;
    let page = test.text("/docs/operations/getVerificationResult").await;
    for field in [
        "verification.valid",
        "verification.verdict",
        "verification.checked_at",
        "verification.checks[].outcome",
        "verification.at_consent.valid",
        "verification.presentation.token",
        "subject.names",
        "subject.consistency",
        "withheld",
    ] {
        assert!(page.contains(&format!("<dt><code>{field}")), "{field}");
    }
    let example = shown(&page, "example-200");
    let example: serde_json::Value = serde_json::from_str(&example).expect("an example in JSON");
    assert!(example["verification"]["checks"].is_array(), "{example}");
}

#[tokio::test]
async fn every_error_code_is_documented_with_its_cure() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let (overview, page) = (test.text("/docs").await, test.text("/docs/errors").await);
    let has_cure = |id: &str| {
        let cure = entry(&page, id).split_once("What to do:</strong> ").map(|(_, cure)| cure);
        assert!(cure.is_some_and(|cure| cure.starts_with(char::is_uppercase)), "{id} has no cure");
    };
    for code in credential::Code::ALL {
        has_cure(&format!("code-{}", code.as_str()));
        assert!(overview.contains(&format!("<li id=\"code-{}\">", code.as_str())), "{}", code.as_str());
    }
    for code in ["token-invalid_client", "warning-duplicate.different_body", "check-revoked"] {
        has_cure(code);
    }
    for code in bulk_push::RowCode::ALL {
        has_cure(&format!("file-{}", code.as_str()));
    }
    for path in ["/api/nothing", "/api/partner/v2/add/requests/career_history"] {
        let problem = test.get(path).await.json();
        let anchor = problem["type"].as_str().expect("a type").split_once("/docs#").expect("an anchor").1;
        has_cure(anchor);
        assert!(overview.contains(&format!("<li id=\"{anchor}\"><a href=\"/docs/errors#{anchor}\"")), "{anchor}");
    }
}

#[tokio::test]
async fn every_event_type_is_documented_with_its_body() {
    let test = TestApp::new().await;
    let page = test.text("/docs/events").await;
    for name in credential::EVENT_TYPES.values.iter().chain(&["tenure.test"]) {
        let body: serde_json::Value = serde_json::from_str(&shown(&page, &format!("body-{name}"))).expect("JSON");
        assert_eq!(body["type"], *name);
        assert_eq!(body["credential_id"].is_string(), name.starts_with("atsp_request."), "{name}");
        assert_eq!(body["reason"].is_string(), name.ends_with(".canceled"), "{name}");
    }
    assert!(page.contains("<td>1 min 20 s</td>") && page.contains("<td>4 h 0 min</td>"));
}

#[tokio::test]
async fn documentation_leads_to_the_sign_up_where_it_is_on() {
    for (setting, is_on) in [("true", true), ("false", false)] {
        let test = TestApp::builder().setting("sandbox.sign_up", setting).start().await;
        for path in ["/docs", "/docs/guides/sandbox"] {
            assert_eq!(test.text(path).await.contains("href=\"/sandbox\""), is_on, "{path}, {setting}");
        }
        test.get("/sandbox").await.assert_status(if is_on { 200 } else { 404 });
    }
}

#[tokio::test]
async fn quick_start_sets_every_variable_that_it_uses() {
    let test = TestApp::new().await;
    let page = test.text("/docs").await;
    let mut earlier = String::new();
    for id in ["start-partner", "start-values", "start-token", "start-push", "start-status"] {
        let command = shown(&page, id);
        earlier.push_str(&command);
        for used in command.split('$').skip(1).filter(|used| used.starts_with(|c: char| c.is_ascii_uppercase())) {
            let name: String = used.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            assert!(earlier.contains(&format!("{name}=")), "{id} uses {name}");
        }
    }
    assert!(earlier.contains("CREDENTIAL_ID=fa651300-b91a-49cb-8ee7-cac68b3fdf74"), "{earlier}");
}

#[tokio::test]
async fn operations_name_one_scope_or_say_that_it_depends() {
    let test = TestApp::new().await;
    let page = async |id: &str| test.text(&format!("/docs/operations/{id}")).await;
    for id in ["getVerificationResult", "listVerificationRequests", "addBatch"] {
        let page = page(id).await;
        assert!(page.contains("Its scope depends on the credential type."), "{id}");
        assert!(!page.contains("with any scope"), "{id}");
    }
    assert!(page("listWebhooks").await.contains("Needs an access token with any scope."));
    assert!(page("addEducation").await.contains("Needs the scope <code>write.education</code>"));
    let result = page("getVerificationResult").await;
    assert!(!result.contains("&#34;withdrawn&#34;"), "a verification request cannot be withdrawn");
    assert!(result.contains("<code>&#34;partner&#34;;r=399;t=1</code>"), "as it is sent");
}

#[tokio::test]
async fn short_addresses_lead_to_the_overview() {
    let test = TestApp::new().await;
    for path in ["/docs/", "/docs/guides", "/docs/operations"] {
        assert_eq!(test.get(path).await.assert_status(308).header("location"), "/docs", "{path}");
    }
    for path in ["/docs/none", "/docs/guides/push/none"] {
        let page = test.get(path).await.assert_status(404);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn search_index_contains_every_page_and_code() {
    let test = TestApp::new().await;
    let index = test.get("/docs/search.json").await.assert_status(200).json();
    let entries = index.as_array().expect("entries");
    let find = |title: &str| entries.iter().find(|entry| entry["t"] == title).unwrap_or_else(|| panic!("{title}"));
    for code in credential::Code::ALL {
        assert_eq!(find(code.as_str())["u"], format!("/docs/errors#code-{}", code.as_str()));
    }
    for item in DOCUMENT["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("methods").values() {
            let address = format!("/docs/operations/{}", operation["operationId"].as_str().expect("an id"));
            assert!(entries.iter().any(|entry| entry["u"] == *address), "{address}");
        }
    }
    assert_eq!(find("Changelog")["u"], "/docs/guides/changelog");
    assert!(find("Limits: Rates")["w"].as_str().is_some_and(|words| words.contains("429")));
    find("GET Status of one credential (v1)");
    assert_eq!(find("GET Status of one credential")["u"], "/docs/operations/getSubmissionStatus");
    let push = entries.iter().find(|entry| entry["u"] == "/docs/operations/addCareerHistory").expect("the push");
    assert!(push["w"].as_str().is_some_and(|words| words.contains("last_processed_month")), "{push}");
}
