//! Content of files that is replaced while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

/// The content of files. New content takes effect without a restart; invalid content does not
/// replace the content in use.
#[derive(Debug)]
pub struct Reloaded<T> {
    /// The settings that name the files, for the log.
    settings: &'static str,
    state: RwLock<ReloadState<T>>,
}

#[derive(Debug)]
struct ReloadState<T> {
    content: Arc<T>,
    /// Why the present content of the files is not in use.
    refusal: Option<String>,
}

impl<T: PartialEq> Reloaded<T> {
    /// Starts with `content`, from the files that `settings` name.
    pub fn new(settings: &'static str, content: T) -> Self {
        Self { settings, state: RwLock::new(ReloadState { content: Arc::new(content), refusal: None }) }
    }

    /// Returns the content in use.
    pub fn current(&self) -> Arc<T> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).content.clone()
    }

    /// Returns whether the present content of the files is invalid, so that earlier content is
    /// used.
    pub fn is_stale(&self) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).refusal.is_some()
    }

    /// Takes what was read again. Returns whether the content in use has changed. Logs each change
    /// and each new error once.
    pub fn replace(&self, read: Result<T, String>) -> bool {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(content) => {
                let is_new = *state.content != content;
                if is_new {
                    tracing::info!(settings = self.settings, "new content of files is in use");
                } else if state.refusal.is_some() {
                    tracing::info!(settings = self.settings, "files are valid again");
                }
                state.refusal = None;
                if is_new {
                    state.content = Arc::new(content);
                }
                is_new
            }
            Err(error) => {
                if state.refusal.as_ref() != Some(&error) {
                    let settings = self.settings;
                    tracing::error!(settings, error, "files are invalid; their earlier content stays in use");
                }
                state.refusal = Some(error);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_content_does_not_replace_valid_content() {
        let files = Reloaded::new("a.b", 1);
        assert_eq!((*files.current(), files.is_stale()), (1, false));
        assert!(!files.replace(Err("broken".to_owned())));
        assert_eq!((*files.current(), files.is_stale()), (1, true));
        assert!(!files.replace(Ok(1)), "nothing changed");
        assert_eq!((*files.current(), files.is_stale()), (1, false));
        assert!(files.replace(Ok(2)));
        assert_eq!((*files.current(), files.is_stale()), (2, false));
    }
}
