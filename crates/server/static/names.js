// Compares the names in tokens, so that a second name that a page does not mention is found. The
// rules are those of crates/credential/src/names as far as they need no knowledge of similar names:
// case, composition, apostrophes, dashes, commas, titles and degrees.

/** The closed lists, which are those of lists.rs. */
export const LISTS = {
  SALUTATIONS: "mr mrs ms miss mx mdm madam dr prof engr atty smt shri encik",
  MISSING_PARTS: "fnu lnu xxx",
  DEGREES:
    "phd edd dba mphil mba msc meng mcom mpa mph llm bsc beng bcom llb mbbs bds bpharm cpa fcpa acca cfa pmp " +
    "skom spd ssi ssos spsi sfarm sked skep skm spdi sikom stp mkom mpd msi mhum mkn mpsi mpdi mikom",
  ALIAS_STARTS: "née né aka",
  ALIAS_WORDS: "née né nee aka alias formerly born",
  SLASHED: "s/o d/o w/o h/o c/o",
};
const SETS = Object.values(LISTS).map((words) => new Set(words.split(" ")));
const [SALUTATIONS, MISSING_PARTS, DEGREES, , ALIAS_WORDS, SLASHED] = SETS;
/** Other spellings of connectors, and the Roman numerals of ordinals, as in lists.rs. */
export const PAIRS = {
  CONNECTORS: [["bt", "binti"], ["bte", "binti"], ["binte", "binti"], ["a/l", "s/o"], ["a/p", "d/o"], ["a/k", "anak"]],
  ORDINALS: [["2nd", "II"], ["3rd", "III"], ["4th", "IV"]],
};
const [CONNECTORS, ORDINALS] = Object.values(PAIRS).map((pairs) => new Map(pairs));
const GENERATIONS = new Map([["jr", "jr"], ["jnr", "jr"], ["sr", "sr"], ["snr", "sr"], ["ii", "ii"], ["iii", "iii"], ["iv", "iv"]]);

const APOSTROPHES = /['`´‘’‛′＇ʹʻʼʽʾʿˈꞌ՚׳]/gu;
// Dashes, and dots between words.
const SPACES = /[\p{Pd}\u2212_·‧・\s]+/gu;
// Invisible characters, and signs of Arabic that everyday writing omits.
const UNSEEN =
  /\p{Cf}|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]|[\u180b-\u180d\u180f\u034f\u17b4\u17b5\u0640]|[\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670]|[\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]|[\u08d3-\u08e1\u08e3-\u08ff]/gu;
