// Checks a presentation of a credential, step by step, with a verdict for each step. It trusts nothing of the page but the
// page's own address: keys, status and type are asked for there. Pure but for the `fetch` that it is given.
import { hash, readJws, readSdJwt, Refusal, requireType, statusAt, Unsupported, verifyJws } from "./sd-jwt.js";

/** The steps, in their order. */
export const STEPS = ["signature", "issuer", "holder", "status", "dates", "schema"];

// By how many seconds two clocks may differ.
const SKEW = 60;
// Claims that must stand in the open (SD-JWT VC, section 2.2.2.2), and those that stand beside a type's own.
const OPEN = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];
const COMMON = [...OPEN, "iat", "sub", "jti"];

/** Something that could not be asked for; says nothing of the token. */
class Unanswered extends Error {}

/**
 * Checks `token`, a presentation for `audience` in answer to `nonce`, by an issuer at `origin`, at `now` (milliseconds).
 * Gives a verdict for each step: `step`, `outcome` ("passed", "failed" or "unchecked"), the `code` of its reason, and in
 * `asked` what was asked, and when.
 */
export async function verify(token, { origin, audience, nonce, fetch, now = Date.now }) {
  const world = new World(origin, fetch, now);
  let presentation;
  try {
    presentation = await read(token.trim());
  } catch (error) {
    const unread = STEPS.slice(1).map((step) => ({ step, outcome: "unchecked", code: "unread", asked: [] }));
    return { claims: undefined, verdicts: [verdict("signature", error), ...unread] };
  }
  const { claims } = presentation;
  const seconds = Math.floor(now() / 1000);
  const checks = {
    signature: async () => verifyJws(presentation.jws, await issuerKey(presentation.jws, claims, world)),
    issuer: () => issuerKey(presentation.jws, claims, world),
    holder: () => checkHolder(presentation, { audience, nonce, seconds }),
    status: () => checkStatus(claims, world, seconds),
    dates: () => checkDates(claims, seconds),
    schema: () => checkSchema(claims, world),
  };
  const verdicts = new Map();
  // The issuer comes first: its keys are asked for in its name, and then known to the others.
  for (const step of ["issuer", ...STEPS]) {
    if (!verdicts.has(step)) verdicts.set(step, await run(step, checks[step], world));
  }
  return { claims, verdicts: STEPS.map((step) => verdicts.get(step)) };
}

async function run(step, check, world) {
  world.asked = [];
  let problem;
  try {
    await check();
  } catch (error) {
    problem = error;
  }
  return { ...verdict(step, problem), asked: world.asked };
}

function verdict(step, problem) {
  if (problem === undefined) return { step, outcome: "passed", code: step, asked: [] };
  if (problem instanceof Refusal) return { step, outcome: "failed", code: problem.code, asked: [] };
  if (problem instanceof Unsupported) return { step, outcome: "unchecked", code: "browser", asked: [] };
  if (problem instanceof Unanswered) return { step, outcome: "unchecked", code: problem.message, asked: [] };
  throw problem;
}

async function read(text) {
  const presentation = await readSdJwt(text);
  requireType(presentation.jws, "dc+sd-jwt");
  if (OPEN.some((name) => presentation.names.has(name))) throw new Refusal("must_not_be_disclosed");
  if (typeof presentation.claims.vct !== "string") throw new Refusal("claim");
  return presentation;
}

