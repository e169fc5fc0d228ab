// Reads the statuses that a token refers to. The rules are those of
// crates/credential/src/verification/status_entries.rs.
import { isObject, Refusal } from "./sd-jwt.js";

// Maximum number of status lists that are looked up for one token.
const MOST_LISTS = 4;
// Maximum number of entries in one `credentialStatus`. Each costs the decompression of its list.
const MOST_ENTRIES = 64;

// What a set bit of a Bitstring Status List means, as an error code.
const PURPOSES = new Map([
  ["revocation", "revoked"],
  ["suspension", "suspended"],
]);

/**
 * Returns the `entries` of status lists among the claims and in a claim `vc`, because an issuer may
 * revoke by any of them: each with its `uri` and `index`; in a Bitstring Status List also with its
 * `purpose` and the error `code` of a set bit. `hasOthers` says whether there are statuses of other
 * kinds.
 */
export function statusEntries({ status, credentialStatus, vc }, isW3c) {
  const found = { entries: [], hasOthers: false };
  const inner = isObject(vc) ? vc : {};
  const others = inner.credentialStatus ?? undefined;
  // An SD-JWT VC has no such claim, so it does not prove that the token is valid.
  if (!isW3c && (credentialStatus ?? others) !== undefined) found.hasOthers = true;
  addTokenList(found, status);
  (isW3c ? addBitstrings : addElsewhere(addBitstrings))(found, credentialStatus);
  addElsewhere(addBitstrings)(found, others);
  addElsewhere(addTokenList)(found, inner.status ?? undefined);
  const tokens = found.entries.filter(({ purpose }) => purpose === undefined);
  found.entries = found.entries.filter((entry) => !tokens.some((other) => repeats(entry, other)));
  const lists = [...new Set(found.entries.map(({ uri }) => uri))];
  if (lists.length > MOST_LISTS) {
    const most = lists.slice(0, MOST_LISTS);
    found.entries = found.entries.filter(({ uri }) => most.includes(uri));
    found.hasOthers = true;
  }
  return found;
}

// Whether an entry is that of a Token Status List in the form with one bit, as Tenure publishes
// both. That bit cannot tell replaced from revoked.
function repeats({ uri, index, purpose }, other) {
  return purpose === "revocation" && index === other.index && uri === `${other.uri}/bitstring`;
}

// In a place that the format does not define, a malformed status counts as one of another kind.
function addElsewhere(add) {
  return (found, status) => {
    try {
      add(found, status);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      found.hasOthers = true;
    }
  };
}

// Other mechanisms beside a status list cannot be checked, and any of them may say that the token
// was revoked.
function addTokenList(found, status) {
  if (status === undefined) return;
  const mechanisms = isObject(status) ? Object.entries(status).filter(([, value]) => (value ?? undefined) !== undefined) : [];
  const { status_list: list, ...others } = Object.fromEntries(mechanisms);
  if (list === undefined || Object.keys(others).length > 0) found.hasOthers = true;
  if (list === undefined) return;
  if (typeof list.uri !== "string" || !Number.isInteger(list.idx) || list.idx < 0) throw new Refusal("claim");
  found.entries.push({ uri: list.uri, index: list.idx });
}

// A malformed entry does not hide the others.
function addBitstrings(found, status) {
  const entries = status === undefined ? [] : [status].flat();
  if (entries.length > MOST_ENTRIES) found.hasOthers = true;
  let refusal;
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    try {
      addBitstring(found, entry);
    } catch (error) {
      refusal ??= error;
    }
  }
  if (refusal) throw refusal;
}

function addBitstring(found, entry) {
  const code = PURPOSES.get(entry?.statusPurpose);
  const hasOneBit = (entry?.statusSize ?? 1) === 1;
  if (![entry?.type].flat().includes("BitstringStatusListEntry") || code === undefined || !hasOneBit) {
    found.hasOthers = true;
    return;
  }
  const { statusListIndex: place, statusListCredential: uri, statusPurpose: purpose } = entry;
  // The standard has it as a string; a whole number means the same.
  const index = Number.isInteger(place) ? String(place) : place;
  if (typeof uri !== "string" || typeof index !== "string" || !/^\d{1,15}$/.test(index)) throw new Refusal("claim");
  found.entries.push({ uri, index: Number(index), purpose, code });
}