// Characters that hide or damage a name.
const REFUSED = /[\u202d\u202e\u115f\u1160\u3164\uffa0\ufffd]|[\u{e0000}-\u{e007f}]|\p{Cc}|\p{Co}|\p{Cn}/u;
const NAME = /^[\p{L}\p{M}\p{Nl} .,()@/]+$/u;
// Quotation marks around nicknames. Single ones are apostrophes.
const QUOTE = /["“”„‟«»]/u;
const ALIAS = /[(@]|(?<= )(?:née|né|aka)(?=[ ,]|$)/u;

// In the order of their codes (ISO 15924), as the server compares them.
const SCRIPTS = (
  "Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hangul Han Hebrew Hiragana Kannada " +
  "Katakana Khmer Lao Latin Malayalam Mongolian Myanmar Oriya Sinhala Tamil Telugu Thai Tibetan"
)
  .split(" ")
  .map((name) => ({ name, all: new RegExp(`^[\\p{Script_Extensions=${name}}\\p{M}]+$`, "u") }));
const JAPANESE = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{M}]+$/u;
const SYLLABLE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const CLOSED_UP = /[\p{Script=Han}\p{Script=Hangul}]/gu;

// Control characters, and those that change the direction of text.
const UNREADABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Returns the distinct names of people in the claims of a token. */
export function namesOf(claims, format) {
  const subjects = format === "vc+jwt" ? [claims?.credentialSubject].flat() : [claims];
  return [...new Set(subjects.map(nameIn).filter((name) => name !== ""))];
}

/** Returns `full_name`, or `given_name` and `family_name` together; empty if there is none. */
function nameIn(claims) {
  const plain = (value) => (typeof value === "string" ? value.replace(UNREADABLE, "").trim() : undefined);
  const [full, given, family] = ["full_name", "given_name", "family_name"].map((name) => plain(claims?.[name]));
  if (full !== undefined) return full;
  return given === undefined || family === undefined ? "" : `${given} ${family}`.trim();
}

// From best to worst.
const RESULTS = ["same", "unsure", "scripts", "different"];

/**
 * Returns the worst result of comparing each two of `names`: "same"; "unsure" if one has an alias,
 * which only the server compares; "scripts" for different scripts; or "different" if they are not
 * equal, although they may be similar.
 */
export function compareAll(names) {
  const distinct = [...new Set(names)];
  const pairs = distinct.flatMap((one, at) => distinct.slice(at + 1).map((other) => RESULTS.indexOf(compareNames(one, other))));
  return RESULTS[Math.max(0, ...pairs)];
}

/** Compares two names. */
export function compareNames(one, other) {
  if (one.trim() === other.trim()) return "same";
  const [words, others] = [wordsOf(one), wordsOf(other)];
  if (!words || !others) return "different";
  if (words.join(" ") === others.join(" ")) {
    if (isEnough(words)) return "same";
    // What follows an alias in brackets may belong to the name.
    return words.includes("@") && isEnough(words.filter((word) => word !== "@")) ? "unsure" : "different";
  }
  if (isWithin(words, others) || isWithin(others, words)) return words.concat(others).includes("@") ? "unsure" : "different";
  const [scripts, known] = [scriptsOf(words), scriptsOf(others)];
  return (scripts !== undefined && scripts === known) || contradict(words, others) ? "different" : "scripts";
}

/**
 * Whether the words of two names in the scripts that both have suggest different names: no word is
 * the same without its marks, and neither name is a part of the other.
 */
function contradict(words, others) {
  const within = (list, known) => {
    const scripts = new Set(known.map(scriptOf));
    const isShared = (word) => scriptOf(word) !== undefined && scripts.has(scriptOf(word)) && !GENERATIONS.has(word);
    return list.filter(isShared).map((word) => word.normalize("NFD").replace(/\p{M}/gu, ""));
  };
  const [one, other] = [within(words, others), within(others, words)];
  const [joined, whole] = [one.join(""), other.join("")];
  const isPart = whole.includes(joined) || joined.includes(whole);
  return !isPart && !one.some((word) => other.includes(word));
}

const isWithin = (words, others) => words.every((word) => others.includes(word));

/** Returns the scripts of the words. Two names in unlisted scripts have different ones. */
function scriptsOf(words) {
  const letters = words.map((word) => word.replace(/[^\p{L}\p{M}\p{Nl}]/gu, "")).filter((word) => word !== "");
  const found = new Set(letters.map(scriptOf));
  return found.has(undefined) ? undefined : [...found].sort().join(" ");
}

/** Returns the script that all letters of a word share. Japanese mixes Han and kana in one word. */
function scriptOf(word) {
  return SCRIPTS.find(({ all }) => all.test(word))?.name ?? (JAPANESE.test(word) ? "Han" : undefined);
}

/** Whether the words are a complete name: two words, or one that contains both names. */
function isEnough(words) {
  const alias = words.indexOf("@");
  const own = alias === -1 ? words : words.slice(0, alias);
  const isWhole = (word) => SYLLABLE.test(word) || [...word.replace(/\p{M}/gu, "")].length > 1;
  return own.filter(isWhole).length >= 2 || own.some((word) => (word.match(CLOSED_UP) ?? []).length >= 2);
}

/** Returns the words of a name, and "@" before those of an alias; undefined if it is not a name. */
function wordsOf(name) {
  if (REFUSED.test(name)) return undefined;
  const text = withBracketedNicknames(withRomanOrdinals(fold(name)));
  if (text === undefined || !NAME.test(text)) return undefined;
  const [own, ...aliases] = text.replaceAll(")", " ").replace(/\ba\.k\.a\b\.?/g, "aka").split(ALIAS);
  const others = aliases.map(withoutAliasWord).filter((alias) => alias !== "");
  const words = [...readWords(own), ...others.flatMap((alias) => ["@", ...readWords(alias)])];
  return words.some((word) => word.includes("/") && !SLASHED.has(word)) ? undefined : words;
}

/** Writes the ordinal of a generation at the end of a name as a numeral, in lower case. */
function withRomanOrdinals(text) {
  const words = text.split(" ");
  const written = words.map((word, at) => {
    const endsName = at + 1 === words.length || /[,)]$/.test(word) || /^[(@]/.test(words[at + 1]);
    const ordinal = word.replace(/[,.)]+$/, "");
    const roman = endsName && at > 0 ? ORDINALS.get(ordinal) : undefined;
    return roman ? roman.toLowerCase() + word.slice(ordinal.length) : word;
  });
  return written.join(" ");
}

