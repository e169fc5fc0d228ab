//! Refuses environment variables that look like misspelt settings.

use strsim::osa_distance;

use super::renamed;

/// Largest edit distance at which a name is reported as a misspelling.
pub(super) const TYPING_ERRORS: usize = 2;

/// Variable with the URL that `tenure push` sends to. A section has the same name.
const PUSHED_TO: &str = "TENURE_SERVER";

/// Returns whether a value is that of such a variable: a URL, or nothing, as if it were not set.
fn is_address(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    value.is_empty() || ["http://", "https://"].iter().any(|scheme| value.starts_with(scheme))
}

/// Names that one may take for the option `--config`.
const FILE: [&str; 2] = ["TENURE_CONFIG", "TENURE_CONFIG_FILE"];

/// Variables of `tenure push` and other commands that call a server.
const OPTIONS: [&str; 4] = [PUSHED_TO, "TENURE_CLIENT_ID", "TENURE_CLIENT_SECRET", "TENURE_CLIENT_SECRET_FILE"];

/// Returns whether a variable without `__` has no known meaning. It may be another program's.
pub(super) fn is_unknown(name: &str, value: &str) -> bool {
    let is_of_kubernetes = ["_SERVICE_", "_TCP_", "_UDP_"].iter().any(|part| name.contains(part))
        || ["tcp://", "udp://"].iter().any(|way| value.starts_with(way));
    name.to_ascii_uppercase().starts_with("TENURE_")
        && !name.contains("__")
        && !OPTIONS.contains(&name)
        && !is_of_kubernetes
}

/// Refuses a variable without `__` whose name is otherwise, or nearly, that of a setting.
///
/// Other variables are ignored: `tenure push` has its own, and Kubernetes sets
/// `TENURE_SERVICE_HOST` for a service called tenure.
pub(super) fn refuse(variables: &[(String, String)], settings_file: &str) -> Result<(), String> {
    let settings = settings(settings_file);
    for (name, value) in variables {
        let upper = name.to_ascii_uppercase();
        let is_of_push = *name == PUSHED_TO && is_address(value);
        let mut sections = settings.iter().filter_map(|setting| setting.split_once("__"));
        if !is_of_push && sections.any(|(section, _)| section == upper) {
            let settings = format!("names of its settings start with {upper}__ (two underscores)");
            if *name == PUSHED_TO {
                return Err(format!(
                    "the environment variable {name} must be the server's URL, such as https://passport.example. It is \
                     the name of a section, not a setting; {settings}"
                ));
            }
            return Err(format!("the environment variable {name} is the name of a section, not a setting; {settings}"));
        }
        if *name != upper && settings.contains(&upper) {
            return Err(format!("unknown setting in the environment variable {name}. Did you mean {upper}?"));
        }
        if name.contains("__") {
            let why = "Names of settings are in capital letters: see tenure config";
            return Err(format!("unknown setting in the environment variable {name}. {why}"));
        }
        if FILE.contains(&&*upper) {
            return Err(format!("the environment variable {name} is not a setting. Name the file with --config"));
        }
        let is_of_kubernetes =
            name.contains("_SERVICE_") || ["tcp://", "udp://"].iter().any(|way| value.starts_with(way));
        let is_of_port = name.contains("_TCP_") || name.contains("_UDP_");
        if !is_of_kubernetes
            && !is_of_port
            && let Some(refusal) = renamed::refuse_variable(&upper)
        {
            return Err(refusal);
        }
        let meant = settings.iter().find(|setting| {
            let (_, key) = setting.split_once("__").unwrap_or_default();
            *name == format!("TENURE_{key}") || osa_distance(name, &setting.replacen("__", "_", 1)) <= TYPING_ERRORS
        });
        let section = settings
            .iter()
            .filter_map(|setting| setting.split_once("__"))
            .find(|(section, _)| name.strip_prefix(section).is_some_and(|key| key.starts_with('_')));
        match (meant, section) {
            _ if is_of_kubernetes => {}
            (Some(setting), _) => {
                return Err(format!("unknown setting in the environment variable {name}. Did you mean {setting}?"));
            }
            (None, Some((section, _))) => {
                return Err(format!(
                    "unknown setting in the environment variable {name}. Names of its section start with {section}__ \
                     (two underscores)"
                ));
            }
            (None, None) => {}
        }
    }
    Ok(())
}

