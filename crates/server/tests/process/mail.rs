//! Codes by a real SMTP conversation.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::tenure::{PATIENCE, Server, request, until};

/// A mail server that answers `refusals` to the first messages and then takes all; what it took comes out of the channel.
fn mail_server(refusals: &'static [&'static str]) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, mails) = channel();
    std::thread::spawn(move || {
        let mut refusals = refusals.iter();
        for stream in listener.incoming() {
            let Ok(stream) = stream else { break };
            converse(stream, &mut refusals, &sender);
        }
    });
    (port, mails)
}

/// One connection (RFC 5321, section 4.1).
fn converse(stream: TcpStream, refusals: &mut std::slice::Iter<'static, &'static str>, mails: &Sender<String>) {
    let mut writer = stream.try_clone().expect("two ends");
    let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    say("220 localhost ready");
    while let Some(line) = lines.next() {
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => say("250 localhost"),
            "RCPT" => match refusals.next() {
                Some(refusal) => say(refusal),
                None => say("250 taken"),
            },
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

fn ask_for_code(server: &Server, email: &str) {
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
    let answer = request(server.port, "POST", "/sign-in", &headers, &format!("email={email}")).expect("an answer");
    assert_eq!(answer.status, 303, "{}", answer.body);
}

fn serve(folder: &tempfile::TempDir, port: u16) -> Server {
    Server::start(&folder.path().join("data"), &["--mail", &format!("smtp://127.0.0.1:{port}")], &[])
}

#[test]
fn a_code_arrives_by_smtp() {
    let folder = tempfile::tempdir().expect("a folder");
    let (port, mails) = mail_server(&[]);
    let server = serve(&folder, port);
    ask_for_code(&server, "ada%40example.org");
    let mail = mails.recv_timeout(PATIENCE).expect("a mail");
    assert!(mail.contains("To: ada@example.org") && mail.contains("Your code is "), "{mail}");
}

#[test]
fn a_mail_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (port, mails) = mail_server(&["451 later please", "550 nobody here"]);
    let server = serve(&folder, port);
    ask_for_code(&server, "ada%40example.org");
    until("the busy server to be noticed", || server.log().contains("tried again later").then_some(()));
    ask_for_code(&server, "nobody%40example.org");
    until("the refusal to be noticed", || server.log().contains("given up").then_some(()));
    let mail = mails.recv_timeout(PATIENCE).expect("a mail, after a pause");
    assert!(mail.contains("To: ada@example.org"), "{mail}");
}
