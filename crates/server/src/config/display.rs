//! Name, logo and colours of the issuer and its credentials in other wallets.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use credential::format::Format;
use serde::{Deserialize, Deserializer, de};
use url::Url;

use super::sections::Oid4vci;
use super::values::words;

/// Maximum length of a `data:` URL. The metadata repeats it in every credential configuration.
const MAX_DATA_URL: usize = 8192;

/// Subtypes of `image` that a `data:` URL may have.
const LOGO_TYPES: [&str; 2] = ["png", "svg+xml"];

/// Maximum length of an `https` URL.
const MAX_URL: usize = 2048;

/// Maximum number of characters of a name or an alternative text.
const MAX_TEXT: usize = 100;

/// What other wallets show of the issuer and its credentials.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Display {
    /// Name of the issuer.
    pub name: String,
    /// `https` URL of the logo, or `data:` URL of a PNG or SVG image; empty for none.
    pub logo: String,
    /// Alternative text of the logo; empty for none.
    pub logo_alt_text: String,
    /// Background colour.
    #[serde(deserialize_with = "optional_color")]
    pub background_color: Option<Color>,
    /// Text colour.
    #[serde(deserialize_with = "optional_color")]
    pub text_color: Option<Color>,
    /// Colours of single credential types.
    #[serde(deserialize_with = "words")]
    pub type_colors: Vec<TypeColors>,
}

