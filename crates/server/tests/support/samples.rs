//! Small generated documents.

#[path = "pdf_samples.rs"]
mod pdf_samples;

pub use pdf_samples::{bytes, filled_pdf, pdf};

/// Builds a PNG of `width` by `height` black pixels.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&vec![0; (width.div_ceil(8) * height) as usize]).expect("data");
    writer.finish().expect("an end");
    bytes
}

/// Builds a JPEG of eight by eight grey pixels in the smallest form (ITU-T T.81): one table of each
/// kind and one block with all coefficients zero.
pub fn jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    for class in [0x00, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1]);
        bytes.extend([0; 15]);
        bytes.push(0);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111, 0xff, 0xd9]);
    bytes
}
