//! Digitally signed documents.

use super::*;

/// Numbers objects from 1, and adds their table.
fn revision(mut file: Vec<u8>, objects: &[(u32, &str)], trailer: &str) -> Vec<u8> {
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
const SIGNATURE: &str =
    "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 10 20 10] /Contents <00> >>";

fn first(catalog: &str) -> Vec<u8> {
    revision(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), &[(1, catalog), (2, PAGES), (3, PAGE)], "")
}

/// A document that is signed in a second revision, as most programs do.
fn signed(catalog: &str, first: Vec<u8>) -> Vec<u8> {
    let found = first.windows(10).rposition(|window| window == b"startxref\n").expect("an end") + 10;
    let digits = String::from_utf8_lossy(&first[found..]).into_owned();
    let previous = format!("/Prev {}", digits.lines().next().expect("a number"));
    revision(first, &[(1, catalog), (3, SIGNED_PAGE), (4, FIELD), (5, SIGNATURE)], &previous)
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
    assert!(reason(AssetKind::Pdf, &signed(&form, first(CATALOG))).contains("an active form"));
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
    assert!(reason(AssetKind::Pdf, &signed(SIGNED_CATALOG, hidden)).contains("between its objects"));

    let unknown = SIGNED_CATALOG.replace("/AcroForm", "/Unknown << /Movie (x.avi) >> /AcroForm");
    assert!(reason(AssetKind::Pdf, &signed(&unknown, first(CATALOG))).contains("digitally signed and holds"));

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
        assert!(with(address).expect_err("refused").0.contains("leads out of it"), "{address}");
    }
}
