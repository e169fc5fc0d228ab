// OpenID4VCI 1.0 with the wallet library of @openid4vc: both grants, from the offer to the
// notification.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { Oauth2Client, Oauth2ClientErrorResponseError } from "@openid4vc/oauth2";
import { Openid4vciClient, Openid4vciRetrieveCredentialsError } from "@openid4vc/openid4vci";
import * as jose from "jose";

import { offered } from "./support/issued.mjs";
import { Person } from "./support/person.mjs";
import { EVERY_FORMAT, TYPES, scene as newScene } from "./support/scene.mjs";
import { sdJwtVerifier } from "./support/trust.mjs";
import { REDIRECT, Wallet } from "./support/wallet.mjs";

const SD_JWT = "career_history_dc+sd-jwt";
const VC_JWT = "career_history_vc+jwt";
const scene = newScene({ env: EVERY_FORMAT });

const oauthError = (code) => (error) => {
  assert.ok(error instanceof Oauth2ClientErrorResponseError, error.stack);
  assert.equal(error.errorResponse.error, code);
  return true;
};

const credentialError = (code) => (error) => {
  assert.ok(error instanceof Openid4vciRetrieveCredentialsError, error.stack);
  assert.equal(error.response.credentialErrorResponseResult?.data?.error, code, error.message);
  return true;
};

const boundTo = (credential) => jose.decodeJwt(credential.split("~")[0]).cnf.jwk;

/** Pushes an authorization request and allows it as `person`; returns the code and its context. */
async function authorized(wallet, opened, scope, { dpop, person = scene.holder } = {}) {
  const state = randomUUID();
  const [authorizationServerMetadata] = opened.issuer.authorizationServers;
  // If it starts from an offer, the library cannot send a state.
  const started = await new Oauth2Client({ callbacks: wallet.callbacks() }).createAuthorizationRequestUrl({
    authorizationServerMetadata,
    resource: opened.issuer.credentialIssuer.credential_issuer,
    clientId: wallet.clientId,
    redirectUri: REDIRECT,
    scope,
    state,
    dpop,
  });
  assert.ok(new URL(started.authorizationRequestUrl).searchParams.get("request_uri"), "the request was pushed");
  let page = await person.visit(started.authorizationRequestUrl);
  if (page.url.includes("/sign-in")) page = await person.signIn(page);
  const sent = await person.press(page, "Allow");
  assert.ok(sent.elsewhere?.startsWith(REDIRECT), `${sent.url}: ${sent.status}`);
  const answer = wallet.client.parseAndVerifyAuthorizationResponseRedirectUrl({
    url: sent.elsewhere,
    authorizationServerMetadata,
  });
  assert.equal(answer.state, state);
  assert.equal(answer.iss, scene.server.base);
  return { code: answer.code, pkceCodeVerifier: started.pkce.codeVerifier, dpop: started.dpop };
}

const exchange = (wallet, { offer, issuer }, { code, pkceCodeVerifier, dpop }) =>
  wallet.client.retrieveAuthorizationCodeAccessTokenFromOffer({
    credentialOffer: offer,
    issuerMetadata: issuer,
    authorizationCode: code,
    pkceCodeVerifier,
    redirectUri: REDIRECT,
    dpop,
    additionalRequestPayload: { client_id: wallet.clientId },
  });

// Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3; HAIP 4.1; OIDF issuer: metadata
test("metadata has a configuration for every type and format", async () => {
  const issuer = await new Wallet().client.resolveIssuerMetadata(scene.server.base);
  assert.equal(issuer.originalDraftVersion, "V1");
  const ids = (formats) => TYPES.flatMap((type) => formats.map((format) => `${type}_${format}`)).sort();
  const all = issuer.credentialIssuer.credential_configurations_supported;
  assert.deepEqual(Object.keys(all).sort(), ids(["dc+sd-jwt", "jwt_vc_json", "vc+jwt"]));
  // OpenID4VCI has no format for `vc+jwt`; libraries leave out the formats that they do not know.
  const known = issuer.knownCredentialConfigurations;
  assert.deepEqual(Object.keys(known).sort(), ids(["dc+sd-jwt", "jwt_vc_json"]));
  for (const [id, { format, scope, credential_metadata }] of Object.entries(all)) {
    assert.equal(scope, id);
    assert.ok(id.endsWith(`_${format}`), `${id} is ${format}`);
    assert.ok(credential_metadata.display[0].name, id);
    assert.ok(credential_metadata.claims.length > 0, id);
  }
  const [server] = issuer.authorizationServers;
  assert.ok(server.code_challenge_methods_supported.includes("S256"));
  assert.ok(!server.code_challenge_methods_supported.includes("plain"));
});

