//! Mutates sample files thousands of times: nothing panics, and inspecting the output again finds
//! it harmless.

use lopdf::{Document, Object};

use super::*;

const FILES: [&[u8]; 15] = [
    include_bytes!("../../../../tests/fixtures/documents/acroform.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/dos_400x100k.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/empty_js.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/enc_owner_r6.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/js_control.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/js_shadow.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/js_token.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/junk200.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/launch_dup.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/movie.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/pdfa3_embedded.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/plain.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/res_JS.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/signed.pdf"),
    include_bytes!("../../../../tests/fixtures/documents/uri_open.pdf"),
];

/// Kinds of actions and annotations that are never delivered.
const KINDS: [&[u8]; 16] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ResetForm",
    b"ImportData",
    b"GoToR",
    b"GoToE",
    b"URI",
    b"Movie",
    b"Sound",
    b"Screen",
    b"Rendition",
    b"RichMedia",
    b"SetOCGState",
    b"FileAttachment",
    b"Widget",
];
/// Dictionary keys that are never delivered.
const MEMBERS: [&[u8]; 7] = [b"AA", b"AcroForm", b"XFA", b"EmbeddedFiles", b"EF", b"RichMediaContent", b"JavaScript"];

/// The random number generator SplitMix64, with a fixed seed for reproducible changes.
struct Changes(u64);

impl Changes {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).expect("below a size")
    }

    /// Returns a file with a few changes, most of them small.
    fn apply(&mut self, file: &[u8]) -> Vec<u8> {
        let mut file = file.to_vec();
        for _ in 0..=self.below(3) {
            let (at, other) = (self.below(file.len()), self.below(file.len()));
            let length = self.below(64).min(file.len() - at.max(other));
            match self.below(8) {
                0 => file.truncate(at),
                1 => file.splice(at..at, file[other..other + length].to_vec()).for_each(drop),
                2 | 3 => file.copy_within(other..other + length, at),
                4 => file.drain(at..at + length).for_each(drop),
                5 | 6 => {
                    if let Some(byte) = file.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                _ => {
                    if let Some(byte) = file.get_mut(at) {
                        *byte = b"0123456789<>[]()/#% Rf"[self.below(22)];
                    }
                }
            }
        }
        file
    }
}

/// Returns active content of a delivered file, if any.
fn active(object: &Object) -> Option<String> {
    let dictionary = match object {
        Object::Array(items) => return items.iter().find_map(active),
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        _ => return None,
    };
    dictionary.iter().find_map(|(key, value)| {
        let kind = value.as_name().ok().filter(|kind| matches!(&**key, b"S" | b"Subtype") && KINDS.contains(kind));
        let named = kind.or_else(|| MEMBERS.contains(&&**key).then_some(&**key));
        named.map(|name| String::from_utf8_lossy(name).into_owned()).or_else(|| active(value))
    })
}

#[test]
fn changed_files_are_refused_or_delivered_harmless() {
    let mut changes = Changes(1);
    let mut read = 0;
    for file in FILES {
        // Files of 100 KB take a hundred times longer.
        for _ in 0..(300_000 / file.len()).clamp(10, 300) {
            let changed = changes.apply(file);
            let Ok(Accepted::Rewritten(written)) = inspect(AssetKind::Pdf, &changed) else { continue };
            rewritten(&written);
            // Checked with another library, which may be unable to read a file.
            let Ok(document) = Document::load_mem(&written) else { continue };
            assert_eq!(document.objects.values().find_map(active), None, "{}", String::from_utf8_lossy(&written));
            read += 1;
        }
    }
    assert!(read > 10, "only {read} were delivered and read");
}
