//! Tests of PDF files with active content, hidden content, or excessive resource use.

use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use super::*;

fn refused(change: impl FnOnce(&mut Document, &mut Dictionary)) -> String {
    reason(AssetKind::Pdf, &bytes(&mut sample(change)))
}

fn delivered(change: impl FnOnce(&mut Document, &mut Dictionary)) -> Vec<u8> {
    rewritten(&bytes(&mut sample(change)))
}

pub(super) fn script() -> Dictionary {
    dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") }
}

/// Returns the page.
pub(super) fn page_of(document: &mut Document) -> &mut Dictionary {
    let page = *document.get_pages().values().next().unwrap_or(&(3, 0));
    let page = if document.objects.contains_key(&page) { page } else { (3, 0) };
    document.get_object_mut(page).and_then(Object::as_dict_mut).expect("a page")
}

/// Adds an annotation to the page.
fn annotate(document: &mut Document, annotation: Dictionary) {
    page_of(document).set("Annots", vec![Object::Dictionary(annotation)]);
}

#[test]
fn pdfs_with_active_or_embedded_content_are_rejected() {
    for (file, why) in [
        (&include_bytes!("../../../../tests/fixtures/documents/acroform.pdf")[..], "a form"),
        (include_bytes!("../../../../tests/fixtures/documents/js_control.pdf"), "JavaScript"),
        (include_bytes!("../../../../tests/fixtures/documents/js_shadow.pdf"), "JavaScript"),
        (include_bytes!("../../../../tests/fixtures/documents/js_token.pdf"), "not an object"),
        (include_bytes!("../../../../tests/fixtures/documents/launch_dup.pdf"), "a duplicate key"),
        (include_bytes!("../../../../tests/fixtures/documents/uri_open.pdf"), "opens an address automatically"),
        (include_bytes!("../../../../tests/fixtures/documents/enc_owner_r6.pdf"), "against printing"),
        (include_bytes!("../../../../tests/fixtures/documents/pdfa3_embedded.pdf"), "an embedded file"),
    ] {
        let reason = reason(AssetKind::Pdf, file);
        assert!(reason.contains(why), "{why}: {reason}");
    }
}

#[test]
fn known_harmless_files_are_delivered() {
    for file in [
        &include_bytes!("../../../../tests/fixtures/documents/plain.pdf")[..],
        include_bytes!("../../../../tests/fixtures/documents/res_JS.pdf"),
        include_bytes!("../../../../tests/fixtures/documents/empty_js.pdf"),
        include_bytes!("../../../../tests/fixtures/documents/junk200.pdf"),
        include_bytes!("../../../../tests/fixtures/documents/dos_400x100k.pdf"),
    ] {
        let file = rewritten(file);
        assert_eq!(rewritten(&file), file, "what is delivered is delivered again");
        assert!(!Document::load_mem(&file).expect("readable").get_pages().is_empty());
    }
    assert!(holds(&rewritten(&samples::filled_pdf(100_000)), &" ".repeat(100_000)), "content is copied");
    let image = rewritten(include_bytes!("../../../../tests/fixtures/documents/res_JS.pdf"));
    assert!(holds(&image, "/XObject << /JS "), "it is the name of an image");
    let movie = rewritten(include_bytes!("../../../../tests/fixtures/documents/movie.pdf"));
    assert!(!holds(&movie, "Movie") && !holds(&movie, "evil"));
}

#[test]
fn actions_that_start_by_themselves_are_refused() {
    for kind in [
        "JavaScript",
        "Launch",
        "URI",
        "SubmitForm",
        "ImportData",
        "GoToR",
        "GoToE",
        "Thread",
        "Movie",
        "Sound",
        "Rendition",
        "RichMediaExecute",
        "GoTo3DView",
        "Hide",
        "SetOCGState",
        "ResetForm",
        "Trans",
        "Named",
        "Unknown",
    ] {
        let action = || dictionary! { "S" => kind, "F" => Object::string_literal("x") };
        let plain = refused(|_, catalog| catalog.set("OpenAction", action()));
        assert!(plain.contains("The PDF file contains"), "{kind}: {plain}");
        let next = dictionary! { "S" => "GoTo", "D" => vec![Object::Integer(0), "Fit".into()], "Next" => action() };
        refused(|_, catalog| catalog.set("OpenAction", next));
        let apart = refused(|document, catalog| {
            let action = document.add_object(action());
            catalog.set("OpenAction", action);
        });
        assert_eq!(apart, plain);
    }
    for holder in ["AA", "AcroForm", "Names", "AF"] {
        let value = match holder {
            "AcroForm" => dictionary! { "Fields" => vec![dictionary! { "FT" => "Tx" }.into()] },
            "Names" => {
                dictionary! { "JavaScript" => dictionary! { "Names" => vec![Object::string_literal("a"), script().into()] } }
            }
            _ => dictionary! { "WC" => script() },
        };
        refused(|_, catalog| catalog.set(holder, value));
    }
    refused(|_, catalog| catalog.set("OpenAction", dictionary! { "JS" => "x" }));
}

