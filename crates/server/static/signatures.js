// Keys, and the signatures that they verify. The rules are those of crates/credential/src/key.rs
// and crates/credential/src/key_set.rs.
import { Unanswered } from "./lookup.js";
import { ALGORITHMS, decode, isObject, Refusal, Unsupported } from "./sd-jwt.js";

const utf8 = new TextEncoder();

// Maximum number of keys that are tried for one signature.
const MAX_TRIED = 16;

// Length of a signature of ES256 and EdDSA, in bytes.
const SIGNATURE = 64;

// Length of a coordinate of a key, in bytes.
const COORDINATE = 32;

// Members of private and symmetric keys.
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

// The algorithm follows from the key, never from the signed message.
function algorithmOf(jwk) {
  if (jwk?.kty === "EC" && jwk.crv === "P-256") return "ES256";
  if (jwk?.kty === "OKP" && jwk.crv === "Ed25519") return "EdDSA";
  return undefined;
}

const isPublic = (jwk) => PRIVATE.every((member) => (jwk[member] ?? null) === null);

/**
 * Whether the claim `cnf` identifies the holder's key by a member other than `jwk` (RFC 7800), or
 * by a key of a kind that is not supported.
 */
export function hasUnsupportedKey(confirmation) {
  if (!isObject(confirmation)) return false;
  const { jwk = null, ...others } = confirmation;
  if (jwk === null) return Object.values(others).some((value) => value !== null);
  return typeof jwk.kty === "string" && algorithmOf(jwk) === undefined && isPublic(jwk);
}

/**
 * Whether a JWK is a public key for signatures. `key_ops` is not read: a wallet that derives the
 * JWK from its private key may leave `sign` in it.
 */
export async function isForSignatures(jwk) {
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined || !isPublic(jwk)) return false;
  const { use, alg } = jwk;
  const isOther = typeof alg === "string" && ALGORITHMS.get(alg) !== algorithm;
  return !isOther && (typeof use !== "string" || use === "sig") && isOnCurve(jwk);
}

/** Whether a JWK that an issuer publishes may verify signatures. */
export async function mayVerify(jwk) {
  const { key_ops: operations } = jwk;
  const isAllowed = (operations ?? null) === null || (Array.isArray(operations) && operations.includes("verify"));
  return isAllowed && isForSignatures(jwk);
}

// A browser that does not support the algorithm cannot tell, so the key then counts as valid.
async function isOnCurve(jwk) {
  try {
    await importKey(jwk);
    return true;
  } catch (error) {
    if (error instanceof Unsupported) return true;
    if (error instanceof Refusal) return false;
    throw error;
  }
}

// The members that tell keys for one algorithm apart.
const pointOf = ({ crv, x, y }) => (crv === "P-256" ? `${x} ${y}` : x);

/**
 * Verifies the signature with the keys for its algorithm, one after the other. Throws the rejection
 * by the last one that was tried. A key that is listed several times, as in DID documents, is tried
 * once.
 */
export async function verifyWith(jws, keys) {
  const fitting = keys.filter((jwk) => algorithmOf(jwk) === ALGORITHMS.get(jws.header.alg));
  const different = [...new Map(fitting.map((jwk) => [pointOf(jwk), jwk])).values()];
  let refusal = new Refusal("key_confusion");
  for (const jwk of different.slice(0, MAX_TRIED)) {
    try {
      return await verifyJws(jws, jwk);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    }
  }
  const isWhole = jws.signature.length >= SIGNATURE;
  if (different.length > MAX_TRIED && isWhole) throw new Unanswered("too_many_keys");
  throw refusal;
}

/** Verifies the signature with the key of a JWK. */
export async function verifyJws(jws, jwk) {
  if (ALGORITHMS.get(jws.header.alg) !== algorithmOf(jwk)) throw new Refusal("key_confusion");
  const { key, how } = await importKey(jwk);
  if (await crypto.subtle.verify(how, key, jws.signature, utf8.encode(jws.input))) return;
  throw refusalOf(jws.signature);
}

// A signature that is too short was not copied completely.
function refusalOf({ length }) {
  if (length === 0) return Object.assign(new Refusal("signature"), { detail: "missing" });
  return new Refusal(length < SIGNATURE ? "malformed" : "signature");
}

async function importKey(jwk) {
  const { kty, crv, x, y } = jwk;
  const isEs256 = algorithmOf(jwk) === "ES256";
  if (![x, isEs256 ? y : x].every(isCoordinate)) throw new Refusal("unknown_key");
  const [bare, how] = isEs256
    ? [{ kty, crv, x, y }, { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }]
    : [{ kty, crv, x }, { name: "Ed25519" }];
  try {
    return { key: await crypto.subtle.importKey("jwk", bare, how, false, ["verify"]), how };
  } catch (error) {
    if (error.name === "NotSupportedError") throw new Unsupported(crv);
    if (error instanceof DOMException) throw new Refusal("unknown_key");
    throw error;
  }
}

function isCoordinate(text) {
  try {
    return decode(text).length === COORDINATE;
  } catch {
    return false;
  }
}
