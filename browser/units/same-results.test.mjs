// Keys of an issuer, and tokens as text: the same cases as for the server's verification.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";
import { digest, jws, newKey, NOW, ORIGIN, signed } from "./tokens.mjs";

const { verify } = await load("verify.js");
const cases = async (name) =>
  JSON.parse(await readFile(new URL(`../../crates/credential/tests/signed/${name}.json`, import.meta.url), "utf8"));

const KEYS = { signer: newKey(), other: newKey(), another: newKey("EdDSA"), holder: newKey() };

/** Replaces the name of a key by its members, which the others may change. */
function jwkOf(jwk) {
  if (!Object.hasOwn(KEYS, jwk?.of ?? "")) return jwk;
  const { of, ...changes } = jwk;
  return { ...KEYS[of].jwk, ...changes };
}

const OTHERS = Array.from({ length: 16 }, () => newKey());

/** Returns the keys of an entry: several different ones, or one several times. */
function jwksOf(jwk) {
  const { others, times = 1, kid } = jwk ?? {};
  return others ? OTHERS.slice(0, others).map((other) => ({ ...other.jwk, kid })) : Array(times).fill(jwkOf(jwk));
}

/** Verifies a token with a set of the issuer's keys. Returns what is said of a step. */
async function check(token, jwks) {
  const fetch = async () => new Response(JSON.stringify({ issuer: ORIGIN, jwks }));
  const { verdicts } = await verify(token, { origin: ORIGIN, fetch, now: () => NOW * 1000 });
  return (step) => {
    const { outcome, code } = verdicts.find((verdict) => verdict.step === step);
    return outcome === "failed" ? `failed ${code}` : outcome;
  };
}

for (const { name, kid, jwks, signature } of await cases("issuer_keys")) {
  test(`an issuer's keys: ${name}`, async () => {
    const token = `${jws({ typ: "dc+sd-jwt", kid }, { iss: ORIGIN, vct: "urn:example:career" }, KEYS.signer)}~`;
    const set = Array.isArray(jwks?.keys) ? { keys: jwks.keys.flatMap(jwksOf) } : jwks;
    assert.equal((await check(token, set))("signature"), signature);
  });
}

/** Returns the token of a case. */
function tokenOf({ format, typ = format, payload, repeated, cnf, binding, bindingHeader, cut = 0, hasOtherBits }) {
  let text = repeated ? payload.replace("REPEATED", repeated.text.repeat(repeated.times)) : payload;
  if (cnf !== undefined) {
    const key = cnf.jwk ? { ...cnf, jwk: jwkOf(cnf.jwk) } : cnf;
    text = JSON.stringify({ ...JSON.parse(text), cnf: key });
  }
  let token = signed({ typ, kid: "k1" }, text, KEYS.signer);
  if (hasOtherBits) token = token.slice(0, -1) + { A: "B", Q: "R", g: "h", w: "x" }[token.at(-1)];
  if (!binding) token = token.slice(0, token.length - cut);
  if (format === "dc+sd-jwt") token += "~";
  if (!binding) return token;
  const claims = { iat: NOW, aud: "https://hirer.example", nonce: "n-1", sd_hash: digest(token), ...binding };
  return (token + jws({ typ: "kb+jwt", ...bindingHeader }, claims, KEYS.holder)).slice(0, -cut || undefined);
}

for (const { name, signature, holder, dates, ...parts } of await cases("tokens")) {
  test(`a token: ${name}`, async () => {
    const said = await check(tokenOf(parts), { keys: [{ ...KEYS.signer.jwk, kid: "k1" }] });
    assert.equal(said("signature"), signature);
    if (holder) assert.equal(said("holder"), holder);
    if (dates) assert.equal(said("dates"), dates);
  });
}
