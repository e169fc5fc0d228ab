// Wallet attestations and key attestations of a provider, as phone wallets have them, created with
// @openid4vc and jose.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

import {
  Oauth2ClientErrorResponseError,
  clientAuthenticationClientAttestationJwt,
  createClientAttestationJwt,
} from "@openid4vc/oauth2";
import { Openid4vciRetrieveCredentialsError } from "@openid4vc/openid4vci";
import * as jose from "jose";

import { offered } from "./support/issued.mjs";
import { scene as newScene } from "./support/scene.mjs";
import { Wallet } from "./support/wallet.mjs";

const ID = "career_history_dc+sd-jwt";
const folder = mkdtempSync(join(tmpdir(), "tenure-providers-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const provider = await jose.generateKeyPair("ES256", { extractable: true });
const stranger = await jose.generateKeyPair("ES256", { extractable: true });
const known = { ...(await jose.exportJWK(provider.publicKey)), kid: "provider", alg: "ES256" };
writeFileSync(join(folder, "providers.json"), JSON.stringify({ keys: [known] }));

const settings = { TENURE_OID4VCI__TRUSTED_WALLET_PROVIDERS_FILE: join(folder, "providers.json") };
const now = () => Math.floor(Date.now() / 1000);

/**
 * Returns a key attestation: the keys are in the provider's hardware (OpenID4VCI 1.0, appendix
 * D.1).
 */
function keyAttestation(keys, { by = provider, ...more } = {}) {
  const attested_keys = keys.map(({ publicJwk }) => publicJwk);
  const payload = { iat: now(), exp: now() + 300, attested_keys, key_storage: ["iso_18045_high"], ...more };
  const header = { alg: "ES256", typ: "key-attestation+jwt", kid: "provider" };
  return new jose.SignJWT(payload).setProtectedHeader(header).sign(by.privateKey);
}

/**
 * Returns a wallet that sends its provider's attestation with every request; `by` is the key that
 * signs it.
 */
async function attestedWallet({ by = provider } = {}) {
  const wallet = new Wallet();
  const instance = await wallet.newKey();
  const signJwt = async (_, { header, payload }) => ({
    jwt: await new jose.SignJWT(payload).setProtectedHeader({ ...header, kid: "provider" }).sign(by.privateKey),
    signerJwk: known,
  });
  const clientAttestationJwt = await createClientAttestationJwt({
    callbacks: { signJwt },
    signer: { method: "custom", alg: "ES256" },
    issuer: "https://provider.example",
    clientId: wallet.clientId,
    confirmation: { jwk: { ...instance.publicJwk, alg: "ES256" } },
    expiresAt: new Date(Date.now() + 300_000),
  });
  const callbacks = wallet.callbacks();
  const attest = clientAuthenticationClientAttestationJwt({ callbacks, clientAttestationJwt });
  wallet.authenticate = async (request) => {
    request.body.client_id = wallet.clientId;
    await attest(request);
  };
  return wallet;
}

async function begun(scene, wallet) {
  const { link, txCode } = await offered(scene, (await scene.held("career_history")).id);
  return { opened: await wallet.open(link), txCode };
}

const refusedAs = (code) => (error) => {
  assert.ok(error instanceof Openid4vciRetrieveCredentialsError, error.stack);
  assert.equal(error.response.credentialErrorResponseResult?.data?.error, code, error.message);
  return true;
};

const boundTo = ({ credential }) => jose.decodeJwt(credential.split("~")[0]).cnf.jwk;
const nonceOf = async (wallet, { issuer }) => (await wallet.client.requestNonce({ issuerMetadata: issuer })).c_nonce;
const withoutAlg = ({ alg, ...jwk }) => jwk;

describe("where attestation is taken", () => {
  const open = newScene({ env: settings });

  test("keys that a known provider attests are taken, one credential each, without a proof of each", async () => {
    const wallet = new Wallet();
    const { opened, txCode } = await begun(open, wallet);
    const { access_token } = await wallet.token(opened, txCode);
    const keys = [await wallet.newKey(), await wallet.newKey()];
    const ask = async (options) => {
      const nonce = await nonceOf(wallet, opened);
      const attestation = [await keyAttestation(keys, { nonce, ...options })];
      return wallet.credentials(opened, ID, { attestation }, access_token);
    };
    await assert.rejects(ask({ by: stranger }), refusedAs("invalid_proof"));
    await assert.rejects(ask({ exp: now() - 3600 }), refusedAs("invalid_proof"));
    await assert.rejects(ask({ nonce: "made-up" }), refusedAs("invalid_nonce"));
    await assert.rejects(ask({ nonce: undefined }), Openid4vciRetrieveCredentialsError);
    const { credentials } = await ask({});
    const expected = keys.map(({ publicJwk }) => publicJwk);
    assert.deepEqual(credentials.map(boundTo).map(withoutAlg), expected);
  });

  test("a proof may carry an attestation of its key, and only of its key", async () => {
    const wallet = new Wallet();
    const { opened, txCode } = await begun(open, wallet);
    const { access_token } = await wallet.token(opened, txCode);
    const key = await wallet.newKey();
    // The key attestation contains the nonce as well (appendix F.1).
    const proof = async (keys, { by, nonce: other } = {}) => {
      const nonce = await nonceOf(wallet, opened);
      const claims = { aud: open.server.base, iat: now(), nonce };
      const key_attestation = await keyAttestation(keys, { by, nonce: other ?? nonce });
      const header = { typ: "openid4vci-proof+jwt", alg: "ES256", jwk: key.publicJwk, key_attestation };
      const jwt = await new jose.SignJWT(claims).setProtectedHeader(header).sign(await wallet.privateKey(key));
      return wallet.credentials(opened, ID, { jwt: [jwt] }, access_token);
    };
    await assert.rejects(proof([await wallet.newKey()]), refusedAs("invalid_proof"));
    await assert.rejects(proof([key], { by: stranger }), refusedAs("invalid_proof"));
    await assert.rejects(proof([key], { nonce: "made-up" }), refusedAs("invalid_nonce"));
    const { credentials } = await proof([key]);
    assert.deepEqual(credentials.map(boundTo), [key.publicJwk]);
  });
});

describe("where attestation is required", () => {
  const strict = newScene({ env: { ...settings, TENURE_OID4VCI__ATTESTATION_REQUIRED: "true" } });

  test("a wallet needs a known provider's word for itself and its keys", async () => {
    const refused = (error) => {
      assert.ok(error instanceof Oauth2ClientErrorResponseError, error.stack);
      assert.equal(error.errorResponse.error, "invalid_client");
      return true;
    };
    const nobody = new Wallet();
    const { opened, txCode } = await begun(strict, nobody);
    await assert.rejects(nobody.token(opened, txCode), refused);
    await assert.rejects((await attestedWallet({ by: stranger })).token(opened, txCode), refused);
    const wallet = await attestedWallet();
    const { access_token } = await wallet.token(opened, txCode);
    const key = await wallet.newKey();
    const nonce = await nonceOf(wallet, opened);
    const attestation = [await keyAttestation([key], { nonce })];
    const { credentials } = await wallet.credentials(opened, ID, { attestation }, access_token);
    assert.deepEqual(credentials.map(boundTo).map(withoutAlg), [key.publicJwk]);
    assert.deepEqual(opened.issuer.authorizationServers[0].token_endpoint_auth_methods_supported, [
      "attest_jwt_client_auth",
    ]);
  });
});
