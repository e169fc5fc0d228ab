// Documents of an issuer and status lists that do not say anything about a token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";

import { load } from "./modules.mjs";
import { jws, newKey, NOW } from "./tokens.mjs";

const { verify } = await load("verify.js");

const THERE = "https://issuer.example";
const DID = "did:web:issuer.example";
const METADATA = `${THERE}/.well-known/jwt-vc-issuer`;
const DOCUMENT = `${THERE}/.well-known/did.json`;
const KEYS = `${THERE}/keys`;
const LIST = `${THERE}/status/1`;
const key = newKey();
const [k1, k2] = [{ ...key.jwk, kid: "k1" }, { ...newKey().jwk, kid: "k2" }];

const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * Verifies a token with `documents` as the web, each a body or a body with an HTTP status. Returns
 * the verdicts by their steps.
 */
async function check(token, documents) {
  const fetch = async (address) => {
    const found = documents[address];
    if (found === undefined) throw new TypeError("no response");
    const { body = found, status = 200 } = found?.status ? found : {};
    return new Response(text(body), { status });
  };
  const { verdicts } = await verify(token, { origin: THERE, fetch, now: () => NOW * 1000 });
  return Object.fromEntries(verdicts.map((verdict) => [verdict.step, verdict]));
}

const said = ({ outcome, code, detail }) => [outcome, outcome === "passed" ? "" : code, detail ?? ""].join(" ").trim();

/** Returns a token of the issuer `iss`. */
const tokenOf = (iss, kid = "k1", more = {}) =>
  `${jws({ typ: "dc+sd-jwt", kid }, { iss, vct: "urn:example:person", ...more }, key)}~`;

const metadata = (changes = {}) => ({ issuer: THERE, jwks: { keys: [k1] }, ...changes });

for (const [name, documents, expected] of [
  ["good", { [METADATA]: metadata() }, "passed"],
  ["of another issuer", { [METADATA]: metadata({ issuer: "https://other.example" }) }, "unchecked other_issuer"],
  ["of the issuer with a slash", { [METADATA]: metadata({ issuer: `${THERE}/` }) }, "unchecked other_issuer"],
  ["without an issuer", { [METADATA]: metadata({ issuer: undefined }) }, "unchecked other_issuer"],
  ["without keys", { [METADATA]: metadata({ jwks: undefined }) }, "unchecked no_key"],
  ["that is a list", { [METADATA]: [] }, "unchecked other_issuer"],
  ["that is not JSON", { [METADATA]: "<html>" }, "unchecked unanswered"],
  ["with a byte order mark", { [METADATA]: `\u{feff}${text(metadata())}` }, "unchecked unanswered"],
  ["that does not exist", { [METADATA]: { body: "", status: 404 } }, "unchecked unanswered status"],
  ["with another status of success", { [METADATA]: { body: metadata(), status: 203 } }, "unchecked unanswered status"],
  ["of a site that is down", {}, "unchecked unanswered"],
  ["with an address of keys", { [METADATA]: metadata({ jwks: null, jwks_uri: KEYS }), [KEYS]: { keys: [k1] } }, "passed"],
  ["with a relative address of keys", { [METADATA]: metadata({ jwks_uri: "/keys" }), [KEYS]: { keys: [k1] } }, "unchecked no_address"],
  ["with an address of keys elsewhere", { [METADATA]: metadata({ jwks_uri: "https://other.example" }) }, "unchecked elsewhere"],
  ["with keys and an address of others", { [METADATA]: metadata({ jwks_uri: KEYS }), [KEYS]: { keys: [k2] } }, "failed unknown_key"],
]) {
  test(`an issuer's metadata ${name}`, async () => {
    const { signature, issuer } = await check(tokenOf(THERE), documents);
    assert.deepEqual([said(signature), said(issuer)], [expected, expected]);
  });
}

const method = { id: `${DID}#k1`, type: "JsonWebKey2020", publicKeyJwk: key.jwk };
const document = (changes = {}) => ({ id: DID, verificationMethod: [method], assertionMethod: [method.id], ...changes });

