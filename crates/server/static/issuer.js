// Issuers: the site of an issuer, and the keys that the site publishes for it.
import { assertionKeys, fragment } from "./did-keys.js";
import { parseJson } from "./json.js";
import { Unanswered } from "./lookup.js";
import { decode, isObject, Refusal } from "./sd-jwt.js";
import { isForSignatures, mayVerify } from "./signatures.js";

const MAX_CHARACTERS = 2048;
// An issuer that is not named by an address or a DID is not known. Does not mean that the token is
// invalid.
const issuerName = () => Object.assign(new Refusal("issuer_name"), { isUnsupported: true });

/**
 * Returns the site of an issuer: its `origin`, and the `document` with its keys. Undefined for a
 * did:jwk, which is a key without a site. The scheme is that of `origin` if the host is the same,
 * otherwise https.
 */
export function siteOf(issuer, origin) {
  if (typeof issuer !== "string" || issuer.length > MAX_CHARACTERS) throw issuerName();
  if (issuer.startsWith("did:jwk:")) return undefined;
  return issuer.startsWith("did:web:") ? didSite(issuer, origin) : metadataSite(issuer);
}

function parse(address) {
  try {
    return new URL(address);
  } catch {
    throw issuerName();
  }
}

// SD-JWT VC, section 4: an address without query and fragment. It must be in the URL parser's
// normal form and without user name, because a different spelling could pass for another issuer.
function metadataSite(issuer) {
  const url = parse(issuer);
  const path = url.pathname.replace(/\/$/, "");
  const isAddress = url.protocol === "https:" || url.protocol === "http:";
  if (!isAddress || url.origin + path !== issuer.replace(/\/$/, "")) throw issuerName();
  return { origin: url.origin, document: `${url.origin}/.well-known/jwt-vc-issuer${path}` };
}

// did:web, section 3.2: colons become slashes, and a port's colon is percent-encoded.
function didSite(did, origin) {
  const [encoded, ...path] = did.slice("did:web:".length).split(":");
  const host = encoded.replace(/%3a/i, ":");
  const scheme = origin && parse(origin).host === host ? parse(origin).protocol : "https:";
  const document = `${scheme}//${host}/${path.length === 0 ? ".well-known" : path.join("/")}/did.json`;
  const url = parse(document);
  if (url.host !== host || url.href !== document || url.search || url.hash) throw issuerName();
  return { origin: url.origin, document, isDid: true };
}

/**
 * Returns the keys of `issuer` that suit the header of `jws`, at least one. Ignores a certificate
 * in the header (x5c). An issuer that publishes no key for signatures says nothing about the token.
 */
export async function issuerKeys(jws, issuer, world) {
  const site = siteOf(issuer, world.origin);
  if (site?.origin !== world.origin) throw new Refusal("unknown_issuer");
  if (!site) return [await bareKey(issuer)];
  const keys = site.isDid ? await didKeys(jws, issuer, site, world) : await metadataKeys(issuer, site, world);
  return suitable(keys, jws.header.kid);
}

async function bareKey(did) {
  const jwk = jwkOf(did);
  if (isObject(jwk) && (await isForSignatures(jwk))) return jwk;
  throw issuerName();
}

function jwkOf(did) {
  try {
    return parseJson(decode(did.slice("did:jwk:".length).replace(/#0$/, "")));
  } catch {
    return undefined;
  }
}

/** Whether a did:jwk contains a key that can verify signatures here. */
export async function hasBareKey(did) {
  const jwk = jwkOf(did);
  return isObject(jwk) && isForSignatures(jwk);
}

const list = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

// SD-JWT VC, section 4. It forbids both members at once; then the set that can be rotated counts,
// as on the server.
async function metadataKeys(issuer, site, world) {
  const metadata = await world.json(site.document);
  if (metadata?.issuer !== issuer) throw new Unanswered("other_issuer");
  const { jwks, jwks_uri: address } = metadata;
  const set = typeof address === "string" ? await world.json(address) : jwks;
  const published = list(set?.keys);
  const isUsable = await Promise.all(published.map(mayVerify));
  const keys = published.filter((_, at) => isUsable[at]);
  if (keys.length === 0) throw new Unanswered("no_key");
  return keys;
}

async function didKeys(jws, did, site, world) {
  const document = await world.json(site.document);
  if (document?.id !== did) throw new Unanswered("other_issuer");
  return assertionKeys(document, did, jws, Math.floor(world.now() / 1000));
}

// Those with the header's `kid` or, if no key has it, those without a name. Without `kid`, all.
function suitable(keys, kid) {
  const name = fragment(kid);
  const named = keys.filter((jwk) => name !== "" && fragment(jwk.kid) === name);
  let found = named;
  if (name === "") found = keys;
  else if (named.length === 0) found = keys.filter((jwk) => fragment(jwk.kid) === "");
  if (found.length === 0) throw new Refusal("unknown_key");
  return found;
}
