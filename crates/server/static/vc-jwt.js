// Parses W3C Verifiable Credentials signed as a JWT (VCDM 2.0, VC-JOSE-COSE section 3.1).
import { CLOCK_SKEW, isObject, readJws, Refusal, requireType } from "./sd-jwt.js";
import { Unanswered } from "./lookup.js";

/** Parses the credential without verifying its signature. */
export function readVcJwt(text) {
  const jws = readJws(text);
  requireType(jws, "vc+jwt");
  const claims = jws.payload;
  if (!Array.isArray(claims.type) || !claims.type.includes("VerifiableCredential")) throw new Refusal("claim");
  const issuer = isObject(claims.issuer) ? claims.issuer.id : claims.issuer;
  return { format: "vc+jwt", jws, claims, issuer };
}

/** Returns the address of the status list and the index in it. */
export function statusEntry({ credentialStatus: entry }) {
  if (entry === undefined) throw new Unanswered("no_status");
  if (entry?.type !== "BitstringStatusListEntry" || entry.statusPurpose !== "revocation") throw new Unanswered("status_kind");
  const { statusListIndex: index, statusListCredential: uri } = entry;
  if (typeof uri !== "string" || typeof index !== "string" || !/^\d{1,15}$/.test(index)) throw new Refusal("claim");
  return { uri, index: Number(index) };
}

// RFC 3339 with a time zone, as VCDM 2.0 requires (section 4.9, dateTimeStamp).
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Checks that the credential is valid at `seconds`. */
export function checkValidity({ validFrom, validUntil }, seconds) {
  const [from, until] = [validFrom, validUntil].map((time) => {
    if (time === undefined) return undefined;
    const millis = typeof time === "string" && TIME.test(time) ? Date.parse(time) : NaN;
    if (Number.isNaN(millis)) throw new Refusal("claim");
    return Math.floor(millis / 1000);
  });
  if (until !== undefined && until + CLOCK_SKEW <= seconds) throw new Refusal("expired");
  if (from !== undefined && from > seconds + CLOCK_SKEW) throw new Refusal("not_yet_valid");
}
