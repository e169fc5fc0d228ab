//! The structure of the crates, held against docs/architecture.md and decision D-017 in docs/decisions.md.

mod cited_tests;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use source::{Crate, Module};

/// The HTTP faces of the server.
const FACES: [&str; 4] = ["api", "oid4vci", "openid4vp", "web"];

/// The modules that may know [`App`]: those above it.
const ABOVE_APP: [&str; 10] = ["api", "app", "cli", "flows", "http", "jobs", "oid4vci", "openid4vp", "server", "web"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn crates() -> Vec<(&'static str, Crate)> {
    [
        "crates/ambient",
        "crates/credential",
        "crates/store",
        "crates/bulk-push",
        "crates/transport",
        "crates/server",
        "bench",
    ]
    .map(|name| (name, Crate::read(&root().join(name))))
    .into()
}

/// The groups of modules that reach each other through what they use.
fn cycles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|module| (module, reach(uses, module))).collect();
    let group = |module: &Module| -> BTreeSet<Module> {
        let each_other = |other: &&&Module| reached[**other].contains(module);
        reached[module].iter().filter(each_other).map(|other| (*other).clone()).collect()
    };
    uses.keys().map(group).filter(|group| group.len() > 1).collect()
}

/// Every module that `module` uses, directly or through others.
fn reach<'a>(uses: &'a BTreeMap<Module, BTreeSet<Module>>, module: &Module) -> BTreeSet<&'a Module> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![module]);
    while let Some(next) = left.pop() {
        for used in &uses[next] {
            if reached.insert(used) {
                left.push(used);
            }
        }
    }
    reached
}

fn name(module: &Module) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}

/// A registry lists its members, and a member may use what the registry defines.
fn is_of_registry(krate: &str, module: &Module) -> bool {
    krate == "crates/credential" && module.first().is_some_and(|first| ["types", "format"].contains(&first.as_str()))
}

#[test]
fn no_modules_import_each_other_in_a_cycle() {
    let mut found = Vec::new();
    for (krate, read) in crates() {
        let uses: BTreeMap<Module, BTreeSet<Module>> = read
            .modules
            .keys()
            .map(|module| {
                let mut used = read.uses(module);
                let within = |other: &Module| is_of_registry(krate, module) && other.first() == module.first();
                used.retain(|other| !within(other));
                (module.clone(), used)
            })
            .collect();
        for group in cycles(&uses) {
            let line = |module: &Module| {
                let used: Vec<String> = uses[module].intersection(&group).map(name).collect();
                format!("{krate}: {} uses {}", name(module), used.join(", "))
            };
            found.extend(group.iter().map(line));
        }
    }
    assert!(found.is_empty(), "import cycles:\n{}", found.join("\n"));
}

#[test]
fn handlers_open_no_write_transactions() {
    let server = Crate::read(&root().join("crates/server"));
    for (module, source) in &server.modules {
        if module.first().is_some_and(|first| FACES.contains(&first.as_str())) {
            let code: String = source.code.split_whitespace().collect();
            assert!(!code.contains("store().write()"), "{} opens a write transaction; call a flow", source.file);
        }
    }
}

#[test]
fn flows_know_no_http_framework() {
    let server = Crate::read(&root().join("crates/server"));
    let flows: Vec<_> =
        server.modules.iter().filter(|(module, _)| module.first().is_some_and(|first| first == "flows")).collect();
    assert!(flows.len() > 10, "the flows are there");
    for (_, source) in flows {
        let text = std::fs::read_to_string(root().join("crates/server/src").join(&source.file)).expect("readable");
        assert!(!text.contains("axum"), "{} names axum", source.file);
    }
}

#[test]
fn components_do_not_know_the_application() {
    let server = Crate::read(&root().join("crates/server"));
    for (module, source) in &server.modules {
        if module.first().is_some_and(|first| !ABOVE_APP.contains(&first.as_str())) {
            let app = vec!["app".to_owned()];
            assert!(!server.uses(module).contains(&app), "{} uses App; pass what it needs", source.file);
        }
    }
}

/// The crates, and the modules of the server with its flows, each with the first sentence of its documentation.
fn map() -> String {
    let summaries = crates().into_iter().map(|(krate, read)| {
        let root = &read.modules[&Module::new()];
        format!("- `{krate}`: {}", root.summary)
    });
    let server = Crate::read(&root().join("crates/server"));
    let is_listed = |module: &Module| module.len() == 1 || module.len() == 2 && module[0] == "flows";
    let modules = server.modules.iter().filter(|(module, _)| is_listed(module)).map(|(_, source)| {
        let file = source.file.strip_suffix("mod.rs").unwrap_or(&source.file);
        format!("- `{file}`: {}", source.summary)
    });
    summaries.chain(["\nModules of `crates/server/src`:\n".to_owned()]).chain(modules).collect::<Vec<_>>().join("\n")
}

#[test]
fn architecture_page_maps_every_module() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let map = map();
    let (_, rest) = page.split_once("<!-- map -->").expect("the start of the map");
    let (found, _) = rest.split_once("<!-- end of the map -->").expect("the end of the map");
    assert_eq!(found.trim(), map.trim(), "write this map into docs/architecture.md:\n{map}\n");
}
