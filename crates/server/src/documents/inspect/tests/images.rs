//! Tests of images.

use super::*;

#[test]
fn images_with_too_many_pixels_are_rejected() {
    assert!(reason(AssetKind::Png, &image(8_000, 4_001)).contains("pixels"));
    // The header of a PNG is its first chunk. The checksum covers the chunk's type and data.
    let mut vast = image(5, 5);
    vast[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let mut checksum = flate2::Crc::new();
    checksum.update(&vast[12..29]);
    vast[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
    assert!(reason(AssetKind::Png, &vast).contains("pixels"));
    let mut huge = jpeg();
    let size = huge.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 5;
    huge[size..size + 4].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]);
    assert!(reason(AssetKind::Jpg, &huge).contains("pixels"));
}

#[test]
fn cmyk_images_are_accepted() {
    let image = include_bytes!("../../../../tests/fixtures/documents/cmyk.jpg");
    assert_eq!(inspect(AssetKind::Jpg, image), Ok(Accepted::Unchanged));
    assert!(reason(AssetKind::Jpg, &image[..image.len() / 2]).contains("damaged"));
}

#[test]
fn png_images_with_more_data_than_pixels_are_rejected() {
    let plain = image(10, 10);
    let end = plain.windows(4).position(|window| window == b"IEND").expect("an end") - 4;
    let mut chunk = b"IDAT".to_vec();
    chunk.resize(200_004, 0);
    let mut checksum = flate2::Crc::new();
    checksum.update(&chunk);
    let chunk = [&200_000_u32.to_be_bytes()[..], &chunk, &checksum.sum().to_be_bytes()].concat();
    let stuffed = [&plain[..end], &chunk, &plain[end..]].concat();
    assert!(reason(AssetKind::Png, &stuffed).contains("more data than its pixels"));
}
