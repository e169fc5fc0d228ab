// SD-JWT VC with @sd-jwt: it verifies and presents our credentials, and we verify those that it
// issues and presents.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { test } from "node:test";

import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

import { until } from "../../browser/support/until.mjs";
import { issued } from "./support/issued.mjs";
import { TYPES, scene as newScene } from "./support/scene.mjs";
import { hasher, sdJwtVerifier } from "./support/trust.mjs";
import { tenureVerify } from "./support/verify.mjs";

const FORMAT = "dc+sd-jwt";
const AUDIENCE = "https://hirer.example";
const NONCE = "n-0S6_WzA2Mj";
const scene = newScene();
const now = () => Math.floor(Date.now() / 1000);

const signs = (key, hash) => (data) =>
  sign(hash, Buffer.from(data), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (text) => JSON.parse(Buffer.from(text, "base64url"));

/**
 * Returns the token with one part changed: 0 is the header, 1 the payload, 2 the signature, then
 * come the disclosures; -1 is the last part.
 */
function changed(token, part, change) {
  const parts = token.split(/([.~])/);
  const places = parts.map((_, place) => place).filter((place) => parts[place] && !/[.~]/.test(parts[place]));
  const place = places.at(part);
  return [...parts.slice(0, place), change(parts[place]), ...parts.slice(place + 1)].join("");
}

const older = (payload) => encoded({ ...decoded(payload), iat: decoded(payload).iat - 1 });
const flipped = (text) => text.slice(0, 20) + (text[20] === "A" ? "B" : "A") + text.slice(21);
const saidOtherwise = (disclosure) => encoded([...decoded(disclosure).slice(0, -1), "something else"]);

/**
 * Returns a presentation by the library with these claims, and with a key binding unless disabled.
 */
async function presented(
  { wallet, key, credential },
  frame,
  { aud = AUDIENCE, nonce = NONCE, iat = now(), by = key } = {},
) {
  const privateKey = await wallet.privateKey(by);
  const kbSigner = async (data) => {
    const algorithm = by.alg === "EdDSA" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
    return Buffer.from(await crypto.subtle.sign(algorithm, privateKey, Buffer.from(data))).toString("base64url");
  };
  const holder = new SDJwtVcInstance({ hasher, kbSigner, kbSignAlg: by.alg });
  return holder.present(credential, frame, { kb: { payload: { aud, nonce, iat } } });
}

for (const type of TYPES) {
  // Conforms: SD-JWT VC 2; SD-JWT VC 5; Token Status List 8.3
  test(`@sd-jwt verifies our ${type} with status and type metadata`, async () => {
    const held = await scene.held(type);
    const { credential, key } = await issued(scene, held, FORMAT);
    const verifier = await sdJwtVerifier(credential);
    const { payload, header, typeMetadata } = await verifier.verify(credential);
    assert.equal(header.typ, FORMAT);
    assert.equal(payload.iss, scene.server.base);
    assert.equal(payload.vct, `${scene.server.base}/credentials/${type}/3`);
    assert.equal(typeMetadata.mergedTypeMetadata.vct, payload.vct);
    assert.deepEqual(payload.cnf.jwk, key.publicJwk);
    for (const [name, value] of Object.entries(held.fields)) assert.deepEqual(payload[name], value, name);
    const open = decoded(credential.split(".")[1]);
    assert.equal(open.full_name, held.fields.full_name, "nobody can leave out the name");
    if (held.fields.expiry_date) assert.equal(open.expiry_date, held.fields.expiry_date, "nor the last day");
    for (const name of Object.keys(held.fields)) {
      const described = typeMetadata.mergedTypeMetadata.claims.find(
        ({ path }) => path.length === 1 && path[0] === name,
      );
      assert.equal(described?.sd, name in open ? "never" : "always", `the metadata says whether ${name} can be left out`);
    }
  });
}

// Conforms: RFC 9901 7.1
test("@sd-jwt rejects ours when changed or expired", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), FORMAT);
  const verifier = await sdJwtVerifier(credential);
  const { payload } = await verifier.verify(credential);
  await assert.rejects(verifier.verify(changed(credential, 1, older)), /Signature/);
  await assert.rejects(verifier.verify(changed(credential, 2, flipped)), /Signature/);
  const read = (await verifier.verify(changed(credential, 3, saidOtherwise))).payload;
  assert.notDeepEqual(read, payload, "a changed disclosure belongs to nothing");
  assert.ok(!JSON.stringify(read).includes("something else"));
  await assert.rejects(verifier.verify(credential, { currentDate: payload.exp + 1 }), /expired/);
  await assert.rejects(verifier.verify(credential, { currentDate: payload.iat - 1 }), /not yet valid/);
});

