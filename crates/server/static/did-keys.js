// The keys of a DID document with which an issuer signs credentials. The rules are those of
// crates/credential/src/verification/did_keys.rs.
import { Unanswered } from "./lookup.js";
import { jwkOfMultikey } from "./multikey.js";
import { isObject, Refusal } from "./sd-jwt.js";
import { mayVerify, verifyWith } from "./signatures.js";
import { parseTime } from "./vc-jwt.js";

// Maximum number of ended keys that are tried for a token without `kid`.
const MAX_TRIED = 16;

// Ends the name of a key in a DID document as a JsonWebKey2020.
const OLDER_NAME = /-2020$/;

/** Returns the part of a key ID that names the key within its set or DID document. */
export const fragment = (kid) =>
  typeof kid === "string" ? kid.slice(kid.lastIndexOf("#") + 1).replace(OLDER_NAME, "") : "";

/**
 * Returns the keys of a DID document that sign credentials at `seconds`, as JWKs with their names:
 * those of its methods for assertions (Controlled Identifiers 1.0, section 2.3.1). Throws if there
 * is none, or if the one of `jws` was revoked or has expired: the one that its `kid` names or,
 * without `kid`, the one that signed it.
 */
export async function assertionKeys(document, did, jws, seconds) {
  const found = methodsOf(document, did).map((method) => ({ jwk: jwkOf(method), end: endOf(method, seconds) }));
  const isUsable = await Promise.all(found.map(({ jwk }) => jwk !== undefined && mayVerify(jwk)));
  const usable = found.filter((_, at) => isUsable[at]);
  const keys = usable.filter(({ end }) => end === undefined).map(({ jwk }) => jwk);
  const ended = usable.filter(({ end }) => end !== undefined);
  const name = fragment(jws.header.kid);
  const isNamed = (jwk) => name !== "" && fragment(jwk.kid) === name;
  if (keys.some(isNamed)) return keys;
  const signer = name === "" ? await signerOf(jws, keys, ended) : ended.find(({ jwk }) => isNamed(jwk));
  const meant = signer ?? (name === "" && keys.length === 0 ? ended[0] : undefined);
  if (meant) throw Object.assign(new Unanswered("no_key"), { detail: meant.end });
  if (keys.length === 0) throw new Unanswered("no_key");
  return keys;
}

// Returns the ended method that signed, unless a key that may be used did.
async function signerOf(jws, keys, ended) {
  if (ended.length === 0 || (await verifies(jws, keys))) return undefined;
  for (const method of ended.slice(0, MAX_TRIED)) {
    if (await verifies(jws, [method.jwk])) return method;
  }
  return undefined;
}

async function verifies(jws, keys) {
  try {
    await verifyWith(jws, keys);
    return true;
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unanswered) return false;
    throw error;
  }
}

const list = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

// Ids may be relative to the document.
function methodsOf(document, did) {
  const whole = (id) => (typeof id === "string" && id.startsWith("#") ? did + id : id);
  const methods = list(document.verificationMethod);
  const asserting = Array.isArray(document.assertionMethod) ? document.assertionMethod : [];
  const named = (name) => methods.find((method) => typeof name === "string" && whole(method.id) === whole(name));
  return list(asserting.map((entry) => (isObject(entry) ? entry : named(entry))));
}

// Members of private keys.
const PRIVATE = ["secretKeyMultibase", "privateKeyMultibase"];

function jwkOf(method) {
  const { id, publicKeyJwk, publicKeyMultibase } = method;
  const isPublic = PRIVATE.every((member) => (method[member] ?? null) === null);
  const jwk = isObject(publicKeyJwk) ? publicKeyJwk : jwkOfMultikey(publicKeyMultibase);
  if (!jwk || !isPublic || typeof id !== "string" || !id.includes("#")) return undefined;
  return { ...jwk, kid: id.slice(id.lastIndexOf("#") + 1) };
}

// Returns why a method must not be used: it was revoked, has expired, or its end is not understood
// (Controlled Identifiers 1.0, section 2.2).
function endOf({ revoked = null, expires = null }, seconds) {
  if (revoked !== null && !(parseTime(revoked) > seconds)) return "revoked";
  if (expires === null) return undefined;
  const end = parseTime(expires);
  if (end === undefined) return "date";
  return end > seconds ? undefined : "expired";
}
