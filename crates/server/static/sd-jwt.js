// Parses signed tokens in the browser: compact JWS (RFC 7515) and SD-JWT (RFC 9901). Error codes
// are those of the server. Nothing is trusted before its signature is verified; the checks are in
// verify.js.
import { newBudget, parseJson, TooLarge } from "./json.js";

/** Maximum length of a compact JWS. */
export const MAX_BYTES = 2 * 1024 * 1024;
const MAX_DISCLOSURES = 4096;
// Maximum nesting of the claims with the disclosures inserted, as in disclosure.rs.
const DEPTH = 32;

/** Tolerated difference between the clocks of two parties, in seconds. */
export const CLOCK_SKEW = 60;

/** Why a token is rejected, as a stable code. */
export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// Tokens without a signature, or with one of a shared key (HMAC), prove nothing to anybody. A token
// with another algorithm that is not supported may be valid.
const PROVES_NOTHING = /^(?:$|none$|hs)/i;
// Maximum number of characters of an untrusted name in a message.
const MOST_SHOWN = 64;

/**
 * Returns the rejection of a token whose kind is not supported. Does not mean that the token is
 * invalid, unless the dates in its `payload` say so.
 */
export const unsupported = (code, payload) => Object.assign(new Refusal(code), { isUnsupported: true, payload });

/** Returns the rejection of a token that exceeds a limit, which says nothing about the token. */
const limit = (detail, payload) => Object.assign(unsupported("limit", payload), { detail });

/** Returns the rejection of an SD-JWT whose last character was lost (RFC 9901, section 4). */
export const missingTilde = () => Object.assign(new Refusal("malformed"), { isCut: true });

// Signed tokens that are not credentials, by their `typ`, as in verify_error/other_kinds.rs.
const OTHER_TOKENS = new Map([
  ["at+jwt", "access-token"],
  ["openid4vci-proof+jwt", "key-proof"],
  ["dpop+jwt", "key-proof"],
  ["kb+jwt", "key-binding"],
  ["key-attestation+jwt", "attestation"],
  ["keyattestation+jwt", "attestation"],
  ["oauth-client-attestation+jwt", "attestation"],
  ["statuslist+jwt", "status-list"],
  ["vp+jwt", "presentation"],
  ["oauth-authz-req+jwt", "request"],
  ["openidvci-issuer-metadata+jwt", "metadata"],
]);

// The types of credentials. Another `typ` may be that of a credential of a kind that is not
// supported.
const CREDENTIALS = ["dc+sd-jwt", "vc+jwt"];

const lowerCase = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/**
 * Returns the `typ` of a JWS for comparisons: media types have no case, and may have `application/`
 * or not (RFC 7515, section 4.1.9).
 */
export const typeOf = ({ header: { typ } }) =>
  typeof typ === "string" ? lowerCase(typ).replace(/^application\//, "") : "";

/** Returns the kind of a token with this `typ`; undefined if it may be a credential. */
export const otherToken = (typ) => OTHER_TOKENS.get(typ);

/** The browser lacks a feature that a check needs. Does not mean that the token is invalid. */
export class Unsupported extends Error {}

const utf8 = new TextEncoder();

// The last characters of base64url whose unused bits are zero, by the length of the last group.
const ENDS = { 2: "AQgw", 3: "AEIMQUYcgkosw048" };

/** Decodes base64url without padding. Rejects everything else, also unused bits other than zero. */
export function decode(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text)) throw new Refusal("malformed");
  const rest = text.length % 4;
  if (rest === 1 || (rest > 1 && !ENDS[rest].includes(text.at(-1)))) throw new Refusal("malformed");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export function encode(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Returns the SHA-256 of ASCII text, in base64url. */
export async function hash(text) {
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text))));
}

