// Fetches the documents that a token refers to from the issuer's site.
import { Refusal } from "./sd-jwt.js";

const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * A check that could not be performed, with a stable code. Does not mean that the token is invalid.
 */
export class Unanswered extends Error {}

/** Fetches documents from the site at `origin` only, each address once. */
export class World {
  asked = [];
  #answers = new Map();

  constructor(origin, fetch, now) {
    this.origin = origin;
    this.fetch = fetch;
    this.now = now;
  }

  async bytes(address, accept) {
    let url;
    try {
      url = new URL(address, this.origin);
    } catch {
      throw new Refusal("claim");
    }
    if (url.origin !== this.origin) throw new Unanswered("elsewhere");
    if (!this.#answers.has(url.href)) this.#answers.set(url.href, await this.#ask(url.href, accept));
    const bytes = this.#answers.get(url.href);
    if (!bytes) throw new Unanswered("unanswered");
    return bytes;
  }

  async #ask(address, accept) {
    this.asked.push({ address, at: this.now() });
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const options = { headers: { accept }, credentials: "omit", redirect: "error", cache: "no-cache", signal };
      const answer = await this.fetch(address, options);
      return answer.ok ? await readAll(answer.body) : undefined;
    } catch {
      return undefined;
    }
  }

  async text(address, accept) {
    return new TextDecoder().decode(await this.bytes(address, accept));
  }

  async json(address) {
    try {
      return JSON.parse(await this.text(address, "application/json"));
    } catch (error) {
      if (error instanceof SyntaxError) throw new Unanswered("unanswered");
      throw error;
    }
  }
}

/** Reads the body of a response; undefined if it exceeds `MAX_BYTES`. */
async function readAll(body) {
  const reader = body.getReader();
  const chunks = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > MAX_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(read.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
