//! What a document's bytes hold: whether they are what they claim, whole, and without anything active.
//!
//! Owns the limits of looking: no image is decoded that is larger than a page scanned well, no stream is unpacked
//! without end. A refusal is a sentence for the partner.

mod error;
mod pdf;

use std::io::Cursor;

use credential::AssetKind;
use credential::opencerts::{self, OpenCert};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub use error::InspectError;

/// Most pixels of an image: a page of A3 at 400 dots an inch has 31 million.
const PIXELS: u64 = 32_000_000;
/// Most scans of a progressive JPEG: encoders make about ten.
const SCANS: usize = 30;

/// Looks at a whole document.
///
/// # Errors
/// It is not what `kind` says, is damaged, or holds something active.
pub fn inspect(kind: AssetKind, bytes: &[u8]) -> Result<(), InspectError> {
    starts_as(kind, bytes)?;
    match kind {
        AssetKind::Pdf => pdf::inspect(bytes),
        AssetKind::Png => png(bytes),
        AssetKind::Jpg => jpeg(bytes),
        AssetKind::OpenCert => open_cert(bytes),
    }
}

/// Most bytes at the start of a document that [`starts_as`] looks at.
pub const START: usize = 8;

/// Looks at a document's first bytes (its signature), of which [`START`] are enough.
///
/// # Errors
/// They are those of something else.
pub fn starts_as(kind: AssetKind, bytes: &[u8]) -> Result<(), InspectError> {
    let found = found(bytes);
    let json_space = || bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| *byte == b'{');
    let is_right = match kind {
        AssetKind::OpenCert => found.is_none() && json_space(),
        kind => found == Some(kind),
    };
    if is_right {
        return Ok(());
    }
    let wanted = described(kind);
    Err(InspectError(match found {
        Some(other) => format!("This must be {wanted}; its first bytes are those of {}.", described(other)),
        None => format!("This must be {wanted}; its first bytes are not those of one."),
    }))
}

fn found(bytes: &[u8]) -> Option<AssetKind> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(AssetKind::Pdf),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(AssetKind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(AssetKind::Jpg),
        _ => None,
    }
}

fn described(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Pdf => "a PDF file",
        AssetKind::Png => "a PNG image",
        AssetKind::Jpg => "a JPEG image",
        AssetKind::OpenCert => "an OpenCerts document",
    }
}

fn open_cert(bytes: &[u8]) -> Result<(), InspectError> {
    if bytes.len() > opencerts::MOST_BYTES {
        return Err(InspectError(format!("An OpenCerts document may have {} bytes.", opencerts::MOST_BYTES)));
    }
    OpenCert::verify(bytes).map(drop).map_err(|refusal| InspectError(refusal.to_string()))
}

fn png(bytes: &[u8]) -> Result<(), InspectError> {
    let damaged = |_| InspectError::new("The PNG image is damaged and cannot be decoded.");
    let limits = png::Limits { bytes: 64 * 1024 * 1024 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    let header = decoder.read_header_info().map_err(damaged)?;
    pixels(u64::from(header.width), u64::from(header.height))?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    // Row by row, so that the whole image is never in memory.
    while reader.next_row().map_err(damaged)?.is_some() {}
    reader.finish().map_err(damaged)
}

fn jpeg(bytes: &[u8]) -> Result<(), InspectError> {
    let damaged = |_| InspectError::new("The JPEG image is damaged and cannot be decoded.");
    // Brightness alone is a third of the memory, and shows damage as well.
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(16_384)
        .set_max_height(16_384)
        .jpeg_set_max_scans(SCANS)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| InspectError::new("The JPEG image has no size."))?;
    pixels(u64::from(info.width), u64::from(info.height))?;
    decoder.decode().map(drop).map_err(damaged)
}

fn pixels(width: u64, height: u64) -> Result<(), InspectError> {
    if width.saturating_mul(height) > PIXELS {
        return Err(InspectError(format!("The image has {width} by {height} pixels; {PIXELS} in all are allowed.")));
    }
    Ok(())
}

