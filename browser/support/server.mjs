// Starts Tenure on a free port; acts as a partner and as a mailbox.
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { careerHistory } from "./sample.mjs";
import { until } from "./until.mjs";

const BINARY = process.env.TENURE_BINARY ?? fileURLToPath(new URL("../../target/debug/tenure", import.meta.url));
const SCOPES =
  "write.career_history write.education write.microcredential write.english_proficiency write.digital_identity write.right_to_work write.universal " +
  "read.career_history";
const STOPS_WITHIN_MS = 10_000;

export class Server {
  #process;
  #folder;
  #readMails = new Set();
  #partner;
  #token;
  #settings;
  output = "";

  /**
   * Starts `tenure serve` or `tenure demo` on new data and waits until it is ready. `settings` are
   * environment variables.
   */
  static async start({ demo = false, settings = {} } = {}) {
    const server = new Server();
    server.#settings = settings;
    server.#folder = await mkdtemp(join(tmpdir(), "tenure-browser-"));
    const port = await freePort();
    server.base = `http://localhost:${port}`;
    const address = ["--listen", `127.0.0.1:${port}`, "--base-url", server.base];
    const serve = ["serve", "--data", server.#folder, ...address, "--mail", `dir:${server.#mailFolder}`];
    server.#run(demo ? ["demo", ...address] : serve);
    try {
      await until("the server to be ready", () => server.#isReady());
    } catch (error) {
      server.#process.kill("SIGKILL");
      await rm(server.#folder, { recursive: true, force: true });
      throw new Error(`${error.message}\n${server.output}`);
    }
    return server;
  }

  get #mailFolder() {
    return join(this.#folder, "mail");
  }

  #run(args) {
    // Colour codes would break up the link that a demonstration prints.
    const env = { ...process.env, TENURE_RATE_LIMIT__ENABLED: "false", NO_COLOR: "1", ...this.#settings };
    this.#process = spawn(BINARY, args, { cwd: this.#folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.exited = new Promise((resolve) => {
      this.#process.on("exit", (code, signal) => resolve(code ?? signal));
      this.#process.on("error", (error) => resolve(error.message));
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    }
  }

  async #isReady() {
    if (this.#process.exitCode !== null || this.#process.pid === undefined) {
      throw new Error(`${BINARY} ended early: ${await this.exited}`);
    }
    const answer = await fetch(`${this.base}/readyz`).catch(() => undefined);
    return answer?.ok;
  }

  /** Stops the server; fails if that takes too long or the exit code is not 0. */
  async stop() {
    this.#process.kill("SIGTERM");
    const late = new Promise((resolve) => setTimeout(resolve, STOPS_WITHIN_MS, "too late").unref());
    const outcome = await Promise.race([this.exited, late]);
    if (outcome === "too late") this.#process.kill("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
    if (outcome !== 0) throw new Error(`the server should exit with 0 after SIGTERM: ${outcome}\n${this.output}`);
  }

  /** Pushes a career history as "Acme Payroll"; returns the link. */
  async push(submission = careerHistory()) {
    const answer = await this.#api("/api/partner/v2/add/requests/career_history", submission);
    return answer.redirect_uri;
  }

  /** Pushes a career history as another partner; returns the link. */
  async pushAs(name, submission) {
    const token = await this.#fetchToken(await this.#addPartner(name));
    return (await this.#api("/api/partner/v2/add/requests/career_history", submission, token)).redirect_uri;
  }

  /** Pushes a batch; returns the whole response. */
  pushBatch(batch) {
    return this.#api("/api/partner/v2/add/requests/batch", batch);
  }

  /** Uploads a document to its upload URL, as a partner does. */
  async upload({ upload_url, content_type }, bytes) {
    const answer = await fetch(upload_url, { method: "PUT", headers: { "content-type": content_type }, body: bytes });
    if (answer.status !== 204) throw new Error(`PUT: ${answer.status} ${await answer.text()}`);
  }

  /** Returns the status of a submission for the partner: incomplete, verified or canceled. */
  async status(credentialId) {
    const answer = await this.#api("/api/partner/v1/submissions/status", { ids: [credentialId] });
    return answer.credentials[0].status;
  }

  /**
   * Creates a verification request for a career history, and allows its `callback_url`; returns the
   * whole response.
   */
  async ask(question) {
    const { client_id } = await this.#fetchPartner();
    if (question.callback_url) {
      const args = ["partner", "callback-urls", "--data", this.#folder, client_id, question.callback_url];
      await promisify(execFile)(BINARY, args);
    }
    return this.#api("/api/partner/v2/verify/requests/career_history", question);
  }

  /** Returns a verification request with its result, as the partner gets it. */
  result(requestId) {
    return this.#api(`/api/partner/v2/verify/requests/${requestId}`);
  }

  /** Sends a POST if there is a body, otherwise a GET. */
  #api(path, body, token) {
    return this.call(body ? "POST" : "GET", path, body, token);
  }

  /** Calls the API as "Acme Payroll", or with `token`. */
  async call(method, path, body, token) {
    token ??= this.#token ??= await this.#fetchToken(await this.#fetchPartner());
    const answer = await fetch(this.base + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  async #fetchToken({ client_id, client_secret }) {
    const form = { grant_type: "client_credentials", client_id, client_secret };
    const answer = await fetch(`${this.base}/api/partner/v1/oauth/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    if (!answer.ok) throw new Error(`token: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).access_token;
  }

  async #fetchPartner() {
    return (this.#partner ??= await this.#addPartner("Acme Payroll"));
  }

  /** Returns the partner that pushes by default. */
  partner() {
    return this.#fetchPartner();
  }

  /** Adds another partner; returns its client id and secret. */
  addPartner({ sandbox = false } = {}) {
    return this.#addPartner("Acme Payroll", sandbox ? ["--sandbox"] : []);
  }

  async #addPartner(name, more = []) {
    const args = ["partner", "add", "--data", this.#folder, "--name", name, ...more];
    const { stdout } = await promisify(execFile)(BINARY, [...args, "--scope", SCOPES, "--json"]);
    return JSON.parse(stdout);
  }

  /** Waits for the next unread mail to this address; returns its six-digit code. */
  nextCode(address) {
    return this.#nextInMail(address, codeIn);
  }

  /** Waits for the next unread mail to this address; returns its link that starts with `path`. */
  nextLink(address, path) {
    return this.#nextInMail(address, (mail) => bodyOf(mail).match(new RegExp(`https?://\\S*${path}\\S*`))?.[0]);
  }

  async #nextInMail(address, find) {
    return until(`a mail to ${address}`, async () => {
      const names = await readdir(this.#mailFolder).catch(() => []);
      const unread = names.filter((name) => name.endsWith(".eml") && !this.#readMails.has(name));
      for (const name of unread) {
        const mail = await readFile(join(this.#mailFolder, name), "utf8");
        const found = mail.includes(address) && find(mail);
        if (!found) continue;
        this.#readMails.add(name);
        return found;
      }
    });
  }
}

// The first blank line ends the headers (RFC 5322, section 2.1); a soft line break is undone (RFC
// 2045, section 6.7).
function bodyOf(mail) {
  return mail.slice(mail.search(/\r?\n\r?\n/)).replace(/=\r?\n/g, "").replaceAll("=3D", "=");
}

function codeIn(mail) {
  return bodyOf(mail).match(/(?<![\w=-])\d{6}(?![\w-])/)?.[0];
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Returns an address that no other test uses. */
export function freshAddress() {
  return `person-${randomUUID()}@example.org`;
}
