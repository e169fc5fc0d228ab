//! Tests of texts and their formats.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(std::fs::read_to_string(path).expect("a text"));
            }
        }
    }
    found
}

/// Returns every quoted word in templates and sources that looks like a key.
fn used() -> BTreeSet<String> {
    let sources = [files("templates", ".html"), files("src", ".rs")].concat();
    sources
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|word| {
            word.len() > 2
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
        .map(str::to_owned)
        .collect()
}

fn defined() -> BTreeSet<String> {
    let lines = files("locales/en", ".ftl").join("\n");
    lines
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key.to_owned())
        .collect()
}

#[test]
fn every_file_is_embedded_and_valid() {
    let mut embedded = FILES.map(str::to_owned);
    let mut found = files("locales/en", ".ftl");
    embedded.sort();
    found.sort();
    assert_eq!(embedded.as_slice(), found);
    let mut bundle = FluentBundle::new_concurrent(Vec::new());
    for file in FILES {
        let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| errors).expect("valid");
        bundle.add_resource(resource).expect("no key is defined twice");
    }
}

#[test]
fn every_text_is_used() {
    let used = used();
    let unused: Vec<_> = defined().into_iter().filter(|key| !used.contains(key)).collect();
    assert!(unused.is_empty(), "unused texts: {unused:?}");
}

#[test]
fn every_key_in_templates_and_pages_is_defined() {
    let defined = defined();
    for source in [files("templates", ".html"), files("src/web", ".rs"), files("src/mail", ".rs")].concat() {
        for call in ["of(", "with(", "markup(", "count(", "with_numbers("] {
            for after in source.split(&format!(".{call}")).skip(1) {
                // A key that is not a string literal is chosen elsewhere.
                let key = after.trim_start().strip_prefix('"').and_then(|after| after.split('"').next());
                assert!(key.is_none_or(|key| defined.contains(key)), "{key:?} is not defined");
            }
        }
    }
}

#[test]
fn names_in_html_are_escaped_and_isolated() {
    let text = Text::default();
    let html =
        text.markup("credential-from", &[("title", "<b>&\u{E000}1\u{E000}")], &[("partner", "O'Neil \"&\" منى")]);
    assert_eq!(html, "<bdi>&lt;b&gt;&amp;1</bdi> from O&#39;Neil &quot;&amp;&quot; منى");
    let names = ["A", "B", "<"].map(isolated);
    assert_eq!(text.list(&names), "<bdi>A</bdi>, <bdi>B</bdi> and <bdi>&lt;</bdi>");
    assert_eq!((text.list(&names[..1]), text.list(&[])), ("<bdi>A</bdi>".to_owned(), String::new()));
}

#[test]
fn right_to_left_names_in_plain_text_are_isolated() {
    for name in ["منى", "Acme شركة", "חברה", "\u{202E}evil"] {
        assert_eq!(isolated_text(name), format!("\u{2068}{name}\u{2069}"));
    }
    for name in ["", "Acme", "Économie 7-11", "一二三", "Привет"] {
        assert_eq!(isolated_text(name), name);
    }
}

#[test]
fn composed_lines_isolate_each_name() {
    let known = Type::default();
    let mut fields = (known.sample)()["fields"].clone();
    assert_eq!(headline(known, &fields), known.headline(&fields));
    fields["employment"][1]["role_title"] = "مهندسة".into();
    fields["employment"][1]["organisation"] = "شركة (م) <Ltd.>".into();
    let line = headline(known, &fields);
    assert_eq!(line, "\u{2068}مهندسة\u{2069} at \u{2068}شركة (م) <Ltd.>\u{2069}, and one earlier job");
    assert_eq!(line_html(&line), "<bdi>مهندسة</bdi> at <bdi>شركة (م) &lt;Ltd.&gt;</bdi>, and one earlier job");
    let chain = Text::default().chain(&["مكتب".to_owned(), "Child & Co".to_owned()]);
    assert_eq!(chain, "<bdi>مكتب</bdi>, then <bdi>Child &amp; Co</bdi>");
    assert_eq!(Text::default().chain(&[]), "");
}

#[test]
fn marks_inside_a_name_do_not_end_its_isolation() {
    assert_eq!(isolated_text("من\u{2069}ى"), "\u{2068}منى\u{2069}");
    assert_eq!(isolated("\u{2068}منى\u{2069}"), "<bdi>منى</bdi>");
}

#[test]
fn months_durations_and_times_are_formatted() {
    let text = Text::default();
    assert_eq!(text.month("2024-05".parse::<YearMonth>().expect("a month")), "May 2024");
    assert_eq!(text.short_month("2026-10".parse::<YearMonth>().expect("a month")), "Oct 2026");
    assert_eq!(text.duration(50), "4 years 2 months");
    assert_eq!(text.duration(12), "1 year");
    assert_eq!(text.duration(1), "1 month");
    assert_eq!(text.moment(&Timestamp::from_micros(1_706_000_000_000_000)), "23 January 2024, 08:53 UTC");
}

#[test]
fn titles_are_lower_case_within_a_sentence() {
    let found = ["Career history", "English proficiency", ""].map(within_sentence);
    assert_eq!(found, ["career history", "English proficiency", ""]);
}

#[test]
fn time_left_is_in_days_then_hours_then_minutes() {
    let (text, now) = (Text::default(), Timestamp::from_micros(0));
    let left = |minutes: u64| text.time_left(now, now + std::time::Duration::from_secs(60 * minutes));
    for (minutes, expected) in [
        (0, "less than a minute left"),
        (1, "1 minute left"),
        (59, "59 minutes left"),
        (60, "1 hour left"),
        (89, "1 hour left"),
        (90, "2 hours left"),
        (23 * 60 + 29, "23 hours left"),
        (23 * 60 + 59, "1 day left"),
        (24 * 60, "1 day left"),
        (35 * 60 + 59, "1 day left"),
        (36 * 60, "2 days left"),
        (48 * 60, "2 days left"),
    ] {
        assert_eq!(left(minutes), expected, "{minutes}");
    }
    assert_eq!(text.time_left(now, now - std::time::Duration::from_secs(9)), "less than a minute left");
    // A page is shown a moment after what it shows was created.
    let almost = |minutes: u64| text.time_left(now, now + std::time::Duration::from_secs(60 * minutes - 1));
    let created = [1, 10, 15, 60, 24 * 60, 48 * 60, 14 * 24 * 60].map(almost);
    let expected = ["less than a minute", "10 minutes", "15 minutes", "1 hour", "1 day", "2 days", "14 days"];
    assert_eq!(created, expected.map(|left| format!("{left} left")));
}

#[test]
fn numbers_are_grouped_and_shares_rounded() {
    let text = Text::default();
    assert_eq!(
        [0, 999, 12_034, 1_000_000, -5].map(|number| text.number(number)),
        ["0", "999", "12,034", "1,000,000", "−5"]
    );
    assert_eq!(text.share_of(2, 3), "66.7 %");
    assert_eq!(text.share_of(3, 3), "100 %");
    assert_eq!(text.share_of(0, 0), "–");
}
