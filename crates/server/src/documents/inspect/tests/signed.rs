//! Tests of digitally signed documents.

use super::*;

/// Appends objects and their table to a file.
pub(super) fn revision(mut file: Vec<u8>, objects: &[(u32, &str)], trailer: &str) -> Vec<u8> {
    let mut table = "xref\n0 1\n0000000000 65535 f \n".to_owned();
    for (number, body) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let start = file.len();
    file.extend_from_slice(
        format!("{table}trailer\n<< /Size 10 /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    file
}

const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>";
const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R >>";
const SIGNED_CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [4 0 R] >> >>";
const SIGNED_PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Annots [4 0 R] >>";
const FIELD: &str = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Registrar) /Rect [0 0 0 0] /P 3 0 R /V 5 0 R >>";
const SIGNATURE: &str = "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 AAAAAA BBBBBB CCCCCC] /Contents <3000> >>";

fn first(catalog: &str) -> Vec<u8> {
    revision(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), &[(1, catalog), (2, PAGES), (3, PAGE)], "")
}

/// Creates a document that is signed in a second revision, as most programs do.
fn signed(catalog: &str, first: Vec<u8>) -> Vec<u8> {
    let found = first.windows(10).rposition(|window| window == b"startxref\n").expect("an end") + 10;
    let digits = String::from_utf8_lossy(&first[found..]).into_owned();
    let previous = format!("/Prev {}", digits.lines().next().expect("a number"));
    with_range(revision(first, &[(1, catalog), (3, SIGNED_PAGE), (4, FIELD), (5, SIGNATURE)], &previous))
}

fn position(file: &[u8], what: &str) -> usize {
    file.windows(what.len()).position(|window| window == what.as_bytes()).expect(what)
}

/// Fills in the byte range of the signature: everything except its contents.
fn with_range(mut file: Vec<u8>) -> Vec<u8> {
    let before = position(&file, "<3000>");
    for (name, number) in [("AAAAAA", before), ("BBBBBB", before + 6), ("CCCCCC", file.len() - before - 6)] {
        let at = position(&file, name);
        file[at..at + 6].copy_from_slice(format!("{number:6}").as_bytes());
    }
    file
}

/// Creates a signed file in which `from` is replaced by `to` once. Both have the same length,
/// unless `from` is at the end.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let file = signed(SIGNED_CATALOG, first(CATALOG));
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).expect(from);
    [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat()
}

#[test]
fn signed_documents_have_one_reading() {
    let comments = format!("%%EOF\n%{}\n", "x".repeat(50));
    for (from, to, why) in [
        ("startxref\n", "startxref %\n", "does not end as it should"),
        ("%%EOF\n", "", "does not end as it should"),
        ("%%EOF\n", comments.as_str(), "does not end as it should"),
        (" 00000 n \n", " 00000 n\n", "written in an unusual way"),
        ("5 0 obj", "5  0 obj", "not where its cross-reference table says"),
    ] {
        assert!(reason(AssetKind::Pdf, &changed(from, to)).contains(why), "{from:?} {to:?}");
    }
    for hidden in ["1 0 obj << /OpenAction 9 0 R >>", "1 0%x\nobj<<>>", "(7 0 obj)", "trailer << /Root 9 0 R >>"] {
        let stream = format!("<< /Length {} >>\nstream\n{hidden}\nendstream", hidden.len());
        let page = PAGE.replace("/MediaBox", "/Contents 6 0 R /MediaBox");
        let plain = revision(
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(),
            &[(1, CATALOG), (2, PAGES), (3, &page), (6, &stream)],
            "",
        );
        assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, plain)).contains("looks like"), "{hidden}");
    }
}

#[test]
fn signatures_must_cover_the_whole_document() {
    let file = signed(SIGNED_CATALOG, first(CATALOG));
    assert_eq!(inspect(AssetKind::Pdf, &file), Ok(Accepted::Signed));
    let at = position(&file, "/ByteRange [0 ") + 14;
    for (offset, digits) in [(0, "     9"), (7, "999999"), (14, "    20")] {
        let mut other = file.clone();
        other[at + offset..at + offset + 6].copy_from_slice(digits.as_bytes());
        assert!(reason(AssetKind::Pdf, &other).contains("changed after it was signed"), "{digits}");
    }
    assert!(reason(AssetKind::Pdf, &changed("<3000>", "<0000>")).contains("changed after it was signed"));
}

#[test]
fn active_objects_anywhere_in_a_signed_document_are_rejected() {
    for (place, hidden) in [
        ("/Kids", "/AA << /O << /S /JavaScript /JS (x) >> >> /Kids"),
        ("/Kids", "/PieceInfo << /X << /Private << /S /JavaScript >> >> >> /Kids"),
        ("/Kids", "/X << /EF << /F 9 0 R >> >> /Kids"),
        ("/Kids", "/PieceInfo << /X << /S 6 0 R >> >> /Kids"),
    ] {
        let pages = PAGES.replace(place, hidden);
        let objects = [(1, CATALOG), (2, &*pages), (3, PAGE), (6, "/Launch")];
        let plain = revision(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), &objects, "");
        assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, plain)).contains("active"), "{hidden}");
    }
    let unused = revision(
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(),
        &[(1, CATALOG), (2, PAGES), (3, PAGE), (9, "<< /S /JavaScript /JS (x) >>")],
        "",
    );
    assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, unused)).contains("active"));
}

