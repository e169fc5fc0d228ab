//! Documents under load: kills between the object and its row, memory use of concurrent uploads,
//! and hostile ones.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::samples;
use crate::tenure::{HttpResponse, Process, Server, binary, request, request_bytes, until};

const EDUCATION: &str = "/api/partner/v2/add/requests/education";

fn item(id: &str) -> Value {
    let mut item = ("education".parse::<credential::Type>().expect("a type").sample)();
    item["credential_id"] = json!(id);
    item
}

fn post(port: u16, token: &str, path: &str, body: &Value) -> Option<HttpResponse> {
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    request(port, "POST", path, &headers, &body.to_string())
}

fn upload(port: u16, answer: &HttpResponse, bytes: &[u8]) -> Option<HttpResponse> {
    let link = answer.json()["assets"][0]["upload_url"].as_str().expect("a link").to_owned();
    let path = link.strip_prefix("http://localhost:8080").expect("a link of this server");
    request_bytes(port, "PUT", path, &[("Content-Type", "application/pdf")], bytes)
}

/// Lists the files in the documents' folder, complete or not.
fn files(data: &Path) -> Vec<String> {
    let inside = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let shards = inside(&data.join("documents")).into_iter().flat_map(|instance| inside(&instance));
    let files = shards.flat_map(|shard| inside(&shard));
    files.map(|file| file.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn only_objects_orphaned_by_a_kill_are_swept() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[], &[]);
    let token = server.token(&[]);
    let document = samples::filled_pdf(300_000);
    let (kept, killed) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (kept, killed, token, port, document) = (&kept, &killed, &token, server.port, &document);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("{client}-{number}");
                    let pushed = post(port, token, EDUCATION, &item(&id));
                    match pushed.and_then(|answer| upload(port, &answer, document)) {
                        Some(answer) if answer.status == 204 => kept.lock().expect("no panic").push(id),
                        _ if killed.load(Ordering::SeqCst) => break,
                        other => panic!("before the kill: {other:?}"),
                    }
                }
            });
        }
        until("some uploads", || (kept.lock().expect("no panic").len() > 40).then_some(()));
        killed.store(true, Ordering::SeqCst);
        server.signal("KILL");
        server.wait();
    });
    let kept = kept.into_inner().expect("no panic");
    // The sweep at startup deletes objects older than `object_storage.orphan_age`, which is at
    // least twice each timeout.
    let settings = [
        ("TENURE_OBJECT_STORAGE__ORPHAN_AGE", "10s"),
        ("TENURE_OBJECT_STORAGE__UPLOAD_TIMEOUT", "5s"),
        ("TENURE_SERVER__TIMEOUT", "5s"),
        ("TENURE_OUTBOUND__TIMEOUT", "5s"),
    ];
    std::thread::sleep(std::time::Duration::from_secs(11));
    let again = Server::start(&data, &[], &settings);
    let status = |id: &str| {
        let path = format!("/api/partner/v1/submissions/{id}/status");
        let headers = [("Authorization", &*format!("Bearer {token}"))];
        request(again.port, "GET", &path, &headers, "").expect("an answer").json()["assets"][0]["state"].clone()
    };
    for id in &kept {
        assert_eq!(status(id), "stored", "{id} was answered 204");
    }
    // A row may have been committed without its response being sent.
    let unanswered = (0..8).filter(|client| {
        let last = kept.iter().filter(|id| id.starts_with(&format!("{client}-"))).count();
        status(&format!("{client}-{last}")) == "stored"
    });
    let expected = kept.len() + unanswered.count();
    until("the sweep", || (files(&data).len() == expected).then_some(()));
    assert!(files(&data).iter().all(|name| !name.contains('#')), "no unfinished file stays");
}

/// Returns the peak memory of the process in KiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

