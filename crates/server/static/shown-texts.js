// Compares the texts of a shared page with the signed claims, both ways. Dates, durations and other
// values in this site's words are not compared.

// Maximum number of texts that a message shows.
const MOST_SHOWN = 5;
// The texts that the site marks as signed, and all names and jobs, also without the mark.
const PLACES = ".person [data-signed], .person .name, .jobs h3, .jobs .organisation";
// In these lines only the names are signed. In all other places the whole text is.
const LINES = "span, .attested";
// Headings, and the sentence above them, with or without a mark. Each consists of signed texts and
// words of this site.
const COMPOSED = ".lead, .person h2";
/** The words of this site in these lines: in pages' texts, titles of types and headlines. */
export const OWN_WORDS = new Set(
  (
    "someone shared these records with you in one link can verify each career of history digital identity education " +
    "english proficiency microcredential credential right to work verified person remotely at the standard basic level " +
    "honours and completed awaiting graduation cefr may"
  ).split(" "),
);
// This site's name of the country whose code was signed.
const COUNTRY = /(?<=^May work in) .*$/;
// The page has elements in place of the characters that isolate the direction of a name.
const ISOLATES = /[\u2068\u2069]/g;

const trimmed = (value) => (typeof value === "string" ? value.replace(ISOLATES, "").trim() : "");
const textOf = (place) => trimmed(place?.textContent);

/**
 * Reads the texts of the page, each with the organisation beside it: those that were signed as they
 * are, the lines that contain signed texts, the jobs, and the places where a name may be.
 */
export function readShown() {
  const headings = document.querySelector(".person .name") ? [] : [...document.querySelectorAll(".verdict h1")];
  const places = [...headings, ...document.querySelectorAll(PLACES)];
  const texts = places.flatMap((place) => textsAt(place).map((text) => ({ text, by: organisationBeside(place) })));
  const jobs = [...document.querySelectorAll(".jobs > li")].map((job) => ({
    role: textOf(job.querySelector("h3")),
    organisation: textOf(job.querySelector(".organisation")),
    by: organisationBeside(job),
  }));
  const names = [...headings, ...document.querySelectorAll(".person bdi")].map(textOf);
  const lines = [...document.querySelectorAll(COMPOSED)].map((line) => ({ text: textOf(line), by: organisationBeside(line) }));
  return { texts: texts.filter(({ text }) => text !== ""), lines, jobs, names };
}

function organisationBeside(place) {
  const by = place.closest("[data-by]")?.dataset.by;
  return by === undefined ? undefined : trimmed(by);
}

function textsAt(place) {
  const parts = place.matches(LINES) ? [...place.querySelectorAll("bdi")] : [];
  return (parts.length > 0 ? parts : [place]).map(textOf);
}

/**
 * Compares the texts that the page shows with the claims of its tokens. `untested` are the titles
 * of credentials without a token.
 *
 * Returns the text key of the first doubt with the texts concerned; undefined if there is none.
 */
export function compareShown(shown, signed, untested = []) {
  const unsigned = [...untested, ...unsignedTexts(shown.texts, signed), ...unsignedLines(shown.lines, signed)];
  const [onPage, inTokens] = [shown.jobs.map(jobKey), signed.flatMap(jobsIn).map(jobKey)];
  for (const [key, texts] of [
    ["verdict-shown-browser", unsigned],
    ["verdict-shown-browser", without(onPage, inTokens).map(inWords)],
    ["verdict-missing-browser", [...missingNames(shown, signed), ...without(inTokens, onPage).map(inWords)]],
  ]) {
    if (texts.length > 0) return { key, texts: texts.slice(0, MOST_SHOWN) };
  }
  return undefined;
}

const partnerOf = (claims) => trimmed(claims.attested_by?.name);

/** Returns the texts on the page that the organisation beside them did not sign. */
function unsignedTexts(texts, signed) {
  const tokens = signed.map((claims) => ({ by: partnerOf(claims), texts: new Set(textsIn(claims)) }));
  const isSigned = ({ text, by }) => tokens.some((token) => (by ?? token.by) === token.by && token.texts.has(text));
  return texts.filter((shown) => !isSigned(shown)).map(({ text }) => text);
}

/**
 * Returns the lines on the page that do not consist of texts that the organisation beside them
 * signed, and of words of this site.
 */
function unsignedLines(lines, signed) {
  const tokens = signed.map((claims) => ({
    by: partnerOf(claims),
    parts: textsIn(claims).map(wordsOf).filter((part) => part.length > 0),
    hasCountry: typeof claims.country === "string",
  }));
  const isSigned = ({ text, by }) =>
    tokens.some((token) => {
      const line = token.hasCountry ? text.replace(COUNTRY, "") : text;
      return (by ?? token.by) === token.by && isComposed(wordsOf(line), token.parts);
    });
  return lines.filter((line) => !isSigned(line)).map(({ text }) => text);
}

const wordsOf = (text) => text.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== "");

/** Whether `words` are those of `parts`, each whole, and words of this site, in any order. */
function isComposed(words, parts) {
  // At which of the words such a part or word may begin.
  const reached = [true];
  for (const [at, word] of words.entries()) {
    if (!reached[at]) continue;
    if (OWN_WORDS.has(word.toLowerCase())) reached[at + 1] = true;
    for (const part of parts) {
      if (part.every((one, index) => words[at + index] === one)) reached[at + part.length] = true;
    }
  }
  return reached[words.length] === true;
}

/** Returns the names and organisations of the tokens that the page does not show. */
function missingNames(shown, signed) {
  const names = signed.map(({ full_name: name }) => trimmed(name)).filter((name) => name !== "" && !shown.names.includes(name));
  const isShown = (partner) => shown.texts.some(({ text, by }) => text === partner && by === partner);
  return [...names, ...signed.map(partnerOf).filter((partner) => partner !== "" && !isShown(partner))];
}

/** Returns the jobs in the claims of a token, with the category if there is no title. */
function jobsIn(claims) {
  const jobs = Array.isArray(claims.employment) ? claims.employment : [];
  return jobs.map((job) => ({
    role: trimmed(job?.role_title ?? job?.role_classification),
    organisation: trimmed(job?.organisation),
    by: partnerOf(claims),
  }));
}

const jobKey = ({ role, organisation, by }) => JSON.stringify([role, organisation, trimmed(by)]);

/** Returns a job in words, like "Engineer, Northwind Rail". */
const inWords = (key) => JSON.parse(key).slice(0, 2).filter((text) => text !== "").join(", ");

/** Returns the items that `others` does not contain as often. */
function without(items, others) {
  const left = [...others];
  return items.filter((item) => {
    const at = left.indexOf(item);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Returns every text in `value`. */
function textsIn(value) {
  return typeof value === "string" ? [trimmed(value)] : Object.values(value ?? {}).flatMap(textsIn);
}
