//! Where to, and as whom.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;
use uuid::Uuid;

use super::client::base;
use super::{Stop, variable};

/// The server and the client.
#[derive(Debug, Args)]
pub struct Destination {
    /// The server's address, like https://passport.example.
    #[arg(long, value_name = "URL", env = "TENURE_SERVER")]
    server: Option<String>,
    /// Your client id.
    #[arg(long, value_name = "ID", env = "TENURE_CLIENT_ID")]
    client_id: Option<Uuid>,
    /// A file with your client secret, for you alone to read. Or put the secret into TENURE_CLIENT_SECRET.
    #[arg(long, value_name = "FILE", env = "TENURE_CLIENT_SECRET_FILE")]
    client_secret_file: Option<PathBuf>,
    /// Taken to be refused with what to do instead.
    #[arg(long, hide = true, value_name = "SECRET")]
    client_secret: Option<String>,
}

impl Destination {
    /// The address, the id and the secret.
    pub fn read(&self) -> Result<(String, Uuid, SecretString), Stop> {
        self.has_no_secret_in_sight()?;
        let missing = |what: &str| Stop::Usage(format!("{what}; see: tenure push --help"));
        let server = self.server.as_deref();
        let server = server.ok_or_else(|| missing("say where to push: --server URL, or TENURE_SERVER"))?;
        let base = base(server).map_err(Stop::Usage)?;
        let id = self.client_id.ok_or_else(|| missing("say who you are: --client-id ID, or TENURE_CLIENT_ID"))?;
        let secret = match (&self.client_secret_file, variable("TENURE_CLIENT_SECRET")) {
            (Some(path), _) => {
                let name = path.display();
                let text = std::fs::read_to_string(path);
                text.map_err(|error| Stop::Usage(format!("the client secret in {name} cannot be read: {error}")))?
            }
            (None, Some(secret)) => secret,
            (None, None) => {
                return Err(missing("the client secret is needed: --client-secret-file FILE, or TENURE_CLIENT_SECRET"));
            }
        };
        let secret = secret.trim();
        if secret.is_empty() || secret.contains(char::is_whitespace) {
            return Err(Stop::Usage("the client secret must be one word, and nothing else".to_owned()));
        }
        Ok((base, id, secret.to_owned().into()))
    }

    /// Everybody on a machine can read the arguments of everybody's programs.
    pub fn has_no_secret_in_sight(&self) -> Result<(), Stop> {
        if self.client_secret.is_none() {
            return Ok(());
        }
        Err(Stop::Usage(
            "a secret among the arguments can be read by everybody on this machine, and stays in the shell's history. Put it into \
             a file (chmod 600) and say --client-secret-file FILE, or into TENURE_CLIENT_SECRET; and since it was seen, have it \
             replaced"
                .to_owned(),
        ))
    }
}
