//! Every code of an error stands in a test that produces it, and has a cure.

use std::fs;
use std::path::Path;

use crate::root;

/// The folders of the tests.
const TESTS: [&str; 2] = ["crates/credential/tests", "crates/server/tests"];

/// Files that list codes without producing them.
const LISTS: [&str; 2] = ["reference.rs", "reference_links.rs"];

/// The client that finds problems in files, and the list of its codes.
const BULK_PUSH: &str = "crates/bulk-push/src";
const ROW_CODES: &str = "row_code.rs";

/// The codes of failed checks. A test may name the variant instead of the code.
const VERIFY_ERROR: &str = "crates/credential/src/verify_error.rs";

fn read(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.display().to_string()).unwrap_or_default();
        if path.is_dir() && name != "structure" {
            read(&path, text);
        } else if name.ends_with(".rs") && !LISTS.contains(&&*name) {
            text.push_str(&without_comments(&fs::read_to_string(&path).expect("a text")));
        }
    }
}

/// Returns a source without its comments, because a test that is commented out produces no code.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut is_block = false;
    for line in text.lines() {
        is_block |= line.trim_start().starts_with("/*");
        if !is_block {
            code.push_str(before_comment(line));
            code.push('\n');
        }
        is_block &= !line.contains("*/");
    }
    code
}

/// Returns the part of a line before `//`. In a text, which is after an odd number of quotes, these
/// are no comment.
fn before_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    let is_in_text = |at: usize| line[..at].matches('"').count() % 2 == 1;
    let comment = line.match_indices(" //").map(|(at, _)| at).find(|at| !is_in_text(*at));
    comment.map_or(line, |at| &line[..at])
}

fn tests() -> String {
    let mut text = String::new();
    for folder in TESTS {
        read(&root().join(folder), &mut text);
    }
    text
}

/// Returns the first word of each entry of a list in a source file: the lines between `start` and
/// `end` that begin with a quoted word.
fn listed(source: &str, start: &str, end: &str) -> Vec<String> {
    let list = source.split_once(start).unwrap_or_else(|| panic!("{start}")).1.split_once(end).expect("an end").0;
    let words = list.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split('"').next());
    words.map(str::to_owned).collect()
}

#[test]
fn every_warning_is_documented() {
    let cures = fs::read_to_string(root().join("crates/server/src/web/docs/cures.rs")).expect("the cures");
    let documented = listed(&cures, "pub const WARNINGS", "};");
    let mut sources = String::new();
    for folder in ["crates/server/src/api", "crates/server/src/flows", "crates/credential/src"] {
        read(&root().join(folder), &mut sources);
    }
    let codes = sources.lines().filter_map(|line| line.trim_start().strip_prefix("code: \"")?.split('"').next());
    let codes: Vec<&str> = codes.collect();
    assert!(codes.len() > 5, "{codes:?}");
    for code in codes {
        assert!(documented.iter().any(|known| known == code), "{code} is not in the catalogue");
    }
}

