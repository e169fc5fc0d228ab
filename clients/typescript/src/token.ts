import type { components } from "./generated.js";
import { jsonOf, type Transport, unexpected } from "./transport.js";

// A token is renewed when a tenth of its life is left, but at most this early.
const EARLY_MS = 60_000;
// The life of a token whose response does not say it.
const ASSUMED_LIFE_MS = 300_000;

type TokenResponse = components["schemas"]["CreateTokenResponse"];

interface Token {
  value: string;
  renewAt: number;
}

/** Fetches access tokens: one at a time, shared by all calls, renewed before it expires. */
export class TokenSource {
  #current: Token | undefined;
  #pending: Promise<Token> | undefined;

  // Private to the engine, so that a printed client does not show the secret.
  readonly #form: string;

  constructor(
    private readonly transport: Transport,
    clientId: string,
    clientSecret: string,
    scope: string | undefined,
  ) {
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    this.#form = new URLSearchParams(scope ? { ...form, scope } : form).toString();
  }

  /** Returns a token that is not about to expire. */
  async get(): Promise<string> {
    if (this.#current && this.transport.runtime.now() < this.#current.renewAt) return this.#current.value;
    this.#pending ??= this.#fetch().finally(() => (this.#pending = undefined));
    return (await this.#pending).value;
  }

  /** Forgets a token that the server refused, unless it was renewed meanwhile. */
  refused(value: string): void {
    if (this.#current?.value === value) this.#current = undefined;
  }

  // Not bound to the caller's signal, because other calls wait for the same token.
  async #fetch(): Promise<Token> {
    const asked = this.transport.runtime.now();
    const received = await this.transport.send({
      method: "POST",
      path: "/api/partner/v1/oauth/token",
      body: this.#form,
      contentType: "application/x-www-form-urlencoded",
      repeatable: true,
    });
    const token = jsonOf<Partial<TokenResponse> | null>(received);
    const value = token?.access_token;
    if (typeof value !== "string" || value === "") {
      throw unexpected(received, "the response has no access_token; check the base URL");
    }
    // RFC 6749 only recommends it, and a gateway may leave it out.
    const life = typeof token?.expires_in === "number" ? token.expires_in * 1000 : ASSUMED_LIFE_MS;
    this.#current = { value, renewAt: asked + life - Math.min(EARLY_MS, life / 10) };
    return this.#current;
  }
}
