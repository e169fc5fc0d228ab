import { AuthenticationError, OAuthError } from "./errors.js";
import { TokenSource } from "./token.js";
import { jsonOf, type Call, type Received, type Transport } from "./transport.js";
import type { CallOptions, CreateOptions } from "./types.js";

/** Sends calls with an access token. The groups of operations share one session. */
export class Session {
  constructor(
    private readonly transport: Transport,
    private readonly tokens: TokenSource,
  ) {}

  async json<T>(call: Call, options: CallOptions = {}): Promise<T> {
    return jsonOf<T>(await this.send(call, options));
  }

  /** Sends a POST that creates something, and returns the JSON of its response. */
  async create<T>(path: string, json: unknown, options?: CreateOptions, query?: Call["query"]): Promise<T> {
    return jsonOf<T>(await this.post(path, json, options, query));
  }

  /** Sends a POST that changes something. Its key makes the retries inside the call safe. */
  post(path: string, json: unknown, options: CreateOptions = {}, query: Call["query"] = {}): Promise<Received> {
    const headers = { "idempotency-key": options.idempotencyKey ?? this.transport.runtime.uuid() };
    return this.send({ method: "POST", path, query, json, headers, repeatable: true }, options);
  }

  /** Reads one object. */
  get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.json<T>({ method: "GET", path, repeatable: true }, options);
  }

  /** Sends a call; a token that the server refuses is renewed once. */
  async send(call: Call, options: CallOptions = {}): Promise<Received> {
    const token = await this.token(options.signal);
    try {
      return await this.transport.send(authorized(call, token), options);
    } catch (error) {
      if (!(error instanceof AuthenticationError) || error instanceof OAuthError) throw error;
      this.tokens.refused(token);
      return this.transport.send(authorized(call, await this.token(options.signal)), options);
    }
  }

  // The fetch goes on for other calls when one of them is aborted.
  private async token(signal: AbortSignal | undefined): Promise<string> {
    if (!signal) return this.tokens.get();
    signal.throwIfAborted();
    let cancel = () => {};
    const aborted = new Promise<never>((_, reject) => {
      cancel = () => reject(signal.reason);
      signal.addEventListener("abort", cancel, { once: true });
    });
    try {
      return await Promise.race([this.tokens.get(), aborted]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Sends a call whose URL is the permission. */
  sendOpen(call: Call, options: CallOptions = {}): Promise<Received> {
    return this.transport.send(call, options);
  }

  /** Returns every entry of a list, and fetches pages as they are needed. */
  async *pages<T>(path: string, member: string, query: Call["query"], options: CallOptions): AsyncGenerator<T, void> {
    let cursor: string | number | undefined;
    do {
      const call: Call = { method: "GET", path, query: { ...query, cursor }, repeatable: true };
      const page = await this.json<Record<string, unknown>>(call, options);
      yield* page[member] as T[];
      cursor = (page["next_cursor"] as string | number | null | undefined) ?? undefined;
    } while (cursor !== undefined);
  }
}

function authorized(call: Call, token: string): Call {
  return { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } };
}

/** Returns an id as one segment of a path. */
export function segment(id: string): string {
  // URLs are normalized before they are sent: "." and ".." would lead to another operation.
  if (id === "" || id === "." || id === "..") throw new TypeError(`${JSON.stringify(id)} cannot be an id in a URL`);
  return encodeURIComponent(id);
}
