// Every kind of JWT that Tenure signs, verified with jose; status lists and certificates with
// Node's own zlib and crypto.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { gunzipSync, inflateSync } from "node:zlib";

import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import * as jose from "jose";

import { until } from "../../browser/support/until.mjs";
import { issued } from "./support/issued.mjs";
import { EVERY_FORMAT, TYPES, scene as newScene } from "./support/scene.mjs";
import { didKey, issuerKeys } from "./support/trust.mjs";
import { tenureVerify } from "./support/verify.mjs";
import { pem } from "./support/wallet.mjs";

const scene = newScene({ env: EVERY_FORMAT });

/**
 * Returns the bits of entry `index` of a Token Status List (draft-ietf-oauth-status-list-21,
 * section 4.1).
 */
function tokenStatus({ bits, lst }, index) {
  const bytes = inflateSync(Buffer.from(lst, "base64url"));
  const perByte = 8 / bits;
  assert.ok(index < bytes.length * perByte, `index ${index} of ${bytes.length * perByte}`);
  return (bytes[Math.floor(index / perByte)] >> ((index % perByte) * bits)) & ((1 << bits) - 1);
}

/**
 * Returns the bit of entry `index` of a Bitstring Status List, which counts from the left (sections
 * 2.2 and 3.2).
 */
function bitstringStatus(encodedList, index) {
  assert.equal(encodedList[0], "u", "multibase base64url");
  const bytes = gunzipSync(Buffer.from(encodedList.slice(1), "base64url"));
  assert.ok(bytes.length * 8 >= 131_072, "herd privacy");
  return (bytes[index >> 3] >> (7 - (index & 7))) & 1;
}

async function fetched(address, accept) {
  const answer = await fetch(address, { headers: { accept } });
  assert.equal(answer.status, 200, address);
  assert.equal(answer.headers.get("content-type"), accept);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*", "lists are read from browsers too");
  assert.match(answer.headers.get("cache-control"), /max-age=\d+/);
  return answer.text();
}

/** Verifies a vc+jwt of ours with the did:web document that its `kid` refers to. */
async function verifiedVc(jwt) {
  const { kid } = jose.decodeProtectedHeader(jwt);
  return jose.jwtVerify(jwt, await didKey(kid, scene.server.base), { typ: "vc+jwt", algorithms: ["ES256"] });
}

for (const type of TYPES) {
  // Conforms: VC-JOSE-COSE 3.1.1; VCDM 2.0 4.3; RFC 7515 4.1.6
  test(`jose and the schema accept our ${type} as vc+jwt`, async () => {
    const held = await scene.held(type);
    const { credential, key } = await issued(scene, held, "vc+jwt");
    const { payload, protectedHeader } = await verifiedVc(credential);
    assert.equal(protectedHeader.cty, "vc");
    assert.equal(payload["@context"][0], "https://www.w3.org/ns/credentials/v2");
    assert.equal(payload.type[0], "VerifiableCredential");
    assert.equal(payload.issuer.id, protectedHeader.kid.split("#")[0]);
    assert.deepEqual(payload.cnf.jwk, key.publicJwk);
    assert.equal(Date.parse(payload.validFrom) / 1000, payload.nbf);
    assert.equal(Date.parse(payload.validUntil) / 1000, payload.exp);
    for (const [name, value] of Object.entries(held.fields))
      assert.deepEqual(payload.credentialSubject[name], value, name);
    await jose.jwtVerify(credential, await jose.importX509(pem(protectedHeader.x5c[0]), protectedHeader.alg));

    const named = [payload.credentialSchema].flat().find((schema) => schema.type === "JsonSchema");
    const schema = await (await fetch(named.id)).json();
    const accepts = addFormats(new Ajv2020({ strict: false, allErrors: true })).compile(schema);
    assert.ok(accepts(payload), JSON.stringify(accepts.errors));
    assert.ok(!accepts({ ...payload, credentialSubject: { full_name: 7 } }), "the schema can refuse");
    const verdict = await tenureVerify(credential);
    assert.equal(verdict.code, 0, verdict.said);
  });
}

