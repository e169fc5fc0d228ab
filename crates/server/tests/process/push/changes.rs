//! Files that change during a push or between two, and files that are not what their names say.

use std::os::unix::fs::PermissionsExt as _;

use super::support::{Bureau, people};
use crate::tenure::until;

#[test]
fn only_validated_rows_of_a_changing_file_are_pushed() {
    let slow = [
        ("TENURE_RATE_LIMIT__ENABLED", "true"),
        ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "60"),
        ("TENURE_RATE_LIMIT__PARTNER_BURST", "30"),
    ];
    let bureau = Bureau::new(&slow);
    let original = people(250);
    bureau.write("people.csv", &original);
    let mut client = bureau.spawn(&["people.csv"]);
    until("some links", || (bureau.text("people.csv.links.csv").lines().count() > 30).then_some(()));
    // Rewritten in place, with the same length: the ends of all jobs are gone.
    bureau.write("people.csv", original.replace(",2019-12,", ",       ,"));
    assert_eq!(client.wait(), Some(1));
    let said = bureau.text("output");
    assert!(said.contains("people.csv changed after it was validated") && said.contains("people pushed"), "{said}");
    let links = bureau.links("people.csv.links.csv").len();
    assert!(links < 250, "it was stopped in the middle");
    // What was pushed is what was validated, so the original file goes on where it stopped.
    bureau.write("people.csv", &original);
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains(&format!("{links} people already pushed")), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn removed_rows_of_links_get_the_same_link_again() {
    let bureau = Bureau::new(&[]);
    bureau.write("people.csv", people(4));
    assert_eq!(bureau.push(&["people.csv"]).0, Some(0));
    let links = bureau.links("people.csv.links.csv");
    let text = bureau.text("people.csv.links.csv");
    let kept: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| line).collect();
    bureau.write("people.csv.links.csv", kept.join("\n") + "\n");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(bureau.path("people.csv.links.csv"), open).expect("opened");
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains("1 link is missing in the file of links"), "{said}");
    assert!(said.contains("1 person pushed") && said.contains("3 people already pushed"), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 4);
    let again = bureau.links("people.csv.links.csv");
    assert!(links.iter().all(|link| again.contains(link)), "the same link: {again:?}");
    let mode = std::fs::metadata(bureau.path("people.csv.links.csv")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(bureau.path("people.csv.links.csv"), std::fs::Permissions::from_mode(0o640))
        .expect("opened");
    assert_eq!(bureau.push(&["people.csv"]).0, Some(0));
    let mode = std::fs::metadata(bureau.path("people.csv.links.csv")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "also if nothing is pushed");
}

#[test]
fn files_that_cannot_be_pushed_are_named() {
    let bureau = Bureau::new(&[]);
    bureau.write("people.csv", people(2));
    bureau.write("export.xls", "<html><body><table><tr><td>Employee No</td></tr></table></body></html>");
    bureau.write("list.csv", "%PDF-1.4\n");
    std::os::unix::fs::symlink("people.csv", bureau.path("link.csv")).expect("linked");
    for (arguments, parts) in [
        (&["people.csv", "--links", "out", "--state", "./out"][..], &["--links and --state are one file"][..]),
        (&["people.csv", "--refusals", "link.csv"][..], &["the file and --refusals are one file"][..]),
        (&["export.xls"][..], &["a web page (HTML)", "CSV UTF-8"][..]),
        (&["list.csv"][..], &["a PDF"][..]),
        (&["-"][..], &["standard input", "save it to a file"][..]),
    ] {
        let (code, said) = bureau.push(arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
    }
    assert_eq!(bureau.stored(), 0);
    let body = (credential::Type::default().sample)();
    bureau.write("bodies.csv", format!("{body}\n"));
    let (code, said) = bureau.push(&["bodies.csv"]);
    assert!(code == Some(0) && said.contains("1 credential pushed"), "{said}");
}
