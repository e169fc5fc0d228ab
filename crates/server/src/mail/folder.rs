//! Email as files in a folder. They contain sign-in codes, so only the server's user can read them.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// Creates the folder and its parents with mode 0700. Keeps the mode of an existing folder.
pub(super) fn create(folder: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a message to `{id}.eml` with mode 0600.
pub(super) async fn write(folder: &Path, id: Uuid, message: &[u8]) -> io::Result<()> {
    // Written to a temporary file and renamed, so that a reader never sees half a message.
    let (temporary, path) = (folder.join(format!(".{id}")), folder.join(format!("{id}.eml")));
    if let Err(error) = tokio::fs::remove_file(&temporary).await
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&temporary).await?;
    file.write_all(message).await?;
    file.flush().await?;
    drop(file);
    tokio::fs::rename(&temporary, &path).await
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn mail_files_and_their_folder_are_private() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("out/mail");
        create(&folder.display().to_string()).expect("created");
        assert_eq!(mode(&folder), 0o700);
        // A file left by an interrupted write does not keep its mode.
        std::fs::write(folder.join(format!(".{}", Uuid::nil())), "half").expect("written");
        write(&folder, Uuid::nil(), b"To: ada@example.org").await.expect("written");
        let path = folder.join(format!("{}.eml", Uuid::nil()));
        assert_eq!((mode(&path), std::fs::read(&path).expect("readable")), (0o600, b"To: ada@example.org".to_vec()));
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1);
    }
}
