//! Tests of images.

use std::io::Write as _;

use super::*;

/// Returns a PNG chunk.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let mut checksum = flate2::Crc::new();
    checksum.update(&body);
    let length = u32::try_from(data.len()).expect("short").to_be_bytes();
    [&length[..], &body, &checksum.sum().to_be_bytes()].concat()
}

/// Returns a JPEG segment.
fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("short").to_be_bytes();
    [&[0xff, marker][..], &length, data].concat()
}

/// Inserts bytes before the chunk `kind`.
fn with_chunks(kind: &[u8; 4], chunks: &[u8]) -> Vec<u8> {
    let plain = image(10, 10);
    let at = plain.windows(4).position(|window| window == kind).expect("the chunk") - 4;
    [&plain[..at], chunks, &plain[at..]].concat()
}

/// Inserts bytes after the first marker of a JPEG.
fn with_segments(segments: &[u8]) -> Vec<u8> {
    let plain = jpeg();
    [&plain[..2], segments, &plain[2..]].concat()
}

/// Expects that `delivered` is delivered instead of `sent`, and unchanged when it is sent.
fn expect_delivered(kind: AssetKind, sent: &[u8], delivered: &[u8]) {
    assert_eq!(inspect(kind, sent), Ok(Accepted::Rewritten(delivered.to_vec())), "{}", sent.escape_ascii());
    assert_eq!(inspect(kind, delivered), Ok(Accepted::Unchanged));
}

#[test]
fn images_are_delivered_without_what_follows_their_end() {
    let archive = b"PK\x03\x04<html><script>alert(1)</script>PK\x05\x06";
    for (kind, plain) in [(AssetKind::Png, image(10, 10)), (AssetKind::Jpg, jpeg())] {
        for tail in [&archive[..], b"\n", &plain] {
            expect_delivered(kind, &[&plain[..], tail].concat(), &plain);
        }
        assert!(inspect(kind, &[&archive[..], &plain].concat()).is_err(), "{kind:?} after other data");
    }
}

#[test]
fn png_chunks_that_draw_nothing_are_left_out() {
    let page = b"<html><script>alert(1)</script>";
    for kind in [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"sPLT", b"acTL", b"fcTL", b"fdAT", b"caBX", b"prVt"] {
        for before in [b"IDAT", b"IEND"] {
            expect_delivered(AssetKind::Png, &with_chunks(before, &chunk(kind, page)), &image(10, 10));
        }
    }
    // Too long, a wrong checksum, and a second chunk of one type.
    let resolution = chunk(b"pHYs", &[0, 0, 0x0b, 0x13, 0, 0, 0x0b, 0x13, 1]);
    let plain = with_chunks(b"IDAT", &resolution);
    assert_eq!(inspect(AssetKind::Png, &plain), Ok(Accepted::Unchanged));
    let mut wrong = chunk(b"eXIf", b"MM\0*");
    wrong[14] ^= 1;
    for other in [chunk(b"gAMA", page), wrong, resolution.clone()] {
        expect_delivered(AssetKind::Png, &with_chunks(b"IDAT", &[&resolution[..], &other].concat()), &plain);
    }
    assert!(reason(AssetKind::Png, &with_chunks(b"IEND", &chunk(b"PAGE", page))).contains("damaged"));
}

#[test]
fn png_colour_profiles_are_delivered_if_they_are_valid() {
    let profile = |size: usize, after: &[u8]| {
        let mut packed = flate2::write::ZlibEncoder::new(b"profile\0\0".to_vec(), flate2::Compression::fast());
        packed.write_all(&vec![0; size]).expect("packed");
        chunk(b"iCCP", &[&packed.finish().expect("packed")[..], after].concat())
    };
    let valid = profile(500, b"");
    assert_eq!(inspect(AssetKind::Png, &with_chunks(b"IDAT", &valid)), Ok(Accepted::Unchanged));
    let page = b"<html><script>alert(1)</script>";
    for other in [profile(5 * 1024 * 1024, b""), profile(500, page), chunk(b"iCCP", page), chunk(b"iCCP", b"p\0\0x")] {
        expect_delivered(AssetKind::Png, &with_chunks(b"IDAT", &other), &image(10, 10));
    }
    expect_delivered(AssetKind::Png, &with_chunks(b"IEND", &valid), &image(10, 10));
}

