// The path of a newcomer against a running server. scripts/clients starts it and sets the
// environment; without it these tests are skipped.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  NotFoundError,
  OAuthError,
  SeenEvents,
  TenurePartner,
  ValidationError,
  verifyWebhook,
  type WebhookEvent,
} from "../src/index.js";
import { CAREER } from "./support.js";

const { TENURE_URL = "", CLIENT_ID = "", CLIENT_SECRET = "", SAMPLE_PDF = "" } = process.env;
const PERSON = "consents+typescript@sandbox.invalid";

async function until<T>(what: string, check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`no ${what} within 30 seconds`);
    await sleep(100);
  }
}

class Receiver {
  readonly events: WebhookEvent[] = [];
  secret = "";
  readonly #seen = new SeenEvents();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      try {
        const event = await verifyWebhook({
          body: Buffer.concat(pieces),
          headers: request.headers,
          secret: this.secret,
        });
        if (this.#seen.isNew(event)) this.events.push(event);
        response.writeHead(204).end();
      } catch {
        response.writeHead(400).end();
      }
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("a running server", { skip: !TENURE_URL && "TENURE_URL is not set: run scripts/clients" }, () => {
  const options = {
    baseUrl: TENURE_URL || "http://localhost",
    clientId: CLIENT_ID || "-",
    clientSecret: CLIENT_SECRET || "-",
  };
  const tenure = new TenurePartner(options);
  const receiver = new Receiver();
  let webhook = "";

  before(async () => {
    const url = await receiver.start();
    const created = await tenure.webhooks.create({ url, events: ["atsp_request.verified", "vwsp_request.verified"] });
    receiver.secret = created.secret;
    webhook = created.id;
  });
  after(async () => {
    if (webhook) await tenure.webhooks.delete(webhook);
    receiver.stop();
  });

  test("a new partner pushes, waits, and requests a verification", async (t) => {
    const started = performance.now();
    const credential_id = `EMP-${randomUUID()}`;
    const pushed = await tenure.submissions.push("career_history", {
      credential_id,
      fields: CAREER,
      notify: { email: PERSON },
    });
    assert.ok(pushed.redirect_uri.startsWith(`${TENURE_URL}/partner/add/careerHistory#`));
    const status = await until("consent", async () => {
      const found = await tenure.submissions.status(credential_id);
      return found.status === "incomplete" ? undefined : found;
    });
    assert.equal(status.status, "verified");
    const accepted = await until("webhook", () =>
      receiver.events.find((event) => event.credential_id === credential_id),
    );
    assert.equal(accepted.type, "atsp_request.verified");

    const asked = await tenure.verifications.create("career_history", { purpose: "A test", sandbox_person: PERSON });
    const told = await until("webhook", () => receiver.events.find((event) => event.request_id === asked.request_id));
    assert.equal(told.type, "vwsp_request.verified");
    const result = await tenure.verifications.result(asked.request_id);
    assert.equal(result.status, "verified");
    assert.equal(result.verification?.valid, true);
    assert.equal(result.credential?.["full_name"], CAREER.full_name);
    const presentation = result.verification?.presentation;
    assert.ok(presentation);
    assert.equal((await tenure.verifications.verifyToken(presentation.token)).valid, true);
    t.diagnostic(`from the token to the verified result: ${Math.round(performance.now() - started)} ms`);
    const deliveries = [];
    for await (const delivery of tenure.webhooks.deliveries(webhook, { limit: 1 })) deliveries.push(delivery.event_id);
    assert.ok(deliveries.includes(accepted.event_id) && deliveries.includes(told.event_id));

    await tenure.submissions.withdraw("career_history", credential_id, "Sent by mistake");
    await tenure.submissions.withdraw("career_history", credential_id, "Sent by mistake");
    assert.equal((await tenure.submissions.status(credential_id)).reason, "withdrawn");
  });

  test("a batch is pushed, and its document is uploaded", async () => {
    const credential_id = randomUUID();
    const education = {
      credential_id: randomUUID(),
      fields: {
        full_name: "Ada Example",
        education_provider: "University of Example",
        course_name: "Commerce",
        conferral_year: "2022",
      },
      assets: [{ asset_id: "testamur", asset_type: "pdf" as const }],
    };
    const pushed = await tenure.submissions.pushBatch({ credential_id, education_items: [education] });
    const [link] = pushed.assets ?? [];
    assert.ok(link);
    await tenure.submissions.upload(link, await readFile(SAMPLE_PDF));
    const status = await tenure.submissions.status(credential_id);
    assert.deepEqual(
      status.items?.map(({ assets }) => assets?.[0]?.state),
      ["stored"],
    );
  });

  test("more than 30 statuses are read at once", async () => {
    const credential_id = `EMP-${randomUUID()}`;
    await tenure.submissions.push("career_history", { credential_id, fields: CAREER });
    const unknown = Array.from({ length: 45 }, () => randomUUID());
    const { credentials, not_found } = await tenure.submissions.statuses([...unknown, credential_id]);
    assert.deepEqual(
      credentials.map(({ id }) => id),
      [credential_id],
    );
    assert.deepEqual(not_found, unknown);
  });

  test("lists name what was pushed and requested", async () => {
    const ids = Array.from({ length: 3 }, () => `EMP-${randomUUID()}`);
    for (const credential_id of ids) await tenure.submissions.push("career_history", { credential_id, fields: CAREER });
    const asked = await tenure.verifications.create("career_history");
    const found: string[] = [];
    const filter = { type: "career_history", status: "incomplete", limit: 1 } as const;
    for await (const { id } of tenure.submissions.list(filter)) if (ids.includes(id)) found.push(id);
    assert.deepEqual(found, ids.toReversed());
    const requests: string[] = [];
    for await (const { request_id } of tenure.verifications.list({ limit: 1 })) requests.push(request_id);
    assert.ok(requests.includes(asked.request_id));
  });

  test("errors have their type, code and pointer", async () => {
    const body = {
      credential_id: "EMP-1",
      fields: { ...CAREER, employment: [{ ...CAREER.employment[0], start_date: "03/2018" }] },
    };
    const dryRun = tenure.submissions.dryRun("career_history", body as never);
    await assert.rejects(dryRun, (error) => {
      assert.ok(error instanceof ValidationError);
      assert.deepEqual([error.code, error.errors[0]?.pointer], ["date.format", "/fields/employment/0/start_date"]);
      assert.ok(error.requestId);
      return true;
    });
    await assert.rejects(tenure.submissions.status(randomUUID()), NotFoundError);
    const stranger = new TenurePartner({ ...options, clientSecret: "wrong" });
    await assert.rejects(
      stranger.submissions.status("EMP-1"),
      (error) => error instanceof OAuthError && error.error === "invalid_client",
    );
  });
});