for (const [name, body, expected] of [
  ["good", document(), "passed"],
  ["of another DID", document({ id: "did:web:other.example" }), "unchecked other_issuer"],
  ["without keys for assertions", document({ assertionMethod: [] }), "unchecked no_key"],
  ["without a list of them", document({ assertionMethod: undefined }), "unchecked no_key"],
  ["whose list of them is null", document({ assertionMethod: null }), "unchecked no_key"],
  ["whose list of them is a text", document({ assertionMethod: method.id }), "unchecked no_key"],
  ["without methods", document({ verificationMethod: null }), "unchecked no_key"],
  ["with a PEM key only", document({ verificationMethod: [{ id: method.id, publicKeyPem: "x" }] }), "unchecked no_key"],
  ["with a key for encryption only", document({ verificationMethod: [{ ...method, publicKeyJwk: { ...key.jwk, use: "enc" } }] }), "unchecked no_key"],
  ["with a method whose id has no fragment", document({ assertionMethod: [{ ...method, id: DID }] }), "unchecked no_key"],
  ["with a method inside the list", document({ assertionMethod: [method] }), "passed"],
  ["with a byte order mark", `\u{feff}${text(document())}`, "unchecked unanswered"],
]) {
  test(`a DID document ${name}`, async () => {
    const { signature, issuer } = await check(tokenOf(DID, method.id), { [DOCUMENT]: body });
    assert.deepEqual([said(signature), said(issuer)], [expected, expected]);
  });
}

test("a did:jwk has a key that can verify signatures", async () => {
  const did = (jwk) => `did:jwk:${Buffer.from(text(jwk)).toString("base64url")}`;
  for (const [iss, expected] of [
    [did(key.jwk), "passed"],
    [`${did(key.jwk)}#0`, "passed"],
    [did({ ...key.jwk, key_ops: ["sign"] }), "passed"],
    [did({ ...key.jwk, x: "AA" }), "unchecked issuer_name"],
    [did({ ...key.jwk, use: "enc" }), "unchecked issuer_name"],
    [did({ ...key.jwk, d: "AA" }), "unchecked issuer_name"],
    [did(k2), "failed signature"],
  ]) {
    const { verdicts } = await verify(tokenOf(iss), { now: () => NOW * 1000 });
    assert.equal(said(verdicts[0]), expected, iss);
  }
});

const packed = (bytes) => deflateSync(bytes).toString("base64url");
const GOOD = { bits: 1, lst: packed(Buffer.alloc(16)) };

/** Returns a Status List Token. */
function list(changes = {}) {
  const payload = { sub: LIST, iat: NOW - 5, exp: NOW + 500, status_list: GOOD, ...changes };
  return jws({ typ: "statuslist+jwt", kid: "k1" }, payload, key);
}

const UNREADABLE = "unchecked list_unreadable";
for (const [name, response, expected] of [
  ["good", list(), "passed"],
  ["after a line break", `\r\n${list()}\n`, "passed"],
  ["with another status of success", { body: list(), status: 201 }, "passed"],
  ["with the status of an error", { body: list(), status: 406 }, "unchecked unanswered status"],
  ["with a byte order mark", `\u{feff}${list()}`, "unchecked no_list"],
  ["without entries", list({ status_list: undefined }), UNREADABLE],
  ["with three bits per entry", list({ status_list: { ...GOOD, bits: 3 } }), UNREADABLE],
  ["that is not packed", list({ status_list: { ...GOOD, lst: "AAAA" } }), UNREADABLE],
  ["that is not base64url", list({ status_list: { ...GOOD, lst: "%" } }), UNREADABLE],
  ["that is packed as gzip", list({ status_list: { ...GOOD, lst: gzipSync(Buffer.alloc(16)).toString("base64url") } }), UNREADABLE],
  ["that is too large", list({ status_list: { ...GOOD, lst: packed(Buffer.alloc(5_000_000)) } }), "unchecked list_size"],
  ["that is too long", list({ more: "x".repeat(2 * 1024 * 1024) }), "unchecked list_size"],
  ["without a date", list({ iat: undefined }), UNREADABLE],
  ["with a date that is a text", list({ exp: "2100-01-01" }), UNREADABLE],
  ["that has ended", list({ exp: NOW - 600 }), "unchecked list_expired"],
  ["that is not valid yet", list({ nbf: NOW + 600 }), "unchecked list_not_yet_valid"],
  ["that was made in the future", list({ iat: NOW + 600 }), "unchecked list_not_yet_valid"],
  ["that has ended in milliseconds", list({ exp: (NOW - 60) * 1000 }), "unchecked list_expired"],
  ["with an unknown value", list({ status_list: { bits: 8, lst: packed(Buffer.alloc(16, 200)) } }), "unchecked unknown_status"],
  ["of another address", list({ sub: `${LIST}2` }), "failed claim"],
]) {
  test(`a status list ${name}`, async () => {
    const token = tokenOf(THERE, "k1", { status: { status_list: { uri: LIST, idx: 9 } } });
    const { status } = await check(token, { [METADATA]: metadata(), [LIST]: response });
    assert.equal(said(status), expected);
  });
}

