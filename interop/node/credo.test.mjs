// Credo (OpenWallet Foundation) as a wallet: it gets credentials by both grants, verifies and
// stores them, and presents them; and as a verifier of what another wallet presents.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";

import { until } from "../../browser/support/until.mjs";
import { CredoWallet } from "./support/credo.mjs";
import { issued, offered } from "./support/issued.mjs";
import { Presenter } from "./support/presenter.mjs";
import { scene as newScene } from "./support/scene.mjs";
import { begun } from "./support/verification.mjs";

const SD_JWT = "career_history_dc+sd-jwt";
const scene = newScene();
let credo;
// Hooks of one kind run at the same time, and the server is started by `before`.
beforeEach(async () => (credo ??= await CredoWallet.start(scene.server.base)));
after(() => credo?.stop());

/** Opens a new offer, and gets a token by its transaction code. */
async function offer(wallet = credo) {
  const held = await scene.held("career_history");
  const { link, txCode } = await offered(scene, held.id);
  const opened = await wallet.open(link);
  return { held, opened, token: await wallet.token(opened, txCode) };
}

/** Runs an authorization in the holder's browser; returns where it ends. */
async function allow(address) {
  const page = await scene.holder.visit(address);
  const next = page.url.includes("/sign-in") ? await scene.holder.signIn(page) : page;
  return (await scene.holder.press(next, "Allow")).elsewhere;
}

function holds(record, { fields }) {
  const { prettyClaims } = record.firstCredential;
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(prettyClaims[name], value, name);
}

// Conforms: OpenID4VCI 6; OpenID4VCI 8; OpenID4VCI 11; OpenID4VCI A.3; RFC 9449 5
// Conforms: OIDF issuer: happy flow; OIDF issuer: batch issuance
test("Credo gets and verifies SD-JWT VCs by a transaction code", async () => {
  const { held, opened, token } = await offer();
  assert.equal(token.accessTokenResponse.token_type, "DPoP");
  const { record, notificationId } = await credo.receive(opened, token, SD_JWT, { count: 3 });
  assert.equal(record.credentialInstances.length, 3, "one for each key");
  holds(record, held);
  await credo.notify(opened, token, notificationId);
});

// Conforms: OpenID4VCI 5; HAIP 4; RFC 9126 2; OIDF issuer: happy flow
test("Credo gets an SD-JWT VC by an authorization code", async () => {
  const held = await scene.held("education");
  const { link } = await offered(scene, held.id);
  const opened = await credo.open(link);
  const scope = "education_dc+sd-jwt";
  const token = await credo.authorizedToken(opened, scope, allow);
  assert.equal(token.accessTokenResponse.token_type, "DPoP");
  holds((await credo.receive(opened, token, scope)).record, held);
});

// Conforms: OpenID4VP 6; OpenID4VP 8.3; HAIP 5; OIDF verifier: happy flow
test("Credo presents a whole list, and it is verified", async () => {
  // A wallet without the credential of an earlier test, which this one replaces.
  const wallet = await CredoWallet.start(scene.server.base);
  const { held, opened, token } = await offer(wallet);
  await wallet.receive(opened, token, SD_JWT, { count: 2 });
  const { asked, visitor, page } = await begun(scene);
  const question = await wallet.question(page.link("openid4vp://"));
  assert.equal(question.verifier.clientIdPrefix, "x509_hash");
  assert.ok(question.dcql.queryResult.can_be_satisfied, JSON.stringify(question.dcql.queryResult.credential_matches));
  const { status, body } = await wallet.present(question);
  await wallet.stop();
  assert.equal(status, 200, JSON.stringify(body));
  await visitor.visit(body.redirect_uri);
  const result = await scene.server.result(asked.request_id);
  assert.equal(result.status, "verified");
  assert.equal(result.credential.full_name, held.fields.full_name);
  assert.deepEqual(result.credential.employment, held.fields.employment);
});

// Conforms: RFC 9901 7.3; HAIP 6.1.1; RFC 7515 4.1.6
test("Credo verifies our presentation and rejects invalid ones", async () => {
  const ours = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const presenter = new Presenter(ours, scene.server.base);
  const [audience, nonce] = ["https://verifier.example", "a-nonce-of-the-verifier"];
  const dcql = { query: { credentials: [{ id: "one", claims: [{ path: ["full_name"] }, { path: ["employment"] }] }] } };
  const { one } = await presenter.present({ authorizationRequestPayload: { client_id: audience, nonce }, dcql });
  const verify = (by, keyBinding) => by.agent.sdJwtVc.verify({ compactSdJwtVc: one[0], keyBinding });
  const good = await verify(credo, { audience, nonce });
  assert.ok(good.isValid, good.error?.stack);
  assert.equal(good.sdJwtVc.prettyClaims.employment.length, 2);
  for (const other of [{ audience: "https://other.example", nonce }, { audience, nonce: "other" }])
    assert.ok(!(await verify(credo, other)).isValid, JSON.stringify(other));
  const stranger = await CredoWallet.start(scene.server.base, { trusted: [] });
  assert.match((await verify(stranger, { audience, nonce })).error.message, /certificate/i);
  await stranger.stop();
});

// Conforms: Token Status List 7; Token Status List 8.3
test("Credo rejects a credential with the status replaced", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "dc+sd-jwt");
  const verified = () => credo.agent.sdJwtVc.verify({ compactSdJwtVc: credential });
  assert.ok((await verified()).isValid);
  await scene.held("career_history");
  await until("the status list to say so", async () => !(await verified()).isValid);
  assert.match((await verified()).error.message, /status/i);
});
