//! Several processes on one PostgreSQL: start, cache invalidation, shared limits, shared work,
//! crashes and outages of the
//! database.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::database;
use crate::proxy::Proxy;
use crate::tenure::{
    HttpResponse, Server, TIMEOUT, binary, ended, free_port, known, push, request, shown, token, until,
};
use crate::webhooks::{Manner, Receiver, SETTINGS, register};

const STATUS: &str = "/api/partner/v1/submissions/none/status";

/// Creates the runtime for a test's own database queries.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// Copies the root key of one node to another.
pub fn give_root_key(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    std::fs::copy(from.join("root.key"), to.join("root.key")).expect("copied");
}

/// Two nodes that run on one PostgreSQL.
struct Nodes {
    folder: tempfile::TempDir,
    url: String,
    servers: [Server; 2],
}

impl Nodes {
    fn start(variables: &[(&str, &str)]) -> Self {
        let (folder, url) = (tempfile::tempdir().expect("a folder"), runtime().block_on(database::postgres_url()));
        let start = |name: &str| Server::start(&folder.path().join(name), &["--database-url", &url], variables);
        let one = start("one");
        give_root_key(&folder.path().join("one"), &folder.path().join("other"));
        let servers = [one, start("other")];
        Self { folder, url, servers }
    }

    fn store(&self) -> [&str; 2] {
        ["--database-url", &self.url]
    }

    /// Executes a statement in the database.
    fn execute(&self, statement: &'static str) {
        use sqlx::{Connection as _, Executor as _};
        runtime().block_on(async {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.expect("the database answers");
            connection.execute(statement).await.expect("executed");
        });
    }
}

fn get(port: u16, token: &str, path: &str) -> Option<HttpResponse> {
    request(port, "GET", path, &[("Authorization", &format!("Bearer {token}"))], "")
}

/// Measures the time until every node rejects a token.
fn refused_everywhere(nodes: &Nodes, token: &str) -> Duration {
    let started = Instant::now();
    for server in &nodes.servers {
        until("the token to be refused", || {
            let status = get(server.port, token, STATUS).expect("an answer").status;
            assert!(status == 404 || status == 401, "{status}");
            (status == 401).then_some(())
        });
    }
    started.elapsed()
}

#[test]
fn disabling_and_revocation_reach_all_nodes_in_five_seconds() {
    let nodes = Nodes::start(&[]);
    let partners = [nodes.servers[0].add_partner(&nodes.store()), nodes.servers[1].add_partner(&nodes.store())];
    let text = |number: usize, name: &str| partners[number][name].as_str().expect("a text");
    let tokens = [0, 1].map(|number| {
        let port = nodes.servers[number].port;
        token(port, text(number, "client_id"), text(number, "client_secret")).expect("a token")
    });
    for server in &nodes.servers {
        for token in &tokens {
            assert_eq!(get(server.port, token, STATUS).expect("an answer").status, 404);
        }
    }
    let disable = ["partner", "disable", text(0, "client_id"), "--data"];
    let data = nodes.folder.path().join("other");
    let output = ended(binary().args(disable).arg(data).args(nodes.store()));
    assert!(output.status.success(), "{}", shown(&output));
    let disabled = refused_everywhere(&nodes, &tokens[0]);
    assert_eq!(get(nodes.servers[0].port, &tokens[1], STATUS).expect("an answer").status, 404, "the other goes on");
    // Deletes the signing key, as after a leak. Both nodes have cached a token that it signed.
    nodes.execute("DELETE FROM tenure_keyring.signing_key WHERE purpose = 'token'");
    let without_key = refused_everywhere(&nodes, &tokens[1]);
    println!("refused by both after {disabled:.1?} (disabled) and {without_key:.1?} (its key deleted)");
    assert!(disabled.max(without_key) < Duration::from_secs(5), "{disabled:?} {without_key:?}");
    let port = nodes.servers[1].port;
    let again = token(port, text(1, "client_id"), text(1, "client_secret")).expect("by another key");
    assert_eq!(get(nodes.servers[0].port, &again, STATUS).expect("an answer").status, 404);
}

