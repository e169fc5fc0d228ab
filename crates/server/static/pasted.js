// Finds the token in pasted text or a chosen file. The rules and their test cases are those of
// crates/credential/src/verification/pasted.rs.
import { Refusal } from "./sd-jwt.js";
import { read } from "./verify.js";

/** Maximum length of the searched text, in characters. */
export const MAX_CHARACTERS = 2 * 1024 * 1024;

/** Maximum size of a searched file, in bytes: the longest text in UTF-16. */
export const MAX_BYTES = 2 * MAX_CHARACTERS;

// Spaces, line breaks and zero-width characters.
const DROPPED = /[\s\u{85}\u{ad}\u{200b}-\u{200f}\u{2060}\u{feff}]+/gu;
// The base64url of `{`, and the two dots of a JWS before any disclosure.
const TOKEN = /^e[w-z0-9_-][^~]*\.[^~]*\./;

/** Decodes a file in UTF-8 or UTF-16. */
export function decodeText(bytes) {
  const [first, second] = bytes;
  let encoding = "utf-8";
  if ((first === 0xff && second === 0xfe) || second === 0) encoding = "utf-16le";
  if ((first === 0xfe && second === 0xff) || first === 0) encoding = "utf-16be";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(encoding === "utf-8" ? bytes : bytes.subarray(0, bytes.length & ~1));
  } catch {
    throw new Refusal("not_a_token");
  }
}

/** Returns the only token in a text. */
export async function findToken(text) {
  if (text.length > MAX_CHARACTERS) throw new Refusal("too_long");
  const runs = text.replace(DROPPED, "").split(/[^A-Za-z0-9._~-]+/);
  let found = [...new Set(runs.filter((run) => TOKEN.test(run)))];
  if (found.length > 1) found = await preferReadable(found);
  if (found.length > 1) throw new Refusal("several_tokens");
  if (found.length === 0) throw new Refusal("not_a_token");
  return found[0];
}

// A response may also contain an access token, which cannot be parsed as a credential.
async function preferReadable(found) {
  const readable = [];
  for (const token of found) {
    try {
      await read(token);
      readable.push(token);
    } catch {
      // Not a credential.
    }
  }
  return readable.length > 0 ? readable : found;
}
