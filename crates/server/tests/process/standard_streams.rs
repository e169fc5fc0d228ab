//! A server whose log is not read, and commands whose output is only partly read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use crate::tenure::{Process, Server, binary, connect, free_port, request, until};

/// Requests that are sent at once. The responses fit into the buffers of a connection.
const BATCH: usize = 100;
/// Enough batches that the log lines fill the pipe and the buffer of the process.
const BATCHES: usize = 200;

/// Sends [`BATCH`] requests for a path without a route; returns the number of 404 responses.
fn not_found_responses(connection: &mut TcpStream) -> usize {
    let request = "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n";
    connection.write_all(request.repeat(BATCH).as_bytes()).expect("sent");
    let (mut text, mut buffer) = (String::new(), [0; 64 * 1024]);
    while text.matches("HTTP/1.1 ").count() < BATCH || !text.ends_with('}') {
        let read = connection.read(&mut buffer).expect("a response in time");
        assert_ne!(read, 0, "the connection was closed");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text.matches("HTTP/1.1 404 ").count()
}

/// A full pipe once stopped every request after a few hundred log lines.
#[test]
fn unread_log_blocks_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut command = binary();
    command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--mail", "console", "--data"]);
    command.arg(folder.path().join("data")).env("TENURE_LOG__FILTER", "trace");
    let mut server = Process(command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts"));
    let log = server.0.stderr.take().expect("a pipe");
    until("the server", || request(port, "GET", "/readyz", &[], "").filter(|answer| answer.status == 200));
    // More lines than the pipe holds, then more than the process buffers.
    let mut connection = connect(port).expect("a connection");
    for _ in 0..BATCHES {
        assert_eq!(not_found_responses(&mut connection), BATCH);
    }
    let metrics = request(port, "GET", "/metrics", &[], "").expect("an answer").body;
    let dropped = metrics.split("tenure_log_lines_dropped_total ").nth(1).expect("the metric");
    let dropped: u64 = dropped.split_whitespace().next().expect("a number").parse().expect("a number");
    assert!(dropped > 0);
    drop(log);
}

#[test]
fn sighup_does_not_end_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    server.signal("HUP");
    until("a log line", || server.log().contains("SIGHUP is ignored").then_some(()));
    assert_eq!(server.get("/readyz").expect("an answer").status, 200);
}

/// `tenure partner add | head -1`: the secret is in the first line.
#[test]
fn first_line_of_a_new_partner_has_the_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["partner", "add", "--name", "Acme", "--scope", "write.career_history", "--data"];
    let output = binary().args(arguments).arg(folder.path()).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.lines().next().is_some_and(|line| line.starts_with("client_secret: ")), "{text}");
}

/// A secret that could not be printed must not be stored.
#[test]
fn partner_is_not_added_if_its_secret_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["partner", "add", "--name", "Acme", "--scope", "write.career_history", "--data"];
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
    let output = binary().args(arguments).arg(folder.path()).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let list = binary().args(["partner", "list", "--json", "--data"]).arg(folder.path()).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&list.stdout).trim(), "[]");
}

#[test]
fn rotation_is_undone_if_its_secret_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let partner = server.add_partner(&[]);
    let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
    let mut rotate = binary();
    rotate.args(["partner", "rotate", &text("client_id"), "--data"]).arg(&server.data).stdout(full);
    let output = rotate.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let token = crate::tenure::token(server.port, &text("client_id"), &text("client_secret"));
    assert!(token.is_some(), "the old secret still works");
}
