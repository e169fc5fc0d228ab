use super::*;

const FRAME: Frame<'_> = Frame {
    title: "A working life",
    language: "en",
    missing: "[…] stands for letters that are not here.",
    number: &|page, of| format!("Page {page} of {of}"),
};

/// The text that a reader of PDFs finds, all pages one after the other; an independent library reads it.
fn read(pdf: &[u8]) -> (String, usize) {
    let document = lopdf::Document::load_mem(pdf).expect("a PDF");
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    (document.extract_text(&pages).expect("its text").replace('\n', " "), pages.len())
}

#[test]
fn names_in_supported_scripts_are_written_unchanged() {
    let names = ["Zoë Ðỗ Thị Ánh", "Γιώργος Παπαδόπουλος", "Олександра Їжак", "Əliyev Şükrü", "Անի", "ნინო"];
    let pieces: Vec<Piece> = names.iter().map(|name| Piece::Title((*name).to_owned())).collect();
    let (text, _) = read(&write(&FRAME, &pieces).expect("a PDF"));
    for name in names {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains("[…]") && !text.contains('?'));
}

#[test]
fn missing_glyphs_are_marked_and_explained() {
    for (name, written) in [("山田 太郎", "[…]"), ("Ada שרה Example", "Ada […] Example"), ("Ada 😀", "Ada […]")]
    {
        let pieces = [Piece::Title(name.to_owned()), Piece::Line("Engineer".to_owned())];
        let (text, _) = read(&write(&FRAME, &pieces).expect("a PDF"));
        assert!(text.contains(written) && text.contains(FRAME.missing) && text.contains("Engineer"), "{text}");
        assert!(!text.contains('?'));
    }
}

#[test]
fn entries_are_not_split_across_pages() {
    let entry =
        |at: usize| Piece::Entry(format!("Job number {at}."), vec![format!("From here {at}"), "to there".to_owned()]);
    let pieces: Vec<Piece> = std::iter::once(Piece::Heading("Jobs".to_owned())).chain((1..=60).map(entry)).collect();
    let pdf = write(&FRAME, &pieces).expect("a PDF");
    let (text, pages) = read(&pdf);
    assert!(pages > 2 && text.contains(&format!("Page {pages} of {pages}")), "{pages}");
    let document = lopdf::Document::load_mem(&pdf).expect("a PDF");
    for page in 1..=u32::try_from(pages).expect("few") {
        let text = document.extract_text(&[page]).expect("its text");
        assert_eq!(text.matches("Job number").count(), text.matches("to there").count(), "page {page}");
    }
    assert!((1..=60).all(|at| text.contains(&format!("Job number {at}."))));
}

#[test]
fn links_are_printed_and_clickable_and_long_words_wrap() {
    let link = format!("https://passport.example/share/{}", "x".repeat(43));
    let pieces = [Piece::Link(link.clone(), "QR code".to_owned()), Piece::Line("W".repeat(300))];
    let pdf = write(&FRAME, &pieces).expect("a PDF");
    let (text, pages) = read(&pdf);
    assert!(text.replace(' ', "").contains(&link), "{text}");
    assert_eq!((pages, text.matches('W').count()), (1, 300));
    let document = lopdf::Document::load_mem(&pdf).expect("a PDF");
    let actions = document.objects.values().filter_map(|object| object.as_dict().ok()?.get(b"A").ok()?.as_dict().ok());
    let pressed = actions.filter_map(|action| action.get(b"URI").ok()?.as_str().ok());
    assert_eq!(pressed.collect::<Vec<_>>(), [link.as_bytes()]);
}

#[test]
fn equal_input_gives_an_identical_pdf() {
    let pieces = [Piece::Title("Ada".to_owned()), Piece::Soft("x".to_owned())];
    assert_eq!(write(&FRAME, &pieces), write(&FRAME, &pieces));
    assert!(write(&FRAME, &pieces).expect("a PDF").len() < 60_000, "letters that are not used are left out");
}
