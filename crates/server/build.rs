//! Sets `TENURE_VERSION`, which `tenure --version` prints: the version, and the commit if it is
//! known.
//!
//! The commit is that of `TENURE_COMMIT`, or in release builds that of the git checkout. Other
//! builds do not ask git, because the crate would be compiled again after every commit (D-224).

#![expect(clippy::disallowed_methods, reason = "build scripts are configured by the environment")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=TENURE_COMMIT");
    let version = env!("CARGO_PKG_VERSION");
    match given_commit().or_else(checked_out_commit) {
        Some(commit) => println!("cargo::rustc-env=TENURE_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=TENURE_VERSION={version}"),
    }
}

fn given_commit() -> Option<String> {
    let commit = std::env::var("TENURE_COMMIT").ok()?.trim().to_owned();
    (!commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(commit)
}

fn checked_out_commit() -> Option<String> {
    if std::env::var("PROFILE").ok()? != "release" {
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().ok()?;
    // The sources may be a copy inside another repository, such as a packager's.
    let top = git(&root, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != root {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = root.join(git(&root, &["rev-parse", "--git-path", file])?);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&root, &["rev-parse", "--short=12", "HEAD"])
}

/// Runs git in `folder`. Returns its output, or `None` without git or a checkout.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
