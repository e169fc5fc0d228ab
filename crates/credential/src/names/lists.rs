//! The closed word lists of the rules, each entry with its reason.
//!
//! All entries are in the form of `word::fold_case`. A word that a list removes from the key no
//! longer distinguishes two people. So a word that is also a name belongs in a list of the rules
//! ([`TITLES`], [`PARTICLES`]), which yield at most "similar", or in none.

/// Salutations and academic or professional titles, dropped before a name.
pub(super) const SALUTATIONS: &[&str] = &[
    "mr",    // English
    "mrs",   // English; indicates marriage, not a name
    "ms",    // English
    "miss",  // English
    "mx",    // English, gender-neutral
    "mdm",   // Madam, as Singapore and Malaysia write it
    "madam", // the same in full
    "dr",    // doctor; also the Indonesian physician (dr.)
    "prof",  // professor
    "engr",  // engineer, in the Philippines
    "atty",  // attorney, in the Philippines
    "smt",   // Shrimati, Mrs in India
    "shri",  // Mr in India
    "encik", // Mr in Malaysia
];

/// The [`SALUTATIONS`] that an examination, an office or a licence gives.
pub(super) const QUALIFYING_TITLES: &[&str] = &[
    "dr",   // a degree
    "prof", // an office
    "engr", // a licence, in the Philippines
    "atty", // the same
];

/// Placeholders for a missing part of a name, removed at any position.
pub(super) const MISSING_PARTS: &[&str] = &[
    "fnu", // "first name unknown", in US visas
    "lnu", // "last name unknown", in US visas
    "xxx", // for a missing surname, in forms that require one
];

/// Placeholders for a missing name, removed only if there is no other word.
pub(super) const PLACEHOLDERS: &[&str] = &[
    "na",      // not applicable; together with another word it is a name (Li Na)
    "n/a",     // the same
    "nil",     // forms of the Commonwealth
    "null",    // printed by programs; together with another word it is a surname (Jon Null)
    "none",    // forms
    "unknown", // forms
];

/// Degrees, removed after a comma: without dots and spaces, and with at least three letters,
/// because two letters could be initials (`Garcia Lopez, M.A.`). Degrees that are also names (Med,
/// Sak, Sip, Sag) are excluded.
#[rustfmt::skip]
pub(super) const DEGREES: &[&str] = &[
    // Doctorates and research degrees, in English.
    "phd", "edd", "dba", "mphil",
    // Masters, in English.
    "mba", "msc", "meng", "mcom", "mpa", "mph", "llm",
    // Bachelors, in English.
    "bsc", "beng", "bcom", "llb", "mbbs", "bds", "bpharm",
    // Professional memberships in Australia, Hong Kong and Singapore.
    "cpa", "fcpa", "acca", "cfa", "pmp",
    // Sarjana (bachelor), Indonesia.
    "skom", "spd", "ssi", "ssos", "spsi", "sfarm", "sked", "skep", "skm", "spdi", "sikom", "stp",
    // Magister (master), Indonesia.
    "mkom", "mpd", "msi", "mhum", "mkn", "mpsi", "mpdi", "mikom",
];

/// A generation suffix, which distinguishes a son from his father. `V` and `I` are excluded,
/// because they are initials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Generation {
    Junior,
    Senior,
    Second,
    Third,
    Fourth,
}

/// Returns the generation of a suffix.
pub(super) fn generation(word: &str) -> Option<Generation> {
    match word {
        // Junior as a word is a given name, in Samoa and Brazil.
        "jr" | "jnr" => Some(Generation::Junior),
        "sr" | "snr" => Some(Generation::Senior),
        "ii" => Some(Generation::Second),
        "iii" => Some(Generation::Third),
        "iv" => Some(Generation::Fourth),
        _ => None,
    }
}

/// Ordinals of a generation, with the numeral that [`generation`] knows.
pub(super) const ORDINALS: &[(&str, &str)] = &[
    ("2nd", "II"),  // as US forms write it
    ("3rd", "III"), // the same
    ("4th", "IV"),  // the same
];