// Conforms: Token Status List 7
test("@sd-jwt and tenure verify reject a replaced credential", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), FORMAT);
  const verifier = await sdJwtVerifier(credential);
  await verifier.verify(credential);
  await scene.held("career_history");
  const refusal = await until("the status list to say so", () =>
    verifier.verify(credential).then(
      () => undefined,
      (error) => error,
    ),
  );
  assert.match(refusal.message, /status/i);
  const verdict = await tenureVerify(credential);
  assert.equal(verdict.code, 1, verdict.said);
  assert.match(verdict.said, /"code": "replaced"/);
  assert.match(verdict.said, /replaced by another version\. Ask the holder/);
});

// Conforms: RFC 9901 4.2; RFC 9901 7.2
test("the list of jobs is one disclosure and can be withheld", async () => {
  const held = await scene.held("career_history");
  const mine = await issued(scene, held, FORMAT);
  const whole = await presented(mine, { employment: true });
  const read = await (await sdJwtVerifier(whole)).verify(whole, { keyBindingNonce: NONCE });
  assert.deepEqual(read.payload.employment, held.fields.employment);
  const presentation = await presented(mine, {});
  const verifier = await sdJwtVerifier(presentation);
  const { payload, kb } = await verifier.verify(presentation, { keyBindingNonce: NONCE });
  assert.equal(payload.employment, undefined, "withheld, not empty");
  assert.equal(payload.full_name, held.fields.full_name, "the name is always shown");
  assert.equal(kb.payload.aud, AUDIENCE);
  const shown = presentation
    .split("~")
    .slice(1, -1)
    .map((part) => Buffer.from(part, "base64url").toString());
  assert.ok(!shown.join().includes(held.fields.employment[0].organisation));
  await assert.rejects(verifier.verify(presentation, { keyBindingNonce: "another" }), /Nonce/);
});

// Conforms: RFC 9901 4.2
test("digests reveal no order, and no two credentials share one", async () => {
  const held = await scene.held("career_history");
  const open = async () =>
    JSON.parse(Buffer.from((await issued(scene, held, FORMAT)).credential.split(".")[1], "base64url"));
  const [one, other] = [await open(), await open()];
  assert.deepEqual(one._sd, [...one._sd].sort());
  assert.equal(one._sd.filter((digest) => other._sd.includes(digest)).length, 0);
  assert.notEqual(one.status.status_list.idx, other.status.status_list.idx);
});

for (const alg of ["ES256", "EdDSA"]) {
  // Conforms: RFC 9901 7.3
  test(`tenure verify accepts what @sd-jwt presents with an ${alg} key`, async () => {
    const held = await scene.held("career_history");
    const mine = await issued(scene, held, FORMAT, { alg });
    const presentation = await presented(mine, { full_name: true, employment: true });
    const verdict = await tenureVerify(presentation, { audience: AUDIENCE, nonce: NONCE });
    assert.equal(verdict.code, 0, verdict.said);
    for (const name of ["signature", "issuer", "holder", "status", "dates"]) {
      assert.equal(verdict.verdicts[name], "passed", `${name}: ${verdict.said}`);
    }
    assert.equal(verdict.claims.full_name, held.fields.full_name);
    assert.deepEqual(verdict.claims.employment, held.fields.employment);
  });
}

