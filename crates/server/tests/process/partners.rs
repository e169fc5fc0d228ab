//! `tenure partner` on a running server: two secrets at once, and changes of a partner.

use serde_json::Value;

use crate::tenure::{Server, binary, ended, shown, token, until};

struct Partners {
    server: Server,
    data: String,
    id: String,
    secret: String,
    _folder: tempfile::TempDir,
}

impl Partners {
    /// Starts a server with one partner.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(&folder.path().join("data"), &[], &[]);
        let partner = server.add_partner(&[]);
        let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
        let (data, id, secret) = (server.data.display().to_string(), text("client_id"), text("client_secret"));
        Self { server, data, id, secret, _folder: folder }
    }

    /// Runs `tenure partner` on the partner; returns the exit code and the output.
    fn run(&self, command: &str, options: &[&str]) -> (Option<i32>, String) {
        let output = ended(binary().args(["partner", command, &self.id, "--data", &self.data]).args(options));
        (output.status.code(), shown(&output))
    }

    fn json(&self, command: &str, options: &[&str]) -> Value {
        let (code, text) = self.run(command, &[options, &["--json"]].concat());
        assert_eq!(code, Some(0), "{text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Rotates the secret and keeps the old one; returns the new one.
    fn overlap(&self) -> String {
        let rotated = self.json("rotate", &["--keep-old", "24h"]);
        assert!(rotated["old_secret_until"].is_string(), "{rotated}");
        rotated["client_secret"].as_str().expect("a secret").to_owned()
    }

    fn token(&self, secret: &str) -> Option<String> {
        token(self.server.port, &self.id, secret)
    }
}

#[test]
fn rotation_can_keep_the_old_secret() {
    let partners = Partners::start();
    let second = partners.overlap();
    assert!(partners.token(&second).is_some());
    let told = "issued a token for the previous client secret";
    assert!(!partners.server.log().contains(told));
    assert!(partners.token(&partners.secret).is_some());
    until("the log", || partners.server.log().contains(told).then_some(()));
    let listed = partners.json("secrets", &[]);
    let states: Vec<&str> =
        listed["secrets"].as_array().expect("secrets").iter().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(states, ["current", "old"]);
    let (_, text) = partners.run("secrets", &[]);
    assert!(text.contains("less than a day old, works until") && !text.contains(&second), "{text}");
    let third = partners.overlap();
    assert!(partners.token(&partners.secret).is_none(), "a third secret ends the first");
    assert!(partners.token(&second).is_some() && partners.token(&third).is_some());
    let (code, text) = partners.run("revoke-secret", &[]);
    assert!(code == Some(0) && text.contains("is revoked"), "{text}");
    assert!(partners.token(&second).is_none() && partners.token(&third).is_some());
    let (code, text) = partners.run("revoke-secret", &[]);
    assert!(code == Some(1) && text.contains("has only its current secret"), "{text}");
    let fourth = partners.overlap();
    let (code, text) = partners.run("rotate", &[]);
    assert!(code == Some(0) && !text.contains("old secret"), "{text}");
    assert!(partners.token(&third).is_none() && partners.token(&fourth).is_none(), "at once without --keep-old");
    for bad in ["0s", "31d", "a day"] {
        let (code, text) = partners.run("rotate", &["--keep-old", bad]);
        assert!(code == Some(2) && text.contains("from 1m to 30d"), "{bad}: {text}");
    }
}

#[test]
fn undone_rotation_keeps_both_secrets() {
    let partners = Partners::start();
    let second = partners.overlap();
    for options in [&["--keep-old", "24h"][..], &[]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let mut rotate = binary();
        rotate.args(["partner", "rotate", &partners.id, "--data", &partners.data]).args(options).stdout(full);
        assert_eq!(rotate.output().expect("it runs").status.code(), Some(1));
        assert!(partners.token(&partners.secret).is_some() && partners.token(&second).is_some(), "{options:?}");
    }
}

#[test]
fn partner_can_be_updated_shown_and_enabled() {
    let partners = Partners::start();
    let bearer = partners.token(&partners.secret).expect("a token");
    assert_eq!(partners.server.push(&bearer, "1").expect("an answer").status, 201);
    let (code, text) = partners.run("update", &[]);
    assert_eq!(code, Some(2), "{text}");
    let (code, text) = partners.run("update", &["--scope", "write.salary"]);
    assert!(code == Some(1) && text.contains("unknown scope"), "{text}");
    let changes = [
        "--name",
        "Renamed",
        "--scope",
        "write.education",
        "--callback-urls",
        "https://HR.example http://localhost:3000/x",
    ];
    let changed = partners.json("update", &changes);
    assert_eq!(changed["changed"]["name"], serde_json::json!({ "from": "Acme Payroll", "to": "Renamed" }));
    assert_eq!(changed["changed"]["callback_urls"]["to"], "https://hr.example/ http://localhost:3000/x");
    until("the scope to be removed", || {
        (partners.server.push(&bearer, "2").expect("an answer").status == 403).then_some(())
    });
    let (_, text) = partners.run("update", &["--name", "Renamed", "--document-hosts", ""]);
    assert!(text.contains("Nothing changed"), "{text}");
    let (_, text) = partners.run("update", &["--scope", "write.career_history"]);
    assert!(text.contains("scope: \"write.education\" -> \"write.career_history\""), "{text}");
    assert!(text.contains("Tokens that were issued earlier lose write.education"), "{text}");
    let (_, text) = partners.run("show", &[]);
    for fact in ["Renamed", "active", "write.career_history", "any public host", "https://hr.example/"] {
        assert!(text.contains(fact) && !text.contains(&partners.secret), "{text}");
    }
    assert_eq!(partners.run("disable", &[]).0, Some(0));
    assert!(partners.json("show", &[])["disabled_at"].is_string());
    assert!(partners.token(&partners.secret).is_none());
    assert_eq!(partners.json("enable", &[])["disabled"], false);
    assert!(partners.token(&partners.secret).is_some());
    until("the token to work again", || {
        (partners.server.push(&bearer, "3").expect("an answer").status == 201).then_some(())
    });
}
