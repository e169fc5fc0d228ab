import { Session } from "./session.js";
import { Submissions } from "./submissions.js";
import { TokenSource } from "./token.js";
import { DEFAULT_RETRIES, DEFAULT_RUNTIME, type RetryPolicy, type Runtime, Transport } from "./transport.js";
import { Verifications } from "./verifications.js";
import { Webhooks } from "./webhook-registry.js";

/** Settings of a client. */
export interface ClientOptions {
  /** The server, such as `https://passport.example`. */
  baseUrl: string;
  clientId: string;
  /** Keep it on a server: whoever has it can push in your name. */
  clientSecret: string;
  /** Scopes separated by spaces. Default: all that the client has. */
  scope?: string;
  /** Milliseconds for one attempt. Default: 30 seconds. */
  timeoutMs?: number;
  retries?: Partial<RetryPolicy>;
  /** Allows plain HTTP to another machine. The secret is then readable on the way. */
  allowInsecureHttp?: boolean;
  /** Replaces `fetch`, the clock and randomness, for proxies and tests. */
  runtime?: Partial<Runtime>;
}

/** A client of the Partner API. Create one and share it: its calls share one access token. */
export class TenurePartner {
  /** Pushes, documents, statuses, withdrawal. */
  readonly submissions: Submissions;
  /** Verification requests and tokens. */
  readonly verifications: Verifications;
  /** Webhooks and their deliveries. */
  readonly webhooks: Webhooks;

  constructor(options: ClientOptions) {
    const { scope, timeoutMs = 30_000 } = options;
    // A secret from a file ends with a line break. `URL` trims the base URL.
    const [clientId, clientSecret] = [options.clientId?.trim(), options.clientSecret?.trim()];
    if (!clientId || !clientSecret) throw new TypeError("clientId and clientSecret are required");
    const retries = { ...DEFAULT_RETRIES, ...options.retries };
    const runtime = { ...DEFAULT_RUNTIME, ...options.runtime };
    const transport = new Transport(checkedBase(options), timeoutMs, retries, runtime);
    const session = new Session(transport, new TokenSource(transport, clientId, clientSecret, scope));
    this.submissions = new Submissions(session);
    this.verifications = new Verifications(session);
    this.webhooks = new Webhooks(session);
  }
}

function checkedBase({ baseUrl, allowInsecureHttp }: ClientOptions): string {
  const url = new URL(baseUrl);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) || url.hostname.endsWith(".localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (loopback || allowInsecureHttp))) {
    throw new TypeError("baseUrl must be https, or http on this machine; allowInsecureHttp permits other http URLs");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("baseUrl must be an origin without user, query and fragment");
  }
  return url.href.replace(/\/+$/, "");
}
