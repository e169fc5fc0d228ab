// A webhook receiver written from the documentation, with Node's own modules only. It checks the
// documented signature and that of Standard Webhooks.
import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const ALLOWED_SECONDS = 900;

const mac = (secret, message) => createHmac("sha256", secret).update(message).digest();

function same(left, right) {
  return left.length === right.length && timingSafeEqual(left, right);
}

export class WebhookReceiver {
  secrets = [];
  accepted = new Map();

  static async start() {
    const receiver = new WebhookReceiver();
    receiver.server = createServer((request, response) => receiver.#receive(request, response));
    receiver.server.listen(0, "127.0.0.1");
    await once(receiver.server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/`;
    return receiver;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  async events() {
    return [...this.accepted.values()];
  }

  async #receive(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const outcome = this.#verify(request.headers, Buffer.concat(pieces));
    const status = ["accepted", "repeated"].includes(outcome) ? 200 : 400;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ outcome }));
  }

  #verify(headers, body) {
    if (!this.#isSigned(headers, body) || !this.#isSignedByTheStandard(headers, body)) return "forged";
    const age = Date.now() / 1000 - Number(headers["x-timestamp"]);
    if (!(Math.abs(age) <= ALLOWED_SECONDS)) return "late";
    const { event_id } = JSON.parse(body);
    if (this.accepted.has(event_id)) return "repeated";
    this.accepted.set(event_id, { headers, body });
    return "accepted";
  }

  #isSigned(headers, body) {
    const message = Buffer.concat([Buffer.from(`${headers["x-timestamp"]}.`), body]);
    const sent = [headers["x-signature"], headers["x-signature-previous"]].filter((text) => text !== undefined);
    return this.secrets.some(({ secret }) => {
      const ours = Buffer.from(mac(secret, message).toString("hex"));
      return sent.some((text) => same(Buffer.from(text), ours));
    });
  }

  #isSignedByTheStandard(headers, body) {
    const start = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`;
    const message = Buffer.concat([Buffer.from(start), body]);
    const sent = (headers["webhook-signature"] ?? "").split(" ").map((text) => text.replace(/^v1,/, ""));
    return this.secrets.some(({ standard_webhooks_secret }) => {
      const key = Buffer.from(standard_webhooks_secret.replace(/^whsec_/, ""), "base64");
      const ours = Buffer.from(mac(key, message).toString("base64"));
      return sent.some((text) => same(Buffer.from(text), ours));
    });
  }
}
