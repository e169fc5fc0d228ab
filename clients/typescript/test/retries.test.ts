import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, ConflictError, NetworkError, RateLimitError, ServerError } from "../src/index.js";
import { CAREER, json, problem, PUSHED, Scene } from "./support.js";

const push = (scene: Scene) =>
  scene.client.submissions.push("career_history", { credential_id: "EMP-1", fields: CAREER });
const lost = () => {
  throw new TypeError("fetch failed");
};

test("a push is retried with one key after lost responses and 429", async () => {
  const scene = new Scene();
  scene.answers(
    lost,
    () => problem(503),
    () => problem(429, {}, { "retry-after": "7" }),
    () => json(201, PUSHED),
  );
  assert.equal((await push(scene)).redirect_uri, PUSHED.redirect_uri);
  assert.deepEqual(scene.waits, [250, 500, 7000]);
  assert.deepEqual(
    scene.calls.map(({ headers }) => headers.get("idempotency-key")),
    Array(4).fill("key-1"),
  );
  assert.equal(new Set(scene.calls.map(({ body }) => body)).size, 1);
});

test("an own idempotency key is sent as it is", async () => {
  const scene = new Scene();
  scene.answers(() => json(201, PUSHED));
  const body = { credential_id: "EMP-1", fields: CAREER };
  await scene.client.submissions.push("career_history", body, { idempotencyKey: "mine" });
  assert.equal(scene.calls[0]?.headers.get("idempotency-key"), "mine");
});

test("retries end with the last error", async () => {
  const scene = new Scene({ retries: { maxAttempts: 3 } });
  scene.answers(
    () => problem(503),
    () => problem(503),
    () => problem(503),
    () => json(201, PUSHED),
  );
  await assert.rejects(push(scene), (error) => error instanceof ServerError && error.requestId === "request-1");
  assert.equal(scene.calls.length, 3);
  scene.answers(lost, lost, lost, () => json(201, PUSHED));
  await assert.rejects(push(scene), NetworkError);
});

test("a Retry-After above the limit ends the call and is reported", async () => {
  const scene = new Scene();
  scene.answers(() => problem(429, {}, { "retry-after": "3600" }));
  await assert.rejects(push(scene), (error) => error instanceof RateLimitError && error.retryAfter === 3600);
  scene.answers(
    () => problem(429, {}, { "retry-after": "Sun, 29 Nov 2026 10:00:20 GMT" }),
    () => json(201, PUSHED),
  );
  await push(scene);
  assert.deepEqual(scene.waits, [20_000]);
});

test("errors of the request are not retried", async () => {
  for (const status of [400, 403, 404, 409, 413, 422, 500]) {
    const scene = new Scene();
    scene.answers(() => problem(status));
    await assert.rejects(push(scene), (error) => error instanceof ApiError && error.status === status);
    assert.equal(scene.calls.length, 1, `${status}`);
  }
});

test("a conflict after a lost response is retried", async () => {
  const scene = new Scene();
  scene.answers(
    lost,
    () => problem(409),
    () => json(201, PUSHED),
  );
  await push(scene);
  scene.answers(
    () => problem(429),
    () => problem(409),
  );
  await assert.rejects(push(scene), ConflictError);
});

test("a rotation is repeated after 429 only", async () => {
  const scene = new Scene();
  scene.answers(
    () => problem(429),
    () => json(200, { id: "w", secret: "s" }),
  );
  await scene.client.webhooks.rotateSecret("w");
  for (const answer of [() => problem(503), lost]) {
    scene.answers(answer);
    await assert.rejects(scene.client.webhooks.rotateSecret("w"));
  }
});

test("an abort ends a call at once, also while it waits to retry", async () => {
  const scene = new Scene();
  const controller = new AbortController();
  scene.answers(() => {
    controller.abort(new Error("stopped"));
    throw new TypeError("fetch failed");
  });
  await assert.rejects(scene.client.submissions.status("EMP-1", { signal: controller.signal }), { message: "stopped" });
  await assert.rejects(scene.client.submissions.status("EMP-1", { signal: controller.signal }), { message: "stopped" });
  assert.equal(scene.calls.length, 1);
});

test("an abort ends a call that waits for a token", async () => {
  const controller = new AbortController();
  const scene = new Scene({ runtime: { fetch: () => new Promise(() => {}) } });
  const asked = scene.client.submissions.status("EMP-1", { signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assert.rejects(asked, { message: "stopped" });
});

test("a response that is no JSON and a redirect name the base URL", async () => {
  const scene = new Scene();
  scene.answers(
    () => new Response("<html>"),
    () => new Response(null, { status: 301, headers: { location: "/" } }),
  );
  await assert.rejects(scene.client.submissions.status("EMP-1"), /check the base URL/);
  await assert.rejects(scene.client.submissions.status("EMP-1"), /redirects are not followed/);
});