#[test]
fn every_error_code_is_produced_by_a_test() {
    let tests = tests();
    let cures = fs::read_to_string(root().join("crates/server/src/web/docs/cures.rs")).expect("the cures");
    let mut codes: Vec<String> = credential::Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    codes.extend(listed(&cures, "pub const TOKEN", "};"));
    codes.extend(listed(&cures, "pub const WARNINGS", "};"));
    assert!(codes.len() > 50, "{codes:?}");
    let missing: Vec<&String> = codes.iter().filter(|code| !tests.contains(&format!("\"{code}\""))).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

#[test]
fn every_kind_of_error_is_produced_by_a_test() {
    let tests = tests();
    let source = fs::read_to_string(root().join("crates/server/src/error.rs")).expect("the kinds");
    let metadata = source.split_once("fn metadata").expect("the kinds").1.split_once("\n    }").expect("an end").0;
    let names = metadata.split("(StatusCode::").skip(1).filter_map(|kind| kind.split('"').nth(1));
    let missing: Vec<&str> = names.clone().filter(|name| !tests.contains(&format!("error-{name}\""))).collect();
    assert!(names.count() > 10);
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

#[test]
fn every_failed_check_is_documented_and_produced_by_a_test() {
    let tests = tests();
    let source = fs::read_to_string(root().join(VERIFY_ERROR)).expect("the errors");
    let cures = fs::read_to_string(root().join("crates/server/src/web/docs/cures.rs")).expect("the cures");
    let documented = listed(&cures, "pub const CHECKS", "};");
    let arms =
        source.split_once("pub fn code").expect("the codes").1.lines().filter_map(|line| line.split_once(" => \""));
    let mut known = Vec::new();
    for (variants, code) in arms {
        let code = code.split('"').next().expect("a code");
        let names = variants.split("Self::").skip(1).filter_map(|name| name.split([' ', '(', '{']).next());
        let is_produced = tests.contains(&format!("\"{code}\""))
            || names.clone().any(|name| tests.contains(&format!("VerifyError::{name}")));
        assert!(is_produced, "no test produces {code}");
        known.push(code.to_owned());
    }
    assert!(known.len() > 20, "{known:?}");
    assert_eq!(documented, known, "the cures have every code, in the same order");
}

/// Returns the sources in a folder without their tests, each with its name.
fn sources_of(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.display().to_string()).unwrap_or_default();
        if path.is_dir() {
            found.extend(sources_of(&path));
        } else if name.ends_with(".rs") && !["tests.rs", "cases.rs", "column_cases.rs"].contains(&&*name) {
            let text = fs::read_to_string(&path).expect("a text");
            let code = text.split("\nmod tests {").next().unwrap_or_default();
            found.push((name, code.to_owned()));
        }
    }
    found
}

#[test]
fn codes_of_files_are_written_from_their_list() {
    let sources = sources_of(&root().join(BULK_PUSH));
    assert!(sources.len() > 50 && sources.iter().any(|(name, _)| name == ROW_CODES));
    let named: Vec<&str> =
        bulk_push::RowCode::ALL.iter().map(|code| code.as_str()).filter(|code| code.contains('.')).collect();
    let mut found = Vec::new();
    for (name, source) in sources.iter().filter(|(name, _)| name != ROW_CODES) {
        let literal = ["code: \"", "code: format!", "rejected_row(\""].into_iter().find(|part| source.contains(part));
        let code = named.iter().copied().find(|code| source.contains(&format!("\"{code}\"")));
        found.extend(literal.or(code).map(|part| format!("{name}: {part}")));
    }
    assert!(found.is_empty(), "name a RowCode instead of a text:\n{}", found.join("\n"));
}

#[test]
fn every_code_of_a_file_is_documented_and_produced_by_a_test() {
    let tests = tests();
    let run = fs::read_to_string(root().join(BULK_PUSH).join("run.rs")).expect("the run");
    let page = fs::read_to_string(root().join("docs/integrate/bulk-push.md")).expect("the page");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in bulk_push::RowCode::ALL {
        let (name, meaning, cure) = (code.as_str(), code.meaning(), code.cure());
        assert!(page.contains(&format!("`{name}`: {meaning} {cure}")), "docs/integrate/bulk-push.md lacks {name}");
        // The status of a response follows this code.
        let is_produced = match code {
            bulk_push::RowCode::Http => run.contains("\"http.413\""),
            _ => tests.contains(&format!("(\"{name}\", ")),
        };
        assert!(is_produced, "no test produces {name}");
    }
}

#[test]
fn codes_in_comments_are_not_counted() {
    let one = "a(\"one\"); // \"two\"";
    let others = ["    // \"three\"", "/* \"four\"", "\"five\" */", "b(\"a //\", \"six\");"].join("\n");
    let code = "a(\"one\");\n\nb(\"a //\", \"six\");\n";
    assert_eq!(without_comments(&format!("{one}\n{others}")), code);
}
