// Verifies a signed credential or presentation step by step, with a result for each step. The
// issuer's address is the only trusted input: keys, status and type are fetched from there. Pure
// except for the `fetch` that it is given.
import { hasDigest } from "./integrity.js";
import { issuerKeys, siteOf } from "./issuer.js";
import { Unanswered, World } from "./lookup.js";
import { bitAt, CLOCK_SKEW, hash, hasUnsupportedKey, isObject, readJws, readSdJwt, Refusal, requireType, statusAt, Unsupported, verifyJws, verifyWith } from "./sd-jwt.js";
import { statusEntries } from "./status-entries.js";
import { checkValidity, newerForm, parseTime, readVcJwt } from "./vc-jwt.js";

/** The steps, in order. */
export const STEPS = ["signature", "issuer", "holder", "status", "dates", "schema"];

// Claims that must not be selectively disclosable (SD-JWT VC, section 2.2.2.2), and those common to
// all types.
const OPEN = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];
const COMMON = [...OPEN, "iat", "sub", "jti"];

// The errors of a status list that no key of the issuer signed.
const LIST_OF_ANOTHER = ["signature", "key_confusion", "unknown_key", "malformed"];

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
    dates: () => (isW3c ? checkW3cDates : checkDates)(claims, seconds),
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
  return { ...made, code: code ?? made.code, values, asked: world.asked };
}

function verdict(step, problem) {
  if (problem === undefined) return { step, outcome: "passed", code: step, asked: [] };
  if (problem instanceof Refusal) {
    return { step, outcome: problem.isUnsupported ? "unchecked" : "failed", code: problem.code, asked: [] };
  }
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
async function checkHolder({ claims, keyBinding, hasUnsupportedBinding, bound }, { audience, nonce, seconds }) {
  const isBound = keyBinding !== undefined || hasUnsupportedBinding;
  if (!isBound && audience === undefined && nonce === undefined) throw new Unanswered("not_shown");
  if (!isBound || !claims.cnf) throw new Refusal("not_bound");
  if (hasUnsupportedBinding || hasUnsupportedKey(claims.cnf)) throw new Unanswered("holder_key");
  if (!isObject(claims.cnf.jwk)) throw new Refusal("claim");
  requireType(keyBinding, "kb+jwt");
  await verifyJws(keyBinding, claims.cnf.jwk).catch((error) => {
    throw error.code === "unknown_key" ? new Refusal("claim") : error;
  });
  const { aud, sd_hash: covered, nonce: answered } = keyBinding.payload;
  const { nbf, iat, exp } = jwtDates(keyBinding.payload);
  if (iat === undefined) throw new Refusal("claim");
  if (hasPassed(exp, seconds)) throw new Refusal("binding_expired");
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW) throw new Refusal("binding_not_yet_valid");
  if (iat > seconds + CLOCK_SKEW) throw new Refusal("from_the_future");
  if (covered !== (await hash(bound))) throw new Refusal("sd_hash");
  if (typeof aud !== "string" || typeof answered !== "string") throw new Refusal("claim");
  if (audience !== undefined && aud !== audience) throw new Refusal("audience");
  if (nonce !== undefined && answered !== nonce) throw new Refusal("nonce");
  return { audience: aud };
}

// The step passes only if every status was checked.
async function checkStatus(presentation, world, seconds) {
  const { entries, hasOthers } = statusEntries(presentation.claims, presentation.format === "vc+jwt");
  if (entries.length === 0) throw new Unanswered(hasOthers ? "status_kind" : "no_status");
  let unanswered;
  for (const entry of entries) {
    try {
      await (entry.purpose ? checkBitstring : checkTokenList)(entry, presentation.issuer, world, seconds);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      unanswered ??= error;
    }
  }
  if (unanswered) throw unanswered;
  if (hasOthers) throw new Unanswered("status_kind");
}

// Returns the text and the JWS of a list that the issuer signed. A response that is no list, such
// as an error page, and a list without a signature of the issuer say nothing about the token.
async function signedList(uri, accept, issuer, world) {
  const text = (await world.text(uri, accept)).trim();
  let list;
  try {
    list = readJws(text);
  } catch {
    throw new Unanswered("no_list");
  }
  try {
    await verifyWith(list, await issuerKeys(list, issuer, world));
  } catch (error) {
    if (LIST_OF_ANOTHER.includes(error.code)) throw new Unanswered("list_key");
    throw error;
  }
  return { text, list };
}

function readList(text) {
  try {
    return readVcJwt(text);
  } catch (error) {
    if (error.isUnsupported) throw new Unanswered("no_list");
    throw error;
  }
}

// A list that is out of date does not say whether the token was revoked.
function requireRecent(check) {
  try {
    check();
  } catch (error) {
    if (["expired", "not_yet_valid", "from_the_future"].includes(error.code)) throw new Unanswered("list_expired");
    throw error;
  }
}

// draft-ietf-oauth-status-list-21, section 8.3.
async function checkTokenList({ uri, index }, issuer, world, seconds) {
  const { list } = await signedList(uri, "application/statuslist+jwt", issuer, world);
  requireType(list, "statuslist+jwt");
  if (list.payload.sub !== uri) throw new Refusal("claim");
  if (jwtDates(list.payload).iat === undefined) throw new Refusal("claim");
  requireRecent(() => checkJwtDates(list.payload, seconds));
  const status = await statusAt(list.payload.status_list, index);
  if (status === 1) throw new Refusal("revoked");
  if (status === 2) throw new Refusal("suspended");
  // Application specific (section 7.1): 3 means that a newer version exists only if the issuer
  // declares it.
  if (status === 3 && list.payload.status_types?.["0x03"] === "replaced") throw new Refusal("replaced");
  if (status !== 0) throw new Refusal("unknown_status");
}