function json(bytes, code, { budget, payload } = {}) {
  try {
    return parseJson(bytes, budget);
  } catch (error) {
    throw error instanceof TooLarge ? limit(error.limit, payload) : new Refusal(code);
  }
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Members that are null count as absent. `payload` is that of a rejection.
function object(part, payload) {
  const value = json(decode(part), "malformed", { payload });
  if (!isObject(value)) throw new Refusal("malformed");
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/**
 * Parses the three parts of a compact JWS. Rejects every `alg` except ES256 and EdDSA (also
 * named Ed25519), including `none`.
 */
export function readJws(text) {
  const parts = text.split(".");
  if (text.length > MAX_BYTES) throw limit("size", payloadOf(parts[1]));
  if (parts.length !== 3) throw new Refusal("malformed");
  const header = headerOf(parts);
  const { alg } = header;
  if (!ALGORITHMS.has(alg)) {
    if (typeof alg === "string" && !PROVES_NOTHING.test(alg)) {
      throw Object.assign(unsupported("algorithm", payloadOf(parts[1])), { isUnsigned: false });
    }
    throw Object.assign(new Refusal("algorithm"), { isUnsigned: /^none$/i.test(alg) });
  }
  if ("crit" in header) throw new Refusal("critical_header");
  return { header, payload: object(parts[1]), input: `${parts[0]}.${parts[1]}`, signature: decode(parts[2]) };
}

function headerOf([header, payload]) {
  try {
    return object(header);
  } catch (error) {
    throw error.code === "limit" ? limit(error.detail, payloadOf(payload)) : error;
  }
}

function payloadOf(part) {
  try {
    return object(part);
  } catch {
    return undefined;
  }
}

/** Checks that `typ` is `wanted`. */
export function requireType(jws, wanted) {
  const found = typeOf(jws);
  if (found === wanted) return;
  if (!CREDENTIALS.includes(wanted) || otherToken(found)) throw new Refusal("type");
  // The typ of an SD-JWT VC in older drafts.
  const isOlder = wanted === "dc+sd-jwt" && found === "vc+sd-jwt";
  throw Object.assign(unsupported("type", jws.payload), { kind: isOlder ? "older" : "other" });
}

// The codes of a JWS that its header makes invalid.
const REFUSED_BY_HEADER = ["algorithm", "critical_header"];

/** The algorithms by their names in `alg` (Ed25519: RFC 9864, section 2.2). */
export const ALGORITHMS = new Map([
  ["ES256", "ES256"],
  ["EdDSA", "EdDSA"],
  ["Ed25519", "EdDSA"],
]);

/**
 * Parses `jws~disclosure~..~`, with or without a key binding at the end, and inserts the
 * disclosures into the claims. Returns also the disclosures by their digests.
 */
export async function readSdJwt(text) {
  const parts = text.split("~");
  if (parts.length < 2) throw new Refusal("malformed");
  const last = parts.at(-1);
  const disclosures = parts.slice(1, -1);
  const jws = readJws(parts[0]);
  if (disclosures.length > MAX_DISCLOSURES) throw limit("disclosures", jws.payload);
  // A disclosure is a JSON list, so its base64url begins with W. A JWS begins with e.
  if (last.startsWith("W") && !last.includes(".")) throw missingTilde();
  const { claims, names, notShown, byDigest } = await disclose(jws.payload, disclosures);
  const bound = text.slice(0, text.length - last.length);
  return { jws, claims, names, notShown, byDigest, ...(last === "" ? {} : readBinding(last)), bound };
}

// A key binding with an unsupported algorithm is not checked. One that its header makes invalid
// says nothing about the signature of the issuer.
function readBinding(text) {
  try {
    return { keyBinding: readJws(text) };
  } catch (error) {
    if (error.isUnsupported) return { hasUnsupportedBinding: true };
    if (REFUSED_BY_HEADER.includes(error.code)) return { refusedBinding: new Refusal(error.code) };
    throw error;
  }
}

async function disclose(payload, texts) {
  const { _sd_alg: algorithm = "sha-256" } = payload;
  if (algorithm !== "sha-256") {
    const name = typeof algorithm === "string" ? algorithm : JSON.stringify(algorithm);
    const values = { algorithm: name.slice(0, MOST_SHOWN) };
    throw Object.assign(unsupported("hash_algorithm", payload), { values });
  }
  const waiting = new Map();
  const budget = newBudget();
  for (const text of texts) {
    const digest = await hash(text);
    if (waiting.has(digest)) throw new Refusal("duplicate_digest");
    waiting.set(digest, readDisclosure(text, { budget, payload }));
  }
  const byDigest = new Map(waiting);
  const walk = { waiting, seen: new Set(), names: new Set(), payload };
  const claims = placeMembers(payload, walk, 0);
  delete claims._sd_alg;
  if (waiting.size > 0) throw new Refusal("stray_disclosure");
  return { claims, names: walk.names, notShown: walk.seen.size - texts.length, byDigest };
}

function readDisclosure(text, parsing) {
  const parts = json(decode(text), "disclosure", parsing);
  const isOne = Array.isArray(parts) && typeof parts[0] === "string" && (parts.length === 2 || parts.length === 3);
  if (!isOne || (parts.length === 3 && typeof parts[1] !== "string")) throw new Refusal("disclosure");
  return parts.length === 3 ? { name: parts[1], value: parts[2] } : { value: parts[1] };
}

// A digest may occur only once in the whole token (RFC 9901, section 7.1, step 4).
function take(digest, walk) {
  if (typeof digest !== "string") throw new Refusal("disclosure");
  if (walk.seen.has(digest)) throw new Refusal("duplicate_digest");
  walk.seen.add(digest);
  const found = walk.waiting.get(digest);
  walk.waiting.delete(digest);
  return found;
}

function place(value, walk, depth) {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEPTH) throw limit("levels", walk.payload);
  return Array.isArray(value) ? placeItems(value, walk, depth) : placeMembers(value, walk, depth);
}

// The object has no prototype, so that names from the token cannot collide with inherited
// properties.
function placeMembers(object, walk, depth) {
  const placed = Object.create(null);
  const put = (name, value) => {
    const shown = place(value, walk, depth + 1);
    if (shown !== undefined) placed[name] = shown;
  };
  for (const [name, value] of Object.entries(object)) {
    if (name !== "_sd") put(name, value);
  }
  const { _sd: digests = [] } = object;
  if (!Array.isArray(digests)) throw new Refusal("disclosure");
  for (const digest of digests) {
    const found = take(digest, walk);
    if (!found) continue;
    const { name, value } = found;
    const isTaken = name in placed || Object.hasOwn(object, name);
    if (name === undefined || name === "_sd" || name === "..." || isTaken) throw new Refusal("disclosure");
    if (depth === 0) walk.names.add(name);
    put(name, value);
  }
  return placed;
}

// A list without disclosed items is omitted: an empty list would claim that there are no items.
function placeItems(items, walk, depth) {
  const placed = [];
  for (const item of items) {
    let value = item;
    if (isObject(item) && "..." in item && Object.keys(item).length === 1) {
      const found = take(item["..."], walk);
      if (!found) continue;
      if (found.name !== undefined) throw new Refusal("disclosure");
      value = found.value;
    }
    const shown = place(value, walk, depth + 1);
    if (shown !== undefined) placed.push(shown);
  }
  return placed.length === 0 && items.length > 0 ? undefined : placed;
}
