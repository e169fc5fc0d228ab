// The served OpenAPI document, linted by other projects, and clients generated from it, which are
// compiled and run against the server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Server } from "../../browser/support/server.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = process.env.GENERATORS_PYTHON ?? at("../../target/generators/bin/python");
const TOOLS = join(PYTHON, "..");
const DOCUMENT = at("generated/openapi.json");
const PDF = at("../../crates/server/tests/fixtures/documents/plain.pdf");
let server;
let document;

/** Runs a program in this folder; returns what it prints. */
async function run(program, args, env = {}) {
  const path = `${TOOLS}:${process.env.PATH}`;
  const options = { cwd: at("."), env: { ...process.env, PATH: path, ...env }, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return { stdout, said: `${stdout}${stderr}` };
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  }
}

const node = (name, args) => run(process.execPath, [at(`node_modules/${name}`), ...args]);
const java = await run("java", ["-version"]).catch(() => undefined);
const skip = java === undefined && "java is not on this machine, so openapi-generator was not run";

before(async () => {
  server = await Server.start();
  await rm(at("generated"), { recursive: true, force: true });
  await mkdir(at("generated"));
  document = await (await fetch(`${server.base}/api/partner/openapi.json`)).json();
  await writeFile(DOCUMENT, JSON.stringify(document));
});
after(() => server?.stop());

/** Runs a generated client as a new partner, and checks what it found out. */
async function check(program, args, more = {}) {
  const { client_id, client_secret } = await server.addPartner();
  const { stdout } = await run(program, args, {
    TENURE_URL: server.base,
    CLIENT_ID: client_id,
    CLIENT_SECRET: client_secret,
    CREDENTIAL_ID: `GEN-${randomUUID()}`,
    DOCUMENT: PDF,
    ...more,
  });
  const { link, requestId, verificationLink, ...others } = JSON.parse(stdout);
  assert.ok(link.startsWith(`${server.base}/partner/add/microcredential#`), link);
  assert.ok(link.includes(requestId), requestId);
  assert.ok(verificationLink.startsWith(`${server.base}/partner/verify/microcredential#`), verificationLink);
  const headline = "Project Management Foundations, Example Institute";
  assert.deepEqual(others, { headline, status: "incomplete", document: "stored", refusal: "Not found" });
}

describe("linters and generators", { concurrency: 2 }, () => {
  test("Redocly finds no error and no warning", async () => {
    await node("@redocly/cli/bin/cli.js", ["lint", DOCUMENT, "--config", "redocly.yaml"]);
  });

  test("Spectral finds no error and no warning", async () => {
    const ruleset = ["--ruleset", "spectral.yaml", "--fail-severity", "warn"];
    await node("@stoplight/spectral-cli/dist/index.js", ["lint", DOCUMENT, ...ruleset]);
  });

  test("openapi-typescript generates types", async () => {
    await node("openapi-typescript/bin/cli.js", [DOCUMENT, "-o", "generated/openapi-typescript/api.d.ts"]);
  });

  test("@hey-api/openapi-ts generates a client", async () => {
    await node("@hey-api/openapi-ts/bin/run.js", ["-f", "hey-api.config.mjs"]);
  });

  test("openapi-generator generates a client", { skip }, async () => {
    // Without webhooks: of a document that has some, its template for TypeScript makes invalid code.
    const parts = ["--global-property", "apis,models,supportingFiles"];
    const options = ["--additional-properties", "importFileExtension=.js", ...parts];
    const where = ["-i", DOCUMENT, "-o", "generated/typescript-fetch"];
    await run(join(TOOLS, "openapi-generator-cli"), ["generate", "-g", "typescript-fetch", ...where, ...options]);
  });

  test("openapi-python-client generates a client with every operation", async () => {
    const options = ["--config", "openapi-python-client.yaml", "--meta", "none"];
    const where = ["--path", DOCUMENT, "--output-path", "generated/python/tenure_client"];
    const { said } = await run(join(TOOLS, "openapi-python-client"), ["generate", ...where, ...options]);
    assert.doesNotMatch(said, /WARNING|Unable/);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    assert.ok(operations.length > 50);
    for (const { operationId, tags } of operations) {
      const name = operationId.replace(/V1$/, "_v1").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      await access(at(`generated/python/tenure_client/api/${tags[0].toLowerCase()}/${name}.py`));
    }
  });

  test("datamodel-code-generator generates models", async () => {
    const options = ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"];
    const where = ["--input", DOCUMENT, "--output", "generated/python/tenure_models.py"];
    await run(join(TOOLS, "datamodel-codegen"), [...where, ...options]);
  });
});

test("the TypeScript clients compile, and their links are typed", async () => {
  const clients = ["openapi-fetch", "hey-api", ...(skip ? [] : ["typescript-fetch"])];
  const files = clients.map((name) => at(`clients/${name}.ts`));
  await writeFile(at("generated/tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", files }));
  await node("typescript/bin/tsc", ["--project", "generated/tsconfig.json"]);
});

describe("clients", { concurrency: 2 }, () => {
  test("the client of openapi-typescript and openapi-fetch runs", async () => {
    await check(process.execPath, ["generated/compiled/clients/openapi-fetch.js"]);
  });

  test("the client of @hey-api/openapi-ts runs", async () => {
    await check(process.execPath, ["generated/compiled/clients/hey-api.js"]);
  });

  test("the client of openapi-generator runs", { skip }, async () => {
    await check(process.execPath, ["generated/compiled/clients/typescript-fetch.js"]);
  });

  test("the client of openapi-python-client runs", async () => {
    await check(PYTHON, ["clients/openapi_python_client.py"], { PYTHONPATH: at("generated/python") });
  });

  test("the models of datamodel-code-generator read a response and every example", async () => {
    const { example } =
      document.paths["/api/partner/v2/add/requests/microcredential"].post.requestBody.content["application/json"];
    const push = { ...example, credential_id: `GEN-${randomUUID()}` };
    const pushed = await server.call("POST", "/api/partner/v2/add/requests/microcredential", push);
    const { stdout } = await run(PYTHON, ["clients/datamodel_code_generator.py", DOCUMENT], {
      PYTHONPATH: at("generated/python"),
      PUSH: JSON.stringify(push),
      PUSHED: JSON.stringify(pushed),
    });
    const { link, read } = JSON.parse(stdout);
    assert.equal(link, pushed.redirect_uri);
    assert.ok(read > 200, `${read} examples`);
  });
});