/// Spellings of connectors between a name and the father's name, with the spelling in the key.
pub(super) const CONNECTORS: &[(&str, &str)] = &[
    ("bt", "binti"),    // daughter of: short, in Malaysia
    ("bte", "binti"),   // short, in Singapore
    ("binte", "binti"), // as Singapore spells it
    ("a/l", "s/o"),     // anak lelaki, son of: Malaysian Indians
    ("a/p", "d/o"),     // anak perempuan, daughter of: Malaysian Indians
    ("a/k", "anak"),    // anak, child of: Sarawak and Sabah, and Malaysian Siamese
];

/// Connectors that are written with a slash, in the form of the key. No other word has one.
pub(super) const SLASHED: &[&str] = &[
    "s/o", // son of
    "d/o", // daughter of
    "w/o", // wife of: Indians in Malaysia, Singapore and India
    "h/o", // husband of: India
    "c/o", // care of: India, where records write it instead of the others
];

/// Small words between names that records add or omit, each with the form that its spellings share.
/// The first and the last word of a name are never particles.
pub(super) const PARTICLES: &[(&str, &str)] = &[
    ("bin", SON),        // Malaysia, Singapore, Arab world: son of
    ("ibn", SON),        // the same, Arabic
    ("ben", SON),        // the same, in the Maghreb
    ("s/o", "s/o"),      // son of, in Singapore and Malaysia
    ("binti", DAUGHTER), // Malaysia, Indonesia: daughter of
    ("bint", DAUGHTER),  // the same, Arabic
    ("bent", DAUGHTER),  // the same, in the Maghreb
    ("d/o", "d/o"),      // daughter of, in Singapore and Malaysia
    ("w/o", "w/o"),      // wife of, in Singapore, Malaysia and India
    ("h/o", "h/o"),      // husband of, in India
    ("c/o", "c/o"),      // care of, in India
    ("anak", "anak"),    // child of, in Sarawak
    ("ak", "anak"),      // the same, short
    ("al", "al"),        // Arabic article
    ("el", "al"),        // the same, in Egypt and the Maghreb; also Spanish
    ("ul", "al"),        // the same after another word (Zia ul Haq)
    ("de", "de"),        // of: Spanish, Portuguese, French, Dutch
    ("del", "del"),      // of the: Spanish, Italian
    ("dela", "dela"),    // of the: Philippines
    ("la", "la"),        // the: Spanish, French
    ("las", "las"),      // the: Spanish
    ("los", "los"),      // the: Spanish
    ("y", "y"),          // and, between two surnames: Spanish
    ("e", "e"),          // and: Portuguese
    ("da", "da"),        // of the: Portuguese
    ("do", "do"),        // of the: Portuguese
    ("das", "das"),      // of the: Portuguese
    ("dos", "dos"),      // of the: Portuguese
    ("di", "di"),        // of: Italian
    ("della", "della"),  // of the: Italian
    ("du", "du"),        // of the: French
    ("le", "le"),        // the: French
    ("von", "von"),      // of: German
    ("zu", "zu"),        // of: German
    ("der", "der"),      // the: German, Dutch
    ("den", "den"),      // the: Dutch
    ("ter", "ter"),      // at the: Dutch
    ("ten", "ten"),      // at the: Dutch
];

/// Connectors of a man's name, in the form of [`PARTICLES`].
pub(super) const SONS: &[&str] = &[SON, "s/o"];
/// Connectors of a woman's name, in the form of [`PARTICLES`].
pub(super) const DAUGHTERS: &[&str] = &[DAUGHTER, "d/o"];

const SON: &str = "bin";
const DAUGHTER: &str = "binti";

/// `van` is a particle only before one of these words, because it is also the Vietnamese middle
/// name Văn without its mark.
pub(super) const AFTER_VAN: &[&str] = &["der", "den", "de", "het"];

