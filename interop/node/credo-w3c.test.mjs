// Credo (OpenWallet Foundation) as a wallet and verifier of W3C credentials of both data models,
// with keys from the did:web document.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";

import { W3cJwtVerifiableCredential, W3cV2JwtVerifiableCredential } from "@credo-ts/core";
import * as jose from "jose";

import { CredoWallet } from "./support/credo.mjs";
import { issued, offered } from "./support/issued.mjs";
import { EVERY_FORMAT, TYPES, scene as newScene } from "./support/scene.mjs";

const scene = newScene({ env: EVERY_FORMAT });
let credo;
// Hooks of one kind run at the same time, and the server is started by `before`.
beforeEach(async () => (credo ??= await CredoWallet.start(scene.server.base)));
after(() => credo?.stop());

const flipped = (text) => text.slice(0, 20) + (text[20] === "A" ? "B" : "A") + text.slice(21);

for (const type of TYPES) {
  // Conforms: OpenID4VCI A.1.1; OpenID4VCI 8.2; VCDM 1.1 6.3.1; DID Core 7.1
  test(`Credo gets our ${type} as jwt_vc_json and verifies it`, async () => {
    const held = await scene.held(type);
    const { link, txCode } = await offered(scene, held.id);
    const opened = await credo.open(link);
    const { record } = await credo.receive(opened, await credo.token(opened, txCode), `${type}_jwt_vc_json`);
    const { encoded } = record.firstCredential;
    const { vc, sub, iss } = jose.decodeJwt(encoded);
    assert.equal(vc["@context"][0], "https://www.w3.org/2018/credentials/v1");
    assert.ok(sub.startsWith("did:jwk:"), sub);
    assert.equal(jose.decodeProtectedHeader(encoded).kid.split("#")[0], iss);
    for (const [name, value] of Object.entries(held.fields)) assert.deepEqual(vc.credentialSubject[name], value, name);
    const verify = (jwt) => {
      const credential = W3cJwtVerifiableCredential.fromSerializedJwt(jwt);
      // Credo reads no status lists of W3C credentials that are JWTs.
      return credo.agent.w3cCredentials.verifyCredential({ credential, verifyCredentialStatus: false });
    };
    const verified = await verify(encoded);
    assert.ok(verified.isValid, verified.error?.stack);
    const [head, payload, signature] = encoded.split(".");
    assert.ok(!(await verify(`${head}.${payload}.${flipped(signature)}`)).isValid, "another signature");
  });
}

// Conforms: VC-JOSE-COSE 3.1.1
test("Credo reads the model of a vc+jwt, but not its JsonWebKey", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "vc+jwt");
  const parsed = W3cV2JwtVerifiableCredential.fromCompact(credential);
  const { validations, error } = await credo.agent.w3cV2Credentials.verifyCredential({ credential: parsed });
  assert.deepEqual(validations, { dataModel: { isValid: true } });
  // Once Credo knows the type, this is to become a verification of the signature.
  assert.match(error.message, /verification method type 'JsonWebKey'/);
});
