//! The structure of the crates matches docs/architecture.md and decision D-017 in
//! docs/decisions.md.

mod cited_tests;
mod error_codes;
mod http_routes;
mod imports;
mod layers;
mod libraries;
mod page;
mod signature;
mod sizes;
mod source;
mod syntax;
mod tokens;
mod transactions;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use source::{Crate, Module};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The workspace members with a `src` folder, parsed once. Fuzz targets have none.
static CRATES: LazyLock<BTreeMap<String, Crate>> = LazyLock::new(|| {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest of the workspace");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members");
    let members = members.split('"').skip(1).step_by(2).filter(|member| root().join(member).join("src").exists());
    members.map(|member| (member.to_owned(), Crate::read(&root().join(member)))).collect()
});

fn server() -> &'static Crate {
    &CRATES["crates/server"]
}

/// Reads a crate of these files, for tests of the rules. The library declares each module in `src`.
fn seeded(files: &[(&str, &str)]) -> Crate {
    let modules = files.iter().filter_map(|(path, _)| path.strip_suffix(".rs")).filter(|name| !name.contains('/'));
    let library: Vec<String> = modules.filter(|name| *name != "main").map(|name| format!("mod {name};")).collect();
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Crate::of(texts.chain([("lib.rs".to_owned(), library.join("\n"))]).collect(), Path::new(""))
}

fn name(module: &Module) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}
