import { WebhookVerificationError } from "./errors.js";
import type { WebhookEvent } from "./types.js";

export { WebhookVerificationError };
export type { WebhookEvent };

const TOLERANCE_SECONDS = 900;

/** A delivery as it was received. */
export interface ReceivedWebhook {
  /** The raw body. Parsing and writing it again changes its bytes. */
  body: string | Uint8Array;
  headers: Headers | Record<string, string | string[] | undefined>;
  /** The secret of the webhook; during a rotation, the new and the old one. */
  secret: string | readonly string[];
  /** The time in Unix seconds. Default: now. */
  now?: number;
}

/**
 * Verifies a delivery and returns its event. Throws a `WebhookVerificationError` for anything that
 * the server did not send within the last 15 minutes.
 */
export async function verifyWebhook({ body, headers, secret, now }: ReceivedWebhook): Promise<WebhookEvent> {
  const secrets = typeof secret === "string" ? [secret] : [...secret];
  // With an empty key, anyone could sign.
  if (secrets.length === 0 || secrets.some((key) => !key)) throw new TypeError("the webhook secret is empty");
  const timestamp = header(headers, "x-timestamp");
  const signatures = [header(headers, "x-signature"), header(headers, "x-signature-previous")].filter(
    (value) => value !== undefined,
  );
  if (timestamp === undefined || signatures.length === 0) {
    throw new WebhookVerificationError("missing_header", "X-Timestamp or X-Signature is missing");
  }
  const text = new TextEncoder();
  const raw = typeof body === "string" ? text.encode(body) : body;
  const start = text.encode(`${timestamp}.`);
  const signed = new Uint8Array(start.length + raw.length);
  signed.set(start);
  signed.set(raw, start.length);
  if (!(await anySigned(secrets, signatures, signed))) {
    throw new WebhookVerificationError("signature", "no signature matches; check the secret and that the body is raw");
  }
  const age = (now ?? Date.now() / 1000) - Number(timestamp);
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(age) > TOLERANCE_SECONDS) {
    throw new WebhookVerificationError("timestamp", "X-Timestamp differs from now by more than 900 seconds");
  }
  return parse(raw);
}

async function anySigned(secrets: string[], signatures: string[], signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  for (const secret of secrets) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const bytes = new TextEncoder().encode(secret);
    const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
    for (const signature of signatures) {
      // `verify` of WebCrypto compares in constant time.
      const mac = bytesOf(signature);
      if (mac && (await crypto.subtle.verify("HMAC", key, mac, signed))) return true;
    }
  }
  return false;
}

function bytesOf(signature: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{64}$/.test(signature)) return undefined;
  return Uint8Array.from({ length: 32 }, (_, place) => Number.parseInt(signature.slice(2 * place, 2 * place + 2), 16));
}

function header(headers: ReceivedWebhook["headers"], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return Array.isArray(found) ? found[0] : found;
}

function parse(raw: Uint8Array): WebhookEvent {
  try {
    const event: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
    if (typeof event === "object" && event !== null && "event_id" in event && "type" in event) {
      return event as WebhookEvent;
    }
  } catch {
    // Reported below.
  }
  throw new WebhookVerificationError("body", "the body is signed but is not an event");
}

/**
 * Remembers the latest event ids of one process. With several processes, use a unique column of
 * your database instead.
 */
export class SeenEvents {
  readonly #ids = new Set<string>();

  constructor(private readonly capacity = 10_000) {}

  /** Returns whether this event is new, and remembers it. */
  isNew(event: Pick<WebhookEvent, "event_id">): boolean {
    if (this.#ids.has(event.event_id)) return false;
    this.#ids.add(event.event_id);
    if (this.#ids.size > this.capacity) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    return true;
  }

  /** Forgets an event whose handling failed, so that its retry is handled. */
  forget(event: Pick<WebhookEvent, "event_id">): void {
    this.#ids.delete(event.event_id);
  }
}
