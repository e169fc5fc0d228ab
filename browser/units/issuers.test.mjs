// Issuers other than the page's own site, and W3C credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";

import { load } from "./modules.mjs";
import { disclosure, digest, jws, newKey, NOW } from "./tokens.mjs";

const { verify } = await load("verify.js");
const { siteOf } = await load("issuer.js");

const HERE = "https://passport.example";
const THERE = "https://issuer.example";
const DID = "did:web:issuer.example";

const METADATA_SITE = (key) => ({
  [`${THERE}/.well-known/jwt-vc-issuer`]: { issuer: THERE, jwks: { keys: [{ ...key.jwk, kid: "k1" }] } },
});
const DID_SITE = (key) => ({
  [`${THERE}/.well-known/did.json`]: {
    id: DID,
    verificationMethod: [
      { id: `${DID}#k1`, publicKeyJwk: key.jwk },
      { id: "#k2", publicKeyJwk: key.jwk },
      { id: `${DID}#login`, publicKeyJwk: key.jwk },
    ],
    assertionMethod: [`${DID}#k1`, `${DID}#k2`, { id: `${DID}#k3`, publicKeyJwk: key.jwk }],
    authentication: [`${DID}#login`],
  },
});

/**
 * Verifies a token with `documents` as the web; returns the checks that did not pass, and the
 * fetched addresses.
 */
async function check(token, documents, options = {}) {
  const asked = [];
  const fetch = async (address) => {
    asked.push(address);
    const found = documents[address];
    return found === undefined ? new Response("", { status: 404 }) : new Response(typeof found === "string" ? found : JSON.stringify(found));
  };
  const { claims, verdicts } = await verify(token, { origin: THERE, fetch, now: () => NOW * 1000, ...options });
  const wrong = verdicts.filter(({ outcome }) => outcome !== "passed");
  return { claims, asked, verdicts, wrong: wrong.map(({ step, outcome, code }) => `${step} ${outcome} ${code}`) };
}

/** Returns an SD-JWT VC of the other issuer, without key binding. */
function credential(key, payload = {}, header = {}) {
  const name = disclosure("Ada Example", "full_name");
  const body = { iss: THERE, iat: NOW - 10, vct: "urn:example:person", _sd: [digest(name)], ...payload };
  return `${jws({ typ: "dc+sd-jwt", kid: "k1", ...header }, body, key)}~${name}~`;
}

const PLAIN = ["holder unchecked not_shown", "status unchecked no_status", "schema unchecked no_metadata"];

test("only an issuer's own keys verify its credential", async () => {
  const key = newKey();
  const { claims, asked, wrong } = await check(credential(key), METADATA_SITE(key));
  assert.deepEqual(wrong, PLAIN);
  assert.equal(claims.full_name, "Ada Example");
  assert.deepEqual(asked, [`${THERE}/.well-known/jwt-vc-issuer`]);
  const forged = await check(credential(newKey()), METADATA_SITE(key));
  assert.deepEqual(forged.wrong, ["signature failed signature", "issuer unchecked unsigned", ...PLAIN]);
});

test("an issuer with a path has its metadata before the path", async () => {
  const key = newKey();
  const iss = `${THERE}/schools/7`;
  const site = { [`${THERE}/.well-known/jwt-vc-issuer/schools/7`]: { issuer: iss, jwks: { keys: [key.jwk] } } };
  assert.deepEqual((await check(credential(key, { iss }), site)).wrong, PLAIN);
});

test("metadata of another issuer does not count", async () => {
  const key = newKey();
  const site = { [`${THERE}/.well-known/jwt-vc-issuer`]: { issuer: HERE, jwks: { keys: [key.jwk] } } };
  const { wrong } = await check(credential(key), site);
  assert.deepEqual(wrong.slice(0, 2), ["signature unchecked other_issuer", "issuer unchecked other_issuer"]);
});

test("a DID's keys count if they are meant for assertions", async () => {
  const key = newKey("EdDSA");
  for (const kid of ["k1", `${DID}#k1`, "k2", "k3"]) {
    assert.deepEqual((await check(credential(key, { iss: DID }, { kid }), DID_SITE(key))).wrong, PLAIN, kid);
  }
  for (const kid of ["login", "k9"]) {
    const { wrong } = await check(credential(key, { iss: DID }, { kid }), DID_SITE(key));
    assert.deepEqual(wrong.slice(0, 2), ["signature failed unknown_key", "issuer failed unknown_key"], kid);
  }
  const other = DID_SITE(key);
  other[`${THERE}/.well-known/did.json`].id = "did:web:passport.example";
  assert.deepEqual((await check(credential(key, { iss: DID }), other)).wrong[0], "signature unchecked other_issuer");
});

test("the owner of a bare key is unknown", async () => {
  const key = newKey();
  const iss = `did:jwk:${Buffer.from(JSON.stringify(key.jwk)).toString("base64url")}`;
  const token = credential(key, { iss }, { kid: undefined });
  const { asked, wrong } = await check(token, {}, { origin: undefined });
  assert.deepEqual(wrong, ["issuer unchecked bare_key", ...PLAIN]);
  assert.deepEqual(asked, []);
});

