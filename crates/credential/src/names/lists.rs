//! The closed lists of words that the rules know, each entry with its reason.
//!
//! All entries are as `word::fold_case` leaves them. What a list drops from the key cannot tell two people apart any
//! more, so an entry that is also somebody's name belongs in a list of the rules ([`TITLES`], [`PARTICLES`]), which
//! yield at most "similar", or nowhere.

/// Salutations and academic or professional titles, dropped before a name.
pub(super) const SALUTATIONS: &[&str] = &[
    "mr",    // English
    "mrs",   // English; tells a marriage, not a name
    "ms",    // English
    "miss",  // English
    "mx",    // English, of no gender
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

/// Words that systems write for a part of a name that is missing, dropped wherever they stand.
pub(super) const MISSING_PARTS: &[&str] = &[
    "fnu", // "first name unknown", in US visas
    "lnu", // "last name unknown", in US visas
    "xxx", // for a missing surname, in forms that require one
];

/// Words that stand for a missing name if there is no other word.
pub(super) const PLACEHOLDERS: &[&str] = &[
    "na",      // not applicable; together with another word it is a name (Li Na)
    "n/a",     // the same
    "nil",     // forms of the Commonwealth
    "null",    // printed by programs; together with another word it is a surname (Jon Null)
    "none",    // forms
    "unknown", // forms
];

/// Degrees, dropped after a comma: with dots and spaces removed, and of three letters or more, because two letters
/// cannot be told from initials (`Garcia Lopez, M.A.`). Left out besides: whatever is also a name (Med, Sak, Sip, Sag).
#[rustfmt::skip]
pub(super) const DEGREES: &[&str] = &[
    // Doctorates and research degrees, in English.
    "phd", "edd", "dba", "mphil",
    // Masters, in English.
    "mba", "msc", "meng", "mcom", "mpa", "mph", "llm",
    // Bachelors, in English.
    "bsc", "beng", "bcom", "llb", "mbbs", "bds", "bpharm",
    // Professional bodies that members name: Australia, Hong Kong, Singapore.
    "cpa", "fcpa", "acca", "cfa", "pmp",
    // Sarjana (bachelor), Indonesia.
    "skom", "spd", "ssi", "ssos", "spsi", "sfarm", "sked", "skep", "skm", "spdi", "sikom", "stp",
    // Magister (master), Indonesia.
    "mkom", "mpd", "msi", "mhum", "mkn", "mpsi", "mpdi", "mikom",
];

/// What follows a name and tells a son from his father. `V` and `I` are left out, since they are initials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Generation {
    Junior,
    Senior,
    Second,
    Third,
    Fourth,
}

/// The generation that a word stands for.
pub(super) fn generation(word: &str) -> Option<Generation> {
    match word {
        "jr" | "jnr" => Some(Generation::Junior), // Junior as a word is a given name, in Samoa and Brazil
        "sr" | "snr" => Some(Generation::Senior),
        "ii" => Some(Generation::Second),
        "iii" => Some(Generation::Third),
        "iv" => Some(Generation::Fourth),
        _ => None,
    }
}

/// Ways to write one connector between a name and the father's, with the form that the key has.
pub(super) const CONNECTORS: &[(&str, &str)] = &[
    ("bt", "binti"),    // daughter of: short, in Malaysia
    ("bte", "binti"),   // short, in Singapore
    ("binte", "binti"), // as Singapore spells it
    ("a/l", "s/o"),     // anak lelaki, son of: Malaysian Indians
    ("a/p", "d/o"),     // anak perempuan, daughter of: Malaysian Indians
];

/// Small words between names that records add or drop, each with the form that all its spellings have. The first and
/// the last word of a name are none.
pub(super) const PARTICLES: &[(&str, &str)] = &[
    ("bin", SON),        // Malaysia, Singapore, Arab world: son of
    ("ibn", SON),        // the same, Arabic
    ("ben", SON),        // the same, in the Maghreb
    ("s/o", "s/o"),      // son of, in Singapore and Malaysia
    ("binti", DAUGHTER), // Malaysia, Indonesia: daughter of
    ("bint", DAUGHTER),  // the same, Arabic
    ("bent", DAUGHTER),  // the same, in the Maghreb
    ("d/o", "d/o"),      // daughter of, in Singapore and Malaysia
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

/// `van` is a particle only before one of these, because it is also the Vietnamese middle name Văn without its mark.
pub(super) const AFTER_VAN: &[&str] = &["der", "den", "de", "het"];

/// Titles that may be part of the name in one record and missing from the next.
pub(super) const TITLES: &[&[&str]] = &[
    &["tan", "sri"],   // Malaysian honour. Neither word alone: Tan is a surname, Sri an Indonesian given name
    &["puan", "sri"],  // the wife of a Tan Sri
    &["dato", "sri"],  // Malaysian honour
    &["dato", "seri"], // the same
    &["datuk", "sri"], // the same
    &["datuk", "seri"], // the same
    &["dato"],         // Malaysian honour; also an ancestor's title that became a name
    &["datuk"],        // the same
    &["datin"],        // the wife of a Dato
    &["haji"],         // a man who was in Mecca; many write it as part of the name
    &["haj"],          // the same
    &["hajah"],        // a woman who was in Mecca
    &["hajjah"],       // the same
    &["hj"],           // both, short
    &["syed"],         // descent from the Prophet: usually part of the name
    &["sayed"],        // the same, as the Arab world spells it
    &["syarifah"],     // the same for women
    &["sharifah"],     // the same
    &["sheikh"],       // an honour, or a family's name
    &["sir"],          // knighthood
    &["dame"],         // the same for women
    &["puan"],         // Mrs, in Malaysia
    &["cik"],          // Miss, in Malaysia; also a given name
    &["pn"],           // Puan, short
    &["ir"],           // engineer, in Indonesia and the Netherlands
    &["drs"],          // degree before a name, in Indonesia and the Netherlands
    &["dra"],          // the same for women; doctor, in Spanish
    &["sra"],          // Mrs, in Spanish
    &["khun"],         // courtesy before a Thai name
    &["นาย"],          // Mr, in Thai
    &["นาง"],          // Mrs, in Thai
    &["นางสาว"],       // Miss, in Thai
];

/// Written short forms with the word that they are read as. Nicknames are left out: they are different names.
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
    ("abd", "abdul"), // Malaysia, before one of the names of God
];

/// Short forms that are read so only before another word.
pub(super) const SHORT_FORMS_BEFORE_A_WORD: &[(&str, &str)] = &[
    ("ma", "maria"), // Philippines, Spain (Ma., Mª); at the end it is a Chinese surname
    ("st", "saint"), // English
];

/// Words within a name that start an alias.
pub(super) const ALIAS_STARTS: &[&str] = &[
    "née", // born, of a woman. Not "nee", a Chinese given name
    "né",  // the same, of a man
    "aka", // also known as; also written a.k.a.
];

/// Words at the start of an alias that is marked already, by a bracket or `@`; dropped.
pub(super) const ALIAS_WORDS: &[&str] = &["née", "né", "nee", "aka", "alias", "formerly", "born"];