test("the age of a status list without an end is pointed out", async () => {
  const token = tokenOf(THERE, "k1", { status: { status_list: { uri: LIST, idx: 9 } } });
  const codeOf = async (changes) => {
    const { status } = await check(token, { [METADATA]: metadata(), [LIST]: list(changes) });
    return `${status.outcome} ${status.code}`;
  };
  const old = { iat: NOW - 9_000_000, exp: undefined };
  assert.equal(await codeOf({ ...old, ttl: 60 }), "passed old_list");
  assert.equal(await codeOf({ ...old, ttl: 9_000_000 }), "passed status");
  assert.equal(await codeOf({ ...old, ttl: 60, exp: NOW + 500 }), "passed status");
  assert.equal(await codeOf(old), "passed status");
});

test("every status counts, also after one with a note or an unknown value", async () => {
  const entry = (purpose) => ({
    type: "BitstringStatusListEntry",
    statusPurpose: purpose,
    statusSize: null,
    statusListIndex: "9",
    statusListCredential: `${LIST}/bits`,
  });
  const credential = { issuer: THERE, type: ["VerifiableCredential"], credentialSubject: {} };
  const status = { status_list: { uri: LIST, idx: 9 } };
  const token = jws({ typ: "vc+jwt", kid: "k1" }, { ...credential, status, credentialStatus: entry("suspension") }, key);
  const bits = (byte) => {
    const encodedList = `u${gzipSync(Buffer.alloc(16_384, byte)).toString("base64url")}`;
    const credentialSubject = { type: "BitstringStatusList", statusPurpose: "suspension", encodedList };
    const type = ["VerifiableCredential", "BitstringStatusListCredential"];
    return jws({ typ: "vc+jwt", kid: "k1" }, { ...credential, type, id: `${LIST}/bits`, credentialSubject }, key);
  };
  const unknown = { status_list: { bits: 2, lst: packed(Buffer.alloc(16, 0xff)) } };
  for (const [first, second, expected] of [
    [{ iat: 1, exp: undefined, ttl: 1 }, 0xff, "failed suspended"],
    [unknown, 0xff, "failed suspended"],
    [unknown, 0, "unchecked unknown_status"],
    [{}, 0, "passed"],
  ]) {
    const answers = { [METADATA]: metadata(), [LIST]: list(first), [`${LIST}/bits`]: bits(second) };
    assert.equal(said((await check(token, answers)).status), expected);
  }
});

test("dates that are probably in another unit are explained", async () => {
  for (const [claims, expected] of [
    [{ exp: (NOW - 99) * 1000 }, "failed expired unit"],
    [{ nbf: NOW * 1000 }, "failed not_yet_valid unit"],
    [{ iat: NOW * 1_000_000 }, "failed from_the_future unit"],
    [{ iat: NOW + 99 }, "failed from_the_future"],
    [{ exp: NOW - 99 }, "failed expired"],
  ]) {
    const { dates } = await check(tokenOf(THERE, "k1", claims), { [METADATA]: metadata() });
    assert.equal(said(dates), expected, text(claims));
  }
  const passed = async (claims) => (await check(tokenOf(THERE, "k1", claims), { [METADATA]: metadata() })).dates.code;
  assert.equal(await passed({ exp: (NOW + 999) * 1_000_000_000 }), "unit");
  assert.equal(await passed({ exp: 20_200_101_000_000 }), "late");
  assert.equal(await passed({ date_of_expiry: "01/02/2020" }), "last_day");
  assert.equal(await passed({ exp: NOW + 999 }), "dates");
});
