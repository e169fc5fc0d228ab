//! Refuses unknown settings, and names the ones that were probably meant.

use config::{Config, ConfigError, Source as _, ValueKind};
use strsim::osa_distance;

use super::misspelt;

/// Refuses a setting or a section that does not exist, from any source. `settings_file` is the text
/// of the default settings.
///
/// # Errors
/// Lists all unknown names, each with the name that was probably meant.
pub(super) fn refuse(settings: &Config, settings_file: &str) -> Result<(), String> {
    let known: Vec<String> = misspelt::settings(settings_file).iter().map(|variable| name_of(variable)).collect();
    let given = settings.collect().map_err(|error: ConfigError| error.to_string())?;
    let mut unknown = Vec::new();
    for (section, value) in given {
        let is_known = known.iter().any(|setting| section_of(setting) == section);
        match value.kind {
            ValueKind::Table(keys) if is_known => {
                let names = keys.into_keys().map(|key| format!("{section}.{key}"));
                unknown.extend(names.filter(|name| !known.contains(name)).map(|name| setting_error(&name, &known)));
            }
            _ if is_known => {}
            ValueKind::Table(_) => unknown.push(section_error(&section, &known)),
            _ => unknown.push(setting_error(&section, &known)),
        }
    }
    // The settings library does not preserve the order; sort for a stable message.
    unknown.sort();
    if unknown.is_empty() { Ok(()) } else { Err(unknown.join("; ")) }
}

/// Returns the section and key of an environment variable.
fn name_of(variable: &str) -> String {
    variable.trim_start_matches("TENURE_").to_ascii_lowercase().replacen("__", ".", 1)
}

fn section_of(setting: &str) -> &str {
    setting.split('.').next().unwrap_or_default()
}

fn key_of(setting: &str) -> &str {
    setting.rsplit('.').next().unwrap_or_default()
}

fn setting_error(name: &str, known: &[String]) -> String {
    let hint = match meant(name, known) {
        Some(setting) => {
            let variable = setting.replace('.', "__").to_ascii_uppercase();
            format!("Did you mean {setting} (in the environment: TENURE_{variable})?")
        }
        None => "`tenure config` prints all settings".to_owned(),
    };
    format!("unknown setting {name}. {hint}")
}

fn section_error(name: &str, known: &[String]) -> String {
    let sections = known.iter().map(|setting| section_of(setting));
    let hint = match nearest(name, sections) {
        Some(section) => format!("Did you mean [{section}]?"),
        None => "`tenure config` prints all settings".to_owned(),
    };
    format!("unknown section [{name}]. {hint}")
}

/// Returns the setting that `name` is a misspelling of, or the only one with this key in another
/// section.
fn meant<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let mut same_key = known.iter().filter(|setting| key_of(setting) == key_of(name)).map(String::as_str);
    let only = same_key.next().filter(|_| same_key.next().is_none());
    nearest(name, known.iter().map(String::as_str)).or(only)
}

/// Returns the nearest name, if it differs by typing errors only.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let measured = known.map(|candidate| (osa_distance(&name, candidate), candidate));
    measured.filter(|(distance, _)| *distance <= misspelt::TYPING_ERRORS).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn of_file(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Config::load(Some(file.path()), [], &[]).expect_err(text).to_string()
    }

    #[test]
    fn misspelt_settings_of_a_file_are_named_with_the_right_ones() {
        for (text, said) in [
            (
                "[sign_in]\nmax_code_atempts = 3\n",
                "unknown setting sign_in.max_code_atempts. Did you mean sign_in.max_code_attempts \
                 (in the environment: TENURE_SIGN_IN__MAX_CODE_ATTEMPTS)?",
            ),
            ("[server]\nmax_code_attempts = 3\n", "Did you mean sign_in.max_code_attempts"),
            ("max_code_attempts = 3\n", "unknown setting max_code_attempts. Did you mean sign_in.max_code_attempts"),
            ("[sever]\nlisten = \"127.0.0.1:1\"\n", "unknown section [sever]. Did you mean [server]?"),
            ("[Server]\nlisten = \"127.0.0.1:1\"\n", "unknown section [Server]. Did you mean [server]?"),
            ("[outbound]\nca_fiel = \"roots.pem\"\n", "Did you mean outbound.ca_file"),
            ("[mail]\nlifetime = \"1h\"\n", "unknown setting mail.lifetime. `tenure config` prints all settings"),
            ("[metrics]\nport = 1\n", "unknown section [metrics]. `tenure config` prints all settings"),
        ] {
            let error = of_file(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        let two = of_file("[log]\nfromat = \"text\"\n[mail]\nform = \"a@example.org\"\n");
        assert!(two.contains("mean log.format") && two.contains("; ") && two.contains("mean mail.from"), "{two}");
    }

    #[test]
    fn misspelt_variables_are_named_with_the_right_ones() {
        let variables = [("TENURE_SIGN_IN__MAX_CODE_ATEMPTS".to_owned(), "3".to_owned())];
        let error = Config::load(None, variables, &[]).expect_err("misspelt").to_string();
        assert!(error.contains("Did you mean sign_in.max_code_attempts"), "{error}");
    }
}
