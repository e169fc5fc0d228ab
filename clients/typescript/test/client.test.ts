import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { OAuthError, TenurePartner, ValidationError } from "../src/index.js";
import { CAREER, json, problem, PUSHED, Scene } from "./support.js";

const STATUS = { id: "EMP-1", status: "incomplete", finalized_at: null };

test("concurrent calls share one token", async () => {
  const scene = new Scene();
  scene.answers(...Array.from({ length: 20 }, () => () => json(200, STATUS)));
  await Promise.all(Array.from({ length: 20 }, () => scene.client.submissions.status("EMP-1")));
  assert.equal(scene.tokens, 1);
  const form = new URLSearchParams(scene.sent[0]?.body);
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: "client_credentials",
    client_id: "id",
    client_secret: "secret",
  });
});

test("settings from files may end with a line break", async () => {
  const scene = new Scene({ baseUrl: " https://passport.example\n", clientId: "id\n", clientSecret: " secret\r\n" });
  scene.answers(() => json(200, STATUS));
  await scene.client.submissions.status("EMP-1");
  const form = new URLSearchParams(scene.sent[0]?.body);
  assert.deepEqual([form.get("client_id"), form.get("client_secret")], ["id", "secret"]);
});

test("a token without a lifetime is used for a while", async () => {
  const scene = new Scene();
  scene.tokenResponse = { access_token: "opaque", token_type: "Bearer" };
  for (const [passed, tokens] of [
    [0, 1],
    [269_000, 1],
    [1_000, 2],
  ] as const) {
    scene.nowMs += passed;
    scene.answers(() => json(200, STATUS));
    await scene.client.submissions.status("EMP-1");
    assert.equal(scene.tokens, tokens);
  }
});

test("a response without a token is an error of the client", async () => {
  for (const body of [[], {}, { access_token: null }, "text"]) {
    const scene = new Scene();
    scene.tokenResponse = body;
    await assert.rejects(scene.client.submissions.status("EMP-1"), { name: "ApiError", message: /no access_token/ });
  }
});

test("a token is renewed a minute before it expires", async () => {
  const scene = new Scene();
  const ask = async () => {
    scene.answers(() => json(200, STATUS));
    await scene.client.submissions.status("EMP-1");
    return scene.tokens;
  };
  assert.equal(await ask(), 1);
  scene.nowMs += 3_539_000;
  assert.equal(await ask(), 1);
  scene.nowMs += 1_000;
  assert.equal(await ask(), 2);
});

test("a refused token is renewed once", async () => {
  const scene = new Scene();
  scene.answers(
    () => problem(401),
    () => json(200, STATUS),
  );
  await scene.client.submissions.status("EMP-1");
  assert.deepEqual(
    scene.calls.map(({ headers }) => headers.get("authorization")),
    ["Bearer token-1", "Bearer token-2"],
  );
  scene.answers(
    () => problem(401),
    () => problem(401),
  );
  await assert.rejects(scene.client.submissions.status("EMP-1"), { name: "AuthenticationError" });
});

test("concurrent calls with a refused token renew it once", async () => {
  const scene = new Scene();
  const answer = ({ headers }: { headers: Headers }) =>
    headers.get("authorization") === "Bearer token-1" ? problem(401) : json(200, STATUS);
  scene.answers(...Array.from({ length: 10 }, () => answer));
  await Promise.all(Array.from({ length: 5 }, () => scene.client.submissions.status("EMP-1")));
  assert.equal(scene.tokens, 2);
});

test("a printed client does not show the secret", async () => {
  const client = new TenurePartner({ baseUrl: "https://passport.example", clientId: "id", clientSecret: "hidden" });
  assert.doesNotMatch(inspect(client, { depth: 20 }), /hidden/);
});

test("a failed token request is not kept", async () => {
  let calls = 0;
  const scene = new Scene({
    runtime: {
      fetch: async () =>
        (calls += 1) === 1
          ? json(401, { error: "invalid_client", error_description: "Check it." })
          : json(200, { ...STATUS, access_token: "token" }),
    },
  });
  await assert.rejects(
    scene.client.submissions.status("EMP-1"),
    (error) => error instanceof OAuthError && error.error === "invalid_client" && error.detail === "Check it.",
  );
  await scene.client.submissions.status("EMP-1");
});

test("a validation error has pointers, messages and suggestions", async () => {
  const scene = new Scene();
  const errors = [
    { pointer: "/fields/employment/0/start_date", code: "date.format", message: "Write YYYY-MM.", received: "3/2018" },
    {
      pointer: "/fields/employment/0/role_titel",
      code: "field.unknown",
      message: "Unknown field.",
      suggestion: "role_title",
    },
  ];
  scene.answers(() => problem(422, { title: "Validation failed", errors }));
  const body = { credential_id: "EMP-1", fields: CAREER };
  await assert.rejects(scene.client.submissions.push("career_history", body), (error) => {
    assert.ok(error instanceof ValidationError);
    assert.equal(error.code, "date.format");
    assert.equal(error.errorsAt("/fields/employment").length, 2);
    assert.equal(error.requestId, "request-1");
    assert.match(
      error.message,
      /\/fields\/employment\/0\/role_titel: Unknown field\. \(did you mean "role_title"\?\) \(request request-1\)/,
    );
    return true;
  });
});

