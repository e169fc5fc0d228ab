// An outside wallet: the protocol by @openid4vc, keys, signatures and encryption by jose.
import { createHash, randomBytes } from "node:crypto";

import { setGlobalConfig } from "@openid4vc/oauth2";
import { Openid4vciClient } from "@openid4vc/openid4vci";
import * as jose from "jose";

// The server under test is on this machine and uses plain HTTP.
setGlobalConfig({ allowInsecureUrls: true });

export const REDIRECT = "https://wallet.example/callback";
const RESPONSE = { alg: "ECDH-ES", enc: "A256GCM" };

export class Wallet {
  #keys = new Map();
  #encrypts;
  clientId = "https://wallet.example";

  /** Authenticates the wallet: only by its client id, unless a test replaces this function. */
  authenticate = ({ body }) => {
    body.client_id = this.clientId;
  };

  constructor({ encrypts = false } = {}) {
    this.#encrypts = encrypts;
    this.client = new Openid4vciClient({ callbacks: this.callbacks() });
  }

  callbacks() {
    return {
      fetch: (address, init) => (this.#encrypts ? this.#sealed(address, init) : fetch(address, init)),
      generateRandom: (length) => randomBytes(length),
      hash: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
      signJwt: (signer, jwt) => this.#sign(signer, jwt),
      verifyJwt: verifySigned,
      clientAuthentication: (request) => this.authenticate(request),
    };
  }

  /** Creates a key pair; returns it as a signer for the library. */
  async newKey(alg = "ES256") {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const publicJwk = await jose.exportJWK(publicKey);
    this.#keys.set(await jose.calculateJwkThumbprint(publicJwk), privateKey);
    return { method: "jwk", alg, publicJwk };
  }

  /** Returns the private key, for signatures that the library does not create. */
  async privateKey(signer) {
    return this.#keys.get(await jose.calculateJwkThumbprint(signer.publicJwk));
  }

  async #sign(signer, { header, payload }) {
    const key = await this.privateKey(signer);
    return { jwt: await new jose.SignJWT(payload).setProtectedHeader(header).sign(key), signerJwk: signer.publicJwk };
  }

  /** Resolves an offer: its content and the issuer's metadata. */
  async open(link) {
    const offer = await this.client.resolveCredentialOffer(link);
    return { offer, issuer: await this.#issuer(offer.credential_issuer) };
  }

  /** Builds an offer in the wallet, as if the person had selected the issuer there. */
  async begin(base, ids) {
    const offer = { credential_issuer: base, credential_configuration_ids: ids, grants: { authorization_code: {} } };
    return { offer, issuer: await this.#issuer(base) };
  }

  // The library refuses to request formats that OpenID4VCI does not define, such as `vc+jwt`.
  async #issuer(base) {
    const issuer = await this.client.resolveIssuerMetadata(base);
    return { ...issuer, knownCredentialConfigurations: issuer.credentialIssuer.credential_configurations_supported };
  }

  /** Returns the access token for a pre-authorized code. */
  async token({ offer, issuer }, txCode, dpop) {
    const options = { credentialOffer: offer, issuerMetadata: issuer, txCode, dpop };
    const { accessTokenResponse } = await this.client.retrievePreAuthorizedCodeAccessTokenFromOffer(options);
    return accessTokenResponse;
  }

  /** Returns a proof for each key, over a new nonce unless one is given. */
  async proofs({ issuer }, id, keys, { nonce, ...more } = {}) {
    const given = nonce ?? (await this.client.requestNonce({ issuerMetadata: issuer })).c_nonce;
    const options = { issuerMetadata: issuer, credentialConfigurationId: id, nonce: given, clientId: this.clientId };
    const make = (signer) => this.client.createCredentialRequestJwtProof({ ...options, signer, ...more });
    return { jwt: await Promise.all(keys.map(async (key) => (await make(key)).jwt)) };
  }

  /** Requests a credential; returns the response as parsed by the library. */
  async credentials({ issuer }, id, proofs, accessToken, dpop, additionalRequestPayload) {
    const { credentialResponse, dpop: next } = await this.client.retrieveCredentials({
      issuerMetadata: issuer,
      credentialConfigurationId: id,
      proofs,
      accessToken,
      dpop,
      additionalRequestPayload,
    });
    return { ...credentialResponse, dpop: next };
  }

  notify({ issuer }, notification, accessToken, dpop) {
    return this.client.sendNotification({ issuerMetadata: issuer, notification, accessToken, dpop });
  }

  // The library supports neither encrypted requests nor encrypted responses (OpenID4VCI 1.0,
  // section 10), so this wraps `fetch` to encrypt and decrypt them.
  async #sealed(address, init) {
    const request = init?.body?.startsWith?.("{") && JSON.parse(init.body);
    if (!request?.credential_configuration_id) return fetch(address, init);
    const { publicKey, privateKey } = await jose.generateKeyPair(RESPONSE.alg, { crv: "P-256", extractable: true });
    const jwk = { ...(await jose.exportJWK(publicKey)), alg: RESPONSE.alg, kid: "answer", use: "enc" };
    const body = JSON.stringify({ ...request, credential_response_encryption: { jwk, enc: RESPONSE.enc } });
    const headers = { ...init.headers, "Content-Type": "application/jwt" };
    const answer = await fetch(address, { ...init, headers, body: await this.#encrypted(address, body) });
    if (!answer.ok) return answer;
    this.sawEncrypted = answer.headers.get("content-type");
    const opened = await jose.compactDecrypt(await answer.text(), privateKey);
    return new Response(opened.plaintext, { headers: { "content-type": "application/json" } });
  }

  async #encrypted(address, body) {
    const metadata = await (await fetch(new URL("/.well-known/openid-credential-issuer", address))).json();
    const { jwks, enc_values_supported } = metadata.credential_request_encryption;
    const key = jwks.keys[0];
    const header = { alg: key.alg, enc: enc_values_supported[0], kid: key.kid };
    const encrypt = new jose.CompactEncrypt(new TextEncoder().encode(body)).setProtectedHeader(header);
    return encrypt.encrypt(await jose.importJWK(key, key.alg));
  }
}

// Supports only the signer methods that the server's documents use.
async function verifySigned(signer, { compact }) {
  try {
    const key = await keyOf(signer);
    await jose.compactVerify(compact, key, { algorithms: [signer.alg] });
    return { verified: true, signerJwk: await jose.exportJWK(key) };
  } catch {
    return { verified: false };
  }
}

async function keyOf(signer) {
  if (signer.method === "jwk") return jose.importJWK(signer.publicJwk, signer.alg);
  if (signer.method === "x5c") return jose.importX509(pem(signer.x5c[0]), signer.alg, { extractable: true });
  throw new Error(`a signer by ${signer.method}`);
}

/** Returns a certificate of an `x5c` header as PEM. */
export const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----`;
