//! `http/` serves every route alike and names none: the router and the faces pass in what differs.

use std::fs;

use crate::{root, server};

/// Returns the string literals in a line of code.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    let code = if line.trim_start().starts_with("//") { "" } else { line };
    code.split('"').skip(1).step_by(2)
}

/// Returns whether a literal is a path, or is appended to an address as one.
fn is_path(literal: &str) -> bool {
    let is_segment = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphanumeric() || ".{".contains(first));
    literal.strip_prefix('/').is_some_and(is_segment) || literal.contains("}/")
}

#[test]
fn http_names_no_route() {
    let files = server().files.iter().filter(|(module, _)| module.first().is_some_and(|top| top == "http"));
    let mut found = Vec::new();
    for (_, file) in files {
        let path = root().join("crates/server/src").join(&file.path);
        let text = fs::read_to_string(path).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let paths = code.lines().flat_map(literals).filter(|literal| is_path(literal));
        found.extend(paths.map(|literal| format!("{}: {literal}", file.path)));
    }
    assert!(found.is_empty(), "take these from links.rs, or from the router:\n{}", found.join("\n"));
    assert!(["/sign-in", "/.well-known/", "{base}/docs"].into_iter().all(is_path));
    assert!(!["/", "text/html", "*/*"].into_iter().any(is_path));
}
