// Issuers: the site that a name leads to, and the keys that the site publishes for it.
import { decode, isObject, Refusal } from "./sd-jwt.js";

const MOST_CHARACTERS = 2048;

/**
 * The site of an issuer: its `origin`, and the `document` with its keys. Undefined for a did:jwk, which is a key without a
 * site. A site at the host of `origin` is reached by the same scheme; others by https.
 */
export function siteOf(issuer, origin) {
  if (typeof issuer !== "string" || issuer.length > MOST_CHARACTERS) throw new Refusal("issuer_name");
  if (issuer.startsWith("did:jwk:")) return undefined;
  return issuer.startsWith("did:web:") ? didSite(issuer, origin) : metadataSite(issuer);
}

function parse(address) {
  try {
    return new URL(address);
  } catch {
    throw new Refusal("issuer_name");
  }
}

// SD-JWT VC, section 4: an address without a query and a fragment. One that is not written as browsers write it, or that has
// a user name, could pass for another.
function metadataSite(issuer) {
  const url = parse(issuer);
  const path = url.pathname.replace(/\/$/, "");
  const isAddress = url.protocol === "https:" || url.protocol === "http:";
  if (!isAddress || url.origin + path !== issuer.replace(/\/$/, "")) throw new Refusal("issuer_name");
  return { origin: url.origin, document: `${url.origin}/.well-known/jwt-vc-issuer${path}` };
}

// did:web, section 3.2: colons stand for slashes, and a port's colon is percent-encoded.
function didSite(did, origin) {
  const [encoded, ...path] = did.slice("did:web:".length).split(":");
  const host = encoded.replace(/%3a/i, ":");
  const scheme = origin && parse(origin).host === host ? parse(origin).protocol : "https:";
  const document = `${scheme}//${host}/${path.length === 0 ? ".well-known" : path.join("/")}/did.json`;
  const url = parse(document);
  if (url.host !== host || url.href !== document || url.search || url.hash) throw new Refusal("issuer_name");
  return { origin: url.origin, document, isDid: true };
}

/** The key that the header of `jws` names, among those that `issuer` publishes. A certificate in the header (x5c) is ignored. */
export async function issuerKey(jws, issuer, world) {
  const site = siteOf(issuer, world.origin);
  if (site?.origin !== world.origin) throw new Refusal("unknown_issuer");
  if (!site) return bareKey(issuer);
  const keys = site.isDid ? await didKeys(issuer, site, world) : await metadataKeys(issuer, site, world);
  return namedKey(keys, jws.header.kid);
}

function bareKey(did) {
  try {
    return JSON.parse(new TextDecoder().decode(decode(did.slice("did:jwk:".length))));
  } catch {
    throw new Refusal("unknown_key");
  }
}

const list = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

// SD-JWT VC, section 4.
async function metadataKeys(issuer, site, world) {
  const metadata = await world.json(site.document);
  if (metadata?.issuer !== issuer) throw new Refusal("unknown_issuer");
  const set = metadata.jwks ?? (await world.json(metadata.jwks_uri));
  return list(set?.keys);
}

// Controlled Identifiers 1.0, section 2.3.1: only the methods for assertions sign credentials.
async function didKeys(did, site, world) {
  const document = await world.json(site.document);
  if (document?.id !== did) throw new Refusal("unknown_issuer");
  const whole = (id) => (typeof id === "string" && id.startsWith("#") ? did + id : id);
  const methods = list(document.verificationMethod);
  const asserting = Array.isArray(document.assertionMethod) ? document.assertionMethod : [];
  const meant = asserting.map((entry) =>
    isObject(entry) ? entry : methods.find((method) => typeof entry === "string" && whole(method.id) === whole(entry)),
  );
  const named = list(meant).filter(({ id, publicKeyJwk }) => typeof id === "string" && isObject(publicKeyJwk));
  return named.map(({ id, publicKeyJwk }) => ({ ...publicKeyJwk, kid: id.slice(id.lastIndexOf("#") + 1) }));
}

// A set of one key needs no name if the key or the header has none.
function namedKey(keys, kid) {
  const name = typeof kid === "string" ? kid.slice(kid.lastIndexOf("#") + 1) : "";
  const key = keys.find((jwk) => name !== "" && jwk.kid === name);
  if (key) return key;
  if (keys.length === 1 && (name === "" || !keys[0].kid)) return keys[0];
  throw new Refusal("unknown_key");
}