test("an endless response is not read to its end", async () => {
  const key = newKey();
  let sent = 0;
  const fetch = async () => {
    const pull = (controller) => {
      sent += 1;
      controller.enqueue(new Uint8Array(1 << 20));
    };
    return new Response(new ReadableStream({ pull }));
  };
  const { wrong } = await check(credential(key), {}, { fetch });
  assert.deepEqual(wrong.slice(0, 2), ["signature unchecked unanswered", "issuer unchecked unanswered"]);
  assert.ok(sent < 10, `${sent} MiB were read`);
});

test("only plain addresses are issuers", () => {
  const reason = (issuer) => {
    try {
      return siteOf(issuer, HERE)?.document ?? "a key";
    } catch ({ code }) {
      return code;
    }
  };
  for (const [issuer, expected] of [
    ["https://a.example", "https://a.example/.well-known/jwt-vc-issuer"],
    ["https://a.example/", "https://a.example/.well-known/jwt-vc-issuer"],
    ["https://a.example:8443/b/c", "https://a.example:8443/.well-known/jwt-vc-issuer/b/c"],
    ["did:web:a.example", "https://a.example/.well-known/did.json"],
    ["did:web:a.example%3A8443:b", "https://a.example:8443/b/did.json"],
    ["did:jwk:e30", "a key"],
    ["https://a.example@b.example", "issuer_name"],
    ["https://a.example?b", "issuer_name"],
    ["https://a.example#b", "issuer_name"],
    ["https://A.example", "issuer_name"],
    ["https://b\u{fc}cher.example", "issuer_name"],
    ["https://a.example:443", "issuer_name"],
    ["javascript:alert(1)", "issuer_name"],
    ["data:text/html,x", "issuer_name"],
    ["a.example", "issuer_name"],
    ["", "issuer_name"],
    [undefined, "issuer_name"],
    [{ id: "https://a.example" }, "issuer_name"],
    [`https://a.example/${"a".repeat(2048)}`, "issuer_name"],
    ["did:web:a.example@b.example", "issuer_name"],
    ["did:web:a.example%2Fb", "issuer_name"],
    ["did:web:a.example/b", "issuer_name"],
    ["did:web:a.example?b", "issuer_name"],
    ["did:web:a.example:b?c", "issuer_name"],
    ["did:web:a.example:..:b", "issuer_name"],
    ["did:web:", "issuer_name"],
  ]) {
    assert.equal(reason(issuer), expected, String(issuer));
  }
  assert.equal(siteOf("did:web:localhost%3A8080", "http://localhost:8080").origin, "http://localhost:8080");
});

const LIST = `${THERE}/status/1/bitstring`;

/**
 * Returns a W3C credential and its site with a status list; `change` modifies any part before
 * signing.
 */
function w3c(change = () => {}) {
  const key = newKey();
  const bits = Buffer.alloc(16_384);
  const parts = {
    header: { typ: "vc+jwt", cty: "vc", kid: `${DID}#k1` },
    payload: {
      type: ["VerifiableCredential", "CareerHistory"],
      issuer: { id: DID, name: "Issuer" },
      validFrom: new Date((NOW - 10) * 1000).toISOString(),
      validUntil: new Date((NOW + 1000) * 1000).toISOString(),
      credentialSubject: { full_name: "Ada Example" },
      credentialStatus: {
        type: "BitstringStatusListEntry",
        statusPurpose: "revocation",
        statusListIndex: "9",
        statusListCredential: LIST,
      },
    },
    bits,
    list: { id: LIST, type: ["VerifiableCredential", "BitstringStatusListCredential"], issuer: DID },
    subject: { type: "BitstringStatusList", statusPurpose: "revocation" },
  };
  change(parts);
  const encodedList = `u${gzipSync(parts.bits).toString("base64url")}`;
  const list = { credentialSubject: { encodedList, ...parts.subject }, ...parts.list };
  const site = { ...DID_SITE(key), [LIST]: jws({ typ: "vc+jwt", kid: `${DID}#k1` }, list, key) };
  return check(jws(parts.header, parts.payload, key), site);
}

const W3C = ["holder unchecked not_shown", "schema unchecked no_metadata"];

test("a W3C credential passes", async () => {
  const { claims, wrong } = await w3c();
  assert.deepEqual(wrong, W3C);
  assert.equal(claims.credentialSubject.full_name, "Ada Example");
});

/** Converts a credential to data model 1.1: the claim `vc` of a JWT with registered claims. */
function older({ header, payload }) {
  const { validFrom: issuanceDate, validUntil: expirationDate, ...members } = { ...payload };
  for (const name of Object.keys(payload)) delete payload[name];
  const vc = { ...members, issuanceDate, expirationDate };
  Object.assign(payload, { iss: DID, nbf: NOW - 10, exp: NOW + 1000, vc });
  header.typ = "JWT";
  delete header.cty;
}

