//! Tests of PDF files with object streams.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Dictionary, Document, Object};

use super::hostile::{CATALOG, PAGE, PAGES, script};
use super::*;

/// Saves a file with object streams and a cross-reference stream.
fn packed(change: impl FnOnce(&mut Document, &mut Dictionary)) -> Vec<u8> {
    let mut bytes = Vec::new();
    sample(change).save_modern(&mut bytes).expect("written");
    bytes
}

#[test]
fn active_content_in_compressed_objects_is_rejected() {
    let active = packed(|document, catalog| {
        let action = document.add_object(script());
        catalog.set("OpenAction", action);
    });
    assert!(!holds(&active, "JavaScript"), "it is compressed");
    assert!(reason(AssetKind::Pdf, &active).contains("JavaScript"));
    let plain = packed(|_, catalog| catalog.set("Lang", Object::string_literal("en")));
    assert!(holds(&rewritten(&plain), "/Lang (en)"));
}

#[test]
fn disguised_and_oversized_object_streams_are_rejected() {
    let mut disguised = packed(|_, catalog| catalog.set("Lang", Object::string_literal("en")));
    let at = disguised.windows(6).position(|window| window == b"ObjStm").expect("a stream of objects");
    disguised[at..at + 6].copy_from_slice(b"ObjXyz");
    assert!(reason(AssetKind::Pdf, &disguised).contains("object stream"));
}

#[test]
fn object_streams_share_one_decompression_limit() {
    let large = packed(|document, catalog| {
        let large = document.add_object(Object::string_literal("x".repeat(40 * 1024 * 1024)));
        catalog.set("Lang", large);
    });
    assert!(large.len() < 1024 * 1024, "it is compressed");
    assert!(reason(AssetKind::Pdf, &large).contains("too large when decompressed"));
}

/// Creates a file whose object 4 is in object stream 5. Its cross-reference stream is object 6.
fn with_stream(dict: &str, content: &str) -> Result<Accepted, InspectError> {
    let stream = format!("5 0 obj << {dict} /Length {} >>\nstream\n{content}\nendstream endobj", content.len());
    let objects = [CATALOG, PAGES, PAGE, &stream];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut rows: Vec<u8> = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        if at == 3 {
            rows.extend([2, 0, 5, 0]);
        }
        let offset = u16::try_from(file.len()).expect("a short file").to_be_bytes();
        rows.extend([1, offset[0], offset[1], 0]);
        file.extend_from_slice(object.as_bytes());
        file.push(b'\n');
    }
    let start = file.len();
    let table = format!(
        "6 0 obj << /Type /XRef /W [1 2 1] /Index [1 5] /Size 7 /Root 1 0 R /Length {} >>\nstream\n",
        rows.len()
    );
    file.extend_from_slice(table.as_bytes());
    file.extend_from_slice(&rows);
    file.extend_from_slice(format!("\nendstream endobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    inspect(AssetKind::Pdf, &file)
}

#[test]
fn ambiguous_object_streams_are_rejected() {
    let good = "/Type /ObjStm /N 1 /First 4";
    assert!(matches!(with_stream(good, "4 0 (en)"), Ok(Accepted::Rewritten(_))));
    // Objects are found by the table. `Extends` is not followed; it may refer to the stream itself.
    assert!(matches!(with_stream(&format!("{good} /Extends 5 0 R"), "4 0 (en)"), Ok(Accepted::Rewritten(_))));
    for (dict, content) in [
        ("/Type /ObjStm /N 1 0 R /First 4", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 1 0 R", "4 0 (en)"),
        ("/Type /ObjStm /N 2 /First 4", "4 0 (en)"),
        ("/Type /ObjStm /N 2 /First 8", "4 0 4 4 (en)(de)"),
        ("/Type /ObjStm /N 1 /First 4 /Filter 1 0 R", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 4 /Filter /Fl", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 4 /DecodeParms << /Predictor 2 >>", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 99", "4 0 (en)"),
        ("/Type /ObjStm /N 1 /First 4 /Filter [/ASCIIHexDecode /FlateDecode]", "4 0 (en)"),
        ("/N 1 /First 4", "4 0 (en)"),
        (good, "7 0 (en)"),
        (good, "4x0 (en)"),
        (good, "4 9 (en)"),
    ] {
        let outcome = with_stream(dict, content);
        assert!(outcome.as_ref().is_err_and(|refused| refused.0.len() > 20), "{dict} {content}: {outcome:?}");
    }
}

/// Creates a page whose content is a stream with these entries.
fn with_content(members: &str, content: &[u8]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let head = format!("4 0 obj\n<< {members} /Length {} >>\nstream\n", content.len());
    let page = "3 0 obj << /Type /Page /MediaBox [0 0 9 9] /Contents 4 0 R >> endobj";
    let catalog = "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj";
    let stream = [head.as_bytes(), content, b"\nendstream\nendobj"].concat();
    let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
    for object in [catalog.as_bytes(), PAGES.as_bytes(), page.as_bytes(), &stream] {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(object);
        file.push(b'\n');
    }
    let start = file.len();
    file.extend_from_slice(
        format!("{table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    file
}

pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn streams_that_unpack_to_too_much_are_rejected() {
    let ordinary = deflated(b"0 0 m 9 9 l S");
    assert!(inspect(AssetKind::Pdf, &with_content("/Filter /FlateDecode", &ordinary)).is_ok());
    let bomb = deflated(&vec![b' '; 257 * 1024 * 1024]);
    assert!(reason(AssetKind::Pdf, &with_content("/Filter /FlateDecode", &bomb)).contains("more than viewers"));
    let twice = with_content("/Filter [/FlateDecode /FlateDecode]", &deflated(&ordinary));
    assert!(inspect(AssetKind::Pdf, &twice).is_ok());
    let wide = with_content("/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2000000000 >>", &ordinary);
    assert!(reason(AssetKind::Pdf, &wide).contains("impossible parameters"));
}

#[test]
fn objects_that_are_references_are_rejected() {
    let file = String::from_utf8(with_content("", b"")).expect("text");
    let circle = file.replace("<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "2 0 R                                    ");
    assert!(reason(AssetKind::Pdf, circle.as_bytes()).contains("an object is a reference"));
}
