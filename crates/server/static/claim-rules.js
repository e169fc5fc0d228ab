// Compares the claims of a credential with the claim metadata of its type: `mandatory` and `sd`
// (SD-JWT VC, section 5.6). The rules are those of claim_rules.rs in
// crates/credential/src/verification and of crates/credential/src/format/sd_jwt/issued.rs.
import { parseJson } from "./json.js";
import { Unanswered } from "./lookup.js";
import { decode, isObject, Refusal } from "./sd-jwt.js";

// Maximum number of values that the paths of a type's metadata may visit together.
const MAX_VISITS = 1_000_000;
const DISCLOSABILITY = ["always", "allowed", "never"];
// Maximum number of characters of a path in a message.
const MOST_SHOWN = 64;

/**
 * Compares the claims of an SD-JWT that `readSdJwt` returned, as they were issued, with the
 * `claims` of the metadata. Throws the rejection by the first rule that they break.
 */
export function compareClaims({ jws, byDigest }, described) {
  if ((described ?? null) === null) return;
  const rules = Array.isArray(described) ? described.map(ruleOf) : [undefined];
  if (rules.includes(undefined)) throw new Refusal("claim_metadata");
  const payload = parseJson(decode(jws.input.split(".")[1]));
  delete payload._sd_alg;
  const root = issuedObject(payload, byDigest, false);
  const work = { left: MAX_VISITS };
  for (const rule of rules) requireRule(rule, select(rule, root, work));
}

// Returns the metadata of a claim; undefined if it is malformed.
function ruleOf(claim) {
  if (!isObject(claim)) return undefined;
  const { path } = claim;
  const [mandatory, sd] = [claim.mandatory ?? false, claim.sd ?? "allowed"];
  const isPath = Array.isArray(path) && path.length > 0 && path.every(isStep);
  return isPath && typeof mandatory === "boolean" && DISCLOSABILITY.includes(sd) ? { path, mandatory, sd } : undefined;
}

const isStep = (step) => step === null || typeof step === "string" || (Number.isSafeInteger(step) && step >= 0);

// The claims as the issuer signed them. A value has its `members` or `items`, `isDisclosure` if it
// is a disclosure of its own, and `isWithheld` for an array element without one. An object has
// `hasWithheld` if there are digests without a disclosure.
function issued(value, byDigest, isDisclosure) {
  if (Array.isArray(value)) return { isDisclosure, items: value.map((item) => issuedItem(item, byDigest)) };
  return isObject(value) ? issuedObject(value, byDigest, isDisclosure) : { isDisclosure };
}

function issuedObject(object, byDigest, isDisclosure) {
  const members = new Map();
  for (const [name, value] of Object.entries(object)) {
    if (name !== "_sd") members.set(name, issued(value, byDigest, false));
  }
  let hasWithheld = false;
  for (const digest of Array.isArray(object._sd) ? object._sd : []) {
    const { name, value } = byDigest.get(digest) ?? {};
    if (name === undefined) hasWithheld = true;
    else members.set(name, issued(value, byDigest, true));
  }
  return { isDisclosure, members, hasWithheld };
}

function issuedItem(item, byDigest) {
  const isDigest = isObject(item) && "..." in item && Object.keys(item).length === 1;
  if (!isDigest) return issued(item, byDigest, false);
  const found = byDigest.get(item["..."]);
  return found ? issued(found.value, byDigest, true) : { isDisclosure: true, isWithheld: true };
}

// Selects the claims at a path, in the lists as they were issued (section 5.6.1).
function select(rule, root, work) {
  const selection = { found: [root], mayBeWithheld: false, mayBeInWithheld: false };
  rule.path.forEach((step, at) => {
    const isLast = at === rule.path.length - 1;
    const next = [];
    for (const value of selection.found) {
      const parts = value.isWithheld ? [] : partsAt(value, step);
      if (parts === undefined) throw broken(rule, "path");
      for (const part of parts) next.push(part);
      if (value.isWithheld) selection.mayBeInWithheld = true;
      else if (parts.length > 0 || !value.hasWithheld) continue;
      else if (isLast) selection.mayBeWithheld = true;
      else selection.mayBeInWithheld = true;
    }
    work.left -= selection.found.length + next.length;
    if (work.left < 0) throw new Unanswered("metadata_size");
    selection.found = next;
  });
  return selection;
}

// Undefined if the step does not fit the value.
function partsAt({ members, items }, step) {
  if (typeof step === "string") return members && (members.has(step) ? [members.get(step)] : []);
  return items && (step === null ? items : items.slice(step, step + 1));
}

// A claim that may be withheld is not missing. One that must never be selectively disclosable
// cannot be withheld by itself.
function requireRule(rule, { found, mayBeWithheld, mayBeInWithheld }) {
  const isUnknown = mayBeInWithheld || (mayBeWithheld && rule.sd !== "never");
  if (rule.mandatory && found.length === 0 && !isUnknown) throw broken(rule, "missing");
  if (rule.sd === "always" && found.some(({ isDisclosure }) => !isDisclosure)) throw broken(rule, "open");
  if (rule.sd === "never" && found.some(({ isDisclosure }) => isDisclosure)) throw broken(rule, "apart");
}

function broken({ path }, detail) {
  const claim = JSON.stringify(path).slice(0, MOST_SHOWN);
  return Object.assign(new Refusal("claim_metadata"), { detail, values: { claim } });
}
