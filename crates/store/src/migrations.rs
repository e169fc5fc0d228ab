//! Checks migrations against the rules in docs/develop/migrations.md, as far as their text shows
//! it. During a rolling upgrade, nodes of two releases use one PostgreSQL, and a migration must not
//! block either.

use std::path::Path;

/// First migration that is checked. No two releases ran side by side before it.
const FIRST: u32 = 13;

/// Tables that grow without limit: no statement may touch all of their rows.
const LARGE: [&str; 9] =
    ["submission", "payload", "event", "delivery", "delivery_attempt", "status_entry", "asset", "tally", "holder"];

/// Comment that must precede a statement that removes something. It names the release that stopped
/// using it.
const UNUSED: &str = "-- unused since ";

/// A statement in upper case with single spaces, and the comments directly before it.
struct Statement {
    text: String,
    comments: String,
}

fn statements(file: &str) -> Vec<Statement> {
    let (mut statements, mut text, mut comments) = (Vec::new(), String::new(), String::new());
    for line in file.lines() {
        let (code, comment) = line.split_at(line.find("--").unwrap_or(line.len()));
        comments.push_str(comment);
        comments.push('\n');
        let mut parts = code.split(';').peekable();
        while let Some(part) = parts.next() {
            text.push_str(part);
            text.push(' ');
            if parts.peek().is_some() {
                let words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
                statements.push(Statement { text: words.join(" "), comments: std::mem::take(&mut comments) });
                text.clear();
            }
        }
    }
    statements
}

/// Returns the identifier after the first `word` of the statement.
fn name_after(statement: &str, word: &str) -> Option<String> {
    let rest = statement.split_once(word)?.1.trim_start();
    let rest = rest.trim_start_matches("IF NOT EXISTS ").trim_start_matches("IF EXISTS ").trim_start_matches("ONLY ");
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    Some(name.to_lowercase())
}

/// Returns the problems of a PostgreSQL migration.
fn problems(file: &str) -> Vec<String> {
    let statements = statements(file);
    let new: Vec<String> = statements
        .iter()
        .filter(|statement| statement.text.starts_with("CREATE"))
        .filter_map(|statement| name_after(&statement.text, " TABLE "))
        .collect();
    let is_outside = file.starts_with("-- no-transaction");
    let has_timeout = statements.iter().any(|statement| statement.text.starts_with("SET LOCAL LOCK_TIMEOUT"));
    let mut problems = Vec::new();
    if is_outside && statements.len() != 1 {
        problems.push(
            "a file without a transaction must have one statement: several would run in one transaction".to_owned(),
        );
    }
    for Statement { text, comments } in &statements {
        let takes_away = ["DROP COLUMN", "DROP TABLE", "RENAME ", "DROP CONSTRAINT", "SET NOT NULL"]
            .iter()
            .any(|word| text.contains(word))
            || (text.contains("ALTER COLUMN") && text.contains(" TYPE "));
        if takes_away && !comments.contains(UNUSED) {
            problems.push(format!("removes something that the previous release may use: {text}"));
        }
        let table = name_after(text, "ALTER TABLE ").filter(|table| !new.contains(table));
        if table.is_some() && !has_timeout {
            problems
                .push(format!("waits for a lock without a timeout: start with SET LOCAL lock_timeout = '2s': {text}"));
        }
        if table.is_some() && text.contains("ADD COLUMN") && text.contains("NOT NULL") && !text.contains("DEFAULT") {
            problems.push(format!("the previous release does not set this column: {text}"));
        }
        let checks = text.contains("ADD CONSTRAINT") || text.contains("FOREIGN KEY") || text.contains("CHECK (");
        if table.is_some() && checks && !text.contains("NOT VALID") {
            problems.push(format!(
                "checks every row under a lock: add it NOT VALID, and validate it in the next migration: {text}"
            ));
        }
        let is_index = (text.starts_with("CREATE") && text.contains("INDEX ")) || text.starts_with("DROP INDEX");
        let of = name_after(text, " ON ").filter(|table| !new.contains(table));
        if is_index && (of.is_some() || text.starts_with("DROP")) && !(text.contains("CONCURRENTLY") && is_outside) {
            problems.push(format!(
                "blocks all writes: use CONCURRENTLY in a file that starts with -- no-transaction: {text}"
            ));
        }
        let rewritten = name_after(text, "UPDATE ").or_else(|| name_after(text, "DELETE FROM "));
        let is_statement = text.starts_with("UPDATE ") || text.starts_with("DELETE ");
        if is_statement && rewritten.is_some_and(|table| LARGE.contains(&table.as_str())) {
            problems.push(format!("rewrites a table that grows without bound: let a job do it in batches: {text}"));
        }
    }
    problems
}

#[test]
fn migrations_are_compatible_with_the_previous_release() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for part in ["postgres", "postgres-keyring"] {
        for entry in std::fs::read_dir(folder.join(part)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let number: u32 = name.split('_').next().and_then(|number| number.parse().ok()).expect("a number");
            if number >= FIRST {
                let problems = problems(&std::fs::read_to_string(&path).expect("text"));
                assert!(problems.is_empty(), "{part}/{name}: {problems:#?}");
            }
        }
    }
}

#[test]
fn blocking_and_breaking_migrations_are_detected() {
    for (bad, why) in [
        ("ALTER TABLE submission DROP COLUMN sealed;", "removes something"),
        ("DROP TABLE event;", "removes something"),
        ("ALTER TABLE tally RENAME TO count;", "removes something"),
        ("SET LOCAL lock_timeout = '2s';\nALTER TABLE holder ALTER COLUMN sign_ins TYPE INTEGER;", "removes something"),
        ("ALTER TABLE partner ADD COLUMN note TEXT;", "without a timeout"),
        ("SET LOCAL lock_timeout = '2s';\nALTER TABLE partner ADD COLUMN note TEXT NOT NULL;", "does not set"),
        (
            "SET LOCAL lock_timeout = '2s';\nALTER TABLE asset ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES b (a);",
            "NOT VALID",
        ),
        ("CREATE INDEX slow ON submission (state);", "blocks all writes"),
        ("create unique index slow on only submission (state);", "blocks all writes"),
        ("CREATE INDEX CONCURRENTLY slow ON submission (state);", "blocks all writes"),
        (
            "-- no-transaction\nCREATE INDEX CONCURRENTLY a ON b (c);\nCREATE INDEX CONCURRENTLY d ON b (e);",
            "one statement",
        ),
        ("DROP INDEX submission_due;", "blocks all writes"),
        ("UPDATE submission SET note = '';", "in batches"),
        ("DELETE FROM event;", "in batches"),
    ] {
        let found = problems(bad);
        assert!(found.iter().any(|problem| problem.contains(why)), "{bad}: {found:?}");
    }
    for good in [
        "CREATE UNLOGGED TABLE new (id UUID PRIMARY KEY NOT NULL);\nCREATE INDEX new_id ON new (id);\nALTER TABLE new ADD COLUMN x TEXT NOT NULL;",
        "SET LOCAL lock_timeout = '2s';\nALTER TABLE partner ADD COLUMN note TEXT NOT NULL DEFAULT '';",
        "SET LOCAL lock_timeout = '2s';\n-- unused since 0.3\nALTER TABLE partner DROP COLUMN note;",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS quick ON submission (state);",
        "INSERT INTO expiry (place) VALUES (1);\nUPDATE partner SET note = '';",
    ] {
        assert_eq!(problems(good), Vec::<String>::new(), "{good}");
    }
}
