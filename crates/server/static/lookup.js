// Fetches the documents that a token refers to from the issuer's site.
import { parseJson } from "./json.js";

const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const JSON_TYPE = "application/json";

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
      url = new URL(address);
    } catch {
      throw new Unanswered("no_address");
    }
    if (url.origin !== this.origin) throw new Unanswered(url.protocol === "https:" ? "elsewhere" : "not_https");
    if (!this.#answers.has(url.href)) this.#answers.set(url.href, await this.#ask(url.href, accept));
    const answer = this.#answers.get(url.href);
    if (answer instanceof Uint8Array) return answer;
    const isRefused = typeof answer === "number";
    throw Object.assign(new Unanswered("unanswered"), isRefused && { detail: "status", values: { status: answer } });
  }

  // Returns the body, the status of a response that is not successful, or undefined without a
  // response. Metadata is sent with status 200 (SD-JWT VC, section 4), and a status list with any
  // of 2xx (draft-ietf-oauth-status-list-21, section 8.2).
  async #ask(address, accept) {
    this.asked.push({ address, at: this.now() });
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const options = { headers: { accept }, credentials: "omit", redirect: "error", cache: "no-cache", signal };
      const answer = await this.fetch(address, options);
      const isGood = accept === JSON_TYPE ? answer.status === 200 : answer.ok;
      return isGood ? await readAll(answer.body) : answer.status;
    } catch {
      return undefined;
    }
  }

  async text(address, accept) {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.bytes(address, accept));
  }

  async json(address) {
    try {
      return parseJson(await this.bytes(address, JSON_TYPE));
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