#[cfg(test)]
#[path = "../../../tests/support/samples.rs"]
mod samples;

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, Object, Stream, dictionary};
    use proptest::prelude::*;

    use super::pdf::UNPACKED;
    use super::samples::{bytes, jpeg, pdf as sample, png as image};
    use super::*;

    fn reason(kind: AssetKind, bytes: &[u8]) -> String {
        inspect(kind, bytes).expect_err("refused").0
    }

    #[test]
    fn documents_must_match_their_declared_type() {
        let pdf = bytes(&mut sample(|_, _| {}));
        for (kind, document) in [(AssetKind::Pdf, pdf), (AssetKind::Png, image(100, 40)), (AssetKind::Jpg, jpeg())] {
            assert_eq!(inspect(kind, &document), Ok(()), "{kind:?}");
            for other in AssetKind::ALL.into_iter().filter(|other| *other != kind) {
                let reason = reason(other, &document);
                assert!(reason.contains("its first bytes are those of"), "{reason}");
            }
            for cut in [0, 1, 7, document.len() / 2] {
                assert!(inspect(kind, &document[..cut]).is_err(), "{kind:?} cut at {cut}");
            }
        }
        assert!(reason(AssetKind::Pdf, b"<html>").contains("not those of one"));
        assert!(reason(AssetKind::OpenCert, b"{}").contains("SHA3MerkleProof"));
    }

    #[test]
    fn pdfs_with_active_or_embedded_content_are_rejected() {
        let script = || dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
        let opened = sample(|_, catalog| catalog.set("OpenAction", script()));
        let named = sample(|document, catalog| {
            let action = document.add_object(script());
            catalog.set("Names", dictionary! { "JavaScript" => dictionary! { "Names" => vec![action.into()] } });
        });
        let launched = sample(|_, catalog| {
            catalog.set("OpenAction", dictionary! { "S" => "Launch", "F" => Object::string_literal("calc.exe") });
        });
        let embedded = sample(|document, _| {
            document.add_object(Stream::new(dictionary! { "Type" => "EmbeddedFile" }, b"MZ".to_vec()));
        });
        let untyped = sample(|document, catalog| {
            let file = document.add_object(Stream::new(lopdf::Dictionary::new(), b"MZ".to_vec()));
            let attached = dictionary! { "Type" => "Filespec", "EF" => dictionary! { "F" => file } };
            catalog.set("AF", vec![attached.into()]);
        });
        let note = sample(|_, catalog| catalog.set("Note", dictionary! { "Subtype" => "FileAttachment" }));
        let locked = {
            let mut document = sample(|_, _| {});
            let lock = document.add_object(dictionary! { "Filter" => "Standard", "V" => 1, "R" => 2 });
            document.trailer.set("Encrypt", lock);
            document
        };
        let deep = sample(|_, catalog| {
            let nested = (0..100).fold(Object::Null, |inside, _| Object::Array(vec![inside]));
            catalog.set("Deep", nested);
        });
        for (what, mut document) in [
            ("JavaScript", opened),
            ("JavaScript", named),
            ("starts a program", launched),
            ("an embedded file", embedded),
            ("an embedded file", untyped),
            ("an embedded file", note),
            ("", locked),
            ("", deep),
        ] {
            let reason = reason(AssetKind::Pdf, &bytes(&mut document));
            assert!(reason.contains(what) && reason.len() > 20, "{what}: {reason}");
        }
    }

    #[test]
    fn active_content_with_escaped_names_is_rejected() {
        let mut document = sample(|_, catalog| catalog.set("OpenAction", dictionary! { "S" => "JavaScripX" }));
        let text = String::from_utf8_lossy(&bytes(&mut document)).replace("JavaScripX", "Java#53cript");
        // Lengths differ by two bytes, so the table of contents lies: the search finds the objects all the same.
        assert!(inspect(AssetKind::Pdf, text.as_bytes()).is_err());
    }

    #[test]
    fn active_content_in_compressed_objects_is_rejected() {
        let mut document = sample(|document, catalog| {
            let action = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
            let action = document.add_object(action);
            catalog.set("OpenAction", action);
        });
        let mut bytes = Vec::new();
        document.save_modern(&mut bytes).expect("written");
        assert!(!bytes.windows(10).any(|window| window == b"JavaScript"), "it is compressed");
        assert!(reason(AssetKind::Pdf, &bytes).contains("JavaScript"));
    }

    #[test]
    fn disguised_and_oversized_object_streams_are_rejected() {
        let hidden = |padding: usize, name: &str| {
            let mut document = sample(|document, catalog| {
                let action = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
                let action = document.add_object(action);
                catalog.set("OpenAction", action);
                document.add_object(Object::string_literal("x".repeat(padding)));
            });
            let mut bytes = Vec::new();
            document.save_modern(&mut bytes).expect("written");
            let at = bytes.windows(6).position(|window| window == b"ObjStm").expect("a stream of objects");
            bytes[at..at + 6].copy_from_slice(name.as_bytes());
            bytes
        };
        for (padding, name, why) in
            [(0, "ObjStm", "JavaScript"), (0, "ObjXyz", "unusual form"), (UNPACKED + 1, "ObjStm", "damaged")]
        {
            let reason = reason(AssetKind::Pdf, &hidden(padding, name));
            assert!(reason.contains(why), "{padding} {name}: {reason}");
        }
    }

    /// The library writes no stream of objects that it is given, so it gets another name until it is written.
    fn written(document: &mut Document) -> Vec<u8> {
        let mut bytes = bytes(document);
        while let Some(at) = bytes.windows(6).position(|window| window == b"ObjXyz") {
            bytes[at..at + 6].copy_from_slice(b"ObjStm");
        }
        bytes
    }

    #[test]
    fn ambiguous_object_streams_are_rejected() {
        let with = |content: &[u8], change: &dyn Fn(&mut Dictionary)| {
            let mut document = sample(|document, _| {
                let mut stream =
                    Stream::new(dictionary! { "Type" => "ObjXyz", "N" => 1, "First" => 5 }, content.to_vec());
                change(&mut stream.dict);
                document.add_object(stream);
            });
            inspect(AssetKind::Pdf, &written(&mut document))
        };
        assert_eq!(with(b"90 0 <<>>", &|_| {}), Ok(()), "this is how it should be");
        let reference = Object::Reference((1, 0));
        for (what, outcome) in [
            ("N elsewhere", with(b"90 0 <<>>", &|dict| dict.set("N", reference.clone()))),
            ("First elsewhere", with(b"90 0 <<>>", &|dict| dict.set("First", reference.clone()))),
            ("Filter elsewhere", with(b"90 0 <<>>", &|dict| dict.set("Filter", reference.clone()))),
            ("Filter abbreviated", with(b"90 0 <<>>", &|dict| dict.set("Filter", "Fl"))),
            (
                "Filter twice",
                with(b"90 0 <<>>", &|dict| dict.set("Filter", vec!["FlateDecode".into(), "FlateDecode".into()])),
            ),
            ("fewer than said", with(b"90 0 <<>>", &|dict| dict.set("N", 2))),
            ("an index that is none", with(b"9x 0 <<>>", &|_| {})),
            (
                "one number twice",
                with(b"9 0 9 4 <<>><<>>", &|dict| {
                    dict.set("N", 2);
                    dict.set("First", 8);
                }),
            ),
        ] {
            assert!(outcome.as_ref().is_err_and(|refused| refused.0.len() > 20), "{what}: {outcome:?}");
        }
    }

    #[test]
    fn object_streams_share_one_decompression_limit() {
        let mut document = sample(|document, _| {
            for _ in 0..20 {
                let content = [b"90 0 (".to_vec(), vec![b'x'; 1024 * 1024], b")".to_vec()].concat();
                let mut stream = Stream::new(dictionary! { "Type" => "ObjXyz", "N" => 1, "First" => 5 }, content);
                stream.compress().expect("compressed");
                document.add_object(stream);
            }
        });
        assert!(reason(AssetKind::Pdf, &written(&mut document)).contains("unpacks to more"));
    }

    #[test]
    fn images_with_too_many_pixels_are_rejected() {
        assert!(reason(AssetKind::Png, &image(8_000, 4_001)).contains("pixels"));
        let mut huge = jpeg();
        let size = huge.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 5;
        huge[size..size + 4].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]);
        assert!(reason(AssetKind::Jpg, &huge).contains("pixels"));
    }

    proptest! {
        #[test]
        fn inspecting_any_bytes_never_panics(start in 0_usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let starts: [&[u8]; 4] = [b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"{"];
            let document = [starts[start], &bytes].concat();
            for kind in AssetKind::ALL {
                let _ = inspect(kind, &document);
            }
        }
    }
}