/**
 * Writes quoted nicknames in brackets, which mark an alias. Returns undefined if quotation marks
 * are within a word, open, or around the whole text.
 */
function withBracketedNicknames(text) {
  if (!QUOTE.test(text)) return text;
  let [written, isOpen, isInBrackets, hasMore] = ["", false, false, false];
  const characters = [...text];
  for (const [at, character] of characters.entries()) {
    if (QUOTE.test(character)) {
      // Brackets already mark the alias.
      if (isInBrackets) continue;
      if (isOpen ? !/^[ ,.]?$/.test(characters[at + 1] ?? "") : !/(?:^|[ ,])$/.test(written)) return undefined;
      isOpen = !isOpen;
      written += isOpen ? "(" : ")";
      continue;
    }
    if (isOpen && /[()]/.test(character)) return undefined;
    isInBrackets = character === "(" || (isInBrackets && character !== ")");
    hasMore ||= !isOpen && !isInBrackets && /\p{Alphabetic}/u.test(character);
    written += character;
  }
  return isOpen || !hasMore ? undefined : written;
}

/** Converts a name to lower case and a common form, independently of a language. */
function fold(name) {
  // NFKC turns one apostrophe into a space, and others into another one.
  const normal = name.replace(APOSTROPHES, "").normalize("NFKC").replace(APOSTROPHES, "");
  const plain = normal.replace(UNSEEN, "").replaceAll("،", ",").replace(SPACES, " ").trim();
  const lower = plain.replaceAll("İ", "i").toLowerCase().replaceAll("ı", "i").replaceAll("ς", "σ").replaceAll("ß", "ss");
  return lower.replaceAll("i\u0307", "i").normalize("NFC");
}

function withoutAliasWord(alias) {
  const [first, ...rest] = alias.trim().split(" ");
  return ALIAS_WORDS.has(first.replaceAll(".", "")) && rest.length > 0 ? rest.join(" ") : alias.trim();
}

/** Returns the words of a name without alias: `Hale, Jon` is `Jon Hale`, a generation last. */
function readWords(text) {
  const parts = text.replace(/[ .]*\/ */g, "/").split(",").map((part) => part.trim()).filter((part) => part !== "");
  const [family = "", ...rest] = parts;
  const given = rest.filter((part) => !isDegrees(part));
  const isGeneration = (part) => GENERATIONS.has(part.replaceAll(".", ""));
  const ordered = [...given.filter((part) => !isGeneration(part)), family, ...given.filter(isGeneration)];
  const words = ordered.join(" ").split(/[ .]+/).filter((word) => word !== "" && !MISSING_PARTS.has(word));
  const read = words.map((word) => CONNECTORS.get(word) ?? GENERATIONS.get(word) ?? word);
  const generation = read.findIndex((word, at) => at > 0 && GENERATIONS.has(word));
  if (generation > 0) read.push(...read.splice(generation, 1));
  while (SALUTATIONS.has(read[0])) read.shift();
  return read;
}

/** Whether a part after a comma has only degrees. Single letters with dots are initials. */
function isDegrees(part) {
  const isDegree = (text) => text.split(/[. ]/).some((piece) => piece.length > 1) && DEGREES.has(text.replace(/[. ]/g, ""));
  return isDegree(part) || part.split(" ").every(isDegree);
}
