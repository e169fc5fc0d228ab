//! Images.

use super::*;

#[test]
fn images_with_too_many_pixels_are_rejected() {
    assert!(reason(AssetKind::Png, &image(8_000, 4_001)).contains("pixels"));
    let mut huge = jpeg();
    let size = huge.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 5;
    huge[size..size + 4].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]);
    assert!(reason(AssetKind::Jpg, &huge).contains("pixels"));
}

#[test]
fn cmyk_images_are_taken() {
    let image = include_bytes!("../../../../tests/fixtures/documents/cmyk.jpg");
    assert_eq!(inspect(AssetKind::Jpg, image), Ok(Accepted::Unchanged));
    assert!(reason(AssetKind::Jpg, &image[..image.len() / 2]).contains("damaged"));
}