// Conforms: OpenID4VCI A.1.1; VCDM 1.1 6.3.1
test("jose and tenure verify accept our data model 1.1 credential", async () => {
  const held = await scene.held("career_history");
  const { credential, key } = await issued(scene, held, "jwt_vc_json");
  const { kid, x5c, alg } = jose.decodeProtectedHeader(credential);
  const { payload } = await jose.jwtVerify(credential, await didKey(kid, scene.server.base), { typ: "JWT" });
  const { vc } = payload;
  assert.equal(vc["@context"][0], "https://www.w3.org/2018/credentials/v1");
  assert.equal(vc.type[0], "VerifiableCredential");
  assert.deepEqual([payload.iss, payload.jti, payload.sub], [vc.issuer.id, vc.id, vc.credentialSubject.id]);
  assert.equal(Date.parse(vc.issuanceDate) / 1000, payload.nbf);
  assert.equal(Date.parse(vc.expirationDate) / 1000, payload.exp);
  assert.deepEqual(payload.cnf.jwk, key.publicJwk);
  for (const [name, value] of Object.entries(held.fields)) assert.deepEqual(vc.credentialSubject[name], value, name);
  await jose.jwtVerify(credential, await jose.importX509(pem(x5c[0]), alg));
  const verdict = await tenureVerify(credential);
  assert.equal(verdict.code, 0, verdict.said);
});

// Conforms: HAIP 6.1.1; RFC 7515 4.1.6
test("x5c has the signing certificate and not the trust anchor", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const { x5c, kid, alg } = jose.decodeProtectedHeader(credential.split("~")[0]);
  const leaf = new X509Certificate(Buffer.from(x5c[0], "base64"));
  assert.ok(!leaf.checkIssued(leaf));
  assert.ok(!leaf.ca);
  assert.ok(Date.parse(leaf.validFrom) <= Date.now() && Date.parse(leaf.validTo) > Date.now());
  assert.match(leaf.subjectAltName, new RegExp(`URI:${scene.server.base}`));
  for (const der of x5c) {
    const certificate = new X509Certificate(Buffer.from(der, "base64"));
    assert.ok(!certificate.verify(certificate.publicKey), "no trust anchor inside");
  }
  const published = (await issuerKeys(scene.server.base)).keys.find((key) => key.kid === kid);
  const inside = await jose.exportJWK(leaf.publicKey);
  assert.equal(await jose.calculateJwkThumbprint(inside), await jose.calculateJwkThumbprint(published));
  await jose.compactVerify(credential.split("~")[0], await jose.importX509(pem(x5c[0]), alg));
});

// Conforms: RFC 7517 5; SD-JWT VC 4
test("public keys are published as JSON under distinct ids", async () => {
  const { keys } = await issuerKeys(scene.server.base);
  assert.ok(keys.length > 0);
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  for (const key of keys) {
    assert.equal(key.d, undefined);
    assert.ok(key.alg && key.kid, JSON.stringify(key));
    await jose.importJWK(key, key.alg);
  }
  const answer = await fetch(`${scene.server.base}/.well-known/jwks.json`);
  assert.match(answer.headers.get("content-type"), /^application\/(jwk-set\+)?json/);
  const local = jose.createLocalJWKSet(await answer.json());
  const { credential } = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const { payload } = await jose.jwtVerify(credential.split("~")[0], local, {
    typ: "dc+sd-jwt",
    issuer: scene.server.base,
  });
  assert.equal(payload.iss, scene.server.base);
});

