//! The sizes of files and functions, and marks that no source has.

use crate::cited_tests::texts;
use crate::root;

/// The most lines of a file.
const MAX_LINES: usize = 400;

/// The most lines of a function in `src`, from its `fn` to its closing brace. Functions under
/// `tests` may be longer: many are lists of cases.
const MAX_FUNCTION: usize = 68;

/// The words before `fn`.
const MODIFIERS: [&str; 6] = ["pub", "const", "async", "unsafe", "extern", "\"C\""];

/// Marks of unfinished work. They are split, so that this file has none.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Returns the Rust sources, by their path from the root of the workspace.
fn sources() -> Vec<(String, String)> {
    let sources: Vec<_> = texts(&root()).into_iter().filter(|(path, _)| path.ends_with(".rs")).collect();
    assert!(sources.len() > 500, "only {} sources were found", sources.len());
    sources
}

/// Returns the functions in a text, each with its number of lines.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().copied().enumerate() {
        let Some(name) = function_name(line).filter(|_| !line.ends_with(['}', ';'])) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_end = |later: &str| later.strip_prefix(indent) == Some("}");
        // A declaration, or an empty body.
        let is_short = |later: &str| {
            later.strip_prefix(indent).is_some_and(|rest| rest.starts_with(')')) && later.ends_with([';', '}'])
        };
        let end = lines[start..].iter().position(|later| is_end(later) || is_short(later));
        if let Some(end) = end.filter(|end| is_end(lines[start + end])) {
            found.push((name, end + 1));
        }
    }
    found
}

/// Returns the name of the function that begins in a line.
fn function_name(line: &str) -> Option<&str> {
    let is_modifier = |word: &&str| MODIFIERS.contains(word) || word.starts_with("pub(") || word.ends_with(')');
    let mut words = line.split_whitespace().skip_while(is_modifier);
    words.next().filter(|word| *word == "fn").and(words.next()).and_then(|name| name.split(['(', '<']).next())
}

/// Returns whether a line has an `allow` attribute, also inside `cfg_attr`.
fn is_allow(line: &str) -> bool {
    let code = line.trim_start();
    code.starts_with("allow(") || code.starts_with('#') && code.contains("allow(")
}

#[test]
fn files_are_short() {
    let lines = sources().into_iter().map(|(path, text)| (path, text.lines().count()));
    let long: Vec<_> = lines.filter(|(_, lines)| *lines > MAX_LINES).collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines: {long:?}");
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path.contains("/src/")) {
        let found = functions(text).into_iter().filter(|(_, lines)| *lines > MAX_FUNCTION);
        long.extend(found.map(|(name, lines)| format!("{path}: {name} has {lines}")));
    }
    assert!(long.is_empty(), "longer than {MAX_FUNCTION} lines:\n{}", long.join("\n"));
}

#[test]
fn no_source_allows_a_lint_or_is_unfinished() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let is_wrong = |line: &str| is_allow(line) || UNFINISHED.iter().any(|mark| line.contains(mark));
        let lines = text.lines().enumerate().filter(|(_, line)| is_wrong(line));
        found.extend(lines.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())));
    }
    assert!(found.is_empty(), "expect a lint with a reason, and finish what is begun:\n{}", found.join("\n"));
}

#[test]
fn functions_and_attributes_are_counted() {
    let one = "pub(crate) async fn one(\n    a: u8,\n) {\n    b();\n}\n";
    let two =
        "trait Two {\n    fn two(&self);\n    fn three(\n        &self,\n    ) -> u8;\n    fn four() {\n    }\n}\n";
    assert_eq!(functions(&format!("{one}{two}")), [("one", 5), ("four", 2)]);
    assert!(["#![allow(unused)]", "  #[cfg_attr(unix, allow(unused))]", "    allow(unused)"].into_iter().all(is_allow));
    assert!(!["layers.allow(a, b)", "fn allow() {", "#[expect(unused)]"].into_iter().any(is_allow));
}