#[test]
fn annotations_that_do_something_are_refused() {
    for kind in ["Movie", "Sound", "Screen", "3D", "RichMedia", "FileAttachment", "Widget", "Unknown"] {
        refused(|document, _| annotate(document, dictionary! { "Subtype" => kind }));
    }
    refused(|document, _| annotate(document, dictionary! { "Subtype" => "Link", "A" => script() }));
    refused(|document, _| {
        annotate(document, dictionary! { "Subtype" => "Link", "AA" => dictionary! { "E" => script() } });
    });
}

#[test]
fn links_out_of_a_document_are_left_out_and_others_kept() {
    let out = dictionary! { "S" => "URI", "URI" => Object::string_literal("https://evil.example/") };
    let file = delivered(|document, _| annotate(document, dictionary! { "Subtype" => "Link", "A" => out }));
    assert!(!holds(&file, "evil") && holds(&file, "/Link"));
    let other = dictionary! { "S" => "GoToR", "F" => Object::string_literal("evil.pdf") };
    let file = delivered(|document, _| annotate(document, dictionary! { "Subtype" => "Link", "A" => other }));
    assert!(!holds(&file, "evil") && holds(&file, "/Link"));
    let within = dictionary! { "S" => "GoTo", "D" => vec![Object::Reference((3, 0)), "Fit".into()] };
    let file = delivered(|document, _| annotate(document, dictionary! { "Subtype" => "Link", "A" => within }));
    assert!(holds(&file, "/S /GoTo /D [2 0 R /Fit"), "{}", String::from_utf8_lossy(&file));
}

#[test]
fn names_count_only_where_they_have_a_meaning() {
    let file = delivered(|document, _| {
        let fonts: Dictionary = ["JS", "JavaScript", "AA", "EF", "OpenAction"]
            .into_iter()
            .map(|name| {
                (
                    name,
                    Object::Dictionary(
                        dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" },
                    ),
                )
            })
            .collect();
        let page = document.get_object_mut((3, 0)).and_then(Object::as_dict_mut).expect("a page");
        page.set("Resources", dictionary! { "Font" => fonts });
    });
    for name in ["/JS <<", "/JavaScript <<", "/AA <<", "/EF <<", "/OpenAction <<"] {
        assert!(holds(&file, name), "{name}");
    }
    let empty = || dictionary! { "Names" => Vec::<Object>::new() };
    delivered(|_, catalog| catalog.set("Names", dictionary! { "JavaScript" => empty(), "EmbeddedFiles" => empty() }));
}

#[test]
fn pdf_objects_that_no_page_needs_are_removed() {
    let file = delivered(|document, catalog| {
        document.add_object(Stream::new(dictionary! { "Type" => "EmbeddedFile" }, b"MZ hidden".to_vec()));
        document.add_object(script());
        catalog.set("Unknown", dictionary! { "Movie" => script() });
    });
    assert!(!holds(&file, "hidden") && !holds(&file, "JavaScript") && !holds(&file, "Movie"));
}

#[test]
fn content_from_other_files_is_refused() {
    let outside = refused(|document, _| {
        let stream = document.get_object_mut((1, 0)).and_then(Object::as_stream_mut).expect("a stream");
        stream.dict.set("F", Object::string_literal("\\\\evil.example\\share\\x"));
    });
    assert!(outside.contains("in another file"), "{outside}");
}

