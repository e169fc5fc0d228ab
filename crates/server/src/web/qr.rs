//! QR codes of links (ISO/IEC 18004), as SVG.
//!
//! Only renders the symbol. Pages always show the link beside it, for people who cannot scan and
//! have to read, copy or type it.

use std::fmt::Write as _;

use askama::Template;
use fast_qr::{ECL, QRBuilder};

/// Width of the quiet zone around a symbol, in modules (section 6.3.8).
const QUIET: usize = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    rows: Vec<Vec<bool>>,
}

/// The symbol as a picture: dark on light in every colour scheme, since scanners need that.
#[derive(Template)]
#[template(path = "qr.svg.html")]
struct Picture<'a> {
    name: &'a str,
    size: usize,
    path: String,
}

impl Qr {
    /// Encodes `link` with an error correction of 15 %; `None` if it exceeds the capacity of a
    /// symbol (2,331 bytes).
    pub fn new(link: &str) -> Option<Self> {
        let code = QRBuilder::new(link).ecl(ECL::M).build().ok()?;
        let row = |at: usize| code[at].iter().map(|module| module.value()).collect();
        Some(Self { rows: (0..code.size).map(row).collect() })
    }

    /// Returns the number of modules on each side, including the quiet zone.
    fn size(&self) -> usize {
        self.rows.len() + 2 * QUIET
    }

    /// Returns the dark modules as horizontal bars: x, y and length.
    fn bars(&self) -> Vec<(usize, usize, usize)> {
        let mut bars = Vec::new();
        for (y, row) in self.rows.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run[0] {
                    bars.push((x + QUIET, y + QUIET, run.len()));
                }
                x += run.len();
            }
        }
        bars
    }

    /// Renders SVG with the accessible name `name`.
    pub fn html(&self, name: &str) -> String {
        let mut path = String::new();
        for (x, y, length) in self.bars() {
            // Writing into a string does not fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        Picture { name, size: self.size(), path }.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_have_three_finders_and_a_quiet_zone() {
        let qr = Qr::new("https://passport.example/share/1").expect("short enough");
        let last = qr.rows.len() - 1;
        assert_eq!((qr.rows.len() - 17) % 4, 0, "a size of the standard");
        for (row, from) in [(0, 0), (0, last - 6), (last, 0)] {
            assert_eq!(qr.rows[row][from..=from + 6], [true; 7]);
        }
        assert!(qr.bars().iter().all(|(x, y, length)| *x >= QUIET && *y >= QUIET && x + length <= qr.size() - QUIET));
        let dark: usize = qr.bars().iter().map(|(.., length)| length).sum();
        assert_eq!(dark, qr.rows.iter().flatten().filter(|dot| **dot).count());
        assert!(qr.html("QR code of \"this\" link").contains("QR code of &#34;this&#34; link</title>"));
        assert_eq!(Qr::new(&"x".repeat(3000)), None);
    }

    /// Decodes with an independent library.
    #[test]
    fn qr_codes_decode_to_their_link() {
        for link in ["https://passport.example/share/1", &format!("https://passport.example/#{}", "x=1&".repeat(60))] {
            let qr = Qr::new(link).expect("short enough");
            let size = qr.size() * 4;
            let mut dots = vec![false; size * size];
            for (x, y, length) in qr.bars() {
                for row in y * 4..(y + 1) * 4 {
                    dots[row * size + x * 4..row * size + (x + length) * 4].fill(true);
                }
            }
            let shade = |x: usize, y: usize| if dots[y * size + x] { 0 } else { 255 };
            let mut image = rqrr::PreparedImage::prepare_from_greyscale(size, size, shade);
            let (_, read) = image.detect_grids()[0].decode().expect("readable");
            assert_eq!(read, link);
        }
    }
}