/** What is asked of the issuer's site, each address once, and of no other site. */
class World {
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
      const options = { headers: { accept }, credentials: "omit", redirect: "error", cache: "no-cache" };
      const answer = await this.fetch(address, options);
      return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
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

// The key that the header names, among those that the issuer publishes for itself (SD-JWT VC, section 3.5). A certificate
// in the header (x5c) is not looked at: anybody can put one there.
async function issuerKey(jws, claims, world) {
  if (claims.iss !== world.origin) throw new Refusal("unknown_issuer");
  const metadata = await world.json("/.well-known/jwt-vc-issuer");
  if (metadata?.issuer !== claims.iss) throw new Refusal("unknown_issuer");
  const set = metadata.jwks ?? (await world.json(metadata.jwks_uri));
  const keys = Array.isArray(set?.keys) ? set.keys : [];
  const key = keys.find((jwk) => typeof jwk?.kid === "string" && jwk.kid === jws.header.kid);
  if (!key) throw new Refusal("unknown_key");
  return key;
}

// RFC 9901, section 7.3. A link is opened for days, so that the binding's age says nothing.
async function checkHolder({ claims, keyBinding, bound }, { audience, nonce, seconds }) {
  if (!keyBinding || !claims.cnf) throw new Refusal("not_bound");
  requireType(keyBinding, "kb+jwt");
  await verifyJws(keyBinding, claims.cnf.jwk);
  const { iat, aud, sd_hash: covered, nonce: answered } = keyBinding.payload;
  if (!Number.isFinite(iat)) throw new Refusal("claim");
  if (iat > seconds + SKEW) throw new Refusal("from_the_future");
  if (covered !== (await hash(bound))) throw new Refusal("sd_hash");
  if (aud !== audience) throw new Refusal("audience");
  if (answered !== nonce) throw new Refusal("nonce");
}

// draft-ietf-oauth-status-list-21, section 8.3.
async function checkStatus(claims, world, seconds) {
  const place = claims.status?.status_list;
  if (claims.status === undefined) throw new Unanswered("no_status");
  if (typeof place?.uri !== "string" || !Number.isInteger(place.idx)) throw new Refusal("claim");
  const list = readJws((await world.text(place.uri, "application/statuslist+jwt")).trim());
  requireType(list, "statuslist+jwt");
  await verifyJws(list, await issuerKey(list, claims, world));
  const { sub, iat, exp, status_list: entries } = list.payload;
  if (sub !== place.uri || !Number.isFinite(iat)) throw new Refusal("claim");
  if (iat > seconds + SKEW) throw new Refusal("from_the_future");
  if (exp !== undefined && !(exp + SKEW > seconds)) throw new Refusal("list_expired");
  const status = await statusAt(entries, place.idx);
  if (status === 1) throw new Refusal("revoked");
  if (status === 2) throw new Refusal("suspended");
  // Application specific (section 7.1); this site means by it that a newer version exists.
  if (status === 3) throw new Refusal("replaced");
  if (status !== 0) throw new Refusal("unknown_status");
}

function checkDates({ nbf, iat, exp, expiry_date: lastDay }, seconds) {
  // A credential counts until its last day has ended everywhere on earth, at UTC-12.
  const lastMidnight = /^\d{4}-\d{2}-\d{2}$/.test(lastDay) ? Date.parse(`${lastDay}T12:00:00Z`) / 1000 + 86_400 : NaN;
  if (lastMidnight + SKEW <= seconds) throw new Refusal("expired");
  for (const moment of [nbf, iat, exp]) {
    if (moment !== undefined && !Number.isFinite(moment)) throw new Refusal("claim");
  }
  if (exp !== undefined && exp + SKEW <= seconds) throw new Refusal("expired");
  if (nbf !== undefined && nbf > seconds + SKEW) throw new Refusal("not_yet_valid");
  if (iat !== undefined && iat > seconds + SKEW) throw new Refusal("from_the_future");
}

// SD-JWT VC, sections 4 and 5: the right document, byte for byte, and no claim that it does not know.
async function checkSchema(claims, world) {
  const bytes = await world.bytes(claims.vct, "application/json");
  const integrity = claims["vct#integrity"];
  if (integrity !== undefined) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const found = `sha256-${btoa(String.fromCharCode(...digest))}`;
    if (typeof integrity !== "string" || integrity.replace(/=+$/, "") !== found.replace(/=+$/, "")) {
      throw new Refusal("integrity");
    }
  }
  const metadata = await world.json(claims.vct);
  if (metadata?.vct !== claims.vct) throw new Refusal("integrity");
  const known = new Set((metadata.claims ?? []).map((claim) => claim.path?.[0]));
  if (known.size > 0 && Object.keys(claims).some((name) => !known.has(name) && !COMMON.includes(name))) {
    throw new Refusal("unknown_claim");
  }
}
