//! Small generated PDFs.

use lopdf::{Dictionary, Document, Object, Stream, dictionary};

/// Builds a PDF of one page; `more` may change its catalog.
pub fn pdf(more: impl FnOnce(&mut Document, &mut Dictionary)) -> Document {
    let mut document = Document::with_version("1.7");
    let content = document.add_object(Stream::new(Dictionary::new(), b"BT ET".to_vec()));
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    let kids = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(pages, Object::Dictionary(kids));
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => pages };
    more(&mut document, &mut catalog);
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

/// Builds a PDF whose page has `size` bytes of content.
pub fn filled_pdf(size: usize) -> Vec<u8> {
    let mut document = pdf(|_, _| {});
    document.objects.insert((1, 0), Object::Stream(Stream::new(Dictionary::new(), vec![b' '; size])));
    bytes(&mut document)
}

pub fn bytes(document: &mut Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("written");
    bytes
}
