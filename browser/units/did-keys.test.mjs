// Keys of a DID document: the same cases as for the server's verification.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";
import { jws, newKey, NOW } from "./tokens.mjs";

const { verify } = await load("verify.js");
const { jwkOfMultikey } = await load("multikey.js");

const THERE = "https://issuer.example";
const DID = "did:web:issuer.example";
const CASES = new URL("../../crates/credential/tests/signed/did_keys.json", import.meta.url);
const KEYS = { signer: newKey(), other: newKey(), another: newKey("EdDSA") };

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function base58(bytes) {
  let [number, text] = [BigInt(`0x${Buffer.from(bytes).toString("hex")}`), ""];
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return text;
}

/** Returns the bytes of a Multikey. */
function multikey({ x, y }) {
  const [first, second] = [x, y ?? ""].map((part) => Buffer.from(part, "base64url"));
  return y ? Buffer.concat([Buffer.from([0x80, 0x24, 2 + (second.at(-1) & 1)]), first]) : Buffer.concat([Buffer.from([0xed, 1]), first]);
}

/** Returns the verification method of a case. */
function method({ name, of, as, members }) {
  const { jwk } = KEYS[of];
  const forms = {
    jwk: { publicKeyJwk: jwk },
    multikey: { publicKeyMultibase: `z${base58(multikey(jwk))}` },
    "multikey-url": { publicKeyMultibase: `u${multikey(jwk).toString("base64url")}` },
  };
  return { id: `${DID}#${name}`, controller: DID, ...forms[as], ...members };
}

for (const { name, by = "signer", kid = `${DID}#k1`, methods, assertion, signature, detail } of JSON.parse(await readFile(CASES, "utf8"))) {
  test(`a DID's keys: ${name}`, async () => {
    const verificationMethod = methods.map(method);
    const assertionMethod = assertion?.map((named) => `${DID}#${named}`) ?? verificationMethod.map(({ id }) => id);
    const document = JSON.stringify({ id: DID, verificationMethod, assertionMethod });
    const token = `${jws({ typ: "dc+sd-jwt", kid }, { iss: DID, vct: "urn:example:career" }, KEYS[by])}~`;
    const { verdicts } = await verify(token, { origin: THERE, fetch: async () => new Response(document), now: () => NOW * 1000 });
    const [found] = verdicts;
    assert.equal(found.outcome === "failed" ? `failed ${found.code}` : found.outcome, signature);
    if (signature === "unchecked") assert.deepEqual([found.code, found.detail], ["no_key", detail]);
  });
}

test("Multikeys are the JWKs that they were made of", () => {
  for (let round = 0; round < 20; round += 1) {
    for (const { jwk } of [newKey(), newKey("EdDSA")]) {
      assert.deepEqual(jwkOfMultikey(`z${base58(multikey(jwk))}`), jwk);
    }
  }
  for (const text of [undefined, 7, "", "z", "u", "m7QE", "z1", "z0", "u%", `z${"2".repeat(500)}`, `z${base58([0x80, 0x24, 4, ...Array(32).fill(1)])}`, `z${base58([0x80, 0x24, 2, ...Array(32).fill(255)])}`]) {
    assert.equal(jwkOfMultikey(text), undefined, String(text));
  }
});
