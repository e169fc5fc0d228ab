//! The page docs/architecture.md matches the sources.

use std::fs;

use crate::source::Module;
use crate::{CRATES, root, server};

fn page() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).expect("the page")
}

/// Returns the text between two marks.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("the page lacks {start}"));
    rest.split_once(end).map_or(rest, |(between, _)| between)
}

/// Returns the server's layers from top to bottom, each with its modules. A line with only modules
/// continues the layer above.
pub fn diagram() -> Vec<Vec<String>> {
    let page = page();
    let (mut layers, mut layer) = (Vec::new(), Vec::new());
    for line in between(between(&page, "## Layers", "\n## "), "```\n", "```").lines() {
        let mut words = line.split_whitespace().peekable();
        let module = |word: &str| word.strip_suffix('/').or_else(|| word.strip_suffix(".rs")).map(str::to_owned);
        while let Some(module) = words.peek().and_then(|word| module(word)) {
            layer.push(module);
            words.next();
        }
        if words.peek().is_some() {
            layers.push(std::mem::take(&mut layer));
        }
    }
    assert!(layer.is_empty() && layers.len() > 5, "the diagram in docs/architecture.md cannot be read");
    layers
}

/// Renders the map: the crates, the server's modules and its flows, each with the first sentence of
/// its documentation.
fn map() -> String {
    let line = |name: &str, summary: &str| {
        assert!(!summary.is_empty(), "{name} has no documentation");
        format!("- `{name}`: {summary}")
    };
    let summaries = CRATES.iter().map(|(krate, read)| line(krate, &read.files[&Module::new()].summary));
    let is_listed = |module: &Module| module.len() == 1 || module.len() == 2 && module[0] == "flows";
    let modules = server()
        .files
        .iter()
        .filter(|(module, _)| is_listed(module))
        .map(|(_, file)| line(file.path.strip_suffix("mod.rs").unwrap_or(&file.path), &file.summary));
    summaries.chain(["\nModules of `crates/server/src`:\n".to_owned()]).chain(modules).collect::<Vec<_>>().join("\n")
}

#[test]
fn architecture_page_maps_every_module() {
    let page = page();
    let map = map();
    let found = between(&page, "<!-- map -->", "<!-- end of the map -->");
    assert_eq!(found.trim(), map.trim(), "write this map into docs/architecture.md:\n{map}\n");
}

#[test]
fn every_crate_is_a_member_of_the_workspace() {
    for entry in fs::read_dir(root().join("crates")).expect("the crates") {
        let krate = format!("crates/{}", entry.expect("an entry").file_name().display());
        assert!(CRATES.contains_key(&krate), "{krate} is not a member of the workspace");
    }
}

#[test]
fn architecture_page_names_existing_files() {
    let page = page();
    let is_path = |span: &&str| span.starts_with("crates/") || span.ends_with(".rs");
    let folders = ["", "crates/", "crates/server/src/"].map(|folder| root().join(folder));
    let exists = |span: &&str| folders.iter().any(|folder| folder.join(span).exists());
    let missing: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_path).filter(|span| !exists(span)).collect();
    assert!(missing.is_empty(), "docs/architecture.md names what is not there: {missing:?}");
}
