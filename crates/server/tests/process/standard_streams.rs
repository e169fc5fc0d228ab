//! A server whose log nobody reads, and commands whose output is not read to its end.

use std::process::Stdio;

use crate::tenure::{Process, Server, binary, free_port, request, until};

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
    // More lines than a pipe holds, and then more than wait in the process.
    let dropped = until("dropped lines", || {
        for _ in 0..500 {
            assert_eq!(request(port, "GET", "/none", &[], "").expect("an answer").status, 404);
        }
        let metrics = request(port, "GET", "/metrics", &[], "").expect("an answer").body;
        let count = metrics.split("tenure_log_lines_dropped_total ").nth(1).expect("the metric");
        let count: u64 = count.split_whitespace().next().expect("a number").parse().expect("a number");
        (count > 0).then_some(count)
    });
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

/// Nobody has a secret that could not be written.
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
