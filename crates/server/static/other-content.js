// Recognises what a text or a file without a token is. The rules and their test cases are those of
// crates/credential/src/verification/other_content.rs.
import { parseJson } from "./json.js";
import { decode, isObject } from "./sd-jwt.js";

const utf8 = new TextEncoder();

// Shortest word that is taken for base64. No word of a language is this long.
const SHORTEST_BASE64 = 40;

// The first bytes of files, as Latin-1. The signature of a bitmap is short, so its reserved bytes
// are compared too.
const FILES = [
  [/^%PDF-/, "pdf"],
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF|BM[^]{4}\0{4})/, "image"],
  [/^PK\x03\x04/, "archive"],
];
const FILES_IN_BASE64 = [
  [/^JVBERi0/, "pdf"],
  [/^(?:iVBORw0KGgo|\/9j\/|R0lGOD)/, "image"],
  [/^UEsDB/, "archive"],
];
const QUOTES = /^[\s"'`“”‘’«»]+|[\s"'`“”‘’«»]+$/g;
// The links that open a wallet, and their parameters, which may be in an https link too.
const WALLET_LINK = /^(?:openid-credential-offer|openid4vp|haip|haip-vci|haip-vp):|credential_offer=|credential_offer_uri=|request_uri=/i;
// A link to a shared page (links.rs).
const SHARE_LINK = /^https?:\/\/[^/\s]+\/share\/\S+$/i;

/** Recognises a file by its first bytes. */
export function contentOfFile(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return FILES.find(([pattern]) => pattern.test(start))?.[1];
}

/** Recognises a text. */
export function contentOfText(whole) {
  const text = whole.replace(QUOTES, "");
  if (text.startsWith("%PDF-")) return "pdf";
  if (text.startsWith("data:image/")) return "image";
  if (/^[{[]/.test(text)) return contentOfJson(parse(text));
  if (WALLET_LINK.test(text)) return "wallet-link";
  if (SHARE_LINK.test(text)) return "share-link";
  return contentOfWords(text.split(/\s+/).filter((word) => word !== ""));
}

/** Whether a run of token characters is a compact JWE (RFC 7516, section 7.1). */
export function isJwe(run) {
  const parts = run.split(".");
  if (parts.length !== 5) return false;
  try {
    const header = parseJson(decode(parts[0]));
    return isObject(header) && "enc" in header;
  } catch {
    return false;
  }
}

function parse(text) {
  try {
    return parseJson(utf8.encode(text));
  } catch {
    return undefined;
  }
}

function contentOfJson(value) {
  if (Array.isArray(value)) return first(value);
  if (!isObject(value)) return undefined;
  if (isJws(value)) return "json-jws";
  if ("proof" in value) return "json-ld";
  if ("kty" in value || Array.isArray(value.keys)) return "keys";
  return first(Object.values(value));
}

// A JWS in the JSON serialization (RFC 7515, section 7.2).
function isJws({ payload, signature, signatures }) {
  return typeof payload === "string" && (Array.isArray(signatures) || typeof signature === "string");
}

/**
 * Whether a text is JSON with a signed token in the JSON serialization. It may contain a key
 * binding, which looks like a token.
 */
export function isJsonJws(whole) {
  const text = whole.trim();
  return /^[{[]/.test(text) && contentOfJson(parse(text)) === "json-jws";
}

function first(values) {
  for (const value of values) {
    const found = contentOfJson(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function contentOfWords(words) {
  if (words.length === 0) return undefined;
  const file = FILES_IN_BASE64.find(([pattern]) => pattern.test(words[0]));
  if (file) return file[1];
  const isPart = words[0].startsWith("ey") && words[0].length > 20;
  if (isPart && words.every((word) => /^[A-Za-z0-9._~-]+$/.test(word))) return "cut-token";
  const [most, last] = [words.slice(0, -1), words.at(-1)];
  const isLong = (most.length > 0 ? most : [last]).every((word) => word.length >= SHORTEST_BASE64);
  const isBase64 = [...most, last.replace(/=+$/, "")].every((word) => /^[A-Za-z0-9+/_-]*$/.test(word));
  return isLong && isBase64 ? "base64" : undefined;
}