test("dates and status of a W3C 1.1 credential are checked", async () => {
  const { claims, wrong } = await w3c(older);
  assert.deepEqual(wrong, W3C);
  assert.equal(claims.credentialSubject.full_name, "Ada Example");
  for (const [change, expected] of [
    [({ payload }) => (payload.exp = NOW - 60), "dates failed expired"],
    [({ payload }) => (payload.vc.expirationDate = "2020-01-01T00:00:00Z"), "dates failed expired"],
    [({ bits }) => bits.writeUInt8(0x40, 1), "status failed revoked"],
  ]) {
    const { wrong: found } = await w3c((parts) => {
      older(parts);
      change(parts);
    });
    assert.ok(found.includes(expected), `${found}`);
  }
});

test("claims that contradict a W3C 1.1 credential are rejected", async () => {
  for (const change of [
    ({ payload }) => (payload.vc.issuer = "did:web:other.example"),
    ({ payload }) => {
      payload.sub = "did:jwk:a";
      payload.vc.credentialSubject.id = "did:jwk:b";
    },
    ({ payload }) => (payload.vc = "text"),
  ]) {
    const { wrong } = await w3c((parts) => {
      older(parts);
      change(parts);
    });
    assert.equal(wrong[0], "signature failed claim");
  }
});

const [HOLDER, SCHEMA] = W3C;
for (const [name, change, expected] of [
  ["revoked", ({ bits }) => bits.writeUInt8(0x40, 1), "status failed revoked"],
  ["a neighbour revoked", ({ bits }) => bits.writeUInt8(0xbf, 1), undefined],
  ["beyond the list", ({ payload }) => (payload.credentialStatus.statusListIndex = "131072"), "status failed claim"],
  ["an index as a number", ({ payload }) => (payload.credentialStatus.statusListIndex = 9), undefined],
  ["no index", ({ payload }) => delete payload.credentialStatus.statusListIndex, "status failed claim"],
  ["a list of another issuer", ({ list }) => (list.issuer = "did:web:other.example"), "status failed claim"],
  ["a list that is too short", (parts) => (parts.bits = Buffer.alloc(100)), "status unchecked list_unreadable"],
  ["a list of another address", ({ list }) => (list.id = `${LIST}2`), "status failed claim"],
  ["a list for another purpose", ({ subject }) => (subject.statusPurpose = "message"), "status failed claim"],
  ["an expired list", ({ list }) => (list.validUntil = "2020-01-01T00:00:00Z"), "status unchecked list_expired"],
  ["a status of another kind", ({ payload }) => (payload.credentialStatus.type = "Other"), "status unchecked status_kind"],
  ["no status", ({ payload }) => delete payload.credentialStatus, "status unchecked no_status"],
]) {
  test(`a W3C credential's status: ${name}`, async () => {
    const { wrong } = await w3c(change);
    assert.deepEqual(wrong, expected ? [HOLDER, expected, SCHEMA] : W3C);
  });
}

test("a W3C credential with both status lists can be replaced", async () => {
  const key = newKey();
  const uri = `${THERE}/status/1`;
  const list = { sub: uri, iat: NOW - 5, status_types: { "0x03": "replaced" }, status_list: { bits: 2, lst: deflateSync(Buffer.from([3])).toString("base64url") } };
  const payload = {
    type: ["VerifiableCredential"],
    issuer: DID,
    credentialSubject: { expiry_date: "2020-01-01" },
    credentialStatus: { type: "BitstringStatusListEntry", statusPurpose: "revocation", statusListIndex: "0", statusListCredential: LIST },
    status: { status_list: { uri, idx: 0 } },
  };
  const site = { ...DID_SITE(key), [uri]: jws({ typ: "statuslist+jwt", kid: "k1" }, list, key) };
  const { wrong } = await check(jws({ typ: "vc+jwt", kid: "k1" }, payload, key), site);
  assert.deepEqual(wrong, [HOLDER, "status failed replaced", "dates failed expired", SCHEMA]);
});

for (const [name, dates, code] of [
  ["over", { validUntil: "2020-01-01T00:00:00Z" }, "expired"],
  ["over by exp", { exp: NOW - 60 }, "expired"],
  ["not begun", { validFrom: "2100-01-01T00:00:00+10:00" }, "not_yet_valid"],
  ["without a time zone", { validUntil: "2100-01-01T00:00:00" }, "claim"],
  ["no time", { validUntil: 4102444800 }, "claim"],
]) {
  test(`a W3C credential's dates: ${name}`, async () => {
    const { wrong } = await w3c(({ payload }) => Object.assign(payload, dates));
    assert.deepEqual(wrong, [HOLDER, `dates failed ${code}`, SCHEMA]);
  });
}

test("a W3C credential is not accepted as a presentation", async () => {
  const key = newKey();
  const token = jws({ typ: "vc+jwt" }, { type: ["VerifiableCredential"], issuer: THERE }, key);
  const { wrong } = await check(token, METADATA_SITE(key), { audience: "https://hirer.example" });
  assert.equal(wrong[0], "holder failed not_bound");
});
