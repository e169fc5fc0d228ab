// The served OpenAPI document, linted by other projects, and clients generated from it, which are
// compiled and run against the server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { access, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Server } from "../../browser/support/server.mjs";
import { until } from "../../browser/support/until.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = process.env.GENERATORS_PYTHON ?? at("../../target/generators/bin/python");
const TOOLS = join(PYTHON, "..");
const DOCUMENT = at("generated/openapi.json");
const GENERATOR = join(TOOLS, "openapi-generator-cli");
// The parts that are generated: no tests and no documentation.
const PARTS = "apis,models,supportingFiles,apiTests=false,modelTests=false,apiDocs=false,modelDocs=false";
const PDF = at("../../crates/server/tests/fixtures/documents/plain.pdf");
let server;
let document;
let receiver;
// The deliveries to webhooks of this test.
const deliveries = [];

/** Starts a receiver of webhooks; it stores each delivery as it was sent. */
function startReceiver() {
  const started = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    deliveries.push({ path: request.url, body: Buffer.concat(chunks), headers: request.headers });
    response.writeHead(204).end();
  });
  return new Promise((resolve) => started.listen(0, "127.0.0.1", () => resolve(started)));
}

/** Returns the signed deliveries of an event to a path. */
function signed(path, secret, type) {
  return deliveries.filter(({ path: sentTo, body, headers }) => {
    if (sentTo !== path || JSON.parse(body).type !== type) return false;
    const mac = createHmac("sha256", secret).update(`${headers["x-timestamp"]}.`).update(body);
    assert.equal(headers["x-signature"], mac.digest("hex"));
    return true;
  });
}

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
const javac = await run("javac", ["-version"]).catch(() => undefined);
const skipJava = javac === undefined && "javac is not on this machine, so the Java client was not compiled";

/** Returns the class path of the Java client: Debian's libraries, and the generator's for JSON. */
async function classPath() {
  const find = "import openapi_generator_cli, pathlib; print(pathlib.Path(openapi_generator_cli.__file__).parent)";
  const { stdout } = await run(PYTHON, ["-c", find]);
  const debian = ["jakarta-annotation-api", "httpmime", "httpclient", "httpcore"];
  const jars = debian.map((name) => `/usr/share/java/${name}.jar`);
  return [at("generated/java/classes"), ...jars, join(stdout.trim(), "openapi-generator.jar")].join(":");
}

/** Returns the Java sources in a folder. */
async function sourcesIn(folder) {
  const names = await readdir(at(folder), { recursive: true });
  return names.filter((name) => name.endsWith(".java")).map((name) => at(`${folder}/${name}`));
}

before(async () => {
  server = await Server.start({ settings: { TENURE_WEBHOOKS__ALLOW_LOOPBACK: "true" } });
  receiver = await startReceiver();
  await rm(at("generated"), { recursive: true, force: true });
  await mkdir(at("generated"));
  document = await (await fetch(`${server.base}/api/partner/openapi.json`)).json();
  await writeFile(DOCUMENT, JSON.stringify(document));
});
after(async () => {
  receiver?.close();
  await server?.stop();
});

/** Runs a generated client as a new partner; returns what it prints. */
async function outcome(program, args, more = {}, kind = {}) {
  const { client_id, client_secret } = await server.addPartner(kind);
  const { stdout } = await run(program, args, {
    TENURE_URL: server.base,
    CLIENT_ID: client_id,
    CLIENT_SECRET: client_secret,
    CREDENTIAL_ID: `GEN-${randomUUID()}`,
    DOCUMENT: PDF,
    ...more,
  });
  return JSON.parse(stdout);
}

/** Runs a client that creates what there is to create, and checks what it found out. */
async function check(program, args, more = {}) {
  const { link, requestId, verificationLink, ...others } = await outcome(program, args, more);
  assert.ok(link.startsWith(`${server.base}/partner/add/microcredential#`), link);
  assert.ok(link.includes(requestId), requestId);
  assert.ok(verificationLink.startsWith(`${server.base}/partner/verify/microcredential#`), verificationLink);
  const headline = "Project Management Foundations, Example Institute";
  assert.deepEqual(others, { headline, status: "incomplete", document: "stored", refusal: "Not found" });
}

