//! SIGTERM: what was accepted is answered, and the process ends well and soon.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::tenure::{PATIENCE, Server, known, push};

#[test]
fn what_was_accepted_is_answered_and_idle_connections_do_not_hold_it_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[], &[]);
    let token = server.token(&[]);
    let mut idle = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("written");
    let mut buffer = [0; 2048];
    assert!(idle.read(&mut buffer).expect("an answer") > 0);
    let (port, id, began) = (server.port, server.id().to_string(), Instant::now());
    let acknowledged = std::thread::scope(|scope| {
        let pushers: Vec<_> = (0..8)
            .map(|client| {
                let (token, process) = (&token, &id);
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    for number in 0.. {
                        let id = format!("{client}-{number}");
                        // Refused connections are fine; an answer that is broken off is not, and is no answer here.
                        match push(port, token, &id) {
                            Some(answer) if answer.status == 201 => acknowledged.push(id),
                            Some(answer) => panic!("{}: {}", answer.status, answer.body),
                            None => break,
                        }
                        if number == 20 && client == 0 {
                            std::process::Command::new("kill").arg(process).status().expect("kill is there");
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        pushers.into_iter().flat_map(|pusher| pusher.join().expect("no broken answer")).collect::<Vec<_>>()
    });
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(began.elapsed() < PATIENCE);
    assert!(server.log().contains("stopped"), "{}", server.log());
    let again = Server::start(&data, &[], &[]);
    assert_eq!(known(again.port, &token, &acknowledged).len(), acknowledged.len());
}
