// Which of an issuer's keys verifies a token: the rules of crates/credential/src/key_set.rs.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";
import { jws, newKey, NOW, ORIGIN } from "./tokens.mjs";

const { verify } = await load("verify.js");

/** Returns the outcomes of the first two checks of a token that `key` signed. */
async function check(key, header, keys) {
  const metadata = JSON.stringify({ issuer: ORIGIN, jwks: { keys } });
  const fetch = async (address) =>
    address.endsWith("/jwt-vc-issuer") ? new Response(metadata) : new Response("", { status: 404 });
  const token = `${jws({ typ: "dc+sd-jwt", ...header }, { iss: ORIGIN, vct: "x", exp: null }, key)}~`;
  const { verdicts } = await verify(token, { origin: ORIGIN, fetch, now: () => NOW * 1000 });
  return verdicts.slice(0, 2).map(({ outcome, code }) => (outcome === "passed" ? outcome : `${outcome} ${code}`));
}

const [signer, other, another] = [newKey(), newKey(), newKey("EdDSA")];
const k1 = (key, more = {}) => ({ ...key.jwk, kid: "k1", ...more });
const PASSED = ["passed", "passed"];
const NO_KEY = ["unchecked no_key", "unchecked no_key"];

for (const [name, header, keys, expected] of [
  ["the only key", { kid: "k1" }, [k1(signer)], PASSED],
  ["another kty with the same kid", { kid: "k1" }, [k1(another), k1(signer)], PASSED],
  ["two keys with one kid", { kid: "k1" }, [k1(other), k1(signer)], PASSED],
  ["no kid in the token", {}, [{ ...other.jwk, kid: "k2" }, k1(signer)], PASSED],
  ["no kid in the keys", { kid: "k1" }, [other.jwk, signer.jwk], PASSED],
  ["no kid in one key", { kid: "k1" }, [{ ...other.jwk, kid: "k2" }, signer.jwk], PASSED],
  ["an encryption key with the same kid", { kid: "k1" }, [k1(other, { use: "enc" }), k1(signer)], PASSED],
  ["members that are null", { kid: "k1", x5c: null }, [k1(signer, { use: null, alg: null, d: null, key_ops: null })], PASSED],
  ["key_ops for verification", { kid: "k1" }, [k1(signer, { key_ops: ["verify"] })], PASSED],
  ["key_ops for something else", { kid: "k1" }, [k1(signer, { key_ops: ["deriveKey"] })], NO_KEY],
  ["a private key", { kid: "k1" }, [k1(signer, { d: "AA" })], NO_KEY],
  ["another kid", { kid: "k9" }, [k1(signer)], ["failed unknown_key", "failed unknown_key"]],
  ["no kid in the token, and no key that verifies it", {}, [{ ...other.jwk, kid: "k2" }, k1(another), { ...other.jwk, kid: "k3" }], ["failed signature", "unchecked unsigned"]],
  ["another key with the kid", { kid: "k1" }, [k1(other)], ["failed signature", "unchecked unsigned"]],
  ["a key of another algorithm", { kid: "k1" }, [k1(another)], ["failed key_confusion", "unchecked unsigned"]],
]) {
  test(`an issuer's keys: ${name}`, async () => {
    assert.deepEqual(await check(signer, header, keys), expected);
  });
}

test("Ed25519 is a name of EdDSA", async () => {
  assert.deepEqual(await check(another, { kid: "k1", alg: "Ed25519" }, [k1(another, { alg: "Ed25519" })]), PASSED);
});

test("a token with an unsupported algorithm is not checked", async () => {
  for (const [alg, expected] of [["ES384", "unchecked algorithm"], ["RS256", "unchecked algorithm"], ["ML-DSA-87", "unchecked algorithm"], ["X-NEW", "unchecked algorithm"], ["hs1", "failed algorithm"], ["None", "failed algorithm"], ["none", "failed algorithm"], ["HS256", "failed algorithm"]]) {
    assert.equal((await check(signer, { kid: "k1", alg }, [k1(signer)]))[0], expected, alg);
  }
});
