//! Rate limits, expired tokens, and clients and servers that are killed.

use std::time::{Duration, Instant};

use super::support::{Bureau, people, signal};
use crate::tenure::{Server, until};

/// Settings that make a push slow enough to be interrupted.
const SLOW: [(&str, &str); 3] = [
    ("TENURE_RATE_LIMIT__ENABLED", "true"),
    ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "60"),
    ("TENURE_RATE_LIMIT__PARTNER_BURST", "30"),
];

fn some_links(bureau: &Bureau, more_than: usize) {
    until("some links", || (bureau.text("people.csv.links.csv").lines().count() > more_than).then_some(()));
}

#[test]
fn rate_limit_is_respected_and_tokens_are_renewed() {
    let limit = [
        ("TENURE_RATE_LIMIT__ENABLED", "true"),
        ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "20"),
        ("TENURE_RATE_LIMIT__PARTNER_BURST", "10"),
        ("TENURE_TOKENS__LIFETIME", "1s"),
    ];
    let bureau = Bureau::new(&limit);
    bureau.write("people.csv", people(60));
    let began = Instant::now();
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains("60 people pushed"), "{said}");
    assert!(began.elapsed() > Duration::from_secs(2), "50 beyond the burst, 20 a second");
    assert_eq!(bureau.links("people.csv.links.csv").len(), 60);
    assert_eq!(bureau.stored(), 60);
}

#[test]
fn killed_client_resumes_without_duplicate_links() {
    let bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut least = 0;
    for _ in 0..3 {
        let mut client = bureau.spawn(&["people.csv"]);
        some_links(&bureau, least + 30);
        signal(&client, "KILL");
        assert_eq!(client.wait(), None);
        least = bureau.text("people.csv.links.csv").lines().count();
        assert!(least < 250, "it was stopped in the middle");
    }
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains("Resuming: ") && said.contains("already pushed"), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn interrupted_client_stops_cleanly_and_can_resume() {
    let bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut client = bureau.spawn(&["people.csv"]);
    some_links(&bureau, 30);
    // It must not end before the second push has looked for it.
    signal(&client, "STOP");
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(1) && said.contains("another tenure push is using this file"), "{said}");
    signal(&client, "INT");
    signal(&client, "CONT");
    assert_eq!(client.wait(), Some(1));
    let said = bureau.text("output");
    assert!(said.contains("not pushed yet") && said.contains("run the same command again"), "{said}");
    let links = bureau.links("people.csv.links.csv").len();
    assert!(said.contains(&format!("{links} people pushed")), "all that was answered is noted: {said}");
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains(&format!("{links} people already pushed")), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn closed_terminal_stops_a_push_unless_hangups_are_ignored() {
    let bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut client = bureau.spawn(&["people.csv"]);
    some_links(&bureau, 30);
    signal(&client, "HUP");
    // The tests may run under `nohup`, which their processes inherit.
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask");
    let is_ignored = u64::from_str_radix(mask.trim(), 16).expect("a number") & 1 == 1;
    assert_eq!(client.wait(), Some(i32::from(!is_ignored)));
    let said = bureau.text("output");
    assert_eq!(said.contains("not pushed yet"), !is_ignored, "{said}");
    let links = bureau.links("people.csv.links.csv").len();
    assert!(said.contains(&format!("{links} people pushed")), "{said}");
}

#[test]
fn client_waits_for_a_restarted_server() {
    let mut bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut client = bureau.spawn(&["people.csv"]);
    some_links(&bureau, 30);
    bureau.server.signal("KILL");
    bureau.server.wait();
    let (port, data) = (bureau.server.port, bureau.server.data.clone());
    bureau.server = Server::start_on(port, &data, &[], &SLOW);
    assert_eq!(client.wait(), Some(0), "{}", bureau.text("output"));
    bureau.each_has_one_link("people.csv.links.csv", 250);
}
