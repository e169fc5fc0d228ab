//! `http/` serves every route alike and names none: the router and the faces pass in what differs.

use crate::layers::files;
use crate::source::Crate;
use crate::{seeded, server};

/// Returns whether a literal is a path, or is appended to an address as one.
fn is_path(literal: &str) -> bool {
    let is_segment = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphanumeric() || ".{".contains(first));
    literal.strip_prefix('/').is_some_and(is_segment) || literal.contains("}/")
}

/// Returns the routes that `http/` names.
fn routes(read: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in files(read, |top| top == "http") {
        for (_, scope) in read.scopes(module) {
            let paths = scope.literals.iter().filter(|literal| is_path(literal));
            found.extend(paths.map(|literal| format!("{file}: {literal}")));
            // A path could be put together.
            let concatenations = scope.paths.iter().filter(|path| path.last().is_some_and(|last| last == "concat"));
            found.extend(concatenations.map(|_| format!("{file}: concat!")));
        }
    }
    found
}

#[test]
fn http_names_no_route() {
    let found = routes(server());
    assert!(found.is_empty(), "take these from links.rs, or from the router:\n{}", found.join("\n"));
    assert!(["/sign-in", "/.well-known/", "{base}/docs"].into_iter().all(is_path));
    assert!(!["/", "text/html", "*/*"].into_iter().any(is_path));
}

#[test]
fn routes_are_found_behind_tests_and_quotes() {
    for code in [
        "#[cfg(test)]\nuse std::fmt as _;\nconst A: &str = \"/wallet\";",
        "const A: &str = concat!(\"/\", \"wallet\");",
        "const A: &str = r#\"/wallet\"#;",
        r#"const A: (&str, &str) = ("\"", "/wallet");"#,
        "const A: &str = \"one\n\";\nconst B: &str = \"/wallet\";",
    ] {
        assert_eq!(routes(&seeded(&[("http.rs", code)])).len(), 1, "{code}");
    }
    let plain =
        "// See \"/wallet\".\nconst A: &str = \"text/html\";\n#[cfg(test)]\nmod tests { const A: &str = \"/wallet\"; }";
    assert_eq!(routes(&seeded(&[("http.rs", plain)])), [""; 0]);
}