// Conforms: Token Status List 5.1; Token Status List 7
test("jose verifies the status list token of a valid credential", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const { iss, status } = jose.decodeJwt(credential.split("~")[0]);
  const { uri, idx } = status.status_list;
  const token = await fetched(uri, "application/statuslist+jwt");
  const keys = jose.createLocalJWKSet(await issuerKeys(iss));
  const { payload } = await jose.jwtVerify(token, keys, { typ: "statuslist+jwt", subject: uri });
  assert.ok(payload.iat <= Date.now() / 1000);
  assert.ok(payload.ttl > 0 && payload.exp > payload.iat);
  assert.ok([1, 2, 4, 8].includes(payload.status_list.bits));
  assert.equal(tokenStatus(payload.status_list, idx), 0);
});

// Conforms: Bitstring Status List 2.2; Bitstring Status List 3.2
test("jose verifies the bitstring list of a valid credential", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "vc+jwt");
  const { credentialStatus } = jose.decodeJwt(credential);
  assert.equal(credentialStatus.type, "BitstringStatusListEntry");
  const list = await fetched(credentialStatus.statusListCredential, "application/vc+jwt");
  const { payload } = await verifiedVc(list);
  assert.deepEqual(payload.type, ["VerifiableCredential", "BitstringStatusListCredential"]);
  assert.equal(payload.id, credentialStatus.statusListCredential);
  assert.equal(payload.credentialSubject.statusPurpose, credentialStatus.statusPurpose);
  assert.equal(bitstringStatus(payload.credentialSubject.encodedList, Number(credentialStatus.statusListIndex)), 0);
});

// Conforms: Token Status List 7; Bitstring Status List 3.2
test("a replaced vc+jwt is invalid in both kinds of status list", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "vc+jwt");
  const { credentialStatus, status } = jose.decodeJwt(credential);
  const { uri, idx } = status.status_list;
  assert.deepEqual([`${uri}/bitstring`, String(idx)], [credentialStatus.statusListCredential, credentialStatus.statusListIndex]);
  const value = async () => {
    const { payload } = await jose.jwtVerify(
      await fetched(uri, "application/statuslist+jwt"),
      jose.createLocalJWKSet(await issuerKeys(scene.server.base)),
      { typ: "statuslist+jwt", subject: uri },
    );
    assert.deepEqual(payload.status_types, { "0x03": "replaced" });
    return tokenStatus(payload.status_list, idx);
  };
  const bit = async () => {
    const list = await fetched(credentialStatus.statusListCredential, "application/vc+jwt");
    return bitstringStatus((await verifiedVc(list)).payload.credentialSubject.encodedList, idx);
  };
  assert.deepEqual([await value(), await bit()], [0, 0]);
  await scene.held("career_history");
  await until("both lists to say so", async () => (await value()) === 3 && (await bit()) === 1);
});

// Conforms: Token Status List 8.1; Token Status List 8.2
test("an unknown status list is 404 and a refused format 406", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const { uri } = jose.decodeJwt(credential.split("~")[0]).status.status_list;
  const status = async (url, accept) => (await fetch(url, { headers: { accept } })).status;
  assert.equal(await status(uri, "application/statuslist+jwt;q=0"), 406);
  // The defaults of libraries that fetch lists.
  for (const accept of ["application/ld+json, application/json", "application/vc, application/json"]) {
    assert.equal(await status(`${uri}/bitstring`, accept), 200);
  }
  assert.equal((await fetch(`${uri}0000`)).status, 404);
});

// Conforms: OpenID4VCI 12.2; HAIP 4.1; OIDF issuer: signed metadata
test("jose verifies the issuer's signed metadata", async () => {
  const answer = await fetch(`${scene.server.base}/.well-known/openid-credential-issuer`, {
    headers: { accept: "application/jwt" },
  });
  assert.match(answer.headers.get("content-type"), /^application\/jwt/);
  const keys = jose.createLocalJWKSet(await issuerKeys(scene.server.base));
  const { payload } = await jose.jwtVerify(await answer.text(), keys, {
    typ: "openidvci-issuer-metadata+jwt",
    subject: scene.server.base,
  });
  assert.equal(payload.credential_issuer, scene.server.base);
});