#[test]
fn cached_status_follows_decisions_on_another_node() {
    let nodes = Nodes::start(&[]);
    let token = nodes.servers[0].token(&nodes.store());
    let [here, there] = [0, 1].map(|number: usize| nodes.servers[number].port);
    let told = |port| {
        let ids = known(port, &token, &["1".to_owned()]);
        assert_eq!(ids, ["1"]);
        let path = "/api/partner/v1/submissions/1/status";
        get(port, &token, path).expect("an answer").json()["status"].as_str().expect("a status").to_owned()
    };
    // The other node caches: it does not see a change without a notification.
    let unheard = || {
        push(here, &token, "unheard").expect("an answer");
        let path = "/api/partner/v1/submissions/unheard/status";
        let told = || get(there, &token, path).expect("an answer").json()["status"].clone();
        assert_eq!(told(), "incomplete");
        nodes.execute(
            "SET session_replication_role = replica;
             UPDATE submission SET expires_at = 1 WHERE credential_id = 'unheard'",
        );
        let remembers = told() == "incomplete";
        nodes.execute("DELETE FROM submission WHERE credential_id = 'unheard'");
        remembers.then_some(())
    };
    until("the other node to listen, and so to remember", unheard);
    for _ in 0..3 {
        let pushed = push(here, &token, "1").expect("an answer");
        assert_eq!(pushed.status, 201, "under the same id, once the one before is taken back");
        assert_eq!(told(here), "incomplete", "at once where it was done");
        until("the other node to know", || (told(there) == "incomplete").then_some(()));
        // Enough requests that both nodes cache the status.
        for _ in 0..20 {
            assert_eq!([told(here), told(there)], ["incomplete"; 2]);
        }
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
        let (path, body) = ("/api/partner/v2/add/requests/career_history/1", r#"{"reason":"Sent by mistake"}"#);
        assert_eq!(request(here, "DELETE", path, &headers, body).expect("an answer").status, 204);
        let withdrawn = Instant::now();
        assert_eq!(told(here), "canceled", "at once where it was done");
        until("the other node to know", || (told(there) == "canceled").then_some(()));
        assert!(withdrawn.elapsed() < Duration::from_secs(5), "{:?}", withdrawn.elapsed());
    }
}

#[test]
fn new_key_reaches_all_nodes_before_its_signatures() {
    let nodes =
        Nodes::start(&[("TENURE_RETENTION__INCOMPLETE", "10s"), ("TENURE_TOKENS__KEY_ROTATION_INTERVAL", "4s")]);
    let partner = nodes.servers[0].add_partner(&nodes.store());
    let text = |name: &str| partner[name].as_str().expect("a text");
    let (mut kids, started) = (HashSet::new(), Instant::now());
    while kids.len() < 3 {
        for (here, there) in [(0, 1), (1, 0)] {
            let [here, there] = [here, there].map(|number: usize| nodes.servers[number].port);
            let token = token(here, text("client_id"), text("client_secret")).expect("a token");
            assert_eq!(get(there, &token, STATUS).expect("an answer").status, 404, "after {:?}", started.elapsed());
            kids.insert(token.split('.').next().expect("a header").to_owned());
        }
        assert!(started.elapsed() < TIMEOUT, "keys follow each other");
    }
    let keys = |port| request(port, "GET", "/.well-known/jwks.json", &[], "").expect("an answer").body;
    until("the same keys", || (keys(nodes.servers[0].port) == keys(nodes.servers[1].port)).then_some(()));
}

#[test]
fn node_with_another_root_key_does_not_start() {
    let (folder, url) = (tempfile::tempdir().expect("a folder"), runtime().block_on(database::postgres_url()));
    let store = ["--database-url", &*url];
    let _first = Server::start(&folder.path().join("first"), &store, &[]);
    let refused = |data: &Path| {
        let listen = format!("127.0.0.1:{}", free_port());
        let output =
            ended(binary().args(["serve", "--mail", "console", "--listen", &listen, "--data"]).arg(data).args(store));
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        shown(&output)
    };
    let data = folder.path().join("second");
    let text = refused(&data);
    assert!(text.contains("copy it from the node that has it") && !data.join("root.key").exists(), "{text}");
    let elsewhere = Server::start(&folder.path().join("elsewhere"), &[], &[]);
    give_root_key(&elsewhere.data, &data);
    let text = refused(&data);
    assert!(text.contains("copy root.key from the node that was started first"), "{text}");
    give_root_key(&folder.path().join("first"), &data);
    let second = Server::start(&data, &[&store[..], &["--base-url", "http://localhost:8081"]].concat(), &[]);
    let log = until("the warning", || Some(second.log()).filter(|log| log.contains("all nodes must use the same")));
    assert!(log.contains("http://localhost:8080"), "{log}");
}

/// Two nodes together allow the configured rate plus at most one additional burst.
#[test]
fn partner_rate_limit_is_shared_by_all_nodes() {
    let variables = [
        ("TENURE_RATE_LIMIT__ENABLED", "true"),
        ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "5"),
        ("TENURE_RATE_LIMIT__PARTNER_BURST", "20"),
    ];
    let nodes = Nodes::start(&variables);
    let token = nodes.servers[0].token(&nodes.store());
    let (started, mut answered) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(5) {
        for server in &nodes.servers {
            let answer = get(server.port, &token, STATUS).expect("an answer");
            assert!(answer.status == 404 || answer.status == 429, "{}", answer.status);
            answered += u32::from(answer.status == 404);
        }
    }
    let (seconds, alone) = (started.elapsed().as_secs_f64(), 20.0 + 5.0 * started.elapsed().as_secs_f64());
    println!("two nodes answered {answered} in {seconds:.1} s; one would have answered {alone:.0}");
    assert!(f64::from(answered) <= alone + 25.0, "{answered} in {seconds} s");
    assert!(f64::from(answered) >= alone - 10.0, "{answered} in {seconds} s");
}