/// Lists the variables of all settings in file order, including those that are commented out.
pub(super) fn settings(settings_file: &str) -> Vec<String> {
    let mut section = "";
    let mut variables = Vec::new();
    for line in settings_file.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            variables.push(format!("TENURE_{section}__{key}").to_ascii_uppercase());
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> Option<String> {
        refuse(&[(name.to_owned(), value.to_owned())], crate::config::DEFAULT).err()
    }

    #[test]
    fn settings_with_one_underscore_or_a_typing_error_are_rejected() {
        for (name, meant) in [
            ("TENURE_SERVER_LISTEN", "Did you mean TENURE_SERVER__LISTEN?"),
            ("TENURE_SEVER_LISTEN", "Did you mean TENURE_SERVER__LISTEN?"),
            ("TENURE_DATABASE_URL", "Did you mean TENURE_STORAGE__DATABASE_URL?"),
            (
                "TENURE_OID4VCI_TRUSTED_WALLET_PROVIDERS_FILE",
                "Did you mean TENURE_OID4VCI__TRUSTED_WALLET_PROVIDERS_FILE?",
            ),
            ("TENURE_OPENID4VP_SCHEME", "Did you mean TENURE_OPENID4VP__SCHEME?"),
            ("TENURE_MAIL_SERVER_NAME", "start with TENURE_MAIL__"),
            ("tenure_server__timeout", "Did you mean TENURE_SERVER__TIMEOUT?"),
        ] {
            let error = refused(name, "x").expect(name);
            assert!(error.contains(name) && error.contains(meant), "{error}");
        }
    }

    #[test]
    fn unknown_variables_are_rejected_or_named() {
        for (name, fix) in [
            ("TENURE_CONFIG", "--config"),
            ("TENURE_CONFIG_FILE", "--config"),
            ("Tenure_Server__Listn", "capital letters"),
        ] {
            let error = refused(name, "/nope").expect(name);
            assert!(error.contains(name) && error.contains(fix), "{error}");
        }
        assert_eq!(refused("TENURE_FOO", "1"), None);
        assert!(is_unknown("TENURE_FOO", "1") && is_unknown("tenure_foo", "1"));
        for name in ["TENURE_CLIENT_ID", "TENURE_SERVER", "TENURE_SERVICE_HOST", "TENURE_LOG__FORMAT", "PATH"] {
            assert!(!is_unknown(name, "1"), "{name}");
        }
    }

    #[test]
    fn sections_with_a_value_are_rejected() {
        for (name, value) in [
            ("TENURE_SERVER", "1"),
            ("TENURE_SERVER", "passport.example:8080"),
            ("TENURE_SERVER", "{listen='127.0.0.1:1'}"),
            ("TENURE_STORAGE", "https://passport.example"),
            ("TENURE_RATE_LIMIT", "false"),
            ("tenure_log", "debug"),
        ] {
            let error = refused(name, value).expect(name);
            let begin = format!("start with {}__", name.to_ascii_uppercase());
            assert!(error.contains("the name of a section") && error.contains(&begin), "{error}");
            let says_url = error.contains("must be the server's URL, such as https://passport.example");
            assert_eq!(says_url, name == "TENURE_SERVER", "{error}");
        }
    }

    #[test]
    fn variables_of_others_are_ignored() {
        for (name, value) in [
            ("TENURE_CLIENT_ID", "x"),
            ("TENURE_CLIENT_SECRET_FILE", "x"),
            ("TENURE_SERVER", "https://passport.example"),
            ("TENURE_SERVER", " HTTPS://passport.example "),
            ("TENURE_SERVER", ""),
            ("TENURE_SERVER", " "),
            ("TENURE_SERVICE_HOST", "10.0.0.1"),
            ("TENURE_PORT", "tcp://10.0.0.1:80"),
            ("TENURE_SERVER_SERVICE_PORT", "80"),
            ("TENURE_PORT_80_TCP_ADDR", "10.0.0.1"),
        ] {
            assert_eq!(refused(name, value), None, "{name}");
        }
    }
}