#[test]
fn active_content_with_escaped_names_is_rejected() {
    let mut document = sample(|_, catalog| catalog.set("OpenAction", dictionary! { "S" => "JavaScriptXX" }));
    let text = bytes(&mut document);
    let at = text.windows(12).position(|window| window == b"JavaScriptXX").expect("a name");
    let escaped = [&text[..at], b"Java#53cript", &text[at + 12..]].concat();
    assert!(reason(AssetKind::Pdf, &escaped).contains("JavaScript"));
    for key in ["/Open#41ction << /S /Launch >>", "/#41#41 << /WC [1] >>", "/Names << /J#61vaScript [1] >>"] {
        let catalog = format!("1 0 obj << /Type /Catalog /Pages 2 0 R {key} >> endobj");
        let reason = reason(AssetKind::Pdf, &file(&[&catalog, PAGES, PAGE], &PLACES[..3]));
        assert!(reason.contains("The PDF file contains"), "{key}: {reason}");
    }
}

/// Creates a file with a table from the text of its objects.
pub(super) fn file(objects: &[&str], table: &[(u32, usize)]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.push(file.len());
        file.extend_from_slice(object.as_bytes());
        file.push(b'\n');
    }
    let start = file.len();
    let mut end = "xref\n".to_owned();
    for (number, at) in table {
        end.push_str(&format!("{number} 1\n{:010} 00000 n \n", offsets[*at]));
    }
    file.extend_from_slice(format!("{end}trailer\n<< /Size 9 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

pub(super) const CATALOG: &str = "1 0 obj << /Type /Catalog /Pages 2 0 R /Lang 4 0 R >> endobj";
pub(super) const PAGES: &str = "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj";
pub(super) const PAGE: &str = "3 0 obj << /Type /Page /MediaBox [0 0 9 9] >> endobj";
pub(super) const PLACES: [(u32, usize); 4] = [(1, 0), (2, 1), (3, 2), (4, 3)];

#[test]
fn objects_must_match_the_cross_reference_table() {
    let with = |object: &str| file(&[CATALOG, PAGES, PAGE, object], &PLACES);
    rewritten(&with("4 0 obj (en) endobj"));
    for (object, why) in [
        ("5 0 obj (en) endobj", "not where its cross-reference table says"),
        ("4 1 obj (en) endobj", "not where its cross-reference table says"),
        ("4 0 obj (en)", "an object has no end"),
        ("4 0 obj (en) (de) endobj", "an object has no end"),
        ("4 0 obj << /A 1 /A 2 >> endobj", "a duplicate key"),
        ("4 0 obj << /A 1 /#41 2 >> endobj", "a duplicate key"),
        ("4 0 obj foo endobj", "not an object"),
        ("4 0 obj << /A#zz 1 >> endobj", "an invalid escape"),
        ("4 0 obj [1 2 endobj", "not an object"),
        ("4 0 obj 1-2 endobj", "a number"),
        ("4 0 obj << /Length 3 >> stream\nabcdef\nendstream endobj", "a wrong length"),
        ("4 0 obj << /Length 4 0 R >> stream\nabc\nendstream endobj", "no length"),
    ] {
        let reason = reason(AssetKind::Pdf, &with(object));
        assert!(reason.contains(why), "{object}: {reason}");
    }
    let twice = file(&[CATALOG, PAGES, PAGE, "4 0 obj (en) endobj"], &[(1, 0), (2, 1), (3, 2), (4, 3), (4, 2)]);
    assert!(reason(AssetKind::Pdf, &twice).contains("lists an object twice"));
}

#[test]
fn overlapping_objects_are_refused() {
    // Each of a thousand strings contains all that follow.
    let count = 1000;
    let mut nested = String::new();
    let mut places = vec![(1, 0), (2, 1), (3, 2)];
    let names: String = (0..count).map(|at| format!("{} 0 R ", at + 10)).collect();
    for at in 0..count {
        nested.push_str(&format!("{} 0 obj (", at + 10));
    }
    nested.push_str(&") endobj ".repeat(count));
    let catalog = format!("1 0 obj << /Type /Catalog /Pages 2 0 R /Lang [{names}] >> endobj");
    let mut whole = file(&[&catalog, PAGES, PAGE, &nested], &[(1, 0), (2, 1), (3, 2), (4, 3)]);
    let start = whole.windows(8).position(|window| window == b"10 0 obj").expect("the first");
    let table = whole.windows(5).rposition(|window| window == b"xref\n").expect("a table");
    let table = whole[..table].windows(5).rposition(|window| window == b"xref\n").unwrap_or(table);
    places.clear();
    whole.truncate(table);
    let mut end = format!("xref\n10 {count}\n");
    for at in 0..count {
        let digits: usize = (0..at).map(|before| format!("{} 0 obj (", before + 10).len()).sum();
        end.push_str(&format!("{:010} 00000 n \n", start + digits));
    }
    for (number, object) in [(1, "1 0 obj <<"), (2, "2 0 obj <<"), (3, "3 0 obj <<")] {
        let offset = whole.windows(object.len()).position(|window| window == object.as_bytes()).expect("there");
        end.push_str(&format!("{number} 1\n{offset:010} 00000 n \n"));
    }
    let xref = whole.len();
    whole.extend_from_slice(format!("{end}trailer << /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n").as_bytes());
    assert!(reason(AssetKind::Pdf, &whole).contains("overlap"));
}

#[test]
fn only_the_newest_revision_is_delivered() {
    let mut changed = file(&[CATALOG, PAGES, PAGE, "4 0 obj (old) endobj"], &PLACES);
    let previous = changed.windows(5).rposition(|window| window == b"xref\n").expect("a table");
    let previous = changed[..previous].windows(5).rposition(|window| window == b"xref\n").unwrap_or(previous);
    let offset = changed.len();
    changed.extend_from_slice(b"4 0 obj (new) endobj\n");
    let start = changed.len();
    changed.extend_from_slice(
        format!(
            "xref\n4 1\n{offset:010} 00000 n \ntrailer << /Root 1 0 R /Prev {previous} >>\nstartxref\n{start}\n%%EOF\n"
        )
        .as_bytes(),
    );
    let file = rewritten(&changed);
    assert!(holds(&file, "(new)") && !holds(&file, "(old)"));
    let endless = String::from_utf8_lossy(&changed).replace(&format!("/Prev {previous}"), &format!("/Prev {start}"));
    assert!(reason(AssetKind::Pdf, endless.as_bytes()).contains("is endless"));
}

#[test]
fn page_trees_with_cycles_are_rejected() {
    for kids in ["[2 0 R]", "[3 0 R 3 0 R]", "[4 0 R]", "[]", "3 0 R"] {
        let pages = format!("2 0 obj << /Type /Pages /Kids {kids} /Count 1 >> endobj");
        assert!(
            inspect(AssetKind::Pdf, &file(&[CATALOG, &pages, PAGE, "4 0 obj (en) endobj"], &PLACES)).is_err(),
            "{kids}"
        );
    }
}

#[test]
fn deep_and_numerous_objects_are_refused() {
    let deep = format!("4 0 obj {}{} endobj", "[".repeat(100), "]".repeat(100));
    assert!(reason(AssetKind::Pdf, &file(&[CATALOG, PAGES, PAGE, &deep], &PLACES)).contains("nested too deeply"));
    let many = format!("4 0 obj [{}] endobj", "1 ".repeat(4_000_000));
    assert!(reason(AssetKind::Pdf, &file(&[CATALOG, PAGES, PAGE, &many], &PLACES)).contains("too many objects"));
}

#[test]
fn branching_chains_of_actions_end() {
    // Each action is followed by the next one ten times.
    let reason = refused(|document, catalog| {
        let mut next = document.add_object(dictionary! { "S" => "GoTo" });
        for _ in 0..18 {
            let ten = vec![Object::Reference(next); 10];
            let dest = vec![Object::Integer(0), "Fit".into()];
            next = document.add_object(dictionary! { "S" => "GoTo", "D" => dest, "Next" => ten });
        }
        catalog.set("OpenAction", next);
    });
    assert!(reason.contains("is endless"), "{reason}");
    let empty = |document: &mut Document, catalog: &mut Dictionary| {
        let mut node = document.add_object(Vec::<Object>::new());
        for _ in 0..18 {
            node = document.add_object(vec![Object::Reference(node); 10]);
        }
        catalog.set("AA", node);
    };
    assert!(refused(empty).contains("is endless"));
}
