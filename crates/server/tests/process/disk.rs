//! A full disk and a read-only folder: 503 and a log line, no acknowledged push is lost, and no
//! restart is needed.
//!
//! Each test mounts a small file system in its own mount namespace, through a shell that reads
//! commands.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use serde_json::Value;

use crate::tenure::{Process, Server, until};

/// TENURE_TEST_NO_NAMESPACES=1 skips these tests where that is expected.
const FORBIDDEN: &str = "file systems cannot be mounted in a namespace here (TENURE_TEST_NO_NAMESPACES=1 does without)";

/// A folder on a small tmpfs, mounted in a namespace that the server is started in.
struct SmallDisk {
    commands: ChildStdin,
    /// Dropping it ends the server and the mount in its namespaces.
    _shell: Process,
    done: PathBuf,
    count: u32,
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Returns `None` if the environment says that namespaces are unavailable; otherwise their
    /// absence is a failure.
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
    fn mount(options: &str) -> Option<Self> {
        if std::env::var("TENURE_TEST_NO_NAMESPACES").is_ok_and(|value| value == "1") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // Root needs no user namespace.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let namespace = if is_root { "-m" } else { "-Urm" };
        let script = "while read -r command; do eval \"$command\"; done";
        let mut shell = Command::new("unshare")
            .args([namespace, "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", script])
            .stdin(Stdio::piped())
            .spawn()
            .expect("unshare is there");
        let commands = shell.stdin.take().expect("a pipe");
        let done = folder.path().join("done");
        let mut disk = Self { commands, _shell: Process(shell), done, count: 0, folder };
        std::fs::create_dir(disk.path()).expect("a folder");
        disk.run(&format!("mount -t tmpfs -o {options} tmpfs {}", disk.path().display()));
        Some(disk)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Runs a command in the namespace and waits for its success.
    fn run(&mut self, command: &str) {
        self.count += 1;
        let done = format!("{}-{}", self.done.display(), self.count);
        let line = format!("{command} && touch {done} || touch {done}-failed\n");
        self.commands.write_all(line.as_bytes()).expect(FORBIDDEN);
        let failed = format!("{done}-failed");
        let ok = until(command, || {
            let (ok, failed) = (Path::new(&done).exists(), Path::new(&failed).exists());
            (ok || failed).then_some(ok)
        });
        assert!(ok, "{command}: {FORBIDDEN}");
    }

    /// Starts the server inside; the port and the log are outside.
    fn serve(&mut self) -> (u16, PathBuf) {
        let (port, log) = (crate::tenure::free_port(), self.folder.path().join("log"));
        let data = self.path();
        let command = format!(
            "TENURE_RATE_LIMIT__ENABLED=false {} serve --data {} --listen 127.0.0.1:{port} --base-url http://localhost:8080 --mail console >/dev/null 2>{} &",
            env!("CARGO_BIN_EXE_tenure"),
            data.join("data").display(),
            log.display(),
        );
        self.commands.write_all(format!("{command}\nserver=$!\n").as_bytes()).expect(FORBIDDEN);
        (port, log)
    }

    fn stop_server(&mut self) {
        self.run("{ kill $server; wait $server; }");
    }
}

fn status(port: u16, path: &str) -> Option<u16> {
    crate::tenure::request(port, "GET", path, &[], "").map(|answer| answer.status)
}

/// Adds a partner within the namespace and gets a token.
fn token(disk: &mut SmallDisk, port: u16) -> String {
    let output = disk.folder.path().join("partner.json");
    let data = disk.path().join("data");
    let add = "partner add --json --name Acme --scope write.career_history --data";
    disk.run(&format!("{} {add} {} >{}", env!("CARGO_BIN_EXE_tenure"), data.display(), output.display()));
    let partner: serde_json::Value = serde_json::from_slice(&std::fs::read(output).expect("output")).expect("JSON");
    let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
    crate::tenure::token(port, &text("client_id"), &text("client_secret")).expect("a token")
}

/// Runs `tenure partner` within the namespace; returns whether it succeeded, and its output.
fn partner(disk: &mut SmallDisk, arguments: &str) -> (bool, String) {
    let (output, code) = (disk.folder.path().join("output"), disk.folder.path().join("code"));
    disk.run(&format!(
        "{{ {tenure} partner {arguments} --data {data} >{output}; echo $? >{code}; }}",
        tenure = env!("CARGO_BIN_EXE_tenure"),
        data = disk.path().join("data").display(),
        output = output.display(),
        code = code.display(),
    ));
    let text = |path: &Path| std::fs::read_to_string(path).expect("written");
    (text(&code).trim() == "0", text(&output))
}

/// Returns whether the log line of this request has the reason. The log is written in the
/// background, so the last line may be incomplete.
fn says_that_the_disk_is_full(log: &Path, request_id: &Value) -> bool {
    let text = std::fs::read_to_string(log).expect("a log");
    let (complete, _) = text.rsplit_once('\n').unwrap_or_default();
    complete.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON object a line")).any(|line| {
        let says = |name: &str, what: &str| line[name].as_str().is_some_and(|text| text.contains(what));
        line["span"]["id"] == *request_id
            && says("message", "the store is unavailable")
            && says("cause", "database or disk is full")
    })
}

