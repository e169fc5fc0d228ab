// Verifies a signed credential or presentation step by step, with a result for each step. The
// issuer's address is the only trusted input: keys, status and type are fetched from there. Pure
// except for the `fetch` that it is given.
import { issuerKey, siteOf } from "./issuer.js";
import { Unanswered, World } from "./lookup.js";
import { bitAt, CLOCK_SKEW, hash, isObject, readJws, readSdJwt, Refusal, requireType, statusAt, Unsupported, verifyJws } from "./sd-jwt.js";
import { checkValidity, readVcJwt, statusEntry } from "./vc-jwt.js";

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
 * `step`, `outcome` ("passed", "failed" or "unchecked"), the `code` of its reason with the
 * `values` of its text, and in `asked` the requested addresses with their times.
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
  const { claims, issuer, notShown } = presentation;
  const isW3c = presentation.format === "vc+jwt";
  const seconds = Math.floor(now() / 1000);
  let metadata;
  const checks = {
    signature: async () => verifyJws(presentation.jws, await issuerKey(presentation.jws, issuer, world)),
    issuer: () => checkIssuer(presentation, world),
    holder: () => checkHolder(presentation, { audience, nonce, seconds }),
    status: () => (isW3c && claims.status === undefined ? checkBitstring : checkStatus)(presentation, world, seconds),
    dates: () => (isW3c ? checkW3cDates : checkDates)(claims, seconds),
    schema: async () => {
      metadata = await checkSchema(presentation, world);
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
  let problem, values;
  try {
    values = await check();
  } catch (error) {
    problem = error;
  }
  return { ...verdict(step, problem), values, asked: world.asked };
}

function verdict(step, problem) {
  if (problem === undefined) return { step, outcome: "passed", code: step, asked: [] };
  if (problem instanceof Refusal) return { step, outcome: "failed", code: problem.code, asked: [] };
  if (problem instanceof Unsupported) return { step, outcome: "unchecked", code: "browser", asked: [] };
  if (problem instanceof Unanswered) return { step, outcome: "unchecked", code: problem.message, asked: [] };
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
  await issuerKey(jws, issuer, world);
  if (!siteOf(issuer, world.origin)) throw new Unanswered("bare_key");
}

// RFC 9901, section 7.3. A link can be opened for days, so the age of the key binding is not
// checked.
async function checkHolder({ claims, keyBinding, bound }, { audience, nonce, seconds }) {
  if (!keyBinding && audience === undefined && nonce === undefined) throw new Unanswered("not_shown");
  if (!keyBinding || !claims.cnf) throw new Refusal("not_bound");
  requireType(keyBinding, "kb+jwt");
  await verifyJws(keyBinding, claims.cnf.jwk);
  const { iat, aud, sd_hash: covered, nonce: answered } = keyBinding.payload;
  if (!Number.isFinite(iat)) throw new Refusal("claim");
  if (iat > seconds + CLOCK_SKEW) throw new Refusal("from_the_future");
  if (covered !== (await hash(bound))) throw new Refusal("sd_hash");
  if (typeof aud !== "string" || typeof answered !== "string") throw new Refusal("claim");
  if (audience !== undefined && aud !== audience) throw new Refusal("audience");
  if (nonce !== undefined && answered !== nonce) throw new Refusal("nonce");
  return { audience: aud };
}

// draft-ietf-oauth-status-list-21, section 8.3.
async function checkStatus({ claims, issuer }, world, seconds) {
  const place = claims.status?.status_list;
  if (claims.status === undefined) throw new Unanswered("no_status");
  if (place === undefined) throw new Unanswered("status_kind");
  if (typeof place?.uri !== "string" || !Number.isInteger(place.idx)) throw new Refusal("claim");
  const list = readJws((await world.text(place.uri, "application/statuslist+jwt")).trim());
  requireType(list, "statuslist+jwt");
  await verifyJws(list, await issuerKey(list, issuer, world));
  const { sub, iat, exp, status_list: entries } = list.payload;
  if (sub !== place.uri || !Number.isFinite(iat)) throw new Refusal("claim");
  if (iat > seconds + CLOCK_SKEW) throw new Refusal("from_the_future");
  if (exp !== undefined && !(exp + CLOCK_SKEW > seconds)) throw new Refusal("list_expired");
  const status = await statusAt(entries, place.idx);
  if (status === 1) throw new Refusal("revoked");
  if (status === 2) throw new Refusal("suspended");
  // Application specific (section 7.1): 3 means that a newer version exists only if the issuer
  // declares it.
  if (status === 3 && list.payload.status_types?.["0x03"] === "replaced") throw new Refusal("replaced");
  if (status !== 0) throw new Refusal("unknown_status");
}

// Bitstring Status List 1.0, section 3.2.
async function checkBitstring({ claims, issuer }, world, seconds) {
  const { uri, index } = statusEntry(claims);
  const list = readVcJwt((await world.text(uri, "application/vc+jwt")).trim());
  await verifyJws(list.jws, await issuerKey(list.jws, issuer, world));
  if (list.claims.id !== uri) throw new Refusal("claim");
  checkW3cDates(list.claims, seconds);
  const subject = list.claims.credentialSubject;
  if (subject?.type !== "BitstringStatusList" || subject.statusPurpose !== "revocation") throw new Refusal("claim");
  if (await bitAt(subject.encodedList, index)) throw new Refusal("revoked");
}

function checkW3cDates(claims, seconds) {
  if (isObject(claims.credentialSubject)) checkLastDay(claims.credentialSubject, seconds);
  checkValidity(claims, seconds);
  checkDates(claims, seconds);
}

// A credential is valid until its last day has ended in every time zone, that is at UTC-12.
function checkLastDay({ expiry_date: lastDay }, seconds) {
  const lastMidnight = /^\d{4}-\d{2}-\d{2}$/.test(lastDay) ? Date.parse(`${lastDay}T12:00:00Z`) / 1000 + 86_400 : NaN;
  if (lastMidnight + CLOCK_SKEW <= seconds) throw new Refusal("expired");
}

function checkDates(claims, seconds) {
  checkLastDay(claims, seconds);
  const { nbf, iat, exp } = claims;
  for (const moment of [nbf, iat, exp]) {
    if (moment !== undefined && !Number.isFinite(moment)) throw new Refusal("claim");
  }
  if (exp !== undefined && exp + CLOCK_SKEW <= seconds) throw new Refusal("expired");
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW) throw new Refusal("not_yet_valid");
  if (iat !== undefined && iat > seconds + CLOCK_SKEW) throw new Refusal("from_the_future");
}

// SD-JWT VC, sections 4 and 5: the metadata matches `vct` and its digest, and declares every claim.
async function checkSchema({ format, claims }, world) {
  if (format !== "dc+sd-jwt" || !/^https?:/.test(claims.vct)) throw new Unanswered("no_metadata");
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
  return metadata;
}