#[test]
fn png_data_after_the_compressed_pixels_is_left_out() {
    let plain = image(10, 10);
    let page = b"<html><script>alert(1)</script>";
    expect_delivered(AssetKind::Png, &with_chunks(b"IEND", &chunk(b"IDAT", page)), &plain);
    let start = plain.windows(4).position(|window| window == b"IDAT").expect("data") - 4;
    let length = u32::from_be_bytes(*plain[start..].first_chunk().expect("a length")) as usize;
    let data = &plain[start + 8..start + 8 + length];
    let longer = chunk(b"IDAT", &[data, page].concat());
    expect_delivered(AssetKind::Png, &[&plain[..start], &longer, &plain[start + 12 + length..]].concat(), &plain);
    let end = plain.len() - 12;
    expect_delivered(AssetKind::Png, &[&plain[..end], &chunk(b"IEND", page)].concat(), &plain);
}

#[test]
fn jpeg_segments_that_draw_nothing_are_left_out() {
    let page = b"<html><script>alert(1)</script>";
    for (marker, start) in [
        (0xe0, &b"JFXX\0"[..]),
        (0xe1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xe2, b"MPF\0"),
        (0xe5, b""),
        (0xeb, b"JP\0\0"),
        (0xed, b"Photoshop 3.0\0"),
        (0xef, b""),
        (0xf7, b""),
        (0xfe, b""),
    ] {
        expect_delivered(AssetKind::Jpg, &with_segments(&segment(marker, &[start, page].concat())), &jpeg());
    }
    let density = segment(0xe0, b"JFIF\0\x01\x01\x01\0\x48\0\x48\0\0");
    let plain = with_segments(&density);
    assert_eq!(inspect(AssetKind::Jpg, &plain), Ok(Accepted::Unchanged));
    // A second segment of one kind, and filling bytes before a marker.
    for other in [density.clone(), vec![0xff; 1000]] {
        expect_delivered(AssetKind::Jpg, &with_segments(&[&density[..], &other].concat()), &plain);
    }
    assert!(reason(AssetKind::Jpg, &with_segments(&[&density[..], page].concat())).contains("damaged"));
}

#[test]
fn images_beyond_a_limit_are_told_which() {
    let with_size = |height: u16, width: u16| {
        let mut image = jpeg();
        let size = image.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 5;
        image[size..size + 2].copy_from_slice(&height.to_be_bytes());
        image[size + 2..size + 4].copy_from_slice(&width.to_be_bytes());
        image
    };
    for (height, width) in [(8, 16_385), (8, 65_535), (20_000, 8)] {
        let reason = reason(AssetKind::Jpg, &with_size(height, width));
        assert!(reason.contains(&format!("{width} by {height} pixels")), "{reason}");
        assert!(reason.contains("maximum is 16384 for the width"), "{reason}");
    }
    assert!(reason(AssetKind::Jpg, &with_size(8_000, 8_000)).contains("the maximum is 32000000 in total"));
    let plain = jpeg();
    let scan = &plain[plain.len() - 13..plain.len() - 2];
    assert_eq!(scan[..2], [0xff, 0xda]);
    let many = [&plain[..plain.len() - 2], &scan.repeat(30), &[0xff, 0xd9]].concat();
    assert!(reason(AssetKind::Jpg, &many).contains("more than 30 scans"));
    let mut arithmetic = jpeg();
    let frame = arithmetic.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 1;
    arithmetic[frame] = 0xc9;
    assert!(reason(AssetKind::Jpg, &arithmetic).contains("in an unusual way"));
}

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
