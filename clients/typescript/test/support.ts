import { type ClientOptions, type Runtime, TenurePartner } from "../src/index.js";

/** A request as the client sent it. */
export interface Sent {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

/** A client with a scripted server: no network, no waiting, and time that tests move. */
export class Scene {
  readonly sent: Sent[] = [];
  readonly waits: number[] = [];
  nowMs = Date.parse("2026-11-29T10:00:00Z");
  tokens = 0;
  /** Replaces the body of the response to a token request. */
  tokenResponse: unknown;
  readonly client: TenurePartner;
  #answers: Answer[] = [];

  constructor(options: Partial<ClientOptions> = {}) {
    let ids = 0;
    const runtime: Runtime = {
      fetch: (url, init) => this.#answer(url, init),
      now: () => this.nowMs,
      sleep: async (ms) => void this.waits.push(ms),
      random: () => 0,
      uuid: () => `key-${(ids += 1)}`,
    };
    this.client = new TenurePartner({
      baseUrl: "https://passport.example",
      clientId: "id",
      clientSecret: "secret",
      runtime,
      ...options,
    });
  }

  /** Sets the responses to the calls after the token, in order. */
  answers(...answers: Answer[]): void {
    this.#answers = answers;
  }

  /** Requests other than those for tokens. */
  get calls(): Sent[] {
    return this.sent.filter(({ path }) => !path.endsWith("/oauth/token"));
  }

  async #answer(url: string, init: RequestInit): Promise<Response> {
    const request = new Request(url, init);
    const sent = {
      method: request.method,
      path: url.replace("https://passport.example", ""),
      headers: request.headers,
      body: await request.text(),
    };
    this.sent.push(sent);
    if (sent.path.endsWith("/oauth/token")) {
      this.tokens += 1;
      if (this.tokenResponse !== undefined) return json(200, this.tokenResponse);
      return json(200, { access_token: `token-${this.tokens}`, token_type: "Bearer", expires_in: 3600 });
    }
    const answer = this.#answers.shift();
    if (!answer) throw new Error(`unexpected ${sent.method} ${sent.path}`);
    return answer(sent);
  }
}

/** Returns a JSON response. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** Returns a problem (RFC 9457). */
export function problem(
  status: number,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  const known = { type: "https://passport.example/docs#error", title: "Title", status, detail: "What to do." };
  return json(status, { ...known, request_id: "request-1", errors: [], ...more }, headers);
}

export const CAREER = {
  full_name: "Ada Example",
  employment: [
    { organisation: "Company A", role_title: "Clerk", start_date: "2018-03", last_processed_month: "2026-10" },
  ],
};

export const PUSHED = { redirect_uri: "https://passport.example/partner/add", credential_id: "EMP-1", request_id: "1" };