/** The longest time from the token to the result of a verification. */
const LONGEST_PATH_MS = 60_000;

/** Runs a client from the token to the result of a verification; prints how long that takes. */
async function checkPath(t, program, args, more = {}) {
  const started = performance.now();
  const path = `/${randomUUID()}`;
  const env = { ...more, WEBHOOK_URL: `http://127.0.0.1:${receiver.address().port}${path}` };
  const { link, secret, ...others } = await outcome(program, args, env, { sandbox: true });
  const took = performance.now() - started;
  for (const type of ["atsp_request.verified", "vwsp_request.verified"]) {
    await until(`a delivery of ${type}`, async () => signed(path, secret, type).length > 0);
  }
  assert.ok(link.startsWith(`${server.base}/partner/add/careerHistory#`), link);
  assert.deepEqual(others, {
    status: "verified",
    events: ["atsp_request.verified", "vwsp_request.verified"],
    result: "verified",
    valid: true,
    name: "Ada Example",
  });
  t.diagnostic(`from the token to the verified result: ${Math.round(took)} ms`);
  assert.ok(took < LONGEST_PATH_MS, `${took} ms`);
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
    // Without webhooks: its template for TypeScript makes invalid code of a document with some.
    const parts = ["--global-property", "apis,models,supportingFiles"];
    const options = ["--additional-properties", "importFileExtension=.js", ...parts];
    const where = ["-i", DOCUMENT, "-o", "generated/typescript-fetch"];
    await run(GENERATOR, ["generate", "-g", "typescript-fetch", ...where, ...options]);
  });

  test("openapi-generator generates a Java client", { skip: skip || skipJava }, async () => {
    const options = ["--additional-properties", "library=native,openApiNullable=false,useJakartaEe=true"];
    const where = ["-i", DOCUMENT, "-o", "generated/java", "--global-property", PARTS];
    await run(GENERATOR, ["generate", "-g", "java", ...where, ...options]);
  });

  test("openapi-python-client generates every operation", async () => {
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
  const clients = ["openapi-fetch", "hey-api", "hey-api-path", ...(skip ? [] : ["typescript-fetch"])];
  const files = clients.map((name) => at(`clients/${name}.ts`));
  await writeFile(at("generated/tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", files }));
  await node("typescript/bin/tsc", ["--project", "generated/tsconfig.json"]);
});

test("the Java client compiles, and its link is typed", { skip: skip || skipJava }, async () => {
  const sources = await sourcesIn("generated/java/src/main/java");
  assert.ok(sources.length > 100, `${sources.length} sources`);
  const list = at("generated/java/sources.txt");
  await writeFile(list, [...sources, at("clients/JavaClient.java")].join("\n"));
  await mkdir(at("generated/java/classes"), { recursive: true });
  const where = ["-d", "generated/java/classes", "-cp", await classPath()];
  await run("javac", ["-proc:none", "-nowarn", ...where, `@${list}`]);
});

describe("clients", { concurrency: 2 }, () => {
  test("the client of openapi-typescript and openapi-fetch runs", async () => {
    await check(process.execPath, ["generated/compiled/clients/openapi-fetch.js"]);
  });

  test("the client of @hey-api/openapi-ts runs", async () => {
    await check(process.execPath, ["generated/compiled/clients/hey-api.js"]);
  });

  test("the @hey-api/openapi-ts client gets a verified result", async (t) => {
    await checkPath(t, process.execPath, ["generated/compiled/clients/hey-api-path.js"]);
  });

  test("the Java client of openapi-generator runs", { skip: skip || skipJava }, async () => {
    await check("java", ["-cp", await classPath(), "JavaClient"]);
  });

  test("the client of openapi-generator runs", { skip }, async () => {
    await check(process.execPath, ["generated/compiled/clients/typescript-fetch.js"]);
  });

  test("the client of openapi-python-client runs", async () => {
    await check(PYTHON, ["clients/openapi_python_client.py"], { PYTHONPATH: at("generated/python") });
  });

  test("the openapi-python-client client gets a verified result", async (t) => {
    await checkPath(t, PYTHON, ["clients/openapi_python_client_path.py"], { PYTHONPATH: at("generated/python") });
  });

  test("the datamodel-code-generator models read every example", async () => {
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