/// Returns whether a character changes the direction of the text around it (Unicode Standard
/// Annex 9).
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A colour in the notation of CSS, such as `#12107c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Color(String);

impl FromStr for Color {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        let is_color = matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_color { Ok(Self(text.to_owned())) } else { Err("must be a colour such as #12107c") }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The background and text colour of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colors {
    /// Background colour.
    pub background: Color,
    /// Text colour.
    pub text: Color,
}

/// The colours of a credential type.
#[derive(Clone, Debug)]
pub struct TypeColors {
    pub credential_type: Type,
    /// Its colours.
    pub colors: Colors,
}

impl FromStr for TypeColors {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str =
            "must be a credential type, a background colour and a text colour, such as education=#12107c/#ffffff";
        let (name, colors) = text.split_once('=').ok_or(FORM)?;
        let (background, text) = colors.split_once('/').ok_or(FORM)?;
        let credential_type = name.parse().map_err(|_| "must begin with a credential type, such as education=")?;
        Ok(Self { credential_type, colors: Colors { background: background.parse()?, text: text.parse()? } })
    }
}

fn optional_color<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Color>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused = |why: &'static str| de::Error::custom(format!("'{text}' {why}"));
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(refused) }
}

impl Display {
    /// Returns the colours of the issuer and of types without their own.
    pub fn colors(&self) -> Option<Colors> {
        let (background, text) = (self.background_color.clone()?, self.text_color.clone()?);
        Some(Colors { background, text })
    }

    /// Returns the colours of a credential type.
    pub fn colors_of(&self, credential_type: Type) -> Option<Colors> {
        let own = self.type_colors.iter().find(|own| own.credential_type == credential_type);
        own.map(|own| own.colors.clone()).or_else(|| self.colors())
    }

    /// Checks the texts, the logo and that colours come in pairs.
    ///
    /// # Errors
    /// The message names the setting and what to change.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_control = |character: char| character.is_control() || is_bidi_control(character);
        let fits = |text: &str| text.chars().count() <= MAX_TEXT && !text.contains(is_control);
        if self.name.trim().is_empty() || !fits(&self.name) {
            return Err(format!(
                "display.name must have 1 to {MAX_TEXT} characters, none of which control the direction of text or \
                 the display; wallets show it to people"
            ));
        }
        if !fits(&self.logo_alt_text) {
            return Err(format!(
                "display.logo_alt_text must have at most {MAX_TEXT} characters and no control characters"
            ));
        }
        if !self.logo.is_empty() {
            check_logo(&self.logo).map_err(|why| format!("display.logo {why}"))?;
        }
        if self.background_color.is_some() != self.text_color.is_some() {
            let why = "set both, or a wallet's own colour may make the text unreadable";
            return Err(format!("display.background_color and display.text_color belong together: {why}"));
        }
        let mut seen = HashSet::new();
        match self.type_colors.iter().find(|own| !seen.insert(own.credential_type.name())) {
            Some(twice) => Err(format!("display.type_colors lists {} twice", twice.credential_type)),
            None => Ok(()),
        }
    }
}

fn check_logo(logo: &str) -> Result<(), String> {
    if let Some(data) = logo.strip_prefix("data:image/") {
        let parts = data.split_once(";base64,");
        return match parts {
            _ if logo.len() > MAX_DATA_URL => {
                Err(format!("is a data URL of {} bytes; at most {MAX_DATA_URL}. Use an https URL", logo.len()))
            }
            // Wallets need not show other images (HAIP 1.0, section 4.1).
            Some((kind, _)) if !LOGO_TYPES.contains(&kind) => {
                Err("must be a PNG or SVG image: data:image/png or data:image/svg+xml".to_owned())
            }
            Some((_, encoded)) if !encoded.is_empty() && STANDARD.decode(encoded).is_ok() => Ok(()),
            _ => Err("must have its image in base64, as in data:image/png;base64,iVBORw0...".to_owned()),
        };
    }
    let url = Url::parse(logo).ok().filter(|url| url.scheme() == "https" && url.has_host());
    let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    // The message omits the URL, which may contain a password.
    match url {
        Some(url) if is_plain(&url) && logo.len() <= MAX_URL => Ok(()),
        _ => Err("must be an https URL without user name, such as https://www.example.org/logo.png, or a data URL of \
                  a PNG or SVG image"
            .to_owned()),
    }
}

/// Checks `oid4vci.formats` and `oid4vci.offered_formats`.
///
/// # Errors
/// The message names the setting and what to change.
pub(super) fn check_formats(settings: &Oid4vci) -> Result<(), String> {
    for (setting, formats) in [("formats", &settings.formats), ("offered_formats", &settings.offered_formats)] {
        let mut seen = HashSet::new();
        if formats.is_empty() {
            return Err(format!("oid4vci.{setting} must have at least one format, such as dc+sd-jwt"));
        }
        if let Some(twice) = formats.iter().find(|format| !seen.insert(**format)) {
            return Err(format!("oid4vci.{setting} lists {} twice", twice.name()));
        }
    }
    let is_unlisted = |format: &&Format| !settings.formats.contains(format);
    match settings.offered_formats.iter().find(is_unlisted) {
        Some(format) => Err(format!(
            "oid4vci.offered_formats has {0}, which wallets would not find in the metadata: add {0} to oid4vci.formats",
            format.name()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load_variables as load;

    #[test]
    fn colours_and_logos_are_checked_when_the_server_starts() {
        let long = format!("data:image/png;base64,{}", "AAAA".repeat(3000));
        for (name, value, setting) in [
            ("TENURE_DISPLAY__NAME", " ", "display.name"),
            ("TENURE_DISPLAY__NAME", "Tenure\u{202e}", "direction of text"),
            ("TENURE_DISPLAY__LOGO_ALT_TEXT", "\u{2066}A compass", "control characters"),
            ("TENURE_DISPLAY__BACKGROUND_COLOR", "blue", "#12107c"),
            ("TENURE_DISPLAY__BACKGROUND_COLOR", "#12", "#12107c"),
            ("TENURE_DISPLAY__BACKGROUND_COLOR", "#12107c", "display.text_color"),
            ("TENURE_DISPLAY__TEXT_COLOR", "#fff", "display.background_color"),
            ("TENURE_DISPLAY__TYPE_COLORS", "salary=#000/#fff", "credential type"),
            ("TENURE_DISPLAY__TYPE_COLORS", "education=#000", "education=#12107c/#ffffff"),
            ("TENURE_DISPLAY__TYPE_COLORS", "education=#000/white", "#12107c"),
            ("TENURE_DISPLAY__TYPE_COLORS", "education=#000/#fff,education=#fff/#000", "education twice"),
            ("TENURE_DISPLAY__LOGO", "http://www.example.org/logo.png", "display.logo"),
            ("TENURE_DISPLAY__LOGO", "https://ada:secret@www.example.org/logo.png", "display.logo"),
            ("TENURE_DISPLAY__LOGO", "logo.png", "display.logo"),
            ("TENURE_DISPLAY__LOGO", "data:text/html;base64,AAAA", "display.logo"),
            ("TENURE_DISPLAY__LOGO", "data:image/jpeg;base64,AAAA", "PNG or SVG"),
            ("TENURE_DISPLAY__LOGO", "data:image/gif;base64,AAAA", "PNG or SVG"),
            ("TENURE_DISPLAY__LOGO", "data:image/svg;base64,AAAA", "PNG or SVG"),
            ("TENURE_DISPLAY__LOGO", "data:image/png,AAAA", "base64"),
            ("TENURE_DISPLAY__LOGO", "data:image/png;base64,A", "base64"),
            ("TENURE_DISPLAY__LOGO", &long, "https URL"),
            ("TENURE_OID4VCI__FORMATS", "ldp_vc", "jwt_vc_json"),
            ("TENURE_OID4VCI__FORMATS", "dc+sd-jwt,dc+sd-jwt", "oid4vci.formats"),
            ("TENURE_OID4VCI__OFFERED_FORMATS", "vc+jwt", "oid4vci.formats"),
            ("TENURE_OID4VCI__OFFERED_FORMATS", "", "oid4vci.offered_formats"),
        ] {
            let error = load(&[(name, value)]).expect_err(value);
            assert!(error.contains(setting) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn logos_may_be_png_or_svg() {
        for logo in ["data:image/png;base64,iVBORw0KGgo=", "data:image/svg+xml;base64,PHN2Zy8+"] {
            let config = load(&[("TENURE_DISPLAY__LOGO", logo)]);
            assert_eq!(config.expect("valid settings").display.logo, logo);
        }
    }

    #[test]
    fn types_have_their_own_colours_or_those_of_the_issuer() {
        let config = load(&[
            ("TENURE_DISPLAY__LOGO", "data:image/png;base64,iVBORw0KGgo="),
            ("TENURE_DISPLAY__BACKGROUND_COLOR", "#12107c"),
            ("TENURE_DISPLAY__TEXT_COLOR", "#fff"),
            ("TENURE_DISPLAY__TYPE_COLORS", "education=#000000/#FFFFFF"),
        ]);
        let display = config.expect("valid settings").display;
        let of = |name: &str| {
            let colors = display.colors_of(name.parse().expect("a type")).expect("colours");
            (colors.background.to_string(), colors.text.to_string())
        };
        assert_eq!(of("education"), ("#000000".to_owned(), "#FFFFFF".to_owned()));
        assert_eq!(of("career_history"), ("#12107c".to_owned(), "#fff".to_owned()));
        let plain = load(&[]).expect("the defaults are valid").display;
        assert_eq!((plain.colors(), plain.name.as_str()), (None, "Tenure"));
    }
}
