// Verifies a signed credential or presentation step by step, with a result for each step. The
// issuer's address is the only trusted input: keys, status and type are fetched from there. Pure
// except for the `fetch` that it is given.
import { compareClaims } from "./claim-rules.js";
import { checkDates, dated, hasPassed, jwtDates } from "./dates.js";
import { hasDigest } from "./integrity.js";
import { issuerKeys, siteOf } from "./issuer.js";
import { parseJson } from "./json.js";
import { Unanswered, World } from "./lookup.js";
import { CLOCK_SKEW, hash, isObject, readSdJwt, Refusal, requireType, Unsupported } from "./sd-jwt.js";
import { hasUnsupportedKey, isForSignatures, verifyJws, verifyWith } from "./signatures.js";
import { statusEntries } from "./status-entries.js";
import { checkEntries } from "./status-lists.js";
import { newerForm, readVcJwt } from "./vc-jwt.js";

/** The steps, in order. */
export const STEPS = ["signature", "issuer", "holder", "status", "dates", "schema"];

// Claims that must not be selectively disclosable (SD-JWT VC, section 2.2.2.2), and those common to
// all types.
const OPEN = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];
const COMMON = [...OPEN, "iat", "sub", "jti"];

/**
 * Verifies `token` of an issuer at `origin` (undefined for a did:jwk) at `now` (milliseconds). With
 * `audience` or `nonce` it must be a presentation for them.
 *
 * Returns the `claims`, the number of undisclosed details (`notShown`; an upper limit if the issuer
 * adds decoys), the `metadata` of their type if it was checked, and a verdict for each step:
 * `step`, `outcome` ("passed", "failed" or "unchecked"), the `code` of its reason, maybe with a
 * `detail`, the `values` of its text, and in `asked` the requested addresses with their times.
 */
export async function verify(token, { origin, audience, nonce, fetch, now = Date.now }) {
  const world = new World(origin, fetch, now);
  let presentation;
  try {
    presentation = await read(token.trim());
  } catch (error) {
    const unread = (step) => ({ step, outcome: "unchecked", code: "unread", asked: [] });
    const over = refusalOfDates(error, token, Math.floor(now() / 1000));
    const others = STEPS.slice(1).map((step) => (step === "dates" && over ? verdict(step, over) : unread(step)));
    return { claims: undefined, verdicts: [verdict("signature", error), ...others] };
  }
  const { claims, issuer, notShown } = presentation;
  const isW3c = presentation.format === "vc+jwt";
  const seconds = Math.floor(now() / 1000);
  let metadata;
  const checks = {
    signature: async () => verifyWith(presentation.jws, await issuerKeys(presentation.jws, issuer, world)),
    issuer: () => checkIssuer(presentation, world),
    holder: () => checkHolder(presentation, { audience, nonce, seconds }),
    status: () => checkStatus(presentation, world, seconds),
    dates: () => checkDates(claims, isW3c, seconds),
    schema: async () => {
      metadata = await checkSchema(presentation, world);
      return describesAll(metadata, presentation.claims) ? undefined : { code: "partly" };
    },
  };
  const verdicts = new Map();
  // The issuer comes first: its step then lists the requests for keys, which later steps find in
  // the cache.
  for (const step of ["issuer", ...STEPS]) {
    if (!verdicts.has(step)) verdicts.set(step, await run(step, checks[step], world));
  }
  return { claims, notShown, metadata, verdicts: STEPS.map((step) => verdicts.get(step)) };
}

async function run(step, check, world) {
  world.asked = [];
  let problem, found;
  try {
    found = await check();
  } catch (error) {
    problem = error;
  }
  const { code, ...values } = found ?? {};
  const made = verdict(step, problem);
  return { ...made, code: code ?? made.code, values: { ...made.values, ...values }, asked: world.asked };
}

function verdict(step, problem) {
  const { detail, values } = problem ?? {};
  const made = (outcome, code) => ({ step, outcome, code, detail, values, asked: [] });
  if (problem === undefined) return made("passed", step);
  if (problem instanceof Refusal) return made(problem.isUnsupported ? "unchecked" : "failed", problem.code);
  if (problem instanceof Unsupported) return made("unchecked", "browser");
  if (problem instanceof Unanswered) return made("unchecked", problem.message);
  throw problem;
}

/** Parses a token without verifying it: with a tilde an SD-JWT VC, without one a W3C credential. */
export async function read(text) {
  return text.includes("~") ? readSdJwtVc(text) : readVcJwt(text);
}

async function readSdJwtVc(text) {
  const presentation = await readSdJwt(text);
  requireType(presentation.jws, "dc+sd-jwt");
  if (OPEN.some((name) => presentation.names.has(name))) throw new Refusal("must_not_be_disclosed");
  if (typeof presentation.claims.vct !== "string") throw new Refusal("claim");
  return { format: "dc+sd-jwt", issuer: presentation.claims.iss, ...presentation };
}

