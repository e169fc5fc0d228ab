//! The server and the client credentials to use.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use clap::{Args, ValueHint};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::error::Error;
use crate::progress::say;

/// The server, and the client credentials for it.
#[derive(Debug)]
pub struct Destination {
    /// The server's address without a trailing slash.
    pub base: String,
    /// The client id.
    pub client_id: Uuid,
    /// The client secret.
    pub secret: SecretString,
}

/// The options that name the destination.
#[derive(Debug, Args)]
pub struct DestinationArgs {
    /// The server's URL, such as https://passport.example.
    #[arg(long, value_name = "URL", env = "TENURE_SERVER", alias = "url")]
    server: Option<String>,
    /// Your client id.
    #[arg(long, value_name = "ID", env = "TENURE_CLIENT_ID")]
    client_id: Option<String>,
    /// A file with your client secret, readable only by you. Or set TENURE_CLIENT_SECRET, which
    /// counts without such a file.
    #[arg(long, value_name = "FILE", env = "TENURE_CLIENT_SECRET_FILE", value_hint = ValueHint::AnyPath)]
    client_secret_file: Option<OsString>,
    /// Accepted only to be rejected with an explanation.
    #[arg(long, hide = true, value_name = "SECRET")]
    client_secret: Option<String>,
}

impl DestinationArgs {
    /// Reads the destination; `environment` looks up the secret if no file is given.
    pub fn read(&self, environment: fn(&str) -> Option<String>) -> Result<Destination, Error> {
        self.has_no_secret_in_sight()?;
        let missing = |what: &str| Error::Usage(format!("{what}; see: tenure push --help"));
        // An empty variable is as one that is not set.
        let server = self.server.as_deref().map(str::trim).filter(|server| !server.is_empty());
        let server = server.ok_or_else(|| missing("the server is missing: set --server URL or TENURE_SERVER"))?;
        let base = base(server).map_err(Error::Usage)?;
        let client_id = self.client_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let client_id =
            client_id.ok_or_else(|| missing("the client id is missing: set --client-id ID or TENURE_CLIENT_ID"))?;
        let client_id: Uuid = client_id.parse().map_err(|_| {
            Error::Usage(
                "the client id is not one, such as 0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21: correct --client-id or \
                 TENURE_CLIENT_ID"
                    .to_owned(),
            )
        })?;
        let file = self.client_secret_file.as_deref().filter(|path| !path.as_encoded_bytes().trim_ascii().is_empty());
        let secret = match (file.map(Path::new), environment("TENURE_CLIENT_SECRET")) {
            (Some(path), _) => {
                let text = secret_in(path)?;
                if let Some(warning) = open_to_others(path) {
                    say(&warning);
                }
                text
            }
            (None, Some(secret)) => secret,
            (None, None) => {
                return Err(missing(
                    "the client secret is missing: set --client-secret-file FILE or TENURE_CLIENT_SECRET",
                ));
            }
        };
        let secret = secret.trim_start_matches('\u{feff}').trim();
        if secret.is_empty() || secret.contains(char::is_whitespace) {
            return Err(Error::Usage("the client secret must be one word".to_owned()));
        }
        Ok(Destination { base, client_id, secret: secret.to_owned().into() })
    }

    /// Rejects a secret on the command line: every user of the machine can read the arguments of
    /// all processes.
    pub fn has_no_secret_in_sight(&self) -> Result<(), Error> {
        if self.client_secret.is_none() {
            return Ok(());
        }
        Err(Error::Usage(
            "a secret on the command line can be read by every user of this machine, and stays in the shell's \
             history. Put it into a file (chmod 600) and use --client-secret-file FILE, or use TENURE_CLIENT_SECRET. \
             Replace the secret, because it was exposed"
                .to_owned(),
        ))
    }
}

