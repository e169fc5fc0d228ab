import { ApiError, errorOf, NetworkError, retryAfter } from "./errors.js";
import type { CallOptions } from "./types.js";

export const VERSION = "0.1.0";

/** Time, randomness and the network. Tests replace them. */
export interface Runtime {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970. */
  now: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  random: () => number;
  uuid: () => string;
}

/** One call, before it becomes one or more requests. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** A path below the base URL, or a whole URL. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  json?: unknown;
  body?: BodyInit;
  contentType?: string;
  headers?: Record<string, string>;
  /**
   * Whether a repeat has no further effect. Other calls are repeated only after 429, because then
   * the server did nothing.
   */
  repeatable: boolean;
}

export interface RetryPolicy {
  /** Attempts of one call in total. */
  maxAttempts: number;
  /** The first wait in milliseconds; later ones double. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** A `Retry-After` above this ends the call with the error. */
  maxRetryAfterMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = {
  maxAttempts: 5,
  baseDelayMs: 500,
  maxDelayMs: 20_000,
  maxRetryAfterMs: 60_000,
};

// 502 and 504 come from proxies in front of the server.
const RETRIED = new Set([429, 502, 503, 504]);

// Browsers set this header themselves.
const IS_PAGE = "document" in globalThis;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", cancel);
      resolve();
    }, ms);
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
  });
}

export const DEFAULT_RUNTIME: Runtime = {
  fetch: (url, init) => globalThis.fetch(url, init),
  now: () => Date.now(),
  sleep,
  random: () => Math.random(),
  uuid: () => globalThis.crypto.randomUUID(),
};

/** A response with its whole body. */
export interface Received {
  response: Response;
  body: string;
}

/** Returns the JSON of a 2xx response. */
export function jsonOf<T>(received: Received): T {
  try {
    return JSON.parse(received.body) as T;
  } catch {
    throw unexpected(received, "the response is not JSON; check the base URL");
  }
}

/** Returns the error of a 2xx response that is not what the API documents. */
export function unexpected({ response }: Received, detail: string): ApiError {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  return new ApiError({ status: response.status, title: "Unexpected response", detail, requestId });
}

/** Sends calls, and repeats what may be repeated. */
export class Transport {
  constructor(
    private readonly baseUrl: string,
    private readonly timeoutMs: number,
    private readonly retries: RetryPolicy,
    readonly runtime: Runtime,
  ) {}

  /** Returns a 2xx response. */
  async send(call: Call, options: CallOptions = {}): Promise<Received> {
    let unknownOutcome = false;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(call, options);
      const failed = outcome instanceof NetworkError;
      if (!failed && outcome.response.ok) return outcome;
      const retried = attempt < this.retries.maxAttempts && this.mayRepeat(call, outcome, unknownOutcome);
      const wait = retried ? this.delay(attempt, outcome) : undefined;
      if (wait === undefined) throw failed ? outcome : errorOf(outcome.response, outcome.body, this.runtime.now());
      unknownOutcome ||= failed || outcome.response.status !== 429;
      await this.runtime.sleep(wait, options.signal);
    }
  }

  private async attempt(call: Call, options: CallOptions): Promise<Received | NetworkError> {
    const timeoutMs = options.timeoutMs ?? this.timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    try {
      const response = await this.runtime.fetch(this.url(call), this.init(call, signal));
      // Read here, so that a connection lost in the middle of a body is retried too.
      return { response, body: await response.text() };
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      const what = `${call.method} ${this.url(call).split("?")[0]}`;
      const why = timeout.aborted ? `no response within ${timeoutMs} ms` : reasonOf(cause);
      return new NetworkError(`${what}: ${why}`, { cause });
    }
  }

  private url({ path, query = {} }: Call): string {
    const set = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
    const url = /^https?:\/\//.test(path) ? path : this.baseUrl + path;
    return search ? `${url}?${search}` : url;
  }

  private init(call: Call, signal: AbortSignal): RequestInit {
    const headers: Record<string, string> = { accept: "application/json", ...call.headers };
    if (!IS_PAGE) headers["user-agent"] = `tenure-partner-js/${VERSION}`;
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const contentType = call.json === undefined ? call.contentType : "application/json";
    if (contentType) headers["content-type"] = contentType;
    const sent = body === undefined ? {} : { body };
    return { method: call.method, headers, ...sent, signal, redirect: "manual" };
  }

  private mayRepeat(call: Call, outcome: Received | NetworkError, unknownOutcome: boolean): boolean {
    if (outcome instanceof NetworkError) return call.repeatable;
    const { status } = outcome.response;
    if (status === 429) return true;
    // The first attempt may still run: then the server refuses a repeat of its key.
    if (status === 409) return unknownOutcome && call.headers?.["idempotency-key"] !== undefined;
    return call.repeatable && RETRIED.has(status);
  }

  /** Returns the wait in milliseconds, or nothing if the server asks for too long a wait. */
  private delay(attempt: number, outcome: Received | NetworkError): number | undefined {
    const { baseDelayMs, maxDelayMs, maxRetryAfterMs } = this.retries;
    const backoff = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
    const jittered = backoff * (0.5 + this.runtime.random() / 2);
    const headers = outcome instanceof NetworkError ? undefined : outcome.response.headers;
    const asked = headers && retryAfter(headers, this.runtime.now());
    if (asked === undefined) return jittered;
    // Jitter on top, so that clients that were refused together do not return together.
    return asked * 1000 > maxRetryAfterMs ? undefined : asked * 1000 + this.runtime.random() * baseDelayMs;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