// Conforms: OpenID4VCI 12.2; HAIP 4.1; OIDF issuer: signed metadata
test("the signed metadata equals the unsigned metadata", async () => {
  const wallet = new Wallet();
  const open = await wallet.begin(scene.server.base, []);
  const accept = (address, init) =>
    fetch(address, { ...init, headers: { ...init?.headers, accept: "application/jwt, application/json;q=0.5" } });
  const client = new Openid4vciClient({ callbacks: { ...wallet.callbacks(), fetch: accept } });
  const signed = await client.resolveIssuerMetadata(scene.server.base);
  assert.equal(signed.signedCredentialIssuer.jwt.header.typ, "openidvci-issuer-metadata+jwt");
  const { iss, sub, iat, exp, ...said } = signed.credentialIssuer;
  assert.equal(sub, scene.server.base);
  assert.ok(iat <= Date.now() / 1000 && (exp === undefined || exp > Date.now() / 1000), `${iss} ${exp}`);
  assert.deepEqual(said, open.issuer.credentialIssuer);
});

// Conforms: OpenID4VCI 6; OpenID4VCI 8; OpenID4VCI 11; OIDF issuer: notification
test("the pre-authorized code flow issues and notifies once", async () => {
  const held = await scene.held("career_history");
  const wallet = new Wallet();
  const { link, txCode } = await offered(scene, held.id);
  assert.match(txCode, /^\d{6}$/);
  const opened = await wallet.open(link);
  assert.equal(opened.offer.credential_issuer, scene.server.base);
  const wrong = txCode === "000000" ? "000001" : "000000";
  await assert.rejects(wallet.token(opened, wrong), oauthError("invalid_grant"));
  const { access_token, expires_in } = await wallet.token(opened, txCode);
  assert.ok(expires_in <= 300, "a bearer token lives five minutes at most");
  await assert.rejects(wallet.token(opened, txCode), oauthError("invalid_grant"));

  const key = await wallet.newKey();
  const { c_nonce } = await wallet.client.requestNonce({ issuerMetadata: opened.issuer });
  const proofs = await wallet.proofs(opened, SD_JWT, [key], { nonce: c_nonce });
  const answer = await wallet.credentials(opened, SD_JWT, proofs, access_token);
  assert.equal(answer.credentials.length, 1);
  const [{ credential }] = answer.credentials;
  assert.deepEqual(boundTo(credential), key.publicJwk);
  await (await sdJwtVerifier(credential)).verify(credential);

  const again = await wallet.proofs(opened, SD_JWT, [await wallet.newKey()], { nonce: c_nonce });
  await assert.rejects(wallet.credentials(opened, SD_JWT, again, access_token), credentialError("invalid_nonce"));

  const accepted = { notificationId: answer.notification_id, event: "credential_accepted" };
  for (const time of ["once", "again, as answers get lost"]) {
    const { response } = await wallet.notify(opened, accepted, access_token);
    assert.equal(response.status, 204, time);
  }
  const unknown = { notificationId: randomUUID(), event: "credential_accepted" };
  await assert.rejects(wallet.notify(opened, unknown, access_token), ({ response }) => {
    assert.equal(response.notificationErrorResponseResult?.data?.error, "invalid_notification_id");
    return true;
  });
});

// Conforms: OpenID4VCI 4; OpenID4VCI 6.3
test("an offer can be fetched again, and code attempts are limited", async () => {
  const wallet = new Wallet();
  const { link, txCode } = await offered(scene, (await scene.held("education")).id);
  const opened = await wallet.open(link);
  assert.deepEqual((await wallet.open(link)).offer, opened.offer);
  const wrong = txCode === "000000" ? "000001" : "000000";
  for (let count = 0; count < 10; count += 1)
    await assert.rejects(wallet.token(opened, wrong), oauthError("invalid_grant"));
  await assert.rejects(wallet.token(opened, txCode), oauthError("invalid_grant"));
});

