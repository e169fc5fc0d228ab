//! Names in different scripts: whether their words in the scripts of both contradict each other.
//!
//! `browser/units/names.test.mjs` reads these pairs too.

use credential::names::are_in_other_scripts;

fn assert_scripts(expected: bool, pairs: &[(&str, &str)]) {
    for (one, other) in pairs {
        assert_eq!(are_in_other_scripts(one, other), expected, "{one} ~ {other}");
        assert_eq!(are_in_other_scripts(other, one), expected, "{other} ~ {one}");
    }
}

#[test]
fn names_that_do_not_contradict_are_in_other_scripts() {
    assert_scripts(
        true,
        &[
            ("王小禾", "Wang Xiaohe"),
            ("منى سامي", "Mona Sami"),
            ("LEUNG 嘉欣", "Leung Ka Yan"),
            ("Peter 陳大文", "Peter Chan"),
            ("PETER 陳大文", "Chan, Peter"),
            ("Péter 陳大文", "Peter Chan"),
            ("Weinan 邱", "Wei Nan Qiu"),
            ("陳大文 (Peter)", "Peter Chan"),
            ("高橋 さくら", "たかはし さくら"),
            ("山田太郎", "ヤマダ タロウ"),
        ],
    );
}

#[test]
fn words_of_a_shared_script_can_contradict() {
    assert_scripts(
        false,
        &[
            ("Peter 陳大文", "John Smith"),
            ("Peter Chan 陳大文", "John Smith"),
            ("陳大文 (Peter)", "John Smith"),
            ("Peter 陳大文", "Peter 陳小文"),
            ("高橋 さくら", "たかはし はな"),
        ],
    );
}
