//! Kill -9 under load: every push with a 201 response exists after the restart.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::database;
use crate::tenure::{Server, known, push, until};

fn kill_under_load(store: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, store, &[]);
    let token = server.token(store);
    let (acknowledged, killed) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..16 {
            let (acknowledged, killed, token, port) = (&acknowledged, &killed, &token, server.port);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("{client}-{number}");
                    match push(port, token, &id) {
                        Some(answer) if answer.status == 201 => {
                            let link = answer.json()["redirect_uri"].as_str().expect("a link").to_owned();
                            acknowledged.lock().expect("no panic").push((id, link));
                        }
                        _ if killed.load(Ordering::SeqCst) => break,
                        other => panic!("before the kill: {other:?}"),
                    }
                }
            });
        }
        until("some load", || (acknowledged.lock().expect("no panic").len() > 300).then_some(()));
        killed.store(true, Ordering::SeqCst);
        server.signal("KILL");
        server.wait();
    });
    let acknowledged = acknowledged.into_inner().expect("no panic");
    let again = Server::start(&data, store, &[]);
    let ids: Vec<String> = acknowledged.iter().map(|(id, _)| id.clone()).collect();
    let known = known(again.port, &token, &ids);
    assert_eq!(known.len(), ids.len(), "every push that was answered 201 is there");
    for (id, link) in &acknowledged {
        let repeated = again.push(&token, id).expect("an answer");
        assert_eq!((repeated.status, repeated.json()["redirect_uri"].as_str()), (201, Some(&**link)), "{id}");
    }
}

#[test]
fn acknowledged_pushes_survive_kills_on_sqlite() {
    kill_under_load(&[]);
}

#[test]
fn acknowledged_pushes_survive_kills_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(database::postgres_url());
    runtime.shutdown_timeout(Duration::from_secs(1));
    kill_under_load(&["--database-url", &url]);
}
