//! SIGTERM: accepted requests get their response, and the process exits soon with code 0.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::tenure::{PUSH, Server, career, connect, known, push, read_answer, until};

/// Shorter than the default of `server.shutdown_grace`.
const GIVEN_UP: &str = "some requests were still in progress";

/// A push that the server has accepted and whose body is not sent yet.
struct UnderWay {
    stream: TcpStream,
    body: String,
}

impl UnderWay {
    /// Sends only the head. The interim response (RFC 9110, section 10.1.1) proves that a handler
    /// waits for the body.
    fn begin(port: u16, token: &str, id: &str) -> Self {
        let (mut stream, body) = (connect(port).expect("a connection"), career(id, 1));
        let head = format!(
            "POST {PUSH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("written");
        let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut interim).expect("an interim answer");
        assert!(interim.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&interim));
        Self { stream, body }
    }

    /// Sends the body and returns the status.
    fn end(mut self) -> u16 {
        self.stream.write_all(self.body.as_bytes()).expect("the server still reads");
        read_answer(self.stream).expect("an answer, since the server stops only after it").status
    }
}

fn wait_until_stopping(server: &Server) {
    until("the server to be stopping", || server.log().contains("stopping").then_some(()));
    until("no more connections", || connect(server.port).is_none().then_some(()));
}

#[test]
fn shutdown_completes_accepted_requests_and_drops_idle_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[], &[]);
    let token = server.token(&[]);
    let mut idle = connect(server.port).expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("written");
    assert!(idle.read(&mut [0; 2048]).expect("an answer") > 0);
    let ids: Vec<String> = (0..8).map(|number| format!("under-way-{number}")).collect();
    let under_way: Vec<_> = ids.iter().map(|id| UnderWay::begin(server.port, &token, id)).collect();
    server.signal("TERM");
    wait_until_stopping(&server);
    for push in under_way {
        assert_eq!(push.end(), 201, "{}", server.log());
    }
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    let log = server.log();
    assert!(log.contains("\"stopped\"") && !log.contains(GIVEN_UP), "{log}");
    let again = Server::start(&data, &[], &[]);
    assert_eq!(known(again.port, &token, &ids), ids);
}

#[test]
fn shutdown_under_load_keeps_acknowledged_pushes() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[], &[]);
    let token = server.token(&[]);
    let acknowledged = std::thread::scope(|scope| {
        let (server, token) = (&server, &token);
        let pusher = |client| {
            scope.spawn(move || {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    let id = format!("{client}-{number}");
                    // A connection that was not accepted may be refused or reset; every response is
                    // 201.
                    let Some(answer) = push(server.port, token, &id) else { break };
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    acknowledged.push(id);
                    if (client, number) == (0, 20) {
                        server.signal("TERM");
                    }
                }
                acknowledged
            })
        };
        let pushers: Vec<_> = (0..8).map(pusher).collect();
        pushers.into_iter().flat_map(|pusher| pusher.join().expect("201s alone")).collect::<Vec<_>>()
    });
    assert!(acknowledged.len() > 20);
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    let again = Server::start(&data, &[], &[]);
    assert_eq!(known(again.port, &token, &acknowledged), acknowledged);
}

#[test]
fn endless_request_is_dropped_after_the_grace_period() {
    let folder = tempfile::tempdir().expect("a folder");
    let grace = [("TENURE_SERVER__SHUTDOWN_GRACE", "1s")];
    let mut server = Server::start(&folder.path().join("data"), &[], &grace);
    let token = server.token(&[]);
    let _under_way = UnderWay::begin(server.port, &token, "never-ends");
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(server.log().contains(GIVEN_UP), "{}", server.log());
}