#[test]
fn concurrent_large_uploads_stay_under_200_mebibytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data, &[], &[]);
    // A partner may upload eight at once.
    let tokens: Vec<String> = (0..4).map(|_| server.token(&[])).collect();
    let document = samples::filled_pdf(10 * 1024 * 1024 - 2000);
    let before = peak(&server);
    std::thread::scope(|scope| {
        for client in 0..32 {
            let (token, document, port) = (&tokens[client % 4], &document, server.port);
            scope.spawn(move || {
                let pushed = post(port, token, EDUCATION, &item(&format!("u{client}"))).expect("an answer");
                let sent = upload(port, &pushed, document).expect("an answer");
                assert_eq!(sent.status, 204, "{}", sent.body);
            });
        }
    });
    let uploads = peak(&server);
    std::thread::scope(|scope| {
        for client in 0..32 {
            let (token, port) = (&tokens[client % 4], server.port);
            scope.spawn(move || {
                let items: Vec<Value> = (0..100).map(|number| item(&format!("b{client}-{number}"))).collect();
                let body = json!({ "credential_id": format!("b{client}"), "education_items": items });
                let pushed = post(port, token, "/api/partner/v2/add/requests/batch", &body).expect("an answer");
                assert_eq!(pushed.status, 201, "{}", pushed.body);
            });
        }
    });
    let all = peak(&server);
    println!("at rest {before} KiB, after 32 uploads {uploads} KiB, after 32 batches of 100 {all} KiB");
    assert!(all < 200 * 1024, "{all} KiB");
}

#[test]
fn concurrent_bodies_with_documents_stay_under_200_mebibytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let tokens: Vec<String> = (0..4).map(|_| server.token(&[])).collect();
    let document = STANDARD.encode(samples::filled_pdf(10 * 1024 * 1024 - 2000));
    let document = format!("data:application/pdf;base64,{document}");
    let before = peak(&server);
    std::thread::scope(|scope| {
        for (client, token) in tokens.iter().enumerate() {
            let (document, port) = (&document, server.port);
            scope.spawn(move || {
                let mut body = item(&format!("d{client}"));
                body["assets"][0]["asset_data"] = json!(document);
                // A body that waits too long for its turn gets 503.
                until("the push", || post(port, token, EDUCATION, &body).filter(|answer| answer.status == 201));
            });
        }
    });
    let all = peak(&server);
    println!("at rest {before} KiB, after 4 bodies of 14 MiB {all} KiB");
    assert!(all < 200 * 1024, "{all} KiB");
}