#[test]
fn full_disk_returns_503_and_keeps_acknowledged_pushes() {
    let Some(mut disk) = SmallDisk::mount("size=6m") else { return };
    let (port, log) = disk.serve();
    until("ready", || (status(port, "/readyz") == Some(200)).then_some(()));
    let token = token(&mut disk, port);
    let mut acknowledged = Vec::new();
    let refused = until("a full disk", || {
        let id = format!("push-{}", acknowledged.len());
        let answer = crate::tenure::push_jobs(port, &token, &id, 200).expect("an answer");
        if answer.status == 201 {
            acknowledged.push(id);
            return None;
        }
        Some(answer)
    });
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(
        refused.head.contains("retry-after: 1") && refused.head.contains("application/problem+json"),
        "{}",
        refused.head
    );
    assert!(acknowledged.len() > 20);
    assert_eq!(status(port, "/readyz"), Some(503), "reads work, writes do not");
    until("the reason in the log", || says_that_the_disk_is_full(&log, &refused.json()["request_id"]).then_some(()));
    assert_eq!(
        crate::tenure::known(port, &token, &acknowledged),
        acknowledged,
        "what is there can be read all the while"
    );
    disk.run(&format!("mount -o remount,size=40m {}", disk.path().display()));
    until("ready again", || (status(port, "/readyz") == Some(200)).then_some(()));
    until("room again", || crate::tenure::push(port, &token, "after").filter(|answer| answer.status == 201));
    acknowledged.push("after".to_owned());
    assert_eq!(crate::tenure::known(port, &token, &acknowledged), acknowledged, "nothing acknowledged is lost");
    disk.stop_server();
}

#[test]
fn read_only_folder_returns_503_until_writable() {
    let Some(mut disk) = SmallDisk::mount("size=20m") else { return };
    disk.run(&format!("mount -o remount,ro {}", disk.path().display()));
    let (port, log) = disk.serve();
    until("503", || (status(port, "/readyz") == Some(503)).then_some(()));
    assert_eq!(status(port, "/wallet"), Some(503));
    until("a clear line", || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        (text.contains("the store is unavailable") && text.contains("Read-only file system")).then_some(())
    });
    disk.run(&format!("mount -o remount,rw {}", disk.path().display()));
    until("ready", || (status(port, "/readyz") == Some(200)).then_some(()));
    let token = token(&mut disk, port);
    assert_eq!(crate::tenure::push(port, &token, "1").expect("an answer").status, 201);
    disk.stop_server();
}

/// No other process has the database open, so SQLite creates the write-ahead log, which needs
/// space.
#[test]
fn partner_add_on_a_full_disk_prints_no_secret() {
    let Some(mut disk) = SmallDisk::mount("size=6m") else { return };
    let add = |name: &str| format!("add --json --name {name} --scope write.career_history");
    let (is_added, printed) = partner(&mut disk, &add("First"));
    assert!(is_added && printed.contains("client_secret"), "{printed}");
    let fill = disk.path().join("fill");
    disk.run(&format!("{{ dd if=/dev/zero of={} bs=4k 2>/dev/null; true; }}", fill.display()));
    let (is_added, printed) = partner(&mut disk, &add("Late"));
    assert!(!is_added && printed.is_empty(), "{printed}");
    disk.run(&format!("rm {}", fill.display()));
    let (is_listed, list) = partner(&mut disk, "list --json");
    assert!(is_listed && list.contains("First") && !list.contains("Late"), "{list}");
    let (is_added, printed) = partner(&mut disk, &add("Late"));
    assert!(is_added && printed.contains("client_secret"), "{printed}");
}

/// A limit of file sizes, such as `LimitFSIZE` of systemd, makes writes fail on a disk with space.
#[test]
fn file_size_limit_is_like_a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let token = server.token(&[]);
    let limit = |bytes: &str| {
        let (pid, size) = (format!("--pid={}", server.id()), format!("--fsize={bytes}:unlimited"));
        assert!(Command::new("prlimit").args([pid, size]).status().expect("prlimit is there").success());
    };
    let push = |id: &str| server.push(&token, id).expect("the server is there").status;
    assert_eq!(push("before"), 201);
    limit("1");
    assert_eq!(push("during"), 503);
    limit("unlimited");
    until("pushes again", || (push("after") == 201).then_some(()));
}
