// Looks a status up in its list. The rules are those of crates/credential/src/status.rs and
// crates/credential/src/verification/status_lists.rs: a list that contradicts the token fails, and
// one that cannot be fetched or read says nothing about the token.
import { checkJwtDates, checkTimes } from "./dates.js";
import { issuerKeys } from "./issuer.js";
import { Unanswered } from "./lookup.js";
import { CLOCK_SKEW, decode, isObject, MAX_BYTES, readJws, Refusal, typeOf } from "./sd-jwt.js";
import { verifyWith } from "./signatures.js";
import { readVcJwt, withSingleSubject } from "./vc-jwt.js";

const MAX_UNPACKED = 4 * 1024 * 1024;
const FEWEST_BITS = 131_072;

// The errors of a status list that no key of the issuer signed.
const LIST_OF_ANOTHER = ["signature", "key_confusion", "unknown_key", "malformed"];
// The codes of status lists that are not valid now, by the errors of their dates. They do not say
// whether the token was revoked.
const NOT_NOW = new Map([
  ["expired", "list_expired"],
  ["not_yet_valid", "list_not_yet_valid"],
  ["from_the_future", "list_not_yet_valid"],
]);

// How grave a failure is, by its code. Others are lists that contradict the token.
const GRAVITY = new Map([
  ["revoked", 4],
  ["suspended", 2],
  ["replaced", 1],
]);
const CONTRADICTION = 3;

// Something that could not be checked is no failure.
function gravityOf(error) {
  const isFailure = error instanceof Refusal && !error.isUnsupported;
  return isFailure ? (GRAVITY.get(error.code) ?? CONTRADICTION) : 0;
}

/**
 * Checks all entries of status lists, which are fetched from `world`. Returns a note about a list,
 * if there is any. The gravest of several problems counts.
 */
export async function checkEntries(entries, issuer, world, seconds) {
  let problem, found;
  for (const entry of entries) {
    try {
      const note = await (entry.purpose ? checkBitstring : checkTokenList)(entry, issuer, world, seconds);
      found ??= note;
    } catch (error) {
      if (problem === undefined || gravityOf(error) > gravityOf(problem)) problem = error;
    }
  }
  if (problem) throw problem;
  return found;
}

// draft-ietf-oauth-status-list-21, section 8.3.
async function checkTokenList({ uri, index }, issuer, world, seconds) {
  const { list } = await signedList(uri, "application/statuslist+jwt", issuer, world);
  if (typeOf(list) !== "statuslist+jwt") throw new Unanswered("no_list");
  const { sub, status_list: bits, status_types: types, exp, ttl } = list.payload;
  if (sub !== uri) throw new Refusal("claim");
  const { iat } = readable(() => checkJwtDates(list.payload, seconds));
  if (iat === undefined) throw new Unanswered("list_unreadable");
  const status = await statusAt(bits, index);
  if (status === 1) throw new Refusal("revoked");
  if (status === 2) throw new Refusal("suspended");
  // Application specific (section 7.1): 3 means that a newer version exists only if the issuer
  // declares it.
  if (status === 3 && types?.["0x03"] === "replaced") throw new Refusal("replaced");
  if (status !== 0) throw new Unanswered("unknown_status");
  const isOld = exp === undefined && Number.isInteger(ttl) && ttl >= 0 && iat + ttl + CLOCK_SKEW < seconds;
  return isOld ? { code: "old_list" } : undefined;
}

// Bitstring Status List 1.0, section 3.2.
async function checkBitstring({ uri, index, purpose, code }, issuer, world, seconds) {
  const claims = credentialIn(await signedList(uri, "application/vc+jwt", issuer, world));
  const { id, type, issuer: named, credentialSubject: subject } = claims;
  const owner = isObject(named) ? named.id : named;
  if (id !== uri || (typeof owner === "string" && owner !== issuer)) throw new Refusal("claim");
  const isMeant = [subject?.type].flat().includes("BitstringStatusList") && [subject.statusPurpose].flat().includes(purpose);
  if (!isMeant) throw new Refusal("claim");
  if (![type].flat().includes("BitstringStatusListCredential")) throw new Unanswered("list_unreadable");
  readable(() => {
    checkJwtDates(claims, seconds);
    checkTimes(claims, true, seconds);
  });
  if (await bitAt(subject.encodedList, index)) throw new Refusal(code);
}

// A list of VCDM 1.1 is read in the form of 2.0.
function credentialIn({ text, list }) {
  if (typeOf(list) === "vc+jwt") return withSingleSubject(list.payload);
  try {
    return readVcJwt(text).claims;
  } catch (error) {
    if (error.isUnsupported || error.code === "type") throw new Unanswered("no_list");
    throw error;
  }
}

// Returns the text and the JWS of a list that the issuer signed. A response that is no list, such
// as an error page, and a list without a signature of the issuer say nothing about the token.
async function signedList(uri, accept, issuer, world) {
  const text = (await world.text(uri, accept)).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (text.length > MAX_BYTES) throw new Unanswered("list_size");
  let list;
  try {
    list = readJws(text);
  } catch {
    throw new Unanswered("no_list");
  }
  try {
    await verifyWith(list, await issuerKeys(list, issuer, world));
  } catch (error) {
    if (LIST_OF_ANOTHER.includes(error.code)) throw new Unanswered("list_key");
    throw error;
  }
  return { text, list };
}

/** Reads a part of a list that the issuer signed. */
function readable(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Unanswered(NOT_NOW.get(error.code) ?? "list_unreadable");
  }
}

/**
 * Returns the status at `index` of a `status_list` claim (draft-ietf-oauth-status-list-21, section
 * 4): lowest bit first.
 */
async function statusAt(list, index) {
  if (!isObject(list) || ![1, 2, 4, 8].includes(list.bits)) throw new Unanswered("list_unreadable");
  const bytes = await unpack(list.lst, "deflate");
  const first = index * list.bits;
  if (!Number.isSafeInteger(index) || index < 0 || first >= bytes.length * 8) throw new Refusal("claim");
  return (bytes[Math.floor(first / 8)] >> (first % 8)) & ((1 << list.bits) - 1);
}

/**
 * Returns the bit `index` of an `encodedList` (Bitstring Status List 1.0, section 3.2): highest bit
 * first.
 */
async function bitAt(encoded, index) {
  if (typeof encoded !== "string" || !encoded.startsWith("u")) throw new Unanswered("list_unreadable");
  const bytes = await unpack(encoded.slice(1), "gzip");
  if (bytes.length * 8 < FEWEST_BITS) throw new Unanswered("list_unreadable");
  if (index >= bytes.length * 8) throw new Refusal("claim");
  return (bytes[Math.floor(index / 8)] >> (7 - (index % 8))) & 1;
}

async function unpack(text, format) {
  const packed = readable(() => decode(text));
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const chunks = [];
  let length = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.length;
      if (length > MAX_UNPACKED) break;
      chunks.push(read.value);
    }
  } catch {
    throw new Unanswered("list_unreadable");
  }
  if (length > MAX_UNPACKED) {
    await reader.cancel();
    throw new Unanswered("list_size");
  }
  // The stream ends with its length (RFC 1952, section 2.3.1). Not every implementation refuses
  // zeros or another member after it.
  const isWhole = format !== "gzip" || new DataView(packed.buffer).getUint32(packed.length - 4, true) === length;
  if (!isWhole) throw new Unanswered("list_unreadable");
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
