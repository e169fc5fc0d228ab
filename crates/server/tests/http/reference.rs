//! `/docs`: the API reference.

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

#[tokio::test]
async fn documented_clients_match_the_tested_files() {
    let test = TestApp::new().await;
    let page = test.text("/docs").await;
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
async fn reference_covers_every_operation_code_and_error() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let page = test.text("/docs").await;
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            assert!(
                page.contains(&format!("<strong>{}</strong> {path}</code>", method.to_uppercase())),
                "{method} {path}"
            );
        }
    }
    for code in credential::Code::ALL {
        assert!(page.contains(&format!("id=\"code-{}\"", code.as_str())), "{}", code.as_str());
    }
    assert!(page.contains("curl https://passport.example/api/partner/v1/oauth/token"));
    for path in ["/api/nothing", "/api/partner/v2/add/requests/career_history"] {
        let problem = test.get(path).await.json();
        let anchor = problem["type"].as_str().expect("a type").split_once('#').expect("an anchor").1;
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
    assert!(page.contains("fields.employment[].last_processed_month"));
}