// Bitstring Status List 1.0, section 3.2.
async function checkBitstring({ uri, index, purpose, code }, issuer, world, seconds) {
  const list = readList((await signedList(uri, "application/vc+jwt", issuer, world)).text);
  if (list.claims.id !== uri) throw new Refusal("claim");
  if (typeof list.issuer === "string" && list.issuer !== issuer) throw new Refusal("claim");
  requireRecent(() => checkW3cDates(list.claims, seconds));
  const subject = list.claims.credentialSubject;
  const isMeant = [subject?.type].flat().includes("BitstringStatusList") && [subject.statusPurpose].flat().includes(purpose);
  if (!isMeant) throw new Refusal("claim");
  if (await bitAt(subject.encodedList, index)) throw new Refusal(code);
}

function checkW3cDates(claims, seconds) {
  if (isObject(claims.credentialSubject)) checkLastDay(claims.credentialSubject, seconds);
  const found = checkDates(claims, seconds);
  checkValidity(claims, seconds);
  return found;
}

/**
 * Returns the rejection of the dates of a token that was refused with `error` because its kind is
 * not supported: an expired token is not valid with any signature. Undefined if there is none.
 */
export function refusalOfDates({ isUnsupported, payload }, token, seconds) {
  if (!isUnsupported || !payload) return undefined;
  try {
    const isW3c = !token.includes("~");
    if (isW3c) checkW3cDates(claimsOf(payload), seconds);
    else checkDates(payload, seconds);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Returns the rejection of the dates of a token that was read; undefined if there is none. */
export function refusalOfClaims({ claims, format }, seconds) {
  try {
    (format === "vc+jwt" ? checkW3cDates : checkDates)(claims, seconds);
  } catch (error) {
    return error;
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

// A credential is valid until its last day has ended in every time zone, that is at UTC-12. The
// claims are those of our own types, and of person identification data.
function checkLastDay({ expiry_date: lastDay, date_of_expiry: otherDay }, seconds) {
  for (const date of [lastDay, otherDay]) {
    // A date may have a time.
    const day = typeof date === "string" ? date.split(/[Tt]/)[0] : undefined;
    if (day === undefined || !/^(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}$/.test(day)) continue;
    const noon = parseTime(`${day}T12:00:00Z`);
    if (noon !== undefined && noon + 86_400 + CLOCK_SKEW <= seconds) throw new Refusal("expired");
  }
}

// Whether seconds are probably milliseconds: those of the years 2001 to 2099.
const areMilliseconds = (exp) => exp >= 1_000_000_000_000 && exp < 4_102_444_800_000;

// Whether an end has passed, also as milliseconds if it is probably in those.
function hasPassed(end, seconds) {
  if (end === undefined) return false;
  const meant = areMilliseconds(end) ? Math.floor(end / 1000) : end;
  return meant + CLOCK_SKEW <= seconds;
}

// NumericDates (RFC 7519, section 2), without their fractions.
function jwtDates({ nbf, iat, exp }) {
  const [starts, made, ends] = [nbf, iat, exp].map((date) => {
    if (date === undefined) return undefined;
    if (typeof date !== "number" || date < 0 || date > 2 ** 63) throw new Refusal("claim");
    return Math.trunc(date);
  });
  return { nbf: starts, iat: made, exp: ends };
}

function checkDates(claims, seconds) {
  checkLastDay(claims, seconds);
  const { exp } = checkJwtDates(claims, seconds);
  return areMilliseconds(exp) ? { code: "milliseconds" } : undefined;
}

function checkJwtDates(claims, seconds) {
  const { nbf, iat, exp } = jwtDates(claims);
  if (hasPassed(exp, seconds)) throw new Refusal("expired");
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW) throw new Refusal("not_yet_valid");
  if (iat !== undefined && iat > seconds + CLOCK_SKEW) throw new Refusal("from_the_future");
  return { exp };
}

// SD-JWT VC, sections 4 and 5: the metadata matches `vct` and its digest.
async function checkSchema({ format, claims }, world) {
  if (format !== "dc+sd-jwt" || !/^https?:/.test(claims.vct)) throw new Unanswered("no_metadata");
  const bytes = await world.bytes(claims.vct, "application/json");
  const { "vct#integrity": integrity } = claims;
  const isIntact = integrity === undefined || (await hasDigest(integrity, bytes));
  if (isIntact === false) throw new Refusal("integrity");
  const metadata = await world.json(claims.vct);
  if (metadata?.vct !== claims.vct) throw new Refusal("integrity");
  if (isIntact === undefined) throw new Unanswered("digest_algorithm");
  if ((metadata.extends ?? null) !== null) throw new Unanswered("extends");
  return metadata;
}

// Metadata may describe some of the claims only.
function describesAll({ claims: described }, claims) {
  const known = new Set((Array.isArray(described) ? described : []).map((claim) => claim?.path?.[0]));
  return Object.keys(claims).every((name) => known.has(name) || COMMON.includes(name));
}