// Conforms: OpenID4VCI 8.3.1; RFC 6750 3
test("a token is valid only for the offered credential", async () => {
  const wallet = new Wallet();
  const held = await scene.held("career_history");
  const { link, txCode } = await offered(scene, held.id);
  const opened = await wallet.open(link);
  const { access_token } = await wallet.token(opened, txCode);
  const other = "education_dc+sd-jwt";
  const proofs = await wallet.proofs(opened, other, [await wallet.newKey()]);
  await assert.rejects(wallet.credentials(opened, other, proofs, access_token), Openid4vciRetrieveCredentialsError);
  const good = await wallet.proofs(opened, VC_JWT, [await wallet.newKey()]);
  await assert.rejects(
    wallet.credentials(opened, VC_JWT, good, `${access_token}x`),
    ({ response }) => response.response.status === 401,
  );
});

// Conforms: OpenID4VCI F.1; OpenID4VCI 8.3.1; OIDF issuer: bad proof signature
// Conforms: OIDF issuer: wrong nonce; OIDF issuer: missing proof
test("proofs need our nonce and audience, their type and signature", async () => {
  const wallet = new Wallet();
  const { link, txCode } = await offered(scene, (await scene.held("career_history")).id);
  const opened = await wallet.open(link);
  const { access_token } = await wallet.token(opened, txCode);
  const [key, thief] = [await wallet.newKey(), await wallet.newKey()];
  const proof = async ({ header = {}, payload = {}, by = key }) => {
    const { c_nonce } = await wallet.client.requestNonce({ issuerMetadata: opened.issuer });
    const claims = { aud: scene.server.base, iat: Math.floor(Date.now() / 1000), nonce: c_nonce, ...payload };
    const protectedHeader = { typ: "openid4vci-proof+jwt", alg: "ES256", jwk: key.publicJwk, ...header };
    const jwt = new jose.SignJWT(claims).setProtectedHeader(protectedHeader);
    return { jwt: [await jwt.sign(await wallet.privateKey(by))] };
  };
  const refused = async (change, code) =>
    assert.rejects(
      wallet.credentials(opened, SD_JWT, await proof(change), access_token),
      credentialError(code),
      JSON.stringify(change),
    );
  await refused({ payload: { aud: "https://other.example" } }, "invalid_proof");
  await refused({ header: { typ: "JWT" } }, "invalid_proof");
  await refused({ by: thief }, "invalid_proof");
  await refused({ payload: { iat: 1_000_000_000 } }, "invalid_proof");
  await refused({ header: { jwk: await jose.exportJWK(await wallet.privateKey(key)) } }, "invalid_proof");
  await refused({ payload: { nonce: "made-up" } }, "invalid_nonce");
  await refused({ payload: { nonce: undefined } }, "invalid_proof");
  const answer = await wallet.credentials(opened, SD_JWT, await proof({}), access_token);
  assert.equal(answer.credentials.length, 1, "the same without a change is fine");
});

// Conforms: OpenID4VCI 5; HAIP 4; RFC 9126 2; RFC 7636 4.6; RFC 9449 7.1; OIDF issuer: happy flow
// Conforms: OIDF issuer: batch issuance
test("the authorization code flow issues a batch with PAR and DPoP", async () => {
  await scene.held("career_history");
  const wallet = new Wallet();
  const opened = await wallet.begin(scene.server.base, [SD_JWT]);
  const dpop = { signer: await wallet.newKey() };
  const grant = await authorized(wallet, opened, SD_JWT, { dpop });
  const token = await exchange(wallet, opened, grant);
  assert.equal(token.accessTokenResponse.token_type, "DPoP");
  const { access_token } = token.accessTokenResponse;
  const bound = { ...dpop, nonce: token.dpop.nonce };

  const { batch_size } = opened.issuer.credentialIssuer.batch_credential_issuance;
  assert.ok(batch_size >= 3);
  const keys = [await wallet.newKey(), await wallet.newKey("EdDSA"), await wallet.newKey()];
  const proofs = await wallet.proofs(opened, SD_JWT, keys);
  const answer = await wallet.credentials(opened, SD_JWT, proofs, access_token, bound);
  const credentials = answer.credentials.map(({ credential }) => credential);
  assert.deepEqual(
    credentials.map(boundTo),
    keys.map(({ publicJwk }) => publicJwk),
  );
  const indexes = credentials.map((credential) => jose.decodeJwt(credential.split("~")[0]).status.status_list.idx);
  assert.equal(new Set(indexes).size, keys.length, "each has a status of its own");
  for (const credential of credentials) await (await sdJwtVerifier(credential)).verify(credential);
  const event = { notificationId: answer.notification_id, event: "credential_accepted" };
  assert.equal((await wallet.notify(opened, event, access_token, bound)).response.status, 204);

  const fresh = await wallet.proofs(opened, SD_JWT, [await wallet.newKey()]);
  await assert.rejects(
    wallet.credentials(opened, SD_JWT, fresh, access_token),
    ({ response }) => response.response.status === 401,
  );
  const thief = { signer: await wallet.newKey() };
  await assert.rejects(
    wallet.credentials(opened, SD_JWT, fresh, access_token, thief),
    ({ response }) => response.response.status === 401,
  );
});

