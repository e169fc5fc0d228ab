//! Tests of the number of operators that a page executes.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::hostile::page_of;
use super::*;

/// Adds a content stream with these resources.
fn stream(document: &mut Document, mut dict: Dictionary, resources: Dictionary, content: &str) -> ObjectId {
    dict.set("Resources", resources);
    document.add_object(Stream::new(dict, content.as_bytes().to_vec()))
}

fn form() -> Dictionary {
    dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 9.into(), 9.into()] }
}

fn drawing(what: ObjectId) -> Dictionary {
    dictionary! { "XObject" => dictionary! { "X" => what } }
}

/// Adds a form that draws the next one ten times, down to one with an operator.
fn nested(document: &mut Document, levels: usize) -> ObjectId {
    let mut inner = stream(document, form(), Dictionary::new(), "q Q");
    for _ in 0..levels {
        inner = stream(document, form(), drawing(inner), &"/X Do ".repeat(10));
    }
    inner
}

/// Returns a file whose page has the resources and content that `page` returns.
fn file(page: impl FnOnce(&mut Document) -> (Dictionary, String)) -> Vec<u8> {
    bytes(&mut sample(|document, _| {
        let (resources, content) = page(document);
        let content = document.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
        let page = page_of(document);
        page.set("Resources", resources);
        page.set("Contents", content);
    }))
}

fn expect_refused(file: &[u8]) {
    let reason = reason(AssetKind::Pdf, file);
    assert!(reason.contains("execute more than 20000000 operators"), "{reason}");
}

#[test]
fn forms_that_multiply_are_refused_with_the_limit() {
    let with = |levels| file(|document| (drawing(nested(document, levels)), "/X Do".to_owned()));
    rewritten(&with(6));
    expect_refused(&with(7));
    expect_refused(&with(20));
    let escaped = file(|document| (drawing(nested(document, 20)), "/#58 Do".to_owned()));
    expect_refused(&escaped);
    let unused = file(|document| (drawing(nested(document, 20)), "/Y Do".to_owned()));
    rewritten(&unused);
    let deep = reason(
        AssetKind::Pdf,
        &file(|document| {
            let mut inner = stream(document, form(), Dictionary::new(), "q Q");
            for _ in 0..70 {
                inner = stream(document, form(), drawing(inner), "/X Do");
            }
            (drawing(inner), "/X Do".to_owned())
        }),
    );
    assert!(deep.contains("more than 60 levels"), "{deep}");
}

#[test]
fn drawings_that_contain_themselves_are_refused() {
    let looped = file(|document| {
        let id = document.new_object_id();
        let mut dict = form();
        dict.set("Resources", drawing(id));
        document.objects.insert(id, Object::Stream(Stream::new(dict, b"/X Do".to_vec())));
        (drawing(id), "/X Do".to_owned())
    });
    let reason = reason(AssetKind::Pdf, &looped);
    assert!(reason.contains("contains itself"), "{reason}");
}

#[test]
fn patterns_masks_and_glyphs_count_for_each_use() {
    let tile = dictionary! {
        "Type" => "Pattern", "PatternType" => 1, "PaintType" => 1, "TilingType" => 1, "XStep" => 9, "YStep" => 9,
        "BBox" => vec![0.into(), 0.into(), 9.into(), 9.into()],
    };
    let pattern = |times: usize| {
        file(|document| {
            let inner = nested(document, 4);
            let tile = stream(document, tile.clone(), drawing(inner), "/X Do");
            let patterns = dictionary! { "Pattern" => dictionary! { "P" => tile } };
            (patterns, format!("/Pattern cs /P scn {}", "0 0 9 9 re f ".repeat(times)))
        })
    };
    rewritten(&pattern(10));
    expect_refused(&pattern(1000));
    let mask = |times: usize| {
        file(|document| {
            let mask = dictionary! { "Type" => "Mask", "S" => "Luminosity", "G" => nested(document, 4) };
            let state = dictionary! { "Type" => "ExtGState", "SMask" => mask };
            let states = dictionary! { "ExtGState" => dictionary! { "G" => state } };
            (states, format!("/G gs {}", "0 0 9 9 re f ".repeat(times)))
        })
    };
    rewritten(&mask(10));
    expect_refused(&mask(2000));
    let glyphs = |times: usize| {
        file(|document| {
            let inner = nested(document, 4);
            let glyph = document.add_object(Stream::new(Dictionary::new(), b"9 0 d0 /X Do".to_vec()));
            let font = document.add_object(dictionary! {
                "Type" => "Font", "Subtype" => "Type3", "FirstChar" => 97, "LastChar" => 97,
                "Widths" => vec![9.into()], "FontMatrix" => vec![1.into(), 0.into(), 0.into(), 1.into(), 0.into(), 0.into()],
                "FontBBox" => vec![0.into(), 0.into(), 9.into(), 9.into()], "CharProcs" => dictionary! { "a" => glyph },
                "Encoding" => dictionary! { "Type" => "Encoding", "Differences" => vec![97.into(), "a".into()] },
                "Resources" => drawing(inner),
            });
            let fonts = dictionary! { "Font" => dictionary! { "F" => font } };
            (fonts, format!("BT /F 9 Tf ({}) Tj ET", "a".repeat(times)))
        })
    };
    rewritten(&glyphs(10));
    expect_refused(&glyphs(2000));
}

#[test]
fn appearances_of_annotations_count() {
    let with = |levels: usize| {
        bytes(&mut sample(|document, _| {
            let appearance = nested(document, levels);
            let annotation = dictionary! {
                "Type" => "Annot", "Subtype" => "Stamp", "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
                "AP" => dictionary! { "N" => appearance },
            };
            page_of(document).set("Annots", vec![Object::Dictionary(annotation)]);
        }))
    };
    rewritten(&with(3));
    expect_refused(&with(20));
}
