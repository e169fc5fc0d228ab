// SD-JWT with PyPI's sd-jwt (interop/python): it verifies and presents our credentials, and we
// verify its own.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import * as jose from "jose";

import { issued } from "./support/issued.mjs";
import { python } from "./support/python.mjs";
import { TYPES, scene as newScene } from "./support/scene.mjs";
import { issuerKeys } from "./support/trust.mjs";
import { tenureVerify } from "./support/verify.mjs";

const AUDIENCE = "https://hirer.example";
const NONCE = "a1b2c3";
const scene = newScene();

const sdJwt = (command, asked) => python("sd_jwt_cli.py", asked, command);

async function keyOf(credential) {
  const jwt = credential.split("~")[0];
  const { keys } = await issuerKeys(jose.decodeJwt(jwt).iss);
  return keys.find(({ kid }) => kid === jose.decodeProtectedHeader(jwt).kid);
}

for (const type of TYPES) {
  // Conforms: RFC 9901 7.1
  test(`sd-jwt verifies our ${type} and reads what was pushed`, async () => {
    const held = await scene.held(type);
    const { credential } = await issued(scene, held, "dc+sd-jwt");
    const { claims, error } = await sdJwt("verify", { sd_jwt: credential, issuer_key: await keyOf(credential) });
    assert.equal(error, undefined);
    for (const [name, value] of Object.entries(held.fields)) assert.deepEqual(claims[name], value, name);
  });
}

// Conforms: RFC 9901 7.2; RFC 9901 7.3
test("sd-jwt presents ours with key binding, and both verify it", async () => {
  const held = await scene.held("career_history");
  const { credential, wallet, key } = await issued(scene, held, "dc+sd-jwt");
  const holder_key = await jose.exportJWK(await wallet.privateKey(key));
  const disclose = { employment: true };
  const { sd_jwt } = await sdJwt("present", { sd_jwt: credential, disclose, holder_key, aud: AUDIENCE, nonce: NONCE });
  const issuer_key = await keyOf(credential);
  const theirs = await sdJwt("verify", { sd_jwt, issuer_key, aud: AUDIENCE, nonce: NONCE });
  assert.deepEqual(theirs.claims.employment, held.fields.employment);
  assert.equal(theirs.claims.full_name, held.fields.full_name, "the name is always shown");
  assert.match((await sdJwt("verify", { sd_jwt, issuer_key, aud: AUDIENCE, nonce: "x" })).error, /nonce/);

  const ours = await tenureVerify(sd_jwt, { audience: AUDIENCE, nonce: NONCE });
  assert.equal(ours.code, 0, ours.said);
  assert.deepEqual(ours.claims.employment, theirs.claims.employment);
  for (const change of [{ audience: "https://other.example" }, { nonce: "other" }]) {
    const refused = await tenureVerify(sd_jwt, { audience: AUDIENCE, nonce: NONCE, ...change });
    assert.equal(refused.code, 1, refused.said);
    assert.equal(refused.verdicts.holder, "failed", refused.said);
  }
});

// Conforms: RFC 9901 7.1; RFC 9901 7.3
test("tenure verify reads sd-jwt's decoys and nested disclosures", async () => {
  const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [issuer, holder] = [pair(), pair()];
  const jwk = { ...issuer.publicKey.export({ format: "jwk" }), kid: "theirs", alg: "ES256" };
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://issuer.example",
    iat,
    exp: iat + 3600,
    vct: "https://issuer.example/employment",
    full_name: "Zoë Exämple",
    employment: [{ organisation: "Northwind Rail", role_title: "Driver" }, { organisation: "Harbour Analytics" }],
  };
  const { sd_jwt, error } = await sdJwt("issue", {
    claims,
    disclose: ["full_name", "employment", "[]", "organisation"],
    issuer_key: issuer.privateKey.export({ format: "jwk" }),
    holder_key: holder.publicKey.export({ format: "jwk" }),
    header: { typ: "dc+sd-jwt", kid: "theirs" },
  });
  assert.equal(error, undefined);
  const presentation = await sdJwt("present", {
    sd_jwt,
    disclose: { full_name: true, employment: [{ organisation: true }] },
    holder_key: holder.privateKey.export({ format: "jwk" }),
    aud: AUDIENCE,
    nonce: NONCE,
  });
  const here = { audience: AUDIENCE, nonce: NONCE, keys: { keys: [jwk] } };
  const verdict = await tenureVerify(presentation.sd_jwt, here);
  assert.equal(verdict.code, 0, verdict.said);
  assert.equal(verdict.claims.full_name, claims.full_name);
  assert.deepEqual(verdict.claims.employment, [claims.employment[0]]);
  const changed = presentation.sd_jwt.replace(
    /~([^~]{10})(.)/,
    (_, start, next) => `~${start}${next === "A" ? "B" : "A"}`,
  );
  assert.equal((await tenureVerify(changed, here)).code, 1);
});