async function checkIssuer({ jws, issuer }, world) {
  const keys = await issuerKeys(jws, issuer, world);
  if (!siteOf(issuer, world.origin)) throw new Unanswered("bare_key");
  try {
    await verifyWith(jws, keys);
  } catch (error) {
    if (error instanceof Refusal) throw new Unanswered("unsigned");
    throw error;
  }
}

// RFC 9901, section 7.3. A link can be opened for days, so the age of the key binding is not
// checked.
async function checkHolder(presentation, { audience, nonce, seconds }) {
  const { claims, keyBinding, hasUnsupportedBinding, refusedBinding, bound } = presentation;
  if (refusedBinding) throw refusedBinding;
  const isBound = keyBinding !== undefined || hasUnsupportedBinding;
  if (!isBound && audience === undefined && nonce === undefined) throw new Unanswered("not_shown");
  if (!isBound || claims.cnf === undefined) throw new Refusal("not_bound");
  if (hasUnsupportedKey(claims.cnf)) throw new Unanswered("holder_key");
  const { jwk = null } = claims.cnf;
  if (jwk === null) throw new Refusal("not_bound");
  if (!isObject(jwk) || !(await isForSignatures(jwk))) throw Object.assign(new Refusal("claim"), { detail: "holder" });
  if (hasUnsupportedBinding) throw new Unanswered("holder_key");
  requireType(keyBinding, "kb+jwt");
  await verifyJws(keyBinding, jwk);
  const { aud, sd_hash: covered, nonce: answered } = keyBinding.payload;
  const { nbf, iat, exp } = jwtDates(keyBinding.payload);
  if (iat === undefined) throw new Refusal("claim");
  if (hasPassed(exp, seconds)) throw new Refusal("binding_expired");
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW) throw new Refusal("binding_not_yet_valid");
  if (iat > seconds + CLOCK_SKEW) throw dated("from_the_future", iat);
  if (covered !== (await hash(bound))) throw new Refusal("sd_hash");
  if (audience !== undefined && aud !== audience) throw new Refusal("audience");
  if (nonce !== undefined && answered !== nonce) throw new Refusal("nonce");
  if (typeof aud !== "string" || typeof answered !== "string") throw new Refusal("claim");
  return { audience: aud };
}

// The step passes only if every status was checked.
async function checkStatus(presentation, world, seconds) {
  const { entries, hasOthers } = statusEntries(presentation.claims, presentation.format === "vc+jwt");
  if (entries.length === 0) throw new Unanswered(hasOthers ? "status_kind" : "no_status");
  const found = await checkEntries(entries, presentation.issuer, world, seconds);
  if (hasOthers) throw new Unanswered("status_kind");
  return found;
}

/**
 * Returns the rejection of the dates of a token that was refused with `error` because its kind is
 * not supported: an expired token is not valid with any signature. Undefined if there is none.
 */
export function refusalOfDates({ isUnsupported, payload }, token, seconds) {
  if (!isUnsupported || !payload) return undefined;
  const isW3c = !token.includes("~");
  return refusalOf(isW3c ? claimsOf(payload) : payload, isW3c, seconds);
}

/** Returns the rejection of the dates of a token that was read; undefined if there is none. */
export const refusalOfClaims = ({ claims, format }, seconds) => refusalOf(claims, format === "vc+jwt", seconds);

function refusalOf(claims, isW3c, seconds) {
  try {
    checkDates(claims, isW3c, seconds);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  return undefined;
}

// Returns the payload in the form of data model 2.0, as far as that is possible.
function claimsOf(payload) {
  try {
    return "vc" in payload ? newerForm(payload) : payload;
  } catch {
    return {};
  }
}

// SD-JWT VC, sections 5 and 6: the metadata matches `vct` and its digest, and the claims match it.
async function checkSchema(presentation, world) {
  const { format, claims } = presentation;
  if (format !== "dc+sd-jwt" || !/^https?:/.test(claims.vct)) throw new Unanswered("no_metadata");
  const bytes = await world.bytes(claims.vct, "application/json");
  const metadata = metadataIn(bytes);
  if (typeof metadata?.vct !== "string") throw new Unanswered("unanswered");
  const { "vct#integrity": integrity } = claims;
  const isIntact = integrity === undefined || (await hasDigest(integrity, bytes));
  if (isIntact === false) throw new Refusal("integrity");
  if (metadata.vct !== claims.vct) throw new Refusal("integrity");
  if (isIntact === undefined) throw new Unanswered("digest_algorithm");
  if ((metadata.extends ?? null) !== null) throw new Unanswered("extends");
  compareClaims(presentation, metadata.claims);
  return metadata;
}

// Type metadata may begin with a byte order mark. Undefined for other content, such as a page about
// the type.
function metadataIn(bytes) {
  const hasMark = [0xef, 0xbb, 0xbf].every((byte, at) => bytes[at] === byte);
  try {
    return parseJson(hasMark ? bytes.subarray(3) : bytes);
  } catch {
    return undefined;
  }
}

// Metadata may describe some of the claims only.
function describesAll({ claims: described }, claims) {
  const known = new Set((Array.isArray(described) ? described : []).map((claim) => claim?.path?.[0]));
  return Object.keys(claims).every((name) => known.has(name) || COMMON.includes(name));
}