/// Returns bodies that are nothing but values, and their statuses: 13 MiB of each kind, and as many
/// values as are allowed.
fn bodies_of_values() -> Vec<(String, u16)> {
    let body = |values: &str| format!(r#"{{"credential_id":"values","fields":{{"full_name":{values}}}}}"#);
    let list = |value: &str, count: usize| body(&format!("[{}{value}]", format!("{value},").repeat(count - 1)));
    let long = |value: &str| (list(value, 13 * 1024 * 1024 / (value.len() + 1)), 413);
    // Beside the body, its fields, the id and the name.
    let most = credential::MAX_VALUES - 4;
    // Four of the largest objects.
    let members: String = (1..most / 4 - 1).map(|number| format!(r#""{number}":0,"#)).collect();
    vec![
        long("[]"),
        long("0"),
        long("{}"),
        long(r#""""#),
        long(r#"{"":0}"#),
        (list(r#"{"":0}"#, most / 2), 422),
        (list("[0]", most / 2), 422),
        (list(&format!(r#"{{{members}"0":0}}"#), 4), 422),
    ]
}

#[test]
fn concurrent_bodies_of_values_stay_under_200_mebibytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let tokens: Vec<String> = (0..4).map(|_| server.token(&[])).collect();
    let bodies = bodies_of_values();
    let before = peak(&server);
    std::thread::scope(|scope| {
        for client in 0..32 {
            // Each partner sends each body.
            let (token, (body, status), port) = (&tokens[client / 8], &bodies[client % 8], server.port);
            scope.spawn(move || {
                let authorization = format!("Bearer {token}");
                let headers = [("Authorization", &*authorization), ("Content-Type", "application/json")];
                let send = || request(port, "POST", EDUCATION, &headers, body);
                // A body that waits too long for its turn gets 503.
                let answer = until("a response", || send().filter(|answer| answer.status != 503));
                assert_eq!(answer.status, *status, "{body:.60}: {:.400}", answer.body);
            });
        }
    });
    let all = peak(&server);
    println!("at rest {before} KiB, after 32 bodies of values {all} KiB");
    assert!(all < 200 * 1024, "{all} KiB");
}

/// Builds a PDF whose catalog leads to a million numbers.
fn costly_pdf() -> Vec<u8> {
    let numbers = vec![lopdf::Object::Integer(1); 1_000_000];
    samples::bytes(&mut samples::pdf(|document, catalog| {
        let numbers = document.add_object(numbers);
        catalog.set("ViewerPreferences", lopdf::dictionary! { "Numbers" => numbers });
    }))
}

#[test]
fn hostile_uploads_do_not_delay_another_partner() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let (hostile, other): (Vec<String>, String) = ((0..4).map(|_| server.token(&[])).collect(), server.token(&[]));
    let (costly, overlapping) = (costly_pdf(), include_bytes!("../fixtures/documents/dos_400x100k.pdf"));
    let small = samples::bytes(&mut samples::pdf(|_, _| {}));
    let ended = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..32 {
            let (token, costly, ended, port) = (&hostile[client % 4], &costly, &ended, server.port);
            scope.spawn(move || {
                let pushed = post(port, token, EDUCATION, &item(&format!("h{client}"))).expect("an answer");
                let document: &[u8] = if client / 4 % 4 == 0 { overlapping } else { costly };
                // A partner may upload eight at once. An upload may outlast the client's timeout,
                // or be rejected while it is sent.
                let mut sent = upload(port, &pushed, document);
                while sent.as_ref().is_some_and(|sent| sent.status == 429) {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    sent = upload(port, &pushed, document);
                }
                if let Some(sent) = sent {
                    assert!([204, 422, 503].contains(&sent.status), "{} {}", sent.status, sent.body);
                }
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
        until("some hostile uploads", || (ended.load(Ordering::SeqCst) > 2).then_some(()));
        // The machine may be busy with other tests, so one of three small uploads must be quick.
        let took = [1, 2, 3].map(|number| {
            let started = std::time::Instant::now();
            let pushed = post(server.port, &other, EDUCATION, &item(&format!("small{number}"))).expect("an answer");
            let sent = upload(server.port, &pushed, &small).expect("an answer");
            assert_eq!(sent.status, 204, "{}", sent.body);
            (started.elapsed(), ended.load(Ordering::SeqCst))
        });
        println!("the small uploads took {took:?}, each with the number of hostile ones that had ended");
        assert!(took[0].1 < 32, "it did not wait for the others");
        let shortest = took.iter().map(|(took, _)| *took).min();
        assert!(shortest < Some(std::time::Duration::from_secs(2)), "{shortest:?}");
    });
    let memory = peak(&server);
    println!("at most {memory} KiB");
    assert!(memory < 200 * 1024, "{memory} KiB");
}

#[test]
fn inspecting_process_is_confined_before_it_reads() {
    let mut command = binary();
    command.args(["inspect-document", "pdf"]).env("SECRET", "x");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process(command.spawn().expect("it starts"));
    let about = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", process.0.id())).unwrap_or_default();
    until("the process to be confined", || about("status").contains("Seccomp:\t2").then_some(()));
    assert!(about("status").contains("NoNewPrivs:\t1"));
    assert_eq!(about("environ"), "");
    let limits = about("limits");
    for (name, most) in [
        ("Max cpu time", "5"),
        ("Max address space", "536870912"),
        ("Max open files", "16"),
        ("Max processes", "0"),
        ("Max core file size", "0"),
        ("Max file size", "21037056"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("a limit");
        assert_eq!(line[name.len()..].split_whitespace().next(), Some(most), "{line}");
    }
    let mut stdin = process.0.stdin.take().expect("a pipe");
    stdin.write_all(include_bytes!("../fixtures/documents/js_control.pdf")).expect("written");
    drop(stdin);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut process.0.stdout.take().expect("a pipe"), &mut said).expect("read");
    assert!(said.contains("\"verdict\":\"refused\"") && said.contains("JavaScript"), "{said}");
    assert_eq!(process.wait(), Some(0));
}