#[test]
fn signed_documents_are_delivered_as_they_came() {
    assert_eq!(inspect(AssetKind::Pdf, &signed(SIGNED_CATALOG, first(CATALOG))), Ok(Accepted::Signed));
}

#[test]
fn forms_beside_a_signature_are_rejected() {
    let form = SIGNED_CATALOG.replace("[4 0 R]", "[4 0 R << /FT /Tx /T (password) >>]");
    assert!(reason(AssetKind::Pdf, &signed(&form, first(CATALOG))).contains("a form"));
    let form = SIGNED_CATALOG.replace("/SigFlags 3", "/XFA [(x) 5 0 R]");
    assert!(reason(AssetKind::Pdf, &signed(&form, first(CATALOG))).contains("active content (XFA)"));
}

#[test]
fn every_revision_of_a_signed_document_is_inspected() {
    let script = CATALOG.replace(">>", "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>");
    let file = signed(SIGNED_CATALOG, first(&script));
    assert!(reason(AssetKind::Pdf, &file).contains("JavaScript"));
}

#[test]
fn signed_documents_with_something_unread_are_rejected() {
    let plain = first(CATALOG);
    let end = plain.windows(4).position(|window| window == b"xref").expect("a table");
    let mut hidden = plain[..end].to_vec();
    hidden.extend_from_slice(b"9 0 obj\n<< /S /JavaScript >>\nendobj\n");
    let start = hidden.len();
    let rest =
        String::from_utf8_lossy(&plain[end..]).replace(&format!("startxref\n{end}"), &format!("startxref\n{start}"));
    hidden.extend_from_slice(rest.as_bytes());
    assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, hidden)).contains("looks like an object"));

    let unknown = SIGNED_CATALOG.replace("/AcroForm", "/Unknown << /Movie (x.avi) >> /AcroForm");
    assert!(reason(AssetKind::Pdf, &signed(&unknown, first(CATALOG))).contains("digitally signed and contains"));

    let mut after_junk = b"junk\n".to_vec();
    after_junk.extend(signed(SIGNED_CATALOG, first(CATALOG)));
    assert!(reason(AssetKind::Pdf, &after_junk).contains("before its header"));
}

#[test]
fn signed_documents_keep_web_links_alone() {
    let with = |address: &str| {
        let link = format!("<< /Type /Outlines /First << /Title (x) /A << /S /URI /URI ({address}) >> >> >>");
        let catalog = SIGNED_CATALOG.replace("/AcroForm", &format!("/Outlines {link} /AcroForm"));
        inspect(AssetKind::Pdf, &signed(&catalog, first(CATALOG)))
    };
    assert_eq!(with("https://university.example/verify"), Ok(Accepted::Signed));
    for address in ["file:///etc/passwd", "javascript:alert", "//evil.example/share"] {
        assert!(with(address).expect_err("refused").0.contains("leads out of the document"), "{address}");
    }
}

#[test]
fn streams_that_no_page_of_a_signed_document_needs_are_counted() {
    let with = |thumbnail: &str| {
        let page = PAGE.replace("/MediaBox", "/Thumb 6 0 R /MediaBox");
        let objects = [(1, CATALOG), (2, PAGES), (3, &*page), (6, thumbnail)];
        let plain = revision(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), &objects, "");
        inspect(AssetKind::Pdf, &signed(SIGNED_CATALOG, plain))
    };
    let size = |width: &str| {
        format!("<< /Width {width} /Height 9 /ColorSpace /DeviceGray /Filter /RL /Length 1 >>\nstream\n\x01\nendstream")
    };
    assert_eq!(with(&size("9")), Ok(Accepted::Signed));
    assert!(with(&size("99999999")).expect_err("refused").0.contains("more than viewers"));
    assert!(with(&size("9").replace("/RL", "/Crypt")).expect_err("refused").0.contains("unknown method"));
}

#[test]
fn encryption_of_an_earlier_revision_is_noticed() {
    let plain = revision(
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(),
        &[(1, CATALOG), (2, PAGES), (3, PAGE)],
        "/Encrypt << /Filter /Standard >>",
    );
    assert!(reason(AssetKind::Pdf, &plain).contains("encrypted"));
    assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, plain)).contains("encrypted"));
}

#[test]
fn hidden_cross_reference_tables_need_a_valid_offset() {
    let objects = [(1, CATALOG), (2, PAGES), (3, PAGE), (4, "9")];
    let plain = |trailer: &str| revision(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), &objects, trailer);
    rewritten(&plain(""));
    for place in ["4 0 R", "-1", "9.0", "99999", "15"] {
        let reason = reason(AssetKind::Pdf, &plain(&format!("/XRefStm {place}")));
        assert!(reason.contains("cross-reference table"), "{place}: {reason}");
    }
}
