// Finds the token in pasted text or a chosen file. The rules and their test cases are those of
// crates/credential/src/verification/pasted.rs.
import { contentOfFile, contentOfText, isJsonJws, isJwe } from "./other-content.js";
import { Refusal } from "./sd-jwt.js";
import { read } from "./verify.js";

/** Maximum length of the searched text, in characters. */
export const MAX_CHARACTERS = 2 * 1024 * 1024;

/** Maximum size of a searched file, in bytes: the longest text in UTF-16. */
export const MAX_BYTES = 2 * MAX_CHARACTERS;

// Zero-width characters and soft hyphens.
const INVISIBLE = /[\u{ad}\u{200b}-\u{200f}\u{2060}\u{feff}]+/gu;
const SPACES = /[\s\u{85}]+/u;
// How mail programs, URLs, web pages, Markdown and JSON write the characters of a token and line
// breaks. Of URLs, every percent-encoded ASCII character, and of JSON every one in four digits.
const ESCAPES = /\\(?=\\)|\\u00[0-7][0-9a-f]|\\[nrt]|\\[~_.-]|\\\r?\n|=7e|=2e|%[0-7][0-9a-f]|=\r?\n|&#(?:126|x7e);/gi;
// The scheme of a header. It would stick to a damaged token once spaces are removed.
const SCHEME = /(?<![A-Za-z0-9])(?:bearer|dpop)(?=[\s\u{85}])/giu;
// The marks of a quoted mail.
const QUOTED = /^[ \t]*>[ \t>]*/gm;
// The base64url of `{`, and the two dots of a JWS before any disclosure.
const TOKEN = /^e[w-z0-9_-][^~]*\.[^~]*\./;
// The base64url of `{` and a quote, or of `{` and white space.
const BEGINNING = /^(?:ey[A-DI-L]|ew[k-r0-3])/;
// Length of a signature of 64 bytes in base64url: ES256 and EdDSA.
const SIGNATURE = 86;
// Maximum number of places in one run of words at which a token is tried; bounds the work.
const MOST_STARTS = 8;

/** Returns the rejection of an input without a token. `content` names what it is, if known. */
const notAToken = (content) => Object.assign(new Refusal("not_a_token"), content && { content });

/** Decodes a file in UTF-8 or UTF-16. */
export function decodeText(bytes) {
  const [first, second] = bytes;
  let encoding = "utf-8";
  if ((first === 0xff && second === 0xfe) || second === 0) encoding = "utf-16le";
  if ((first === 0xfe && second === 0xff) || first === 0) encoding = "utf-16be";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(encoding === "utf-8" ? bytes : bytes.subarray(0, bytes.length & ~1));
  } catch {
    throw notAToken(contentOfFile(bytes));
  }
}

/**
 * Decodes a file in UTF-8, UTF-16 or, if it is neither, in Latin-1 or Windows-1252, as older mail
 * programs save it. The last two differ in characters that no token has.
 */
export function textOf(bytes) {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (error.content) throw error;
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

/**
 * Returns the only token in a text: the one that can be parsed, or else the only run of characters
 * that looks like one.
 */
export async function findToken(text) {
  if (text.length > MAX_CHARACTERS) throw new Refusal("too_long");
  const visible = text.replace(INVISIBLE, "");
  const plain = visible.replace(ESCAPES, meaning).replace(QUOTED, "").replace(SCHEME, "|");
  let found = await readableTokens(plain);
  if (found.size === 0) {
    if (isJsonJws(visible)) throw notAToken("json-jws");
    const runs = plain.replace(/[\s\u{85}]+/gu, "").split(/[^A-Za-z0-9._~-]+/);
    found = new Set(runs.filter((run) => TOKEN.test(run)));
  }
  if (found.size > 1) throw new Refusal("several_tokens");
  const [token] = found;
  if (token === undefined) throw notAToken(contentOfText(visible));
  if (isJwe(token)) throw notAToken("jwe");
  return token;
}

function meaning(escape) {
  const last = escape.at(-1).toLowerCase();
  if (escape.startsWith("%")) return String.fromCharCode(parseInt(escape.slice(1), 16));
  if (/^\\u/i.test(escape)) return String.fromCharCode(parseInt(escape.slice(2), 16));
  if (/7e$|126;$|x7e;$/i.test(escape)) return "~";
  if (/^=2e$/i.test(escape)) return ".";
  if (escape === "\\") return "";
  return "~_.-".includes(last) ? last : "\n";
}

// A response may also contain an access token, which cannot be parsed as a credential.
async function readableTokens(text) {
  const found = new Set();
  for (const run of new Set(text.split(/[^A-Za-z0-9._~\s\u{85}-]+/u))) {
    const words = run.split(SPACES).filter((word) => word !== "");
    const starts = [...words.keys()].filter((at) => BEGINNING.test(words[at])).slice(0, MOST_STARTS);
    let next = 0;
    while (next < starts.length) {
      const start = starts[next++];
      // The longest first: a word of a wrapped token may begin as a token does.
      for (const end of [...starts.slice(next), words.length].reverse()) {
        const token = await tokenOf(words.slice(start, end));
        if (token === undefined) continue;
        found.add(token);
        next = starts.filter((at) => at < end).length;
        break;
      }
    }
  }
  return found;
}

/** Returns the token that `words` begin with, if it can be parsed. */
async function tokenOf(words) {
  const joined = words.join("");
  if (!TOKEN.test(joined)) return undefined;
  const last = joined.lastIndexOf("~") + 1;
  const isEnd = (at) => joined[at] === "." || isEndOfWord(words, at);
  const ends = [];
  const signed = joined.indexOf(".", joined.indexOf(".", last) + 1) + 1 + SIGNATURE;
  if (/^[^.]*\.[^.]*\./.test(joined.slice(last)) && signed < joined.length && isEnd(signed)) ends.push(signed);
  ends.push(joined.length, joined.replace(/\.+$/, "").length);
  // Words after the last disclosure, unless they are a damaged key binding.
  if (last > 0 && isEnd(last) && !joined.startsWith("ey", last)) ends.push(last);
  for (const end of new Set(ends)) {
    const token = joined.slice(0, end);
    if (await isReadable(token)) return token;
  }
  return undefined;
}

function isEndOfWord(words, at) {
  let length = 0;
  return words.some((word) => (length += word.length) === at);
}

async function isReadable(token) {
  try {
    await read(token);
  } catch {
    return false;
  }
  // A credential in the place of a key binding is another token.
  const bound = token.lastIndexOf("~");
  return bound === -1 || !(await isReadable(token.slice(bound + 1)));
}
