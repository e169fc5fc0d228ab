// Wallet attestations and key attestations of a provider, as phone wallets have them, created with
// @openid4vc, jose and @peculiar/x509: by a listed key, or by a certificate of a listed authority.
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

import { Authority } from "./support/authorities.mjs";
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

const authority = await Authority.create("Wallet providers");
writeFileSync(join(folder, "anchors.pem"), authority.pem);
const byAuthority = { TENURE_OID4VCI__WALLET_TRUST_ANCHORS_FILE: join(folder, "anchors.pem") };
// A provider that is in no list, with a certificate of the authority, or of another one.
const certified = await authority.issue("Provider");
const elsewhere = await (await Authority.create("Others")).issue("Provider");

/** Returns the header that names the provider's key: by its certificate, or by its id. */
const named = ({ x5c }) => (x5c ? { x5c } : { kid: "provider" });
const now = () => Math.floor(Date.now() / 1000);

/**
 * Returns a key attestation: the keys are in the provider's hardware (OpenID4VCI 1.0, appendix
 * D.1).
 */
function keyAttestation(keys, { by = provider, ...more } = {}) {
  const attested_keys = keys.map(({ publicJwk }) => publicJwk);
  const payload = { iat: now(), exp: now() + 300, attested_keys, key_storage: ["iso_18045_high"], ...more };
  const header = { alg: "ES256", typ: "key-attestation+jwt", ...named(by) };
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
    jwt: await new jose.SignJWT(payload).setProtectedHeader({ ...header, ...named(by) }).sign(by.privateKey),
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

describe("where attestation is accepted", () => {
  const open = newScene({ env: settings });

  // Conforms: OpenID4VCI D; HAIP 4.5.1; OIDF issuer: bad key attestation signature
  test("each key that a trusted provider attests gets a credential", async () => {
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

  // Conforms: OpenID4VCI D; OpenID4VCI F.1; OIDF issuer: bad key attestation signature
  test("a proof may carry an attestation of its own key only", async () => {
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

const refusedClient = (error) => {
  assert.ok(error instanceof Oauth2ClientErrorResponseError, error.stack);
  assert.equal(error.errorResponse.error, "invalid_client");
  return true;
};

for (const [how, trust, by, other] of [
  ["a key that the operator lists", settings, provider, stranger],
  ["a certificate of an authority that the operator lists", byAuthority, certified, elsewhere],
]) {
  describe(`where attestation is required, by ${how}`, () => {
    const strict = newScene({ env: { ...trust, TENURE_OID4VCI__ATTESTATION_REQUIRED: "true" } });

    // Conforms: OpenID4VCI D; OpenID4VCI E; HAIP 4.4.1; HAIP 4.5.1
    // Conforms: OIDF issuer: client attestation: bad signature
    test(`a wallet and its keys need an attestation, by ${how}`, async () => {
      const nobody = new Wallet();
      const { opened, txCode } = await begun(strict, nobody);
      await assert.rejects(nobody.token(opened, txCode), refusedClient);
      await assert.rejects((await attestedWallet({ by: other })).token(opened, txCode), refusedClient);
      const wallet = await attestedWallet({ by });
      const { access_token } = await wallet.token(opened, txCode);
      const key = await wallet.newKey();
      const ask = async (signer) => {
        const attestation = [await keyAttestation([key], { nonce: await nonceOf(wallet, opened), by: signer })];
        return wallet.credentials(opened, ID, { attestation }, access_token);
      };
      await assert.rejects(ask(other), refusedAs("invalid_proof"));
      const { credentials } = await ask(by);
      assert.deepEqual(credentials.map(boundTo).map(withoutAlg), [key.publicJwk]);
      const [{ token_endpoint_auth_methods_supported: methods }] = opened.issuer.authorizationServers;
      assert.deepEqual(methods, ["attest_jwt_client_auth"]);
      const { proof_types_supported } = opened.issuer.credentialIssuer.credential_configurations_supported[ID];
      for (const proof of ["jwt", "attestation"]) assert.ok(proof_types_supported[proof].key_attestations_required, proof);
    });
  });
}

describe("where no provider is trusted", () => {
  const plain = newScene();

  // Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3
  test("attestation is not advertised for wallets or keys", async () => {
    const { opened } = await begun(plain, new Wallet());
    const [{ token_endpoint_auth_methods_supported: methods }] = opened.issuer.authorizationServers;
    assert.ok(!methods?.includes("attest_jwt_client_auth"), methods);
    const { proof_types_supported } = opened.issuer.credentialIssuer.credential_configurations_supported[ID];
    assert.deepEqual(Object.keys(proof_types_supported), ["jwt"]);
    assert.equal(proof_types_supported.jwt.key_attestations_required, undefined);
  });
});
