//! One server for each data folder, whose files are private.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::tenure::{Server, binary, ended, free_port, shown};

/// Runs a server that must not start on `data`; returns its output.
fn refused_server(data: &Path, command: &str, store: &[&str]) -> String {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut second = binary();
    let output = ended(second.args([command, "--listen", &listen, "--data"]).arg(data).args(store));
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    shown(&output)
}

#[test]
fn second_server_on_a_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data, &[], &[]);
    for command in ["serve", "demo"] {
        let said = refused_server(&data, command, &[]);
        assert!(said.contains("is in use by another tenure server"), "{said}");
    }
    let token = server.token(&[]);
    assert_eq!(server.push(&token, "1").expect("an answer").status, 201, "the first one is undisturbed");
    let backup = folder.path().join("while-it-runs.backup");
    let output = ended(binary().arg("backup").arg(&backup).arg("--data").arg(&data));
    assert!(output.status.success(), "{}", shown(&output));
    let output = ended(binary().arg("restore").arg(&backup).arg("--data").arg(&data));
    assert!(shown(&output).contains("is in use by another tenure server"), "{}", shown(&output));
    drop(server);
    // A killed server leaves no lock.
    Server::start(&data, &[], &[]);
}

#[test]
fn demo_ends_if_its_folder_cannot_be_created() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let said = refused_server(&file.join("data"), "demo", &[]);
    assert!(said.contains("the data folder") && said.contains("cannot be created"), "{said}");
}

#[test]
fn database_files_of_a_server_are_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).expect("open to all");
    let server = Server::start(&data, &[], &[]);
    let token = server.token(&[]);
    assert_eq!(server.push(&token, "1").expect("an answer").status, 201);
    let modes: Vec<(String, u32)> = std::fs::read_dir(&data)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let mode = entry.metadata().expect("a file").permissions().mode() & 0o777;
            (entry.file_name().to_string_lossy().into_owned(), mode)
        })
        .collect();
    assert!(modes.len() >= 4, "{modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}
