// Reads the statuses that a token refers to. The rules are those of
// crates/credential/src/verification/status_entries.rs.
import { isObject, Refusal } from "./sd-jwt.js";

// Maximum number of status lists that are looked up for one token.
const MOST_LISTS = 4;

// What a set bit of a Bitstring Status List means, as an error code.
const PURPOSES = new Map([
  ["revocation", "revoked"],
  ["suspension", "suspended"],
]);

/**
 * Returns the `entries` of status lists, each with its `uri` and `index`; in a Bitstring Status
 * List also with its `purpose` and the error `code` of a set bit. `hasOthers` says whether there
 * are statuses of other kinds.
 */
export function statusEntries({ status, credentialStatus }, isW3c) {
  const found = { entries: [], hasOthers: false };
  if (status !== undefined) addTokenList(found, status);
  // An SD-JWT VC has no such claim.
  if (!isW3c && credentialStatus !== undefined) found.hasOthers = true;
  if (isW3c && credentialStatus !== undefined) {
    for (const entry of [credentialStatus].flat()) addBitstring(found, entry);
  }
  const lists = [...new Set(found.entries.map(({ uri }) => uri))];
  if (lists.length > MOST_LISTS) {
    const most = lists.slice(0, MOST_LISTS);
    found.entries = found.entries.filter(({ uri }) => most.includes(uri));
    found.hasOthers = true;
  }
  return found;
}

// Other mechanisms beside a status list cannot be checked, and any of them may say that the token
// was revoked.
function addTokenList(found, status) {
  const mechanisms = isObject(status) ? Object.entries(status).filter(([, value]) => (value ?? undefined) !== undefined) : [];
  const { status_list: list, ...others } = Object.fromEntries(mechanisms);
  if (list === undefined || Object.keys(others).length > 0) found.hasOthers = true;
  if (list === undefined) return;
  if (typeof list.uri !== "string" || !Number.isInteger(list.idx) || list.idx < 0) throw new Refusal("claim");
  found.entries.push({ uri: list.uri, index: list.idx });
}

// The revocation bit repeats the entry of a Token Status List, which has more detail, so it is left
// out beside one.
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
  const hasTokenList = found.entries.length > 0 && found.entries[0].purpose === undefined;
  if (!hasTokenList || purpose !== "revocation") found.entries.push({ uri, index: Number(index), purpose, code });
}
