import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { SeenEvents, verifyWebhook, WebhookVerificationError } from "../src/webhooks.js";

const SECRET = "6a1f0c4e9b7d2835f4e1a09c8b6d7e52310fa4c9d8e7b6a5f4c3d2e1b0a99887";
const NOW = 1_795_428_000;
const EVENT = {
  event_id: "event-1",
  request_id: "r",
  type: "atsp_request.verified",
  created_at: "2026-11-25T09:00:00Z",
};
const BODY = JSON.stringify(EVENT);

const mac = (timestamp: number | string, body = BODY, key = SECRET) =>
  createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex");
const headersAt = (timestamp: number | string, signature = mac(timestamp)) => ({
  "X-Timestamp": String(timestamp),
  "X-Signature": signature,
});
const reason = (expected: string) => (error: unknown) =>
  error instanceof WebhookVerificationError && error.reason === expected;

test("a signed delivery is accepted as text and as bytes", async () => {
  const headers = headersAt(NOW);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
  for (const form of [headers, lower, new Headers(headers)]) {
    for (const body of [BODY, new TextEncoder().encode(BODY), Buffer.from(BODY)]) {
      assert.deepEqual(await verifyWebhook({ body, headers: form, secret: SECRET, now: NOW }), EVENT);
    }
  }
});

test("900 seconds either way are allowed, and no more", async () => {
  for (const seconds of [-900, 900]) {
    await verifyWebhook({ body: BODY, headers: headersAt(NOW + seconds), secret: SECRET, now: NOW });
  }
  for (const timestamp of [NOW - 901, NOW + 901, "soon", `${NOW}.0`, "1e3", ""]) {
    const delivery = { body: BODY, headers: headersAt(timestamp), secret: SECRET, now: NOW };
    await assert.rejects(verifyWebhook(delivery), reason("timestamp"), String(timestamp));
  }
});

test("changed events and those of another key are rejected", async () => {
  const good = mac(NOW);
  for (const signature of [mac(NOW, BODY, "other"), good.slice(1), good.toUpperCase(), `${good}0`, "", mac(NOW + 1)]) {
    const delivery = { body: BODY, headers: headersAt(NOW, signature), secret: SECRET, now: NOW };
    await assert.rejects(verifyWebhook(delivery), reason("signature"), signature);
  }
  const delivery = { body: BODY.replace("verified", "canceled"), headers: headersAt(NOW), secret: SECRET, now: NOW };
  await assert.rejects(verifyWebhook(delivery), reason("signature"));
  await assert.rejects(verifyWebhook({ ...delivery, headers: {} }), reason("missing_header"));
  const text = headersAt(NOW, mac(NOW, "[]"));
  await assert.rejects(verifyWebhook({ body: "[]", headers: text, secret: SECRET, now: NOW }), reason("body"));
});

test("during a rotation either secret verifies either signature", async () => {
  const headers = { ...headersAt(NOW, mac(NOW, BODY, "new")), "X-Signature-Previous": mac(NOW, BODY, "old") };
  for (const secret of ["new", "old", ["new", "old"], ["unrelated", "old"]]) {
    assert.equal((await verifyWebhook({ body: BODY, headers, secret, now: NOW })).event_id, "event-1");
  }
  await assert.rejects(verifyWebhook({ body: BODY, headers, secret: "unrelated", now: NOW }), reason("signature"));
});

test("an empty secret is an error", async () => {
  const headers = headersAt(NOW, mac(NOW, BODY, ""));
  for (const secret of ["", [], [SECRET, ""]]) {
    await assert.rejects(verifyWebhook({ body: BODY, headers, secret, now: NOW }), TypeError);
  }
});

test("repeated events are recognised up to the capacity", () => {
  const seen = new SeenEvents(2);
  const isNew = (event_id: string) => seen.isNew({ event_id });
  assert.deepEqual(["a", "a", "b", "c", "b", "a"].map(isNew), [true, false, true, true, false, true]);
  seen.forget({ event_id: "a" });
  assert.equal(isNew("a"), true);
});
