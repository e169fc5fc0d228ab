// OpenID4VP 1.0 with the wallet library of @openid4vc: a credential fetched from Tenure is
// presented in both response modes, with each kind of client id.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { issued } from "./support/issued.mjs";
import { Person } from "./support/person.mjs";
import { Presenter } from "./support/presenter.mjs";
import { scene as newScene } from "./support/scene.mjs";
import { begun } from "./support/verification.mjs";

async function presenter(scene, options) {
  const held = await scene.held("career_history");
  return new Presenter(await issued(scene, held, "dc+sd-jwt"), scene.server.base, options);
}

async function assertShown(scene, asked) {
  const result = await scene.server.result(asked.request_id);
  assert.equal(result.status, "verified");
  assert.equal(result.credential.full_name, "Ada Example");
  assert.ok(result.credential.employment.length > 1);
  assert.ok(result.verification.checks.every(({ outcome }) => outcome === "passed"), JSON.stringify(result.verification));
  return result;
}

const ways = [
  ["encrypted, as HAIP wants it", { mode: "direct_post.jwt", prefix: "x509_hash" }],
  ["in the open", { mode: "direct_post", prefix: "x509_hash" }],
  ["to a server known by its name", { mode: "direct_post.jwt", prefix: "x509_san_dns" }],
  ["to a server known by its DID", { mode: "direct_post", prefix: "decentralized_identifier" }],
];

for (const [what, { mode, prefix }] of ways) {
  describe(what, () => {
    const env = { TENURE_OPENID4VP__RESPONSE_MODE: mode, TENURE_OPENID4VP__CLIENT_ID_PREFIX: prefix };
    const scene = newScene({ env });

    // Conforms: OpenID4VP 5.9; OpenID4VP 8.2; OpenID4VP 8.3; HAIP 5; HAIP 5.1
    // Conforms: OIDF verifier: happy flow
    test("a response on the same device finishes in the same browser", async () => {
      const wallet = await presenter(scene);
      const { asked, visitor, page } = await begun(scene);
      const question = await wallet.open(page.link("openid4vp://"));
      assert.equal(question.version, 100);
      assert.deepEqual([question.client.prefix, question.jar.sendBy], [prefix, "reference"]);
      assert.equal(question.authorizationRequestPayload.response_mode, mode);
      const answer = await wallet.answer(question, await wallet.present(question));
      assert.deepEqual([answer.mode, answer.status], [mode, 200], JSON.stringify(answer.body));
      assert.equal((await scene.server.result(asked.request_id)).status, "incomplete");
      const stranger = await new Person(scene.server).visit(new URL(answer.body.redirect_uri).pathname);
      assert.notEqual(stranger.status, 200);
      const done = await visitor.visit(answer.body.redirect_uri);
      assert.match(done.html, /You shared this with/);
      const { verification } = await assertShown(scene, asked);
      assert.equal(verification.presentation.audience, question.authorizationRequestPayload.client_id);
    });
  });
}

describe("encrypted", () => {
  const scene = newScene();

  // Conforms: OpenID4VP 8.3; HAIP 5
  test("a response from another device finishes with its code", async () => {
    const wallet = await presenter(scene, { enc: "A128GCM" });
    const { asked, visitor, page } = await begun(scene, { button: "On another device" });
    const question = await wallet.open(page.byId("presentation-link"));
    const answer = await wallet.answer(question, await wallet.present(question));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const phone = await new Person(scene.server).visit(answer.body.redirect_uri);
    const done = await visitor.press(page, "Share", { code: phone.byId("carried-code") });
    assert.match(done.html, /You shared this with/);
    await assertShown(scene, asked);
  });

  // Conforms: OpenID4VP 5; OIDF verifier: request_uri fetched twice
  test("a request can be read repeatedly and gets one response", async () => {
    const wallet = await presenter(scene);
    const { page } = await begun(scene);
    const [first, again] = [await wallet.open(page.link("openid4vp://")), await wallet.open(page.link("openid4vp://"))];
    assert.deepEqual(again.authorizationRequestPayload, first.authorizationRequestPayload);
    assert.equal((await wallet.answer(first, await wallet.present(first))).status, 200);
    const late = await wallet.answer(first, await wallet.present(first));
    assert.deepEqual([late.status, late.body.error], [400, "invalid_request"]);
  });

  // Conforms: OpenID4VP 14.1; RFC 9901 7.3; OIDF verifier: key binding: wrong audience
  // Conforms: OIDF verifier: key binding: wrong nonce; OIDF verifier: key binding: bad signature
  // Conforms: OIDF verifier: key binding: iat in the future or past
  test("responses of other wallets and requests are rejected", async () => {
    const wallet = await presenter(scene);
    const { asked, page } = await begun(scene);
    const question = await wallet.open(page.link("openid4vp://"));
    const now = Math.floor(Date.now() / 1000);
    for (const [change, why] of [
      [{ kb: { aud: "x509_hash:other" } }, /aud/],
      [{ kb: { nonce: "other" } }, /nonce/],
      [{ kb: { iat: now + 3600 } }, /future/],
      [{ kb: { iat: now - 3600 } }, /long ago/],
      [{ by: await wallet.issued.wallet.newKey() }, /signature/],
    ]) {
      const answer = await wallet.answer(question, await wallet.present(question, change));
      assert.equal(answer.status, 400, JSON.stringify(change));
      assert.match(answer.body.error_description, why);
    }
    assert.equal((await scene.server.result(asked.request_id)).status, "incomplete");
  });
});