// Conforms: RFC 7636 4.6; RFC 9449 5; OIDF issuer: FAPI 2: no PKCE, plain, wrong verifier
// Conforms: OIDF issuer: FAPI 2: code used twice
test("an authorization code needs its verifier and works once", async () => {
  await scene.held("career_history");
  const wallet = new Wallet();
  const opened = await wallet.begin(scene.server.base, [VC_JWT]);
  const dpop = { signer: await wallet.newKey() };
  const start = () => authorized(wallet, opened, VC_JWT, { dpop });
  const wrong = { ...(await start()), pkceCodeVerifier: "a".repeat(64) };
  await assert.rejects(exchange(wallet, opened, wrong), oauthError("invalid_grant"));
  const stolen = { ...(await start()), dpop: { signer: await wallet.newKey() } };
  await assert.rejects(exchange(wallet, opened, stolen), ({ errorResponse }) =>
    /invalid_grant|invalid_dpop_proof/.test(errorResponse?.error),
  );
  const grant = await start();
  const { accessTokenResponse } = await exchange(wallet, opened, grant);
  assert.ok(accessTokenResponse.access_token);
  await assert.rejects(exchange(wallet, opened, grant), oauthError("invalid_grant"));
});

test("a person signs in during the authorization code flow", async () => {
  const person = new Person(scene.server);
  await scene.held("microcredential", { person });
  const stranger = Object.assign(new Person(scene.server), { address: person.address });
  const wallet = new Wallet();
  const id = "microcredential_vc+jwt";
  const opened = await wallet.begin(scene.server.base, [id]);
  const dpop = { signer: await wallet.newKey() };
  const token = await exchange(wallet, opened, await authorized(wallet, opened, id, { dpop, person: stranger }));
  const proofs = await wallet.proofs(opened, id, [await wallet.newKey()]);
  const answer = await wallet.credentials(opened, id, proofs, token.accessTokenResponse.access_token, {
    ...dpop,
    nonce: token.dpop.nonce,
  });
  assert.equal(jose.decodeProtectedHeader(answer.credentials[0].credential).typ, "vc+jwt");
});

// Conforms: OpenID4VCI 10
test("requests and responses can be encrypted", async () => {
  const wallet = new Wallet({ encrypts: true });
  const { link, txCode } = await offered(scene, (await scene.held("career_history")).id);
  const opened = await wallet.open(link);
  const { access_token } = await wallet.token(opened, txCode);
  const proofs = await wallet.proofs(opened, SD_JWT, [await wallet.newKey()]);
  const { credentials } = await wallet.credentials(opened, SD_JWT, proofs, access_token);
  assert.match(wallet.sawEncrypted, /application\/jwt/);
  await (await sdJwtVerifier(credentials[0].credential)).verify(credentials[0].credential);
});

// Conforms: OpenID4VCI 8.3.1; OIDF issuer: unknown configuration id
test("an unknown configuration is rejected by name", async () => {
  const wallet = new Wallet();
  const { link, txCode } = await offered(scene, (await scene.held("career_history")).id);
  const opened = await wallet.open(link);
  const { access_token } = await wallet.token(opened, txCode);
  const proofs = await wallet.proofs(opened, SD_JWT, [await wallet.newKey()]);
  const answer = await fetch(opened.issuer.credentialIssuer.credential_endpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    body: JSON.stringify({ credential_configuration_id: "unknown", proofs }),
  });
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error, "unknown_credential_configuration");
});
