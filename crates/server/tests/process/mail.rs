//! Mail transports: SMTP, a folder, the terminal.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::tenure::{Server, TIMEOUT, request, until};

/// How often each recipient was named; the server's responses depend on it.
type Named = Arc<Mutex<HashMap<String, usize>>>;

/// Starts a mail server on a thread; it sends accepted messages to the channel.
fn mail_server() -> (u16, Named, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, mails) = channel();
    let named = Named::default();
    let counts = named.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (counts, sender) = (counts.clone(), sender.clone());
            std::thread::spawn(move || converse(stream, &counts, &sender));
        }
    });
    (port, named, mails)
}

/// One connection (RFC 5321, section 4.1).
fn converse(stream: TcpStream, named: &Named, mails: &Sender<String>) {
    let mut writer = stream.try_clone().expect("two ends");
    let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    say("220 localhost ready");
    while let Some(line) = lines.next() {
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => say("250 localhost"),
            "RCPT" => say(&reply(&line, named)),
            "DATA" => {
                say("354 go on");
                let _ = mails.send(lines.by_ref().take_while(|line| line != ".").collect::<Vec<_>>().join("\n"));
                say("250 taken")
            }
            "QUIT" => {
                say("221 bye");
                break;
            }
            _ => say("250 fine"),
        };
    }
}

/// Rejects the recipient `busy` twice with a temporary error and an unknown one with a permanent
/// error; accepts all others. Rejections repeat the address, as real servers do.
fn reply(line: &str, named: &Named) -> String {
    let recipient = line.split(['<', '>']).nth(1).expect("a recipient").to_owned();
    let mut named = named.lock().expect("no panic");
    let count = named.entry(recipient.clone()).or_default();
    *count += 1;
    match (recipient.split('@').next(), *count) {
        (Some("busy"), 1 | 2) => format!("451 4.2.2 <{recipient}> is busy, later please"),
        (Some("nobody"), _) => format!("550 5.1.1 <{recipient}> is unknown"),
        _ => "250 taken".to_owned(),
    }
}

fn serve(folder: &tempfile::TempDir, mail: &str) -> Server {
    Server::start(&folder.path().join("data"), &["--mail", mail], &[])
}

fn ask_for_code(server: &Server, name: &str) {
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
    let body = format!("email={name}%40example.org");
    let answer = request(server.port, "POST", "/sign-in", &headers, &body).expect("an answer");
    assert_eq!(answer.status, 303, "{}", answer.body);
}

/// Returns whether this is a complete message with a six-digit code.
fn holds_a_code(mail: &str, to: &str) -> bool {
    let code = mail.split("Your code is ").nth(1).unwrap_or_default();
    mail.contains(&format!("To: {to}@example.org"))
        && ["From: ", "Subject: ", "Message-ID: <", "Date: "].iter().all(|header| mail.contains(header))
        && code.chars().take_while(char::is_ascii_digit).count() == 6
}

#[test]
fn code_is_sent_by_smtp() {
    let folder = tempfile::tempdir().expect("a folder");
    let (port, _, mails) = mail_server();
    let server = serve(&folder, &format!("smtp://127.0.0.1:{port}"));
    ask_for_code(&server, "ada");
    let mail = mails.recv_timeout(TIMEOUT).expect("a mail");
    assert!(holds_a_code(&mail, "ada"), "{mail}");
}

#[test]
fn smtp_is_retried_when_busy_and_not_when_rejecting() {
    let folder = tempfile::tempdir().expect("a folder");
    let (port, named, mails) = mail_server();
    let server = serve(&folder, &format!("smtp://127.0.0.1:{port}"));
    ask_for_code(&server, "busy");
    ask_for_code(&server, "nobody");
    // A mail that is retried does not delay the others.
    ask_for_code(&server, "ada");
    let mail = mails.recv_timeout(TIMEOUT).expect("a mail");
    assert!(holds_a_code(&mail, "ada"), "{mail}");
    let mail = mails.recv_timeout(TIMEOUT).expect("a mail, after two pauses");
    assert!(holds_a_code(&mail, "busy"), "{mail}");
    let log = server.log();
    assert_eq!(log.matches("sending a message failed; it will be retried").count(), 2, "{log}");
    assert_eq!(log.matches("gave up sending a message").count(), 1, "{log}");
    assert!(!log.contains("example.org"), "no address in the log, whatever the mail server says: {log}");
    let named = named.lock().expect("no panic");
    assert_eq!((named["busy@example.org"], named["nobody@example.org"]), (3, 1));
}

#[test]
fn unreachable_mail_server_loses_no_mail() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = crate::tenure::free_port();
    let server = serve(&folder, &format!("smtp://127.0.0.1:{port}"));
    ask_for_code(&server, "ada");
    until("the absence to be noticed", || server.log().contains("the mail server fails").then_some(()));
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is still free");
    let (sender, mails) = channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        converse(stream, &Named::default(), &sender);
    });
    let mail = mails.recv_timeout(TIMEOUT).expect("a mail, after a pause");
    assert!(holds_a_code(&mail, "ada"), "{mail}");
}

#[test]
fn mail_folder_gets_one_file_per_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    let server = serve(&folder, &format!("dir:{}", mails.display()));
    ask_for_code(&server, "ada");
    ask_for_code(&server, "bea");
    let names = || std::fs::read_dir(&mails).expect("made at the start").map(|entry| entry.expect("an entry").path());
    let is_mail = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "eml");
    // A file named .eml is complete at any time.
    let texts = until("two mails", || {
        let texts: Vec<_> =
            names().filter(is_mail).map(|path| std::fs::read_to_string(path).expect("readable")).collect();
        assert!(texts.iter().all(|text| holds_a_code(text, "ada") || holds_a_code(text, "bea")), "{texts:?}");
        (texts.len() == 2).then_some(texts)
    });
    for name in ["ada", "bea"] {
        assert_eq!(texts.iter().filter(|text| holds_a_code(text, name)).count(), 1, "{texts:?}");
    }
    assert_eq!(names().count(), 2, "nothing is left beside them");
}

#[test]
fn console_mail_is_printed_beside_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = serve(&folder, "console");
    ask_for_code(&server, "ada");
    let output = until("the mail", || Some(server.output()).filter(|output| output.contains("Your code is ")));
    assert!(output.contains("To: ada@example.org") && output.contains("Subject: "), "{output}");
    assert!(!server.log().contains("Your code is "), "{}", server.log());
}

#[test]
fn public_server_prints_no_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--mail", "console", "--base-url", "https://passport.example"];
    let server = Server::start(&folder.path().join("data"), &arguments, &[]);
    ask_for_code(&server, "ada");
    until("the reason", || server.log().contains("a server with https must use smtp://").then_some(()));
    for text in [server.output(), server.log()] {
        assert!(!text.contains("Your code is ") && !text.contains("ada@example.org"), "{text}");
    }
}