#[test]
fn two_nodes_deliver_each_webhook_once() {
    let nodes = Nodes::start(&SETTINGS);
    let token = nodes.servers[0].token(&nodes.store());
    let receiver = Receiver::start(Manner::Answers(2), true);
    register(&nodes.servers[0], &token, &receiver, &["atsp_request.created"]);
    const EACH: usize = 100;
    std::thread::scope(|scope| {
        for (number, server) in nodes.servers.iter().enumerate() {
            for client in 0..2 {
                let token = &token;
                scope.spawn(move || {
                    for push in 0..EACH / 2 {
                        let answer = server.push(token, &format!("{number}-{client}-{push}")).expect("an answer");
                        assert_eq!(answer.status, 201, "{}", answer.body);
                    }
                });
            }
        }
    });
    until("all events", || (receiver.count() >= 2 * EACH).then_some(()));
    std::thread::sleep(Duration::from_millis(1500));
    let events = receiver.events.lock().expect("no panic");
    let ids: HashSet<&str> = events.iter().map(|event| event["event_id"].as_str().expect("an id")).collect();
    assert_eq!((events.len(), ids.len()), (2 * EACH, 2 * EACH), "each once");
}

/// Pushes with several clients on each of `ports` until `stop`; returns the responses.
fn load(
    ports: &[u16],
    clients: usize,
    token: &str,
    stop: &AtomicBool,
    answered: impl Fn(String, Option<HttpResponse>, Duration) + Sync,
) {
    std::thread::scope(|scope| {
        for port in ports {
            for client in 0..clients {
                let answered = &answered;
                scope.spawn(move || {
                    for number in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                        let (id, started) = (format!("{port}-{client}-{number}"), Instant::now());
                        let answer = push(*port, token, &id);
                        answered(id, answer, started.elapsed());
                    }
                });
            }
        }
    });
}

