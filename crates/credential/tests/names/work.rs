//! Names of the maximum length. An exponential algorithm would not terminate in these tests.

use credential::names::compare_names;

/// Returns `pattern` repeated up to the maximum length of a name.
fn filled(pattern: &str) -> String {
    pattern.chars().cycle().take(200).collect()
}

#[test]
fn hostile_names_of_full_length_are_compared() {
    let patterns = [
        "a",
        "a ",
        "ab ",
        "aab ab ",
        "a b",
        "ä ü ",
        "ü",
        "ue ",
        "a, ",
        "Jr ",
        "a (",
        "(",
        ")",
        "@",
        "a@",
        "s/o ",
        "a/",
        "bin ",
        "van der ",
        "Tan Sri ",
        "Dr ",
        "née ",
        "a née ",
        "rn",
        "vvcl",
        "陳",
        "陳 ",
        "Ã©",
        "ﷺ",
        "\u{FDFA} ",
        "\u{301}",
        "a\u{301}",
        "a\u{301}\u{300} ",
        "ổ",
        "·",
        "-",
        ".",
        "\u{200B}",
        "\u{202E}",
        "منى ",
        "김",
        "I",
        "mohd ",
        "ma ",
        "I\u{307}",
        "ß",
        "aá ",
        "\"",
        "a \"a\" ",
        "(\"",
        "3rd ",
        "w / o ",
        "./",
        "abd ",
        "abdul",
        "abd al ",
        "moh ",
        "ال",
        "นาย",
    ];
    let names: Vec<String> = patterns.iter().map(|pattern| filled(pattern)).collect();
    for (at, a) in names.iter().enumerate() {
        for b in &names[at..] {
            assert_eq!(compare_names(a, b), compare_names(b, a), "{a} ~ {b}");
        }
    }
}

#[test]
fn words_that_join_in_many_ways_are_compared() {
    // Each word of one name is a prefix of the remaining letters of the other name.
    let joined = ["aaaaaaaaab"; 18].join(" ");
    let split = filled("a ");
    let mixed = filled("aa a aaa ");
    for (a, b) in [(&joined, &split), (&split, &mixed), (&joined, &mixed)] {
        assert_eq!(compare_names(a, b), compare_names(b, a), "{a} ~ {b}");
    }
}