// Conforms: RFC 9901 7.3
test("tenure verify rejects presentations that do not match", async () => {
  const mine = await issued(scene, await scene.held("career_history"), FORMAT);
  const frame = { full_name: true, employment: true };
  const good = await presented(mine, frame);
  const here = { audience: AUDIENCE, nonce: NONCE };
  const refused = async (what, token, options, name) => {
    const { code, verdicts, said } = await tenureVerify(token, options);
    assert.equal(code, 1, `${what}: ${said}`);
    assert.equal(verdicts[name], "failed", `${what}: ${said}`);
  };
  await refused("another audience", good, { ...here, audience: "https://other.example" }, "holder");
  await refused("another nonce", good, { ...here, nonce: "other" }, "holder");
  await refused("its payload changed", changed(good, 1, older), here, "signature");
  await refused("its signature changed", changed(good, 2, flipped), here, "signature");
  await refused("its key binding's signature changed", changed(good, -1, flipped), here, "holder");
  await refused("a disclosure changed", changed(good, 3, saidOtherwise), here, "signature");
  const jobs = good.split("~").slice(1, -1).find((disclosure) => decoded(disclosure)[1] === "employment");
  await refused("one disclosure less", good.replace(`~${jobs}`, ""), here, "holder");
  await refused("without its key binding", good.slice(0, good.lastIndexOf("~") + 1), here, "holder");
  const thief = await mine.wallet.newKey();
  await refused("bound by another key", await presented(mine, frame, { by: thief }), here, "holder");
  const old = await presented(mine, frame, { iat: now() - 86_400 });
  await refused("made long ago", old, { ...here, "max-age": "600" }, "holder");
  await refused("after its end", good, { ...here, at: "2099-01-01T00:00:00Z" }, "dates");
});

// Conforms: RFC 9901 7.1; SD-JWT VC 2
test("tenure verify reads @sd-jwt's tokens, and only by their key", async () => {
  const issuer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const holder = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...issuer.publicKey.export({ format: "jwk" }), kid: "theirs", alg: "ES256" };
  const theirs = new SDJwtVcInstance({
    hasher,
    hashAlg: "sha-256",
    saltGenerator: (length) => randomBytes(length).toString("base64url"),
    signer: signs(issuer.privateKey, "sha256"),
    signAlg: "ES256",
    kbSigner: signs(holder.privateKey, "sha256"),
    kbSignAlg: "ES256",
  });
  const claims = {
    iss: "https://issuer.example",
    iat: now(),
    exp: now() + 3600,
    vct: "https://issuer.example/employment",
    cnf: { jwk: holder.publicKey.export({ format: "jwk" }) },
    full_name: "Ada Example",
    employment: [{ organisation: "Northwind Rail" }, { organisation: "Harbour Analytics" }],
  };
  const frame = { _sd: ["full_name"], employment: { _sd: [0, 1], 0: { _sd: ["organisation"] } }, _sd_decoy: 3 };
  const credential = await theirs.issue(claims, frame, { header: { kid: "theirs" } });
  const kb = { payload: { aud: AUDIENCE, nonce: NONCE, iat: now() } };
  const shown = { employment: { 0: { organisation: true } } };
  const presentation = await theirs.present(credential, shown, { kb });
  const here = { audience: AUDIENCE, nonce: NONCE, keys: { keys: [jwk] } };

  const good = await tenureVerify(presentation, here);
  assert.equal(good.code, 0, good.said);
  assert.equal(good.verdicts.signature, "passed");
  assert.equal(good.verdicts.holder, "passed");
  assert.deepEqual(good.claims.employment, [{ organisation: "Northwind Rail" }]);
  assert.equal(good.claims.full_name, undefined);

  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const wrong = await tenureVerify(presentation, {
    ...here,
    keys: { keys: [{ ...other, kid: "theirs", alg: "ES256" }] },
  });
  assert.equal(wrong.code, 1, wrong.said);
  const unknown = await tenureVerify(presentation, { ...here, keys: { keys: [{ ...jwk, kid: "another" }] } });
  assert.equal(unknown.code, 3, `not checkable: ${unknown.said}`);
  const late = await tenureVerify(presentation, { ...here, at: "2099-01-01T00:00:00Z" });
  assert.equal(late.verdicts.dates, "failed", late.said);
});
