// Dates and statuses of a token: the same cases as for the server's verification.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";
import { jws, newKey, NOW, ORIGIN } from "./tokens.mjs";

const { verify } = await load("verify.js");
const CASES = new URL("../../crates/credential/tests/signed/verified.json", import.meta.url);

/** Returns the payload of a case in its format, with what every token needs. */
function payload(format, claims, isNewer) {
  if (isNewer) return { iss: ORIGIN, ...claims };
  const types = { type: ["VerifiableCredential"], credentialSubject: { full_name: "Ada Example" } };
  if (format === "dc+sd-jwt") return { iss: ORIGIN, vct: "urn:example:career", ...claims };
  if (format === "vc+jwt") return { issuer: ORIGIN, ...types, ...claims };
  return { iss: ORIGIN, ...claims, vc: { ...types, ...claims.vc } };
}

for (const testCase of JSON.parse(await readFile(CASES, "utf8"))) {
  const { name, format, claims, lists = {}, dates, status, isNewer, metadata, schema, detail, disclosures = [] } = testCase;
  test(`verified: ${name}`, async () => {
    const key = newKey();
    const answers = {
      [`${ORIGIN}/.well-known/jwt-vc-issuer`]: JSON.stringify({ issuer: ORIGIN, jwks: { keys: [{ ...key.jwk, kid: "k1" }] } }),
    };
    for (const [address, list] of Object.entries(lists)) {
      const { typ, alg = key.alg, kid = "k1", x5c } = list;
      answers[address] = list.text ?? jws({ alg, typ, kid, x5c }, list.payload, list.by ? newKey() : key);
    }
    if (metadata !== undefined) answers[claims.vct] = metadata;
    const fetch = async (address) => (address in answers ? new Response(answers[address]) : new Response("", { status: 404 }));
    const issued = jws({ typ: format || undefined, kid: "k1" }, payload(format, claims, isNewer), key);
    const token = format === "dc+sd-jwt" ? [issued, ...disclosures, ""].join("~") : issued;
    const { verdicts } = await verify(token, { origin: ORIGIN, fetch, now: () => NOW * 1000 });
    const said = (step) => {
      const { outcome, code } = verdicts.find((verdict) => verdict.step === step);
      return outcome === "failed" ? `failed ${code}` : outcome;
    };
    if (schema) assert.equal(schema.includes(" ") ? said("schema") : said("schema").split(" ")[0], schema);
    if (detail) assert.equal(verdicts.find(({ step }) => step === "schema").detail, detail);
    assert.deepEqual([said("signature"), said("dates"), said("status")], ["passed", dates, status]);
  });
}
