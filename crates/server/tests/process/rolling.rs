//! Two nodes behind nginx and Caddy, restarted one after the other under load.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::database;
use crate::nodes::{give_root_key, runtime};
use crate::tenure::{Process, Server, free_port, push, request, until};

/// Longer than a load balancer needs to notice that a node is not ready.
const DELAY: [(&str, &str); 1] = [("TENURE_SERVER__SHUTDOWN_DELAY", "2s")];

/// Starts nginx. It does not check `/readyz`: it notices a refused connection and sends the request
/// to the next node. Without `max_fails=0` it would still avoid the first node while the second one
/// restarts. `non_idempotent` allows it to retry a push if a connection breaks, which is safe
/// because a repeated push returns the same link.
fn nginx(folder: &Path, port: u16, nodes: [u16; 2]) -> Process {
    let [one, other] = nodes;
    let text = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr crit; worker_processes 1; events {{}}
         http {{
           access_log off; client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .; uwsgi_temp_path .; scgi_temp_path .;
           upstream tenure {{ server 127.0.0.1:{one} max_fails=0; server 127.0.0.1:{other} max_fails=0; keepalive 8; }}
           server {{
             listen 127.0.0.1:{port};
             location / {{ proxy_next_upstream error timeout non_idempotent; proxy_pass http://tenure; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host localhost; }}
           }}
         }}"
    );
    std::fs::write(folder.join("nginx.conf"), text).expect("written");
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
    Process(command.stdout(Stdio::null()).spawn().expect("nginx is installed by scripts/install rust"))
}

/// Starts Caddy, which checks `/readyz` and retries another node while none has accepted the
/// request.
fn caddy(folder: &Path, port: u16, nodes: [u16; 2]) -> Process {
    let [one, other] = nodes;
    let text = format!(
        "{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:{one} 127.0.0.1:{other} {{\n  health_uri /readyz\n  health_interval 300ms\n  lb_try_duration 5s\n }}\n}}\n"
    );
    std::fs::write(folder.join("Caddyfile"), text).expect("written");
    let mut command = Command::new("/usr/bin/caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
    command.env("HOME", folder).stdout(Stdio::null()).stderr(Stdio::null());
    Process(command.spawn().expect("Caddy is installed by scripts/install rust"))
}

fn restart_fails_no_request(balancer: impl FnOnce(&Path, u16, [u16; 2]) -> Process) {
    let (folder, url) = (tempfile::tempdir().expect("a folder"), runtime().block_on(database::postgres_url()));
    let data = ["one", "other"].map(|name| folder.path().join(name));
    let start = |number: usize, port: u16| Server::start_on(port, &data[number], &["--database-url", &url], &DELAY);
    let first = start(0, free_port());
    give_root_key(&data[0], &data[1]);
    let mut nodes = [first, start(1, free_port())];
    let token = nodes[0].token(&["--database-url", &url]);
    let port = free_port();
    let _balancer = balancer(folder.path(), port, [nodes[0].port, nodes[1].port]);
    until("the balancer", || request(port, "GET", "/readyz", &[], "").filter(|answer| answer.status == 200));
    let (stop, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for client in 0..3 {
            let (stop, sent, token) = (&stop, &sent, &token);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let number = sent.fetch_add(1, Ordering::SeqCst);
                    let answer = push(port, token, &format!("{client}-{number}"));
                    let answer = answer.unwrap_or_else(|| panic!("push {number} has no answer"));
                    assert_eq!(answer.status, 201, "push {number}: {} {}", answer.head, answer.body);
                    // Limits the load, so that a node can start on this machine.
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
        for number in [0, 1] {
            let before = sent.load(Ordering::SeqCst);
            until("some load", || (sent.load(Ordering::SeqCst) > before + 50).then_some(()));
            let port = nodes[number].port;
            nodes[number].signal("TERM");
            assert_eq!(nodes[number].wait(), Some(0), "{}", nodes[number].log());
            nodes[number] = start(number, port);
        }
        let before = sent.load(Ordering::SeqCst);
        until("some load", || (sent.load(Ordering::SeqCst) > before + 50).then_some(()));
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn rolling_restart_behind_nginx_fails_no_request() {
    restart_fails_no_request(nginx);
}

#[test]
fn rolling_restart_behind_caddy_fails_no_request() {
    restart_fails_no_request(caddy);
}
