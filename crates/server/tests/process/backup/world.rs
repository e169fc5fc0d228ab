//! The data of holders and partners before a backup, which must be the same after a restore.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::support::{CAREER, request_id, status, text};
use crate::person::Person;
use crate::samples;
use crate::tenure::{HttpResponse, Server, binary, ended, known, request, request_bytes, shown, token, until};
use crate::webhooks::{Manner, Receiver, register};

const EDUCATION: &str = "/api/partner/v2/add/requests/education";

/// The data of holders and partners on a server before the backup.
pub struct World {
    pub token: String,
    pub receiver: Receiver,
    pub document: Vec<u8>,
    pub document_path: String,
    /// The link for a hirer, and the credential that it shows.
    pub share: String,
    pub signed: String,
    pub waiting_link: String,
    pub kept_link: String,
}

impl World {
    pub fn new(server: &Server, store: &[&str]) -> Self {
        let token = partner(server, store);
        let receiver = Receiver::start(Manner::Answers(0), true);
        register(server, &token, &receiver, &["atsp_request.created", "atsp_request.canceled"]);
        let kept = server.push(&token, "kept").expect("an answer");
        let (mut ada, page) = Person::sign_in(server, "ada@example.org", Some((CAREER, &request_id(&kept))));
        let answer = ada.post(server, &format!("{page}/accept"), &[]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        let (document, document_path) = accept_document(server, &token, &mut ada);
        let (share, signed) = share(server, &mut ada, &request_id(&kept));
        for (id, email) in [("deleted", "cy@example.org"), ("opened", "dan@example.org")] {
            let pushed = server.push(&token, id).expect("an answer");
            let (mut person, page) = Person::sign_in(server, email, Some((CAREER, &request_id(&pushed))));
            if id == "deleted" {
                person.post(server, &format!("{page}/accept"), &[]);
            }
        }
        let waiting = server.push(&token, "waiting").expect("an answer");
        let asked = json!({ "request_id": "asked", "purpose": "Marked Purpose" }).to_string();
        let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
        let ask = request(server.port, "POST", "/api/partner/v2/verify/requests/career_history", &headers, &asked);
        let ask = ask.expect("an answer");
        assert_eq!(ask.status, 201, "{}", ask.body);
        let link = |answer: &HttpResponse| text(&answer.json()["redirect_uri"]).to_owned();
        Self {
            waiting_link: link(&waiting),
            kept_link: link(&kept),
            token,
            receiver,
            document,
            document_path,
            share,
            signed,
        }
    }
}

/// Adds a partner that may also request verifications; returns its token.
fn partner(server: &Server, store: &[&str]) -> String {
    let scopes = "write.career_history write.education read.career_history";
    let mut command = binary();
    command.args(["partner", "add", "--json", "--name", "Acme Payroll", "--scope", scopes, "--data"]).arg(&server.data);
    let added: Value = serde_json::from_slice(&ended(command.args(store)).stdout).expect("JSON");
    token(server.port, text(&added["client_id"]), text(&added["client_secret"])).expect("a token")
}

/// Pushes an education with a document and accepts it as `person`.
fn accept_document(server: &Server, token: &str, person: &mut Person) -> (Vec<u8>, String) {
    let mut body = ("education".parse::<credential::Type>().expect("a type").sample)();
    body["credential_id"] = json!("degree");
    body["fields"]["full_name"] = json!("Marked Person");
    body["assets"] = json!([{ "asset_id": "the-document", "asset_type": "pdf", "asset_data": null }]);
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    let pushed = request(server.port, "POST", EDUCATION, &headers, &body.to_string()).expect("an answer");
    let content = request_id(&pushed);
    let link = text(&pushed.json()["assets"][0]["upload_url"]).to_owned();
    let document = samples::bytes(&mut samples::pdf(|_, _| {}));
    let path = link.strip_prefix("http://localhost:8080").expect("a link of this server");
    let sent = request_bytes(server.port, "PUT", path, &[("Content-Type", "application/pdf")], &document);
    assert_eq!(sent.expect("an answer").status, 204);
    person.accept(server, "/partner/add/education", &content);
    let record = person.get(server, &format!("/wallet/credentials/{content}")).body;
    let id = record.split("href=\"/documents/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/documents/{}", id.unwrap_or_else(|| panic!("{record}")));
    // A PDF is delivered as a new file.
    let delivered = person.get(server, &path).body.into_bytes();
    assert!(delivered.starts_with(b"%PDF"));
    (delivered, path)
}

/// Shares a job with a hirer; returns the link's path and the credential that it shows.
fn share(server: &Server, person: &mut Person, submission: &str) -> (String, String) {
    let part = format!("{submission}/employment/0");
    let form = [("part", &*part), ("days", "14"), ("purpose", "A post")];
    let answer = person.post(server, &format!("/wallet/credentials/{submission}/share"), &form);
    let own = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a page").to_owned();
    let page = person.get(server, &own).body;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a link");
    let path = link[link.find("/share/").expect("a path")..].to_owned();
    let signed = server.get(&format!("{path}/token/1")).expect("an answer");
    assert_eq!(signed.status, 200, "{}", signed.body);
    (path, signed.body)
}

/// Returns the path of the status list that a credential refers to.
fn status_list(signed: &str) -> String {
    let payload = signed.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let payload: Value = serde_json::from_slice(&payload).expect("JSON");
    text(&payload["status"]["status_list"]["uri"]).strip_prefix("http://localhost:8080").expect("here").to_owned()
}

pub fn api_get(server: &Server, token: &str, path: &str) -> Value {
    let headers = [("Authorization", &*format!("Bearer {token}"))];
    let answer = request(server.port, "GET", path, &headers, "").expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

pub fn people_find_what_they_had(server: &Server, world: &World) {
    let (mut ada, _) = Person::sign_in(server, "ada@example.org", None);
    let wallet = ada.get(server, "/wallet").body;
    assert!(wallet.contains("Marked Employer") && wallet.contains("Includes 1 document."), "{wallet}");
    let document = ada.get(server, &world.document_path);
    assert_eq!((document.status, document.body), (200, String::from_utf8_lossy(&world.document).into_owned()));
}

pub fn partners_are_told_the_truth(server: &Server, world: &World, before: &[String]) {
    // The token from before the backup is valid: its key was restored.
    let token = &world.token;
    assert_eq!(status(server, token, "kept")["status"], "verified");
    assert_eq!(status(server, token, "degree")["status"], "verified");
    let asked = api_get(server, token, "/api/partner/v2/verify/requests/asked");
    assert_eq!(asked["status"], "canceled", "{asked}");
    for id in ["waiting", "opened"] {
        assert_eq!(status(server, token, id)["status"], "canceled", "{id}");
    }
    assert_eq!(known(server.port, token, before).len(), before.len(), "each push from before the backup is known");
    let again = server.push(token, "kept").expect("an answer");
    assert_eq!(text(&again.json()["redirect_uri"]), world.kept_link, "what was accepted is not asked again");
    let again = server.push(token, "waiting").expect("an answer");
    let link = again.json();
    assert_ne!(text(&link["redirect_uri"]), world.waiting_link, "a new link");
    let (mut bob, page) = Person::sign_in(server, "bob@example.org", Some((CAREER, &request_id(&again))));
    assert!(bob.get(server, &page).body.contains("Marked Employer"), "and its data is there");
    bob.post(server, &format!("{page}/accept"), &[]);
    assert_eq!(status(server, token, "waiting")["status"], "verified");
    let old = world.waiting_link.rsplit_once("content=").expect("a content").1;
    let dead = bob.post(server, CAREER, &[("content", old)]);
    assert_eq!(dead.status, 303);
    until("partners to be told that what waited is over", || {
        let events = world.receiver.events.lock().expect("no panic");
        let told: HashSet<&str> = events
            .iter()
            .filter(|event| event["type"] == "atsp_request.canceled")
            .filter_map(|event| event["credential_id"].as_str())
            .collect();
        ["waiting", "opened"].iter().all(|id| told.contains(id)).then_some(())
    });
}

pub fn what_was_signed_is_good(server: &Server, world: &World) {
    let page = server.get(&world.share).expect("an answer").body;
    assert!(page.contains("data-together=\"hire-all-passed\""), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, body: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, body).expect("written");
        path
    };
    let issuer = server.get("/.well-known/jwt-vc-issuer").expect("an answer").json();
    let keys = write("keys", &issuer["jwks"].to_string());
    let list = status_list(&world.signed);
    let status = write("status", &server.get(&list).expect("an answer").body);
    let verified = ended(binary().arg("verify").arg(&world.signed).arg("--keys").arg(keys).arg("--status").arg(status));
    assert!(shown(&verified).contains("signature"), "{}", shown(&verified));
    assert!(!shown(&verified).to_lowercase().contains("failed"), "{}", shown(&verified));
    // Indices allocated after the backup are unknown, so the earlier lists are closed.
    let (mut ada, _) = Person::sign_in(server, "ada@example.org", None);
    let id = world.kept_link.rsplit_once("content=").expect("a content").1;
    let (_, signed) = share(server, &mut ada, id);
    assert_ne!(status_list(&signed), list, "a new list");
}
