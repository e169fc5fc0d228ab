//! Every test that docs/security.md and docs/reference/conformance.md cite exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Names from standards in docs/reference/conformance.md that look like names of tests.
const NOT_TESTS: [&str; 1] = ["encrypted_response_enc_values_supported"];

/// All files that may define a test.
struct Sources {
    /// The texts by path from the root of the workspace.
    files: BTreeMap<String, String>,
    /// The names of all Rust tests.
    rust: BTreeSet<String>,
    /// The names of those that are not ignored.
    running: BTreeSet<String>,
}

impl Sources {
    fn read(root: &Path) -> Self {
        let files = texts(root);
        let (mut rust, mut running) = (BTreeSet::new(), BTreeSet::new());
        let in_rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        for (name, is_ignored) in in_rust.flat_map(|(_, text)| rust_tests(text)) {
            rust.insert(name.to_owned());
            running.extend((!is_ignored).then(|| name.to_owned()));
        }
        Self { files, rust, running }
    }

    /// Returns the files whose path ends with `file`.
    fn named<'a>(&'a self, file: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_it =
            move |path: &str| path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
        self.files.iter().filter(move |(path, _)| is_it(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns whether the test exists and is not ignored, in the notation that docs/security.md
    /// describes.
    fn has(&self, test: &str) -> bool {
        match test.split_once(": ") {
            Some(("fuzz", target)) => self.named(&format!("fuzz/fuzz_targets/{target}.rs")).next().is_some(),
            Some((file, name)) => self.named(file).any(|(path, text)| defines(path, text, name)),
            None if test.ends_with(".mjs") => self.named(test).next().is_some(),
            None => self.running.contains(test),
        }
    }
}

/// Returns the sources and scripts, by their path from the root of the workspace.
pub fn texts(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    walk(root, "", &mut files);
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let (kind, name) = (entry.file_type().expect("its kind"), entry.file_name().display().to_string());
        let path = format!("{prefix}{name}");
        let is_ours = !name.starts_with('.') && !["target", "node_modules"].contains(&&*name);
        if kind.is_dir() && is_ours {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file() && (is_source(&name) || prefix == "scripts/") {
            files.insert(path, fs::read_to_string(entry.path()).expect("a text"));
        }
    }
}

/// Returns whether a file may define tests.
fn is_source(name: &str) -> bool {
    [".rs", ".test.mjs", ".test.ts"].iter().any(|end| name.ends_with(end))
}

/// Returns whether the file at `path` defines the test `name`: a title in JavaScript and
/// TypeScript, a function in Rust and in scripts.
fn defines(path: &str, text: &str, name: &str) -> bool {
    if path.ends_with(".rs") {
        rust_tests(text).any(|(test, is_ignored)| test == name && !is_ignored)
    } else if path.ends_with(".mjs") || path.ends_with(".ts") {
        ['"', '`'].iter().any(|quote| text.contains(&format!("test({quote}{name}{quote}")))
    } else {
        text.lines().any(|line| line.starts_with(&format!("def {name}(")) || line.starts_with(&format!("{name}() {{")))
    }
}

/// Returns the functions with a test attribute, and those in `contract!`, which run on both
/// databases; each with whether it is ignored.
fn rust_tests(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let (mut has_attribute, mut is_contract, mut is_ignored) = (false, false, false);
    text.lines().filter_map(move |line| {
        is_contract = line == "contract! {" || is_contract && line != "}";
        let code = line.trim_start();
        has_attribute |= code.starts_with("#[test]") || code.starts_with("#[tokio::test");
        is_ignored |= code.starts_with("#[ignore") || code.starts_with("#[cfg_attr(") && code.contains("ignore");
        let (name, _) = code.strip_prefix("async ").unwrap_or(code).strip_prefix("fn ")?.split_once('(')?;
        let is_test = std::mem::take(&mut has_attribute) || is_contract && line.starts_with("    async fn ");
        let is_ignored = std::mem::take(&mut is_ignored);
        is_test.then_some((name, is_ignored))
    })
}

/// Returns the rows of all tables on a page, without the header rows: line number and cells.
fn rows(page: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines: Vec<&str> = page.lines().collect();
    let is_rule = |line: &str| line.starts_with("| --");
    let is_heading = |at: usize| lines.get(at + 1).is_some_and(|next| is_rule(next));
    let is_row = |at: usize| lines[at].starts_with('|') && !is_rule(lines[at]) && !is_heading(at);
    let found: Vec<_> = (0..lines.len())
        .filter(|at| is_row(*at))
        .map(|at| (at + 1, lines[at].trim().trim_matches('|').split('|').map(str::trim).collect()))
        .collect();
    found.into_iter()
}

/// Returns the texts in backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns whether a cell is a list of names in backticks, or `none`.
fn is_list_of_tests(cell: &str) -> bool {
    let between: Vec<&str> = cell.split('`').step_by(2).collect();
    let (first, rest) = between.split_first().expect("split gives one part");
    match rest.split_last() {
        None => *first == "none",
        Some((last, rest)) => first.is_empty() && last.is_empty() && rest.iter().all(|part| *part == ", "),
    }
}

/// Longest name of a test (docs/develop/style.md).
const MAX_NAME: usize = 60;

#[test]
fn names_of_tests_are_short() {
    let sources = Sources::read(&crate::root());
    let long: Vec<&String> = sources.rust.iter().filter(|name| name.len() > MAX_NAME).collect();
    assert!(long.is_empty(), "longer than {MAX_NAME} characters: {long:?}");
}

#[test]
fn security_page_names_existing_tests() {
    let sources = Sources::read(&crate::root());
    let page = fs::read_to_string(crate::root().join("docs/security.md")).expect("the page");
    let mut problems = Vec::new();
    let mut count = 0;
    for (line, cells) in rows(&page) {
        count += 1;
        let [threat, _, tests] = cells.as_slice() else {
            problems.push(format!("line {line}: a row has three cells: threat, mitigation, test"));
            continue;
        };
        if !is_list_of_tests(tests) {
            problems.push(format!("line {line}: {threat}: write `test`, `test`, or none; found {tests:?}"));
        }
        let missing = spans(tests).filter(|test| !sources.has(test));
        problems.extend(missing.map(|test| format!("line {line}: {threat}: there is no test {test:?}")));
    }
    assert!(count > 100, "only {count} rows were found");
    assert!(problems.is_empty(), "docs/security.md:\n{}", problems.join("\n"));
}

#[test]
fn conformance_page_names_existing_tests() {
    let sources = Sources::read(&crate::root());
    let page = fs::read_to_string(crate::root().join("docs/reference/conformance.md")).expect("the page");
    let is_function = |span: &str| {
        let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        span.chars().all(is_part) && span.matches('_').count() >= 3
    };
    let is_test = |span: &&str| span.contains(".test.mjs") || is_function(span) && !NOT_TESTS.contains(span);
    let cited: Vec<(usize, &str)> = rows(&page)
        .flat_map(|(line, cells)| cells.into_iter().flat_map(spans).map(move |span| (line, span)))
        .filter(|(_, span)| is_test(span))
        .collect();
    assert!(cited.len() > 100, "only {} tests were found", cited.len());
    let missing: Vec<String> = cited
        .into_iter()
        .filter(|(_, test)| !sources.has(test))
        .map(|(line, test)| format!("line {line}: there is no test {test:?}"))
        .collect();
    assert!(missing.is_empty(), "docs/reference/conformance.md:\n{}", missing.join("\n"));
}

#[test]
fn ignored_tests_are_not_cited() {
    let tests =
        "#[test]\n#[ignore = \"later\"]\nfn one() {}\n#[cfg_attr(unix, ignore)]\n#[tokio::test]\nasync fn two() {}";
    let contract =
        "contract! {\n    #[ignore]\n    async fn three(store: &Store) {}\n    async fn four(store: &Store) {}\n}";
    let source = &format!("{tests}\n{contract}\n");
    assert!(["one", "two", "three"].iter().all(|name| !defines("a.rs", source, name)));
    assert!(defines("a.rs", source, "four") && defines("a.rs", "#[test]\nfn five() {}", "five"));
}
