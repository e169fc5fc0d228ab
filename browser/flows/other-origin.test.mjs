// A wallet in a browser at another origin: it reads the metadata, redeems an offer, fetches the
// credential and pushes an authorization request.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { allowRequestsTo, watch } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, button } from "../support/steps.mjs";

const scene = stage();
let site;
let origin;

before(async () => {
  site = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>Wallet</title>");
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://localhost:${site.address().port}`;
});
after(() => new Promise((resolve) => site.close(resolve)));

/** Returns a page of the wallet's own site. */
async function wallet() {
  const context = await scene.browser.newContext();
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  watch(page, origin);
  allowRequestsTo(page, scene.server.base);
  await page.goto(origin);
  await page.evaluate(defineWallet, scene.server.base);
  return page;
}

/** Defines `wallet` in the page, which has no other code. */
function defineWallet(base) {
  const encoded = (value) => bytes(new TextEncoder().encode(JSON.stringify(value)));
  const bytes = (data) =>
    btoa(String.fromCharCode(...new Uint8Array(data))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  async function send(path, options) {
    const answer = await fetch(new URL(path, base), options);
    const text = await answer.text();
    const body = text.startsWith("{") ? JSON.parse(text) : text;
    return { status: answer.status, body, header: (name) => answer.headers.get(name) };
  }
  const form = (path, fields, headers) =>
    send(path, { method: "POST", body: new URLSearchParams(fields), headers });

  async function sign(key, header, payload) {
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
    const input = `${encoded({ alg: "ES256", jwk: { kty, crv, x, y }, ...header })}.${encoded(payload)}`;
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    return `${input}.${bytes(await crypto.subtle.sign(algorithm, key.privateKey, new TextEncoder().encode(input)))}`;
  }
  const now = () => Math.floor(Date.now() / 1000);
  const newKey = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const hash = async (text) => bytes(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

  async function dpop(key, path, nonce, token) {
    const ath = token && (await hash(token));
    const claims = { htm: "POST", htu: new URL(path, base).href, iat: now(), jti: crypto.randomUUID(), nonce, ath };
    return sign(key, { typ: "dpop+jwt" }, claims);
  }

  globalThis.wallet = { base, send, form, sign, newKey, hash, dpop, now };
}

/** Creates an offer as a person in our own pages; returns its address and the transaction code. */
async function offered() {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.locator('a[href^="/wallet/credentials/"]').first().click();
  await button(page, "Add to another wallet").click();
  const link = await page.locator('a[href^="openid-credential-offer:"]').getAttribute("href");
  const code = (await page.textContent("#transaction-code")).trim();
  await page.context().close();
  return { address: new URL(link).searchParams.get("credential_offer_uri"), code };
}

test("a wallet at another origin redeems an offer", async () => {
  const offer = await offered();
  const page = await wallet();
  const fetched = await page.evaluate(async ({ address, code }) => {
    const { send, form, sign, newKey, dpop, now } = globalThis.wallet;
    const grant = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
    const issuer = (await send("/.well-known/openid-credential-issuer")).body;
    const server = (await send("/.well-known/oauth-authorization-server")).body;
    const { body: offer } = await send(address);
    const key = await newKey();
    const nonce = await send(issuer.nonce_endpoint, { method: "POST" });
    const proof = await dpop(key, server.token_endpoint, nonce.header("dpop-nonce"));
    const redeemed = { grant_type: grant, "pre-authorized_code": offer.grants[grant]["pre-authorized_code"] };
    const token = await form(server.token_endpoint, { ...redeemed, tx_code: code }, { DPoP: proof });
    const fresh = await send(issuer.nonce_endpoint, { method: "POST" });
    const claims = { aud: issuer.credential_issuer, iat: now(), nonce: fresh.body.c_nonce };
    const proofs = { jwt: [await sign(key, { typ: "openid4vci-proof+jwt" }, claims)] };
    const access = token.body.access_token;
    const headers = {
      authorization: `DPoP ${access}`,
      "content-type": "application/json",
      DPoP: await dpop(key, issuer.credential_endpoint, fresh.header("dpop-nonce"), access),
    };
    const body = JSON.stringify({ credential_configuration_id: "career_history_dc+sd-jwt", proofs });
    const answer = await send(issuer.credential_endpoint, { method: "POST", headers, body });
    return { status: answer.status, body: answer.body, next: token.header("dpop-nonce") };
  }, offer);
  assert.equal(fetched.status, 200, JSON.stringify(fetched.body));
  assert.match(fetched.body.credentials[0].credential, /^eyJ.*~$/);
  assert.ok(fetched.next, "the nonce of the next proof can be read");
  await page.context().close();
});

test("a wallet at another origin pushes an authorization request", async () => {
  const page = await wallet();
  const pushed = await page.evaluate(async () => {
    const { form, hash } = globalThis.wallet;
    const fields = {
      response_type: "code",
      client_id: "wallet-1",
      redirect_uri: `${location.origin}/done`,
      scope: "career_history_dc+sd-jwt",
      code_challenge_method: "S256",
      code_challenge: await hash("a-verifier-of-more-than-forty-three-characters-1"),
    };
    return (await form("/oid4vci/par", fields)).body;
  });
  assert.match(pushed.request_uri, /^urn:ietf:params:oauth:request_uri:/);
  await page.context().close();
});

test("another origin can read errors and missing documents", async () => {
  const page = await wallet();
  const read = await page.evaluate(async () => {
    const { send } = globalThis.wallet;
    const headers = { authorization: "Bearer x", "content-type": "application/json" };
    const refused = await send("/oid4vci/credential", { method: "POST", body: "{}", headers });
    const missing = await send("/.well-known/openid-configuration");
    const method = await send("/oid4vci/token");
    const known = await send("/status", { headers: { accept: "application/json", "if-none-match": '"x"' } });
    const keys = await send("/.well-known/jwks.json", { headers: { "x-request-id": "from-a-page" } });
    return {
      statuses: [refused, missing, method, known, keys].map(({ status }) => status),
      challenge: refused.header("www-authenticate"),
      id: keys.header("x-request-id"),
    };
  });
  assert.deepEqual(read.statuses, [401, 404, 405, 200, 200]);
  assert.match(read.challenge, /invalid_token/);
  assert.equal(read.id, "from-a-page");
  await page.context().close();
});

test("a page at another origin cannot read our pages", async () => {
  const page = await wallet();
  const outcome = await page.evaluate(async () => {
    const { base } = globalThis.wallet;
    const read = (path, options) => fetch(base + path, options).then(() => "read", (error) => error.name);
    return Promise.all([
      read("/wallet"),
      read("/wallet", { credentials: "include" }),
      read("/oid4vci/authorize"),
      read("/oid4vci/credential", { method: "POST", credentials: "include", body: "{}" }),
    ]);
  });
  assert.deepEqual(outcome, ["TypeError", "TypeError", "TypeError", "TypeError"]);
  await page.context().close();
});