/// Reads the file of a secret, in UTF-8 or in UTF-16 with a byte order mark, as PowerShell writes.
fn secret_in(path: &Path) -> Result<String, Error> {
    let name = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Error::Usage(format!("the client secret in {name} cannot be read: {error}")))?;
    let (text, _, is_damaged) = encoding_rs::UTF_8.decode(&bytes);
    if is_damaged {
        return Err(Error::Usage(format!("the client secret in {name} is not UTF-8; save the file as UTF-8")));
    }
    Ok(text.into_owned())
}

/// Returns a warning if other users can read the file. It is only a warning: an existing file keeps
/// working, and a mounted secret may have a mode that cannot be changed.
fn open_to_others(path: &Path) -> Option<String> {
    // A pipe, such as one of a shell's `<(...)`, is no file of the disk.
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let name = path.display();
        format!("warning: other users may read the client secret in {name} (mode {mode:04o}). Run: chmod 600 {name}")
    })
}

/// Validates the server's address and removes the trailing slash: https, or http on this machine.
fn base(server: &str) -> Result<String, String> {
    // It may contain a password, which is not repeated.
    let shown = if server.contains('@') { "--server" } else { server };
    let url: Url = server.parse().map_err(|_| format!("{shown} is not a URL such as https://passport.example"))?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!(
            "{shown} must be the server's URL without a path or a user name, such as https://passport.example"
        ));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        _ => return Err(format!("{shown} must start with https://, because the data is personal")),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_urls_need_https_unless_loopback() {
        for (server, expected) in [
            ("https://Passport.example/", Some("https://passport.example")),
            ("https://10.1.2.3:8443", Some("https://10.1.2.3:8443")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("http://passport.example", None),
            ("http://10.1.2.3", None),
            ("https://passport.example/api", None),
            ("https://ada@passport.example", None),
            ("passport.example", None),
        ] {
            assert_eq!(base(server).ok().as_deref(), expected, "{server}");
        }
    }

    #[test]
    fn empty_variables_are_unset_and_others_are_trimmed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret.txt");
        let wide: Vec<u8> = "\u{feff}word\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(&path, wide).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        let id = " 0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21 ";
        let read = |server: &str, id: &str, file: OsString| {
            let arguments = DestinationArgs {
                server: Some(server.to_owned()),
                client_id: Some(id.to_owned()),
                client_secret_file: Some(file),
                client_secret: None,
            };
            arguments.read(|_| None).map(|read| read.base).map_err(|stop| stop.to_string())
        };
        assert_eq!(
            read(" HTTPS://passport.example\n", id, path.clone().into()).as_deref(),
            Ok("https://passport.example")
        );
        for (server, id, file, part) in [
            (" ", id, path.clone().into(), "TENURE_SERVER"),
            ("https://passport.example", "", path.clone().into(), "client id is missing"),
            ("https://passport.example", "x", path.clone().into(), "TENURE_CLIENT_ID"),
            ("https://passport.example", id, OsString::new(), "client secret is missing"),
        ] {
            assert!(read(server, id, file).is_err_and(|said| said.contains(part)), "{part}");
        }
        std::fs::write(&path, [0xe9, b'a']).expect("written");
        let said = read("https://passport.example", id, path.into()).expect_err("damaged");
        assert!(said.contains("save the file as UTF-8"), "{said}");
    }

    #[test]
    fn secrets_that_others_can_read_give_a_warning() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret.txt");
        std::fs::write(&path, "s").expect("written");
        for (mode, is_open) in [(0o644, true), (0o640, true), (0o604, true), (0o600, false), (0o400, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            assert_eq!(open_to_others(&path).is_some_and(|said| said.contains("chmod 600")), is_open, "{mode:o}");
        }
        assert_eq!(open_to_others(folder.path()), None);
    }

    #[test]
    fn rejected_server_urls_do_not_repeat_a_password() {
        for server in ["https://u:SECRET@passport.example", "u:SECRET@passport.example", "https://u:SECRET@[x"] {
            let refused = base(server).expect_err(server);
            assert!(!refused.contains("SECRET") && refused.contains("--server"), "{refused}");
        }
    }
}