#[test]
fn killed_nodes_block_nothing_and_lose_nothing() {
    let mut nodes = Nodes::start(&[]);
    let token = nodes.servers[0].token(&nodes.store());
    let ports = [nodes.servers[0].port, nodes.servers[1].port];
    let (acknowledged, stop, is_one_dead) = (Mutex::new(Vec::new()), AtomicBool::new(false), AtomicBool::new(false));
    let count = |port: u16| {
        let all = acknowledged.lock().expect("no panic");
        all.iter().filter(|id: &&String| id.starts_with(&port.to_string())).count()
    };
    let [one, other] = &mut nodes.servers;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            load(&ports, 4, &token, &stop, |id, answer, _| match answer {
                Some(answer) if answer.status == 201 => acknowledged.lock().expect("no panic").push(id),
                None if is_one_dead.load(Ordering::SeqCst) => {}
                other => panic!("{id}: {other:?}"),
            });
        });
        until("some load on both", || (count(ports[0]).min(count(ports[1])) > 50).then_some(()));
        is_one_dead.store(true, Ordering::SeqCst);
        one.signal("KILL");
        let before = count(ports[1]);
        until("the other to go on", || (count(ports[1]) > before + 100).then_some(()));
        stop.store(true, Ordering::SeqCst);
        other.signal("KILL");
        one.wait();
        other.wait();
    });
    let acknowledged = acknowledged.into_inner().expect("no panic");
    let again = ["one", "other"]
        .map(|name| Server::start(&nodes.folder.path().join(name), &["--database-url", &nodes.url], &[]));
    for server in &again {
        assert_eq!(known(server.port, &token, &acknowledged).len(), acknowledged.len());
    }
}

/// The outcome of pushes while the connection to the database was disturbed.
#[derive(Debug, Default)]
struct PushResults {
    stored: usize,
    not_now: usize,
    longest: Duration,
    last_failure: Option<Instant>,
}

/// Disturbs the connection of a node to the database under load; returns the outcome and when the
/// disturbance ended.
fn troubled(trouble: impl FnOnce(&Proxy)) -> (PushResults, Instant) {
    let (folder, url) = (tempfile::tempdir().expect("a folder"), runtime().block_on(database::postgres_url()));
    let mut by_proxy = url::Url::parse(&url).expect("a URL");
    let proxy = Proxy::start(by_proxy.port().expect("a port"));
    by_proxy.set_port(Some(proxy.port)).expect("a port");
    let server = Server::start(&folder.path().join("data"), &["--database-url", by_proxy.as_str()], &[]);
    let token = server.token(&["--database-url", &url]);
    let (outcome, stop) = (Mutex::new(PushResults::default()), AtomicBool::new(false));
    let stored = || outcome.lock().expect("no panic").stored;
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            load(&[server.port], 8, &token, &stop, |id, answer, took| {
                let answer = answer.expect("the server is there");
                let mut outcome = outcome.lock().expect("no panic");
                outcome.longest = outcome.longest.max(took);
                match answer.status {
                    201 => outcome.stored += 1,
                    503 => {
                        assert!(answer.head.contains("retry-after: "), "{}", answer.head);
                        outcome.not_now += 1;
                        outcome.last_failure = Some(Instant::now());
                    }
                    other => panic!("{id}: {other} {}", answer.body),
                }
            });
        });
        until("some load", || (stored() > 50).then_some(()));
        trouble(&proxy);
        let (ended, before) = (Instant::now(), stored());
        until("pushes again", || (stored() > before + 100).then_some(()));
        stop.store(true, Ordering::SeqCst);
        ended
    });
    let log = server.log();
    assert!(!log.contains("a request failed"), "{log}");
    assert_eq!(server.get("/readyz").expect("an answer").status, 200);
    (outcome.into_inner().expect("no panic"), ended)
}

#[test]
fn database_outage_returns_503_and_recovers() {
    let (outcome, ended) = troubled(|proxy| {
        proxy.cut();
        std::thread::sleep(Duration::from_millis(1500));
        proxy.mend();
    });
    let after = outcome.last_failure.map(|at| at.saturating_duration_since(ended)).unwrap_or_default();
    println!("cut for 1.5 s: {outcome:?}; the last failure came {after:.1?} after it was back");
    assert!(after < Duration::from_secs(2), "{after:?}");
}

#[test]
fn silent_connections_are_dropped_within_seconds() {
    let (outcome, ended) = troubled(Proxy::hush);
    let after = outcome.last_failure.map(|at| at.saturating_duration_since(ended)).unwrap_or_default();
    println!("silent: {outcome:?}; the last failure came {after:.1?} later");
    assert!(outcome.not_now > 0 && outcome.longest < Duration::from_secs(9), "{outcome:?}");
    assert!(after < Duration::from_secs(9), "{after:?}");
}
