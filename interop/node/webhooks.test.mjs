// Webhooks, checked by two receivers written only from the documentation: one in Python, one in
// Node.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { careerHistory } from "../../browser/support/sample.mjs";
import { until } from "../../browser/support/until.mjs";
import { scene as newScene } from "./support/scene.mjs";
import { WebhookReceiver } from "./support/webhook-receiver.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = process.env.INTEROP_PYTHON ?? at("../../target/interop/bin/python");
const WEBHOOKS = "/api/partner/v2/webhooks";
const EVENTS = ["atsp_request.created", "atsp_request.opened", "atsp_request.signed_in", "atsp_request.verified"];
const scene = newScene({ env: { TENURE_WEBHOOKS__ALLOW_LOOPBACK: "true" } });

/** The Python receiver. It reads its secrets at the start and then prints its port. */
class PythonReceiver {
  static async start(secrets) {
    const receiver = new PythonReceiver();
    receiver.process = spawn(PYTHON, [at("../python/webhook_receiver.py")], { stdio: ["pipe", "pipe", "inherit"] });
    receiver.process.stdin.end(`${secrets.map(({ secret }) => secret).join("\n")}\n\n`);
    const [port] = await once(createInterface(receiver.process.stdout), "line");
    receiver.url = `http://127.0.0.1:${port}/`;
    return receiver;
  }

  stop() {
    this.process.kill();
  }

  async events() {
    const events = await (await fetch(`${this.url}accepted`)).json();
    return events.map(({ headers, body }) => ({
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      body: Buffer.from(body, "base64"),
    }));
  }
}

/** Registers a webhook. Its URL may be a placeholder until the receiver has the secret. */
const register = (url) => scene.server.call("POST", WEBHOOKS, { url, events: EVENTS });

const receivers = {
  async JavaScript() {
    const receiver = await WebhookReceiver.start();
    const webhook = await register(receiver.url);
    receiver.secrets = [webhook];
    return { receiver, webhook };
  },
  async Python() {
    const webhook = await register("http://127.0.0.1:9/");
    const receiver = await PythonReceiver.start([webhook]);
    await scene.server.call("PUT", `${WEBHOOKS}/${webhook.id}`, { url: receiver.url });
    return { receiver, webhook };
  },
};

for (const [language, start] of Object.entries(receivers)) {
  describe(`a receiver in ${language}`, () => {
    let receiver, webhook;
    before(async () => ({ receiver, webhook } = await start()));
    after(() => receiver?.stop());

    const send = async ({ headers, body }) => {
      const names = Object.entries(headers).filter(([name]) => /^(x-|webhook-|content-type)/.test(name));
      const answer = await fetch(receiver.url, { method: "POST", headers: Object.fromEntries(names), body });
      return { status: answer.status, ...(await answer.json()) };
    };
    const some = async (wanted) =>
      until("the events to arrive", async () => {
        const events = (await receiver.events()).map((event) => ({ ...event, told: JSON.parse(event.body) }));
        const found = events.filter(({ told }) => wanted(told));
        return found.length > 0 && found;
      });

    test("accepts the deliveries of a test and of a whole push", async () => {
      const tried = await scene.server.call("POST", `${WEBHOOKS}/${webhook.id}/test`);
      await some(({ event_id }) => event_id === tried.event_id);
      const credential_id = randomUUID();
      const link = await scene.server.push({ ...careerHistory(), credential_id });
      const page = await scene.holder.openLink(link);
      await scene.holder.visit(page.form("Add to my wallet").action, {});
      await some(({ type, ...told }) => told.credential_id === credential_id && type === EVENTS.at(-1));
      const events = await some((told) => told.credential_id === credential_id);
      assert.deepEqual(events.map(({ told }) => told.type), EVENTS);
      const attempts = await until("the log to know it", async () => {
        const log = await scene.server.call("GET", `${WEBHOOKS}/${webhook.id}/deliveries?limit=100`);
        const about = log.deliveries.filter((told) => told.credential_id === credential_id);
        return about.every(({ state }) => state === "delivered") && about.map((told) => told.attempts);
      });
      assert.deepEqual(attempts.flat().map(({ status }) => status), EVENTS.map(() => 200));
    });

    test("rejects tampered, late and foreign events, and drops repeats", async () => {
      const [event] = await some(() => true);
      assert.deepEqual(await send(event), { status: 200, outcome: "repeated" });
      const tampered = Buffer.from(event.body.toString().replace("request", "tseuqer"));
      assert.deepEqual(await send({ ...event, body: tampered }), { status: 400, outcome: "forged" });
      const signed = (secret, seconds) => {
        const body = Buffer.from(JSON.stringify({ ...event.told, event_id: randomUUID() }));
        const time = String(Math.floor(Date.now() / 1000) + seconds);
        const mac = (start, key, form) =>
          createHmac("sha256", key).update(Buffer.concat([Buffer.from(start), body])).digest(form);
        return {
          body,
          headers: {
            "content-type": "application/json",
            "x-timestamp": time,
            "x-signature": mac(`${time}.`, secret, "hex"),
            "webhook-id": "1",
            "webhook-timestamp": time,
            "webhook-signature": `v1,${mac(`1.${time}.`, secret, "base64")}`,
          },
        };
      };
      assert.deepEqual(await send(signed(webhook.secret, 0)), { status: 200, outcome: "accepted" });
      for (const seconds of [-890, 890]) assert.equal((await send(signed(webhook.secret, seconds))).status, 200);
      for (const seconds of [-910, 910]) {
        assert.deepEqual(await send(signed(webhook.secret, seconds)), { status: 400, outcome: "late" });
      }
      assert.deepEqual(await send(signed("0".repeat(64), 0)), { status: 400, outcome: "forged" });
      const retimed = { ...event.headers, "x-timestamp": String(Number(event.headers["x-timestamp"]) + 1) };
      assert.deepEqual(await send({ ...event, headers: retimed }), { status: 400, outcome: "forged" });
    });

    test("accepts events during a rotation with the old secret", async () => {
      await scene.server.call("PUT", `${WEBHOOKS}/${webhook.id}/secret`);
      const { event_id } = await scene.server.call("POST", `${WEBHOOKS}/${webhook.id}/test`);
      const [event] = await some((told) => told.event_id === event_id);
      assert.ok(event.headers["x-signature-previous"]);
    });
  });
}
