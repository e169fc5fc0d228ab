//! The pairs of names in the specification of the rules.

use crate::assert_all;

#[test]
fn names_in_another_case_width_or_form_are_the_same() {
    assert_all(
        "same",
        &[
            ("Mei Tan", "MEI  TAN"),
            ("Ｋen Lau", "Ken Lau"),
            ("Lê Hoa", "Le\u{302} Hoa"),
            ("Ma\u{200B}ra Vega", "Mara Vega"),
            ("Jan Weiß", "JAN WEISS"),
            ("Işıl Kaya", "IŞIL KAYA"),
            ("Νίκος Λας", "ΝΊΚΟΣ ΛΑΣ"),
            ("منـى سامي", "منى سامي"),
            ("\u{FEE3}نى سامي", "منى سامي"),
        ],
    );
}

#[test]
fn apostrophes_hyphens_titles_and_commas_do_not_matter() {
    assert_all(
        "same",
        &[
            ("Sean O’Dara", "SEAN ODARA"),
            ("Ana Cruz-Lim", "ANA CRUZ LIM"),
            ("Dr. Mei Tan", "Mei Tan"),
            ("Sari Dewi, S.Kom.", "Sari Dewi"),
            ("HALE, Dr Jon", "Jon Hale"),
            ("Nur bt Isa", "Nur binti Isa"),
            ("Ravi A/L Muthu", "Ravi s/o Muthu"),
            ("Li Na", "LI NA"),
            ("王小禾", "王小禾"),
        ],
    );
}

#[test]
fn names_without_their_marks_are_similar() {
    assert_all(
        "similar marks",
        &[
            ("Võ Đức Mạnh", "VO DUC MANH"),
            ("Jan Müller", "Jan Mueller"),
            ("Hēmi Tāne", "Hemi Tane"),
            ("أنس سامي", "انس سامي"),
        ],
    );
}

#[test]
fn spaces_order_particles_and_titles_are_named() {
    assert_all(
        "similar spacing",
        &[("Wei-Nan Qiu", "Weinan Qiu"), ("Abdul Latif Isa", "Abdullatif Isa"), ("Ana de la Vega", "Ana Delavega")],
    );
    assert_all(
        "similar order",
        &[("Anas Sami Omar", "Sami Omar Anas"), ("Tan Wei Ming", "Weiming Tan"), ("Lê Văn Hạ", "Hạ Lê Văn")],
    );
    assert_all(
        "similar particle",
        &[
            ("Anas bin Isa Zafri", "Anas Isa Zafri"),
            ("Eva van der Meer", "Eva Meer"),
            ("Omar El Zafri", "Omar Al Zafri"),
        ],
    );
    assert_all("similar title", &[("Tan Sri Anas Isa", "Anas Isa"), ("Anas bin Haji Isa", "Anas bin Isa")]);
    assert_all("similar suffix", &[("Jon Cruz III", "Jon Cruz")]);
}

#[test]
fn names_with_an_alias_are_similar() {
    assert_all(
        "similar alias",
        &[
            ("Lim Bao Yi @ Joy Lim", "Joy Lim"),
            ("Lim Bao Yi (Lin Baoyi)", "Lin Baoyi"),
            ("Ana Moss (née Hale)", "Ana Hale"),
        ],
    );
}

#[test]
fn missing_parts_of_names_are_named() {
    assert_all(
        "similar part_missing",
        &[("Maria Santos Reyes", "Maria Reyes"), ("Lan Phan", "Phan Thị Lan"), ("CHAN Tai Man Peter", "Peter Chan")],
    );
    assert_all("similar truncated", &[("Thirunavukkarasu Balasubramani", "Thirunavukkarasu Balasubramaniam")]);
    assert_all(
        "similar initials",
        &[("S. Ramani", "Ramani Subbu"), ("R. Kumar", "R. Kumar"), ("Maria S. Reyes", "Maria Santos Reyes")],
    );
    assert_all(
        "similar single_name",
        &[("Suharjo", "SUHARJO"), ("FNU Suharjo", "Suharjo"), ("Suharjo", "Suharjo Wibowo")],
    );
}

#[test]
fn spellings_and_second_scripts_are_named() {
    assert_all(
        "similar spelling",
        &[("Mohd Faiz bin Isa", "Muhammad Faiz bin Isa"), ("Siripon Jaidee", "Siriporn Jaidee")],
    );
    assert_all("similar other_script", &[("CHAN Tai Man 陳大文", "Chan Tai Man")]);
}

#[test]
fn other_names_are_different() {
    assert_all(
        "different",
        &[
            ("Mei Tan", "Wei Tan"),
            ("Bob Hale", "Robert Hale"),
            ("Mario Vega", "Maria Vega"),
            ("Nur bin Isa", "Nur binti Isa"),
            ("Phan Van Ha", "Phan Thi Ha"),
            ("Jon Cruz Jr", "Jon Cruz III"),
            ("Ana Ruth Hale", "Ana Ruth Moss"),
            ("Lê Văn Dũng", "Lê Văn Dung"),
            ("Lim Bao Yi", "Lin Baoyi"),
            ("Chan Tai Man", "Chen Dawen"),
            ("Yu Meng Du", "Yu Meng Li"),
            ("陳大文", "陈大文"),
        ],
    );
}

#[test]
fn names_in_other_scripts_are_not_comparable() {
    assert_all(
        "not_comparable script",
        &[("王小禾", "Wang Xiaohe"), ("منى سامي", "Mona Sami"), ("สมใจ งามดี", "Somjai Ngamdee")],
    );
    assert_all("not_comparable mixed_script", &[("M\u{430}ra Vega", "Mara Vega")]);
    assert_all("not_comparable lookalike", &[("Ana Barnes", "Ana Bames")]);
}

#[test]
fn texts_that_are_no_names_are_not_comparable() {
    assert_all("not_comparable garbled", &[("JosÃ© PeÃ±a", "José Peña")]);
    assert_all("not_comparable not_a_name", &[("Li Na 2", "Li Na"), ("Sean O&#39;Dara", "Sean O'Dara")]);
    assert_all("not_comparable placeholder", &[(".", "Li Na"), ("NA", "Li Na"), ("FNU LNU", "Li Na")]);
    assert_all("not_comparable initials_only", &[("J. H.", "Jon Hale")]);
    assert_all("not_comparable hidden", &[("\u{202E}aN iL", "Li Na")]);
}
