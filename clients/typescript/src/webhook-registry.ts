import { segment, type Session } from "./session.js";
import type {
  CallOptions,
  CreateOptions,
  Delivery,
  NewWebhook,
  Replay,
  SimulatedEvent,
  Webhook,
  WebhookChange,
  WebhookWithSecret,
} from "./types.js";

const WEBHOOKS = "/api/partner/v2/webhooks";

/** Registers webhooks, and reads and repeats their deliveries. */
export class Webhooks {
  constructor(private readonly session: Session) {}

  /** Registers a webhook. Store the `secret`; it is not shown again. */
  create(webhook: NewWebhook, options?: CreateOptions): Promise<WebhookWithSecret> {
    return this.session.create(WEBHOOKS, webhook, options);
  }

  /** Returns all of your webhooks. */
  async list(options?: CallOptions): Promise<Webhook[]> {
    return (await this.session.get<{ webhooks: Webhook[] }>(WEBHOOKS, options)).webhooks;
  }

  /** Returns one webhook. */
  get(id: string, options?: CallOptions): Promise<Webhook> {
    return this.session.get(path(id), options);
  }

  /** Changes a webhook. An absent field stays; null removes a name or description. */
  update(id: string, change: WebhookChange, options?: CallOptions): Promise<Webhook> {
    return this.session.json({ method: "PUT", path: path(id), json: change, repeatable: true }, options);
  }

  /** Deletes a webhook. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.session.send({ method: "DELETE", path: path(id), repeatable: true }, options);
  }

  /**
   * Replaces the secret; the old one signs for 24 hours more. Not retried when the outcome is
   * unknown, because a second rotation would end the first secret.
   */
  rotateSecret(id: string, options?: CallOptions): Promise<WebhookWithSecret> {
    return this.session.json({ method: "PUT", path: `${path(id)}/secret`, repeatable: false }, options);
  }

  /** Sends a `tenure.test` event. */
  sendTest(id: string, options?: CreateOptions): Promise<{ event_id: string }> {
    return this.session.create(`${path(id)}/test`, undefined, options);
  }

  /** Lists deliveries, newest first. */
  deliveries(
    id: string,
    filter: { state?: "waiting" | "delivered" | "failed"; limit?: number } = {},
    options: CallOptions = {},
  ): AsyncGenerator<Delivery, void> {
    return this.session.pages(`${path(id)}/deliveries`, "deliveries", { ...filter }, options);
  }

  /** Sends one event again. */
  async replay(id: string, eventId: string, options?: CreateOptions): Promise<void> {
    await this.session.post(`${path(id)}/deliveries/${segment(eventId)}/replay`, undefined, options);
  }

  /** Sends the events of a period again. */
  replayAll(id: string, selection: Replay, options?: CreateOptions): Promise<{ replayed: number }> {
    return this.session.create(`${path(id)}/replay`, selection, options);
  }

  /** Sandbox partners only: sends an event that did not happen to your webhooks. */
  simulate(
    event: SimulatedEvent,
    options?: CreateOptions,
  ): Promise<{ event_id: string; request_id: string; webhooks: number }> {
    return this.session.create("/api/partner/v2/sandbox/events", event, options);
  }
}

function path(id: string): string {
  return `${WEBHOOKS}/${segment(id)}`;
}