test("statuses of any number of ids are read by 30", async () => {
  const scene = new Scene();
  const answer = ({ body }: { body: string }) => {
    const { ids } = JSON.parse(body) as { ids: string[] };
    const credentials = ids.filter((id) => id !== "id-7").map((id) => ({ id, status: "verified" }));
    return json(200, { credentials, not_found: ids.filter((id) => id === "id-7") });
  };
  scene.answers(answer, answer, answer);
  const ids = Array.from({ length: 61 }, (_, number) => `id-${number}`);
  const { credentials, not_found } = await scene.client.submissions.statuses([...ids, "id-0"]);
  assert.deepEqual(
    scene.calls.map(({ body }) => JSON.parse(body).ids.length),
    [30, 30, 1],
  );
  assert.deepEqual([credentials.length, not_found], [60, ["id-7"]]);
  assert.deepEqual(await scene.client.submissions.statuses([]), { credentials: [], not_found: [] });
});

test("lists fetch the next page only when it is needed", async () => {
  const scene = new Scene();
  scene.answers(
    () => json(200, { submissions: [{ id: "a" }, { id: "b" }], next_cursor: "c/1" }),
    () => json(200, { submissions: [{ id: "c" }], next_cursor: null }),
  );
  const found: string[] = [];
  for await (const { id } of scene.client.submissions.list({ status: "verified", limit: 2 })) {
    found.push(id);
    assert.equal(scene.calls.length, found.length <= 2 ? 1 : 2);
  }
  assert.deepEqual(found, ["a", "b", "c"]);
  assert.deepEqual(
    scene.calls.map(({ path }) => path),
    [
      "/api/partner/v2/submissions?status=verified&limit=2",
      "/api/partner/v2/submissions?status=verified&limit=2&cursor=c%2F1",
    ],
  );
});

test("lists can be narrowed to one id", async () => {
  const scene = new Scene();
  scene.answers(
    () => json(200, { submissions: [], next_cursor: null }),
    () => json(200, { requests: [], next_cursor: null }),
  );
  for await (const { id } of scene.client.submissions.list({ credential_id: "a/b" })) assert.fail(id);
  for await (const { request_id } of scene.client.verifications.list({ request_id: "r" })) assert.fail(request_id);
  assert.deepEqual(
    scene.calls.map(({ path }) => path),
    ["/api/partner/v2/submissions?credential_id=a%2Fb", "/api/partner/v2/verify/requests?request_id=r"],
  );
});

test("ids are escaped, and ids that change the path are refused", async () => {
  const scene = new Scene();
  scene.answers(() => json(200, STATUS));
  await scene.client.submissions.status("a/b?c d");
  assert.equal(scene.calls[0]?.path, "/api/partner/v2/submissions/a%2Fb%3Fc%20d/status");
  for (const id of ["", ".", ".."]) assert.throws(() => scene.client.submissions.status(id), TypeError);
});

test("uploads carry no token", async () => {
  const scene = new Scene();
  scene.answers(
    () => new Response(null, { status: 503 }),
    () => new Response(null, { status: 204 }),
  );
  const upload_url = "https://passport.example/api/partner/v2/uploads/t";
  const link = { asset_id: "t", upload_url, content_type: "application/pdf", expires_at: "2026-11-29T11:00:00Z" };
  await scene.client.submissions.upload(link, new TextEncoder().encode("%PDF"));
  assert.equal(scene.tokens, 0);
  const sent = scene.calls.map(({ headers, body }) => [
    headers.get("authorization"),
    headers.get("content-type"),
    body,
  ]);
  assert.deepEqual(sent, Array(2).fill([null, "application/pdf", "%PDF"]));
});

test("a secret is not sent over plain HTTP to another machine", () => {
  const options = { clientId: "id", clientSecret: "secret" };
  assert.throws(() => new TenurePartner({ ...options, baseUrl: "http://passport.example" }), TypeError);
  assert.throws(() => new TenurePartner({ ...options, baseUrl: "ftp://passport.example" }), TypeError);
  assert.throws(
    () => new TenurePartner({ ...options, clientSecret: "", baseUrl: "https://passport.example" }),
    TypeError,
  );
  assert.throws(
    () => new TenurePartner({ ...options, clientSecret: " ", baseUrl: "https://passport.example" }),
    TypeError,
  );
  new TenurePartner({ ...options, baseUrl: "http://localhost:8080/" });
  new TenurePartner({ ...options, baseUrl: "http://10.0.0.1", allowInsecureHttp: true });
});

test("a dry run is requested in the query", async () => {
  const scene = new Scene();
  scene.answers(
    () => json(200, { dry_run: true, credential_id: "EMP-1", headline: "Clerk" }),
    () => json(201, PUSHED),
  );
  const body = { credential_id: "EMP-1", fields: CAREER };
  assert.equal((await scene.client.submissions.dryRun("career_history", body)).dry_run, true);
  await scene.client.submissions.pushBatch({ credential_id: "B", career_history: body });
  assert.deepEqual(
    scene.calls.map(({ path }) => path),
    ["/api/partner/v2/add/requests/career_history?dry_run=true", "/api/partner/v2/add/requests/batch"],
  );
});