/// Titles that are part of the name in one record and missing from another.
pub(super) const TITLES: &[&[&str]] = &[
    &["tan", "sri"],    // Malaysian honour; alone, Tan is a surname and Sri an Indonesian name
    &["puan", "sri"],   // the wife of a Tan Sri
    &["dato", "sri"],   // Malaysian honour
    &["dato", "seri"],  // the same
    &["datuk", "sri"],  // the same
    &["datuk", "seri"], // the same
    &["dato"],          // Malaysian honour; also an ancestor's title that became a name
    &["datuk"],         // the same
    &["datin"],         // the wife of a Dato
    &["haji"],          // a man who was in Mecca; many write it as part of the name
    &["haj"],           // the same
    &["hajah"],         // a woman who was in Mecca
    &["hajjah"],        // the same
    &["hj"],            // both, short
    &["syed"],          // descent from the Prophet: usually part of the name
    &["sayed"],         // the same, as the Arab world spells it
    &["syarifah"],      // the same for women
    &["sharifah"],      // the same
    &["sheikh"],        // an honour, or a family's name
    &["sir"],           // knighthood
    &["dame"],          // the same for women
    &["puan"],          // Mrs, in Malaysia
    &["cik"],           // Miss, in Malaysia; also a given name
    &["pn"],            // Puan, short
    &["ir"],            // engineer, in Indonesia and the Netherlands
    &["drs"],           // degree before a name, in Indonesia and the Netherlands
    &["dra"],           // the same for women; doctor, in Spanish
    &["sra"],           // Mrs, in Spanish
    &["khun"],          // courtesy before a Thai name
    &["นาย"],           // Mr, in Thai
    &["นาง"],           // Mrs, in Thai
    &["นางสาว"],        // Miss, in Thai
    &["น", "ส"],        // the same, short (น.ส.)
    &["คุณ"],            // courtesy before a Thai name
    &["ด", "ช"],        // a boy, in Thai (ด.ช.)
    &["ด", "ญ"],        // a girl, in Thai (ด.ญ.)
];

/// Thai titles that are written without a space before the first word. The longer ones precede
/// their beginnings.
pub(super) const ATTACHED_TITLES: &[&str] = &[
    "นางสาว", // Miss
    "นาย",    // Mr
    "นาง",    // Mrs
    "คุณ",     // courtesy
];

/// The Arabic article, which is written without a space before a word.
pub(super) const ARABIC_ARTICLE: &str = "ال";

/// The article after Abd, also in the forms that it has before some letters (Abd ar-Rahman).
pub(super) const ARTICLES_AFTER_ABD: &[&str] = &[
    "al", "el", "il", "ol", "ul", "ar", "er", "ir", "ur", "as", "es", "is", "us", "an", "en", "in", "un", "at", "et",
    "ut", "az", "ez", "uz", "ad", "ed", "ud", "ash", "esh", "ush",
];

/// Abbreviations and their full words. Nicknames are excluded, because they are different names.
pub(super) const SHORT_FORMS: &[(&str, &str)] = &[
    ("mohd", "muhammad"),     // Malaysia
    ("muhd", "muhammad"),     // Malaysia, Singapore
    ("md", "muhammad"),       // Bangladesh, India, Malaysia
    ("mohammad", "muhammad"), // the other romanizations of محمد, more than one letter apart
    ("mohammed", "muhammad"),
    ("mohamed", "muhammad"),
    ("mohamad", "muhammad"),
    ("muhammed", "muhammad"),
    ("muhamad", "muhammad"),
    ("muhamed", "muhammad"),
    ("mochamad", "muhammad"), // Indonesia
    ("mochammad", "muhammad"),
    ("mokhamad", "muhammad"),
    ("mokhammad", "muhammad"),
    ("mukhamad", "muhammad"),
    ("mukhammad", "muhammad"),
    ("abd", "abdul"), // Malaysia, before one of the names of God
];

/// Abbreviations that are expanded only before another word.
pub(super) const SHORT_FORMS_BEFORE_A_WORD: &[(&str, &str)] = &[
    ("ma", "maria"),      // Philippines, Spain (Ma., Mª); at the end it is a Chinese surname
    ("st", "saint"),      // English
    ("moh", "muhammad"),  // Indonesia; also a Chinese surname, in Singapore
    ("muh", "muhammad"),  // Indonesia
    ("moch", "muhammad"), // Indonesia
    ("mhd", "muhammad"),  // Indonesia, Malaysia
];

/// Words inside a name that start an alias.
pub(super) const ALIAS_STARTS: &[&str] = &[
    "née", // born, of a woman. Not "nee", a Chinese given name
    "né",  // the same, of a man
    "aka", // also known as; also written a.k.a.
];

/// Words at the start of an alias that a bracket or `@` already marks; removed.
pub(super) const ALIAS_WORDS: &[&str] = &["née", "né", "nee", "aka", "alias", "formerly", "born"];
