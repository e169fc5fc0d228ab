// Parses W3C Verifiable Credentials signed as a JWT: VCDM 2.0 (VC-JOSE-COSE section 3.1), and VCDM
// 1.1 (section 6.3.1), which is converted to the form of 2.0.
import { isObject, missingTilde, otherToken, readJws, Refusal, requireType, typeOf, unsupported } from "./sd-jwt.js";

// Claims of a JWT of VCDM 1.1 that are not members of the credential.
const REGISTERED = new Set("iss sub aud nbf iat exp jti cnf status".split(" "));

// Members with another name in VCDM 2.0.
const RENAMED = new Map([
  ["issuanceDate", "validFrom"],
  ["expirationDate", "validUntil"],
]);

// The context of VCDM 2.0, which every credential of that model has.
const CONTEXT = "https://www.w3.org/ns/credentials/v2";
const TYPE = "VerifiableCredential";

const isDate = (name) => [...RENAMED.values()].includes(name);

// Whether a member has a value, alone or in a list (JSON-LD 1.1, section 4.3).
const has = (member, value) => [member].flat().includes(value);

/** Parses the credential without verifying its signature. */
export function readVcJwt(text) {
  const jws = readJws(text);
  const isUntyped = /^(application\/)?jwt$/i.test(jws.header.typ ?? "JWT");
  const isOlder = "vc" in jws.payload && isUntyped;
  if (!isOlder) {
    requireNewerModel(jws, isUntyped);
    if (!isByIss(jws.payload)) throw new Refusal("claim");
  }
  const claims = withSingleSubject(isOlder ? newerForm(jws.payload) : jws.payload);
  if (!has(claims.type, TYPE)) throw new Refusal("claim");
  const issuer = isObject(claims.issuer) ? claims.issuer.id : claims.issuer;
  return { format: "vc+jwt", jws, claims, issuer };
}

// A credential of VCDM 2.0 has the `typ` vc+jwt. Signers of Open Badges 3.0 write JWT or none, so
// then `@context` and `type` count.
function requireNewerModel(jws, isUntyped) {
  const { payload } = jws;
  const typ = typeOf(jws);
  if (typ.endsWith("+sd-jwt")) throw missingTilde();
  // A presentation of VCDM 1.1 (its section 6.3.1) has the claim vp.
  const kind = isUntyped && "vp" in payload ? "presentation" : otherToken(typ);
  if (kind && !("vc" in payload)) throw Object.assign(unsupported("type"), { kind });
  const isW3c = "@context" in payload || has(payload.type, TYPE);
  if (!isUntyped || !isW3c) return requireType(jws, "vc+jwt");
  if (!has(payload["@context"], CONTEXT) || !has(payload.type, TYPE)) {
    throw Object.assign(unsupported("type", payload), { kind: "data-model" });
  }
}

/** Replaces a list of one subject by that subject, which means the same in JSON-LD. */
export function withSingleSubject(claims) {
  const { credentialSubject: subjects } = claims;
  return Array.isArray(subjects) && subjects.length === 1 ? { ...claims, credentialSubject: subjects[0] } : claims;
}

// Whether the credential names the same issuer as the claim `iss`, or either is absent.
function isByIss({ iss, issuer }) {
  return typeof iss !== "string" || issuer === undefined || (isObject(issuer) ? issuer.id : issuer) === iss;
}

/**
 * Converts a payload of VCDM 1.1. Registered claims inside the credential have no meaning, and
 * never replace those that are checked. Members that are null count as absent. A date that the
 * payload has already, under either name, stays in `vc`, so that both are checked, and so does a
 * status.
 */
export function newerForm({ vc, ...claims }) {
  if (!isObject(vc)) throw new Refusal("claim");
  // Without a prototype, so that names from the token are only members.
  const [credential, others] = [Object.create(null), Object.create(null)];
  const dates = new Set([...RENAMED.values()].filter((name) => name in claims));
  for (const [name, value] of Object.entries(vc)) {
    const isOtherStatus = name === "status" || (name === "credentialStatus" && name in claims);
    if (isOtherStatus && value !== null) others[name] = value;
    if (value === null || isOtherStatus || REGISTERED.has(name)) continue;
    const newer = RENAMED.get(name) ?? name;
    if (dates.has(newer)) others[name] = value;
    else credential[newer] = value;
    if (isDate(newer)) dates.add(newer);
  }
  if (Object.keys(others).length > 0) credential.vc = others;
  const { issuer = claims.iss, credentialSubject: subject } = withSingleSubject(credential);
  const contradicts = (named, claim) => named !== undefined && claim !== undefined && named !== claim;
  if (contradicts(isObject(issuer) ? issuer.id : issuer, claims.iss)) throw new Refusal("claim");
  if (isObject(subject) && contradicts(subject.id, claims.sub)) throw new Refusal("claim");
  return { ...claims, ...credential, issuer };
}

// dateTimeStamp of XML Schema 1.1, as VCDM 2.0 requires (section 4.9): with a time zone.
const TIME = /^(-?(?:[1-9]\d{4,5}|\d{4}))-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const DAY = 86_400;

/**
 * Parses a time to seconds since the Unix epoch. A fraction of a second is dropped, and a leap
 * second is the first second of the next minute. Undefined for other text.
 */
export function parseTime(text) {
  const found = typeof text === "string" ? TIME.exec(text) : null;
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const [hours, minutes] = found.slice(8).map((digits) => Number(digits ?? 0));
  const isOfDay = hour < 24 || (hour === 24 && minute === 0 && second === 0);
  const isClock = isOfDay && minute <= 59 && second <= 60 && hours <= 23 && minutes <= 59;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isClock || !exists) return undefined;
  const offset = (found[7] === "-" ? -1 : 1) * (hours * 60 + minutes);
  return Math.floor(date / 1000) + hour * 3600 + (minute - offset) * 60 + second;
}

/**
 * Returns the year of a time in seconds since the Unix epoch, also of one that no Date holds.
 * Beyond 63 bits it is the first or the last one of these, as on the server.
 */
export function yearOf(time) {
  const seconds = Math.max(-(2 ** 63), Math.min(2 ** 63, time));
  // 400 years, after which the calendar repeats.
  const cycle = 146_097 * DAY;
  const cycles = Math.floor(seconds / cycle);
  return new Date((seconds - cycles * cycle) * 1000).getUTCFullYear() + 400 * cycles;
}
