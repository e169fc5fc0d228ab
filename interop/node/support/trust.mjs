// Finds an issuer's keys through the web, as the formats specify, without code or configuration
// from Tenure.
import { createHash, createPublicKey, verify } from "node:crypto";

import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";

const HASH = { ES256: "sha256", EdDSA: null };

/**
 * Returns the keys of the issuer's JWT VC Issuer Metadata (draft-ietf-oauth-sd-jwt-vc-19, section
 * 3).
 */
export async function issuerKeys(iss) {
  const { origin, pathname } = new URL(iss);
  const path = pathname === "/" ? "" : pathname;
  const metadata = await (await fetch(`${origin}/.well-known/jwt-vc-issuer${path}`)).json();
  if (metadata.issuer !== iss) throw new Error(`the metadata of ${iss} is about ${metadata.issuer}`);
  return metadata.jwks ?? (await (await fetch(metadata.jwks_uri)).json());
}

/**
 * Returns the key that a did:web document names `kid` (VC-JOSE-COSE, section 4.2), fetched from
 * this machine.
 */
export async function didKey(kid, base) {
  const did = kid.split("#")[0];
  const host = decodeURIComponent(did.replace(/^did:web:/, "").split(":")[0]);
  if (host !== new URL(base).host) throw new Error(`${did} is not at ${base}`);
  const document = await (await fetch(`${base}/.well-known/did.json`)).json();
  if (document.id !== did) throw new Error(`the document of ${did} is about ${document.id}`);
  const method = document.verificationMethod.find(({ id }) => id === kid || `${did}${id}` === kid);
  if (!method) throw new Error(`${did} has no ${kid}`);
  if (!document.assertionMethod.some((entry) => (entry.id ?? entry) === method.id))
    throw new Error(`${kid} may not assert`);
  return jose.importJWK(method.publicKeyJwk);
}

/** Returns a verifier for one JWK with node:crypto, in the form that @sd-jwt needs. */
export function verifierOf(jwk, alg) {
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  return (data, signature) => verify(HASH[alg], Buffer.from(data), key, Buffer.from(signature, "base64url"));
}

export const hasher = (data, alg) =>
  createHash(alg.replace("-", ""))
    .update(typeof data === "string" ? data : Buffer.from(data))
    .digest();

/** Returns a verifier of SD-JWT VCs with this issuer's keys, type metadata and status lists. */
export async function sdJwtVerifier(credential, more = {}) {
  const { kid, alg } = jose.decodeProtectedHeader(credential.split("~")[0]);
  const { iss } = jose.decodeJwt(credential.split("~")[0]);
  const jwk = (await issuerKeys(iss)).keys.find((key) => key.kid === kid);
  if (!jwk) throw new Error(`${iss} has no key ${kid}`);
  const verifier = verifierOf(jwk, alg);
  return new SDJwtVcInstance({
    hasher,
    verifier,
    kbVerifier: holderSigned,
    vctFetcher,
    loadTypeMetadataFormat: true,
    ...more,
  });
}

const holderSigned = (data, signature, payload) =>
  verifierOf(payload.cnf.jwk, payload.cnf.jwk.kty === "OKP" ? "EdDSA" : "ES256")(data, signature);

// The library compares the hash as hexadecimal, but it is base64 (Subresource Integrity, section
// 3.5).
async function vctFetcher(address, integrity) {
  const bytes = Buffer.from(await (await fetch(address)).arrayBuffer());
  const found = `sha256-${createHash("sha256").update(bytes).digest("base64")}`;
  if (found !== integrity) throw new Error(`${address} is ${found}, and the credential says ${integrity}`);
  return JSON.parse(bytes);
}
