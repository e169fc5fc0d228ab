//! Errors of SQLite's files, after which the connections are opened again ([`crate::reopening`]).

use std::sync::atomic::{AtomicU64, Ordering};

/// Number of errors of files in this process. An error does not know its database, so the
/// connections of all databases are opened again, which costs milliseconds.
static FILE_ERRORS: AtomicU64 = AtomicU64::new(0);

/// Returns the number of errors of files in this process.
pub(crate) fn count() -> u64 {
    FILE_ERRORS.load(Ordering::Relaxed)
}

/// Records an error of a database if it concerns a file of SQLite.
pub(crate) fn note_error(code: &str) {
    if is_of_a_file(code) {
        FILE_ERRORS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns whether a code of SQLite means read-only (8), I/O (10) or cannot open (14), including
/// their extended codes. The codes of PostgreSQL have five characters.
fn is_of_a_file(code: &str) -> bool {
    code.len() < 5 && code.parse::<i32>().is_ok_and(|extended| matches!(extended & 0xff, 8 | 10 | 14))
}

#[cfg(test)]
mod tests {
    #[test]
    fn errors_of_files_are_recognised() {
        for code in ["8", "10", "14", "264", "776", "1032", "266", "778", "270"] {
            assert!(super::is_of_a_file(code), "{code}");
        }
        for code in ["5", "13", "19", "2067", "08006", "10000", ""] {
            assert!(!super::is_of_a_file(code), "{code}");
        }
    }
}
