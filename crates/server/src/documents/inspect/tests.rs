//! Tests of accepted, refused, removed and delivered content.

mod drawing;
mod filters;
mod hostile;
mod images;
mod limits;
mod mutations;
mod packed;
#[path = "../../../tests/support/samples.rs"]
mod samples;
mod signed;

use proptest::prelude::*;

use super::*;
use samples::{bytes, jpeg, pdf as sample, png as image};

pub(super) fn reason(kind: AssetKind, bytes: &[u8]) -> String {
    inspect(kind, bytes).expect_err("refused").0
}

/// Returns the delivered form of a PDF.
pub(super) fn rewritten(bytes: &[u8]) -> Vec<u8> {
    match inspect(AssetKind::Pdf, bytes) {
        Ok(Accepted::Rewritten(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

pub(super) fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

#[test]
fn documents_must_match_their_declared_type() {
    let pdf = bytes(&mut sample(|_, _| {}));
    for (kind, document) in [(AssetKind::Pdf, pdf), (AssetKind::Png, image(100, 40)), (AssetKind::Jpg, jpeg())] {
        assert!(inspect(kind, &document).is_ok(), "{kind:?}");
        for other in AssetKind::ALL.into_iter().filter(|other| *other != kind) {
            let reason = reason(other, &document);
            assert!(reason.contains("its first bytes are those of"), "{reason}");
        }
        for cut in [0, 1, 7, document.len() / 2] {
            assert!(inspect(kind, &document[..cut]).is_err(), "{kind:?} cut at {cut}");
        }
    }
    assert!(reason(AssetKind::Pdf, b"<html>").contains("not those of one"));
    for kind in AssetKind::ALL {
        assert!(reason(kind, b"").starts_with("The document is empty. It must be a"), "{kind:?}");
    }
    assert!(reason(AssetKind::OpenCert, b"{}").contains("SHA3MerkleProof"));
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

    #[test]
    fn inspecting_a_changed_pdf_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in 0_usize..3) {
        let files: [&[u8]; 3] = [
            include_bytes!("../../../tests/fixtures/documents/res_JS.pdf"),
            include_bytes!("../../../tests/fixtures/documents/junk200.pdf"),
            include_bytes!("../../../tests/fixtures/documents/dos_400x100k.pdf"),
        ];
        let mut file = files[which].to_vec();
        let at = at.index(file.len());
        file[at] = byte;
        if let Ok(Accepted::Rewritten(file)) = inspect(AssetKind::Pdf, &file) {
            prop_assert!(matches!(inspect(AssetKind::Pdf, &file), Ok(Accepted::Rewritten(_))));
        }
    }
}
