//! `tenure config`: prints the settings, with their meaning, or with the values in effect.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::command::{CommandResult, StoreArguments, print};
use crate::config::{DEFAULT, EffectiveSetting, Origin};

/// Print every setting with its meaning and default, or the values in effect.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// Print the value of every setting and where it comes from: the defaults, the file, the
    /// environment or an option. Secrets are redacted.
    #[arg(long)]
    effective: bool,
    /// Print JSON (with --effective).
    #[arg(long, requires = "effective")]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
    /// Address and port that the server listens on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Public address for people and partners.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Mail transport.
    #[arg(long, value_name = "TRANSPORT")]
    mail: Option<String>,
}

impl ConfigArguments {
    pub(super) fn run(self) -> CommandResult {
        if !self.effective {
            // A file that cannot be used is an error also where its values are not printed.
            if self.store.config.is_some() {
                self.store.load(&[])?;
            }
            return print(DEFAULT.trim_end()).map(|()| ExitCode::SUCCESS);
        }
        let settings = self.store.effective(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        let text = if self.json {
            let all = json!({ "settings": settings });
            serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?
        } else {
            settings.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        print(&text).map(|()| ExitCode::SUCCESS)
    }
}

/// Formats a setting as a line of TOML, with its origin as a comment.
fn line(setting: &EffectiveSetting) -> String {
    let EffectiveSetting { name, value, origin } = setting;
    let origin = match origin {
        Origin::Unset => return format!("# {name} is not set"),
        Origin::Default => "default".to_owned(),
        Origin::File(path) => path.display().to_string(),
        Origin::Environment(variable) => variable.clone(),
        Origin::Option => "option".to_owned(),
    };
    let value = value.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{name} = {value}  # {origin}")
}
