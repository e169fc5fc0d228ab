//! The list of commands: the page of the reference, completions, man pages, and the settings in
//! effect.

use std::process::Command;

use clap::CommandFactory as _;
use serde_json::{Value, json};
use tenure::cli::Cli;

use crate::tenure::{binary, ended, shown};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = ended(binary().args(arguments));
    (output.status.code(), shown(&output))
}

/// Returns the commands that help lists.
fn commands() -> Vec<String> {
    let command = Cli::command();
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn reference_page_lists_the_commands_and_their_exit_codes() {
    let page = include_str!("../../../../docs/reference/cli.md");
    let sections: Vec<&str> = page.split("\n## `tenure ").skip(1).collect();
    let documented: Vec<&str> = sections.iter().filter_map(|section| section.split('`').next()).collect();
    assert_eq!(documented, commands(), "one section for each command, in the order of the help");
    for section in sections {
        assert!(section.contains("| exit code | means |"), "{section}");
    }
    let (code, help) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for command in commands() {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&command)), "{command}: {help}");
    }
}

#[test]
fn completions_cover_every_command_and_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script) = run(&["completions", shell]);
        assert_eq!(code, Some(0), "{shell}: {script}");
        for command in commands() {
            assert!(script.contains(&command), "{shell} lacks {command}");
        }
    }
    assert_eq!(run(&["completions", "tcsh"]).0, Some(2));
}

#[test]
fn man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man1");
    let (code, said) = run(&["man", "--out", &out.display().to_string()]);
    assert_eq!(code, Some(0), "{said}");
    for command in commands() {
        let page = std::fs::read_to_string(out.join(format!("tenure-{command}.1"))).expect("a page");
        assert!(page.contains(".TH"), "{page}");
    }
    assert!(out.join("tenure.1").exists() && !out.join("tenure-inspect-document.1").exists());
}

#[test]
fn version_is_that_of_the_package() {
    let (code, said) = run(&["--version"]);
    let expected = format!("tenure {}", env!("CARGO_PKG_VERSION"));
    assert!(code == Some(0) && said.starts_with(&expected), "{said}");
    let commit = said.trim().strip_prefix(&expected).expect("the version").trim();
    assert!(commit.is_empty() || commit.starts_with('(') && commit.ends_with(')'), "{said}");
}

/// Runs the build script of this crate with the environment `TENURE_COMMIT`; returns the version
/// that it sets. The script needs nothing but the standard library.
fn version_of_build(commit: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("build-script");
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs"))
        .envs([("CARGO_PKG_VERSION", "1.2.3"), ("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))])
        .status()
        .expect("rustc runs");
    assert!(compiled.success());
    let output = Command::new(&program).env("TENURE_COMMIT", commit).env("PROFILE", "debug").output().expect("it runs");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let version = said.lines().find_map(|line| line.strip_prefix("cargo::rustc-env=TENURE_VERSION="));
    version.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
fn version_has_the_commit_of_the_environment() {
    assert_eq!(version_of_build("0123abcd4567"), "1.2.3 (0123abcd4567)");
    for none in ["", "not a commit"] {
        assert_eq!(version_of_build(none), "1.2.3");
    }
    assert!(include_str!("../../src/cli/mod.rs").contains("TENURE_VERSION"), "the command prints it");
}

#[test]
fn renamed_options_are_refused_with_the_new_name() {
    for (old, new) in [("--changed", "--allow-changed-input"), ("--patience", "--give-up-after")] {
        let (code, said) = run(&["push", "people.csv", old]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("the option {old} of tenure push is now {new}")), "{said}");
    }
    let (code, said) = run(&["push", "people.csv", "--mappings", "x"]);
    assert!(code == Some(2) && said.contains("'--mapping'"), "the parser's own suggestion is kept: {said}");
}

#[test]
fn effective_settings_hide_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tenure.toml");
    let text = "[storage]\ndatabase_url = \"postgres://u:SECRETPW@h/db\"\n\
         [object_storage]\nkind = \"s3\"\nbucket = \"b\"\nsecret_key = \"SECRETKEY\"\n";
    std::fs::write(&file, text).expect("written");
    let file = file.display().to_string();
    let effective = |more: &[&str]| {
        let mut command = binary();
        command.args(["config", "--effective", "--config", &file, "--listen", "127.0.0.1:1"]).args(more);
        let output = ended(command.env("TENURE_RETENTION__INCOMPLETE", "20s"));
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        shown(&output)
    };
    let text = effective(&[]);
    for line in [
        "server.listen = \"127.0.0.1:1\"  # option",
        "retention.incomplete = \"20s\"  # TENURE_RETENTION__INCOMPLETE",
        "retention.status = \"400d\"  # default",
        &format!("storage.database_url = \"postgres://u:redacted@h/db\"  # {file}"),
        "# outbound.ca_file is not set",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let json = effective(&["--json"]);
    assert!(!text.contains("SECRET") && !json.contains("SECRET"), "{json}");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let listen = json["settings"].as_array().and_then(|all| all.iter().find(|found| found["name"] == "server.listen"));
    let expected = json!({ "name": "server.listen", "value": "127.0.0.1:1", "origin": { "kind": "option" } });
    assert_eq!(listen, Some(&expected));
    assert_eq!(run(&["config", "--json"]).0, Some(2), "only with --effective");
}

#[test]
fn effective_settings_hide_values_that_are_not_urls() {
    for (option, value, expected) in [
        ("--mail", "u:SECRET@h:587", 0),
        ("--database-url", "postgres:/u:SECRET@h/db", 1),
        ("--database-url", "postgres:\\\\u:SECRET@h/db", 1),
        ("--database-url", "postgres://SECRET@h/db", 0),
    ] {
        let (code, said) = run(&["config", "--effective", option, value]);
        assert!(code == Some(expected) && !said.contains("SECRET"), "{value}: {said}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    for mail in ["u:SECRET@h:587", "SECRET@h", "smpt://u:SECRET@h"] {
        let (code, said) = run(&["serve", "--data", &data, "--listen", "127.0.0.1:0", "--mail", mail]);
        assert!(code == Some(1) && said.contains("mail.transport") && !said.contains("SECRET"), "{mail}: {said}");
    }
    let mut command = binary();
    command.args(["config", "--effective"]);
    for (key, value) in [("KIND", "s3"), ("BUCKET", "tenure"), ("ACCESS_KEY", "AKIASECRET7EXAMPLE")] {
        command.env(format!("TENURE_OBJECT_STORAGE__{key}"), value);
    }
    let said = shown(&ended(&mut command));
    assert!(said.contains("object_storage.access_key = \"...MPLE\"") && !said.contains("SECRET"), "{said}");
}

#[test]
fn a_missing_file_has_the_same_exit_code_everywhere() {
    let destination = ["--server", "http://localhost:1", "--client-id", "018f4e1a-0000-7000-8000-000000000000"];
    for arguments in [
        vec!["check", "no-such-file"],
        vec!["verify", "no-such-file"],
        vec!["config", "--config", "no-such-file"],
        vec!["config", "--effective", "--config", "no-such-file"],
        [&["push", "no-such-file"][..], &destination[..]].concat(),
        [&["status", "no-such-file"][..], &destination[..]].concat(),
        [&["withdraw", "no-such-file", "--reason", "Sent by mistake.", "--yes"][..], &destination[..]].concat(),
    ] {
        let output = ended(binary().args(&arguments).env("TENURE_CLIENT_SECRET", "secret"));
        let said = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("no-such-file"), "{arguments:?}: {said}");
    }
}
