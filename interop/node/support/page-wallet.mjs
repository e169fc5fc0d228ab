// A wallet in a web page: @openid4vc with the browser's own fetch() and Web Crypto. Only modules
// that run in a browser may be imported here.
import { setGlobalConfig } from "@openid4vc/oauth2";
import { Openid4vciClient } from "@openid4vc/openid4vci";
import * as jose from "jose";

// The server under test is on this machine and uses plain HTTP.
setGlobalConfig({ allowInsecureUrls: true });
const HASHES = { sha256: "SHA-256", "sha-256": "SHA-256" };
const keys = new Map();

async function newSigner() {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
  const publicJwk = await jose.exportJWK(publicKey);
  keys.set(publicJwk.x, privateKey);
  return { method: "jwk", alg: "ES256", publicJwk };
}

const client = new Openid4vciClient({
  callbacks: {
    fetch: (address, init) => fetch(address, init),
    generateRandom: (length) => crypto.getRandomValues(new Uint8Array(length)),
    hash: async (data, name) => new Uint8Array(await crypto.subtle.digest(HASHES[name] ?? name.toUpperCase(), data)),
    signJwt: async ({ publicJwk }, { header, payload }) => {
      const jwt = new jose.SignJWT(payload).setProtectedHeader(header);
      return { jwt: await jwt.sign(keys.get(publicJwk.x)), signerJwk: publicJwk };
    },
    clientAuthentication: ({ body }) => {
      body.client_id = location.origin;
    },
  },
});

/**
 * Redeems an offer with a DPoP-bound token, confirms the credential, and verifies its signature by
 * the issuer's keys and its status list; returns what was read.
 */
globalThis.redeem = async ({ link, txCode, id }) => {
  const offer = await client.resolveCredentialOffer(link);
  const issuerMetadata = await client.resolveIssuerMetadata(offer.credential_issuer);
  const dpop = { signer: await newSigner() };
  const granted = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer: offer,
    issuerMetadata,
    txCode,
    dpop,
  });
  const { access_token, token_type } = granted.accessTokenResponse;
  const bound = { ...dpop, nonce: granted.dpop.nonce };
  const { c_nonce } = await client.requestNonce({ issuerMetadata });
  const signer = await newSigner();
  const proof = { issuerMetadata, credentialConfigurationId: id, nonce: c_nonce, signer };
  const { jwt } = await client.createCredentialRequestJwtProof(proof);
  const request = { issuerMetadata, credentialConfigurationId: id, proofs: { jwt: [jwt] }, accessToken: access_token };
  const { credentialResponse, dpop: next } = await client.retrieveCredentials({ ...request, dpop: bound });
  const [{ credential }] = credentialResponse.credentials;
  const notification = { notificationId: credentialResponse.notification_id, event: "credential_accepted" };
  await client.sendNotification({ issuerMetadata, notification, accessToken: access_token, dpop: { ...bound, ...next } });

  const issuer = await (await fetch(`${offer.credential_issuer}/.well-known/jwt-vc-issuer`)).json();
  const issuerKeys = jose.createLocalJWKSet(issuer.jwks ?? (await (await fetch(issuer.jwks_uri)).json()));
  const { payload } = await jose.jwtVerify(credential.split("~")[0], issuerKeys, { typ: "dc+sd-jwt" });
  const metadata = await (await fetch(payload.vct)).json();
  const { uri } = payload.status.status_list;
  const list = await (await fetch(uri, { headers: { accept: "application/statuslist+jwt" } })).text();
  await jose.jwtVerify(list, issuerKeys, { typ: "statuslist+jwt", subject: uri });
  return { tokenType: token_type, bound: payload.cnf.jwk.x === signer.publicJwk.x, vct: metadata.vct, iss: payload.iss };
};
