//! The letters of PDFs: DejaVu Sans, regular and bold, which has Latin, Greek, Cyrillic, Vietnamese, Armenian and Georgian.
//!
//! Scripts that run from right to left, or whose letters join, are left out although the typeface has some of them: a line
//! of several scripts would come out in the wrong order, and a name that is wrong is worse than one that is elsewhere.

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// What stands for letters that no typeface here has.
pub const MISSING: &str = "[…]";

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Title,
    Heading,
    Strong,
    Text,
    Soft,
}

impl Style {
    /// Size of the letters.
    pub(super) fn size(self) -> f32 {
        match self {
            Self::Title => 20.0,
            Self::Heading => 13.0,
            Self::Strong | Self::Text => 10.0,
            Self::Soft => 8.5,
        }
    }

    /// From one line to the next.
    pub(super) fn leading(self) -> f32 {
        self.size() * 1.4
    }

    /// Room after the piece.
    pub(super) fn space(self) -> f32 {
        match self {
            Self::Title => 10.0,
            Self::Heading => 5.0,
            Self::Strong => 9.0,
            Self::Text => 4.0,
            Self::Soft => 3.0,
        }
    }

    /// Black is 0.
    pub(super) fn lightness(self) -> u8 {
        if self == Self::Soft { 85 } else { 0 }
    }

    fn is_bold(self) -> bool {
        matches!(self, Self::Title | Self::Heading | Self::Strong)
    }
}

struct Face {
    bytes: &'static [u8],
    font: Font,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { bytes, font: Font::new(bytes.into(), 0)? })
    }

    fn read(&self) -> Option<FontRef<'static>> {
        FontRef::new(self.bytes).ok()
    }
}

/// Both faces.
pub(super) struct Typefaces {
    regular: Face,
    bold: Face,
}

impl Typefaces {
    pub(super) fn load() -> Option<Self> {
        Some(Self { regular: Face::load(dejavu::sans::regular())?, bold: Face::load(dejavu::sans::bold())? })
    }

    fn face(&self, style: Style) -> &Face {
        if style.is_bold() { &self.bold } else { &self.regular }
    }

    /// The font for the library.
    pub(super) fn font(&self, style: Style) -> Font {
        self.face(style).font.clone()
    }

    /// Whether some letter of `text` cannot be written.
    pub(super) fn lacks(&self, text: &str) -> bool {
        self.writable(text).contains(MISSING) && !text.contains(MISSING)
    }

    /// `text` with [`MISSING`] for each run of letters that cannot be written, and blanks for what is no letter.
    pub(super) fn writable(&self, text: &str) -> String {
        let known = [&self.regular, &self.bold].map(|face| face.read().map(|font| font.charmap()));
        let has = |letter: char| known.iter().all(|map| map.as_ref().is_some_and(|map| map.map(letter).is_some()));
        let mut written = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                letter if letter.is_control() || letter.is_whitespace() => written.push(' '),
                letter if runs_left_to_right(letter) && has(letter) => written.push(letter),
                _ if written.trim_end().ends_with(MISSING) => {}
                _ => written.push_str(MISSING),
            }
        }
        written
    }

    /// How wide `text` is, without regard to kerning, which makes it narrower at most.
    pub(super) fn width(&self, text: &str, style: Style) -> f32 {
        let Some(font) = self.face(style).read() else { return 0.0 };
        let (map, metrics) = (font.charmap(), font.glyph_metrics(Size::new(style.size()), LocationRef::default()));
        let advance = |letter: char| metrics.advance_width(map.map(letter).unwrap_or_default()).unwrap_or_default();
        text.chars().map(advance).sum()
    }

    /// `text` in lines that fit into `room`, broken between words; a word that is longer than a line is cut.
    pub(super) fn broken(&self, text: &str, style: Style, room: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let line = lines.last_mut().expect("there is a line");
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, style) <= room {
                *line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(String::new());
            }
            for letter in word.chars() {
                let line = lines.last_mut().expect("there is a line");
                line.push(letter);
                if self.width(line, style) > room && line.chars().count() > 1 {
                    line.pop();
                    lines.push(letter.to_string());
                }
            }
        }
        lines
    }
}

/// False for Hebrew to Syriac and their kin, for Thai and Lao, whose words have no blanks between them, and for marks that
/// turn the direction.
fn runs_left_to_right(letter: char) -> bool {
    !matches!(letter,
        '\u{590}'..='\u{8ff}' | '\u{e00}'..='\u{eff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{10800}'..)
}
