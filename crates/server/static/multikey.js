// Multikeys: public keys as one text (Controlled Identifiers 1.0, section 2.2.2). The rules are
// those of crates/credential/src/format/multikey.rs.
import { decode, encode } from "./sd-jwt.js";

// The alphabet of base58btc.
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// Maximum length of a text that is decoded; those of the supported keys have at most 50.
const MAX_LENGTH = 64;

// Length of the prefix of an algorithm, and of a coordinate, in bytes.
const [PREFIX, COORDINATE] = [2, 32];

// The field and the coefficient b of P-256 (SP 800-186, section 3.2.1.3); a is -3.
const FIELD = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * Returns the JWK of a Multikey in base58btc or base64url, as in `publicKeyMultibase`; undefined if
 * it is not on P-256 or Ed25519.
 */
export function jwkOfMultikey(text) {
  const bytes = typeof text === "string" && text.length <= MAX_LENGTH ? bytesOf(text) : undefined;
  if (!bytes) return undefined;
  const prefix = hex(bytes.slice(0, PREFIX));
  const key = bytes.slice(PREFIX);
  if (prefix === "ed01" && key.length === COORDINATE) return { kty: "OKP", crv: "Ed25519", x: encode(key) };
  return prefix === "8024" && key.length === COORDINATE + 1 ? pointOf(key) : undefined;
}

function bytesOf(text) {
  if (text.startsWith("z")) return fromBase58(text.slice(1));
  try {
    return text.startsWith("u") ? decode(text.slice(1)) : undefined;
  } catch {
    return undefined;
  }
}

// Bytes that begin with a zero, which is the digit 1, are no key.
function fromBase58(text) {
  const digits = [...text].map((digit) => BASE58.indexOf(digit));
  if (!(digits[0] > 0) || digits.includes(-1)) return undefined;
  return fromNumber(digits.reduce((number, digit) => number * 58n + BigInt(digit), 0n));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromNumber(number, length = 0) {
  const digits = number.toString(16);
  const whole = digits.padStart(Math.max(2 * length, digits.length + (digits.length % 2)), "0");
  return Uint8Array.from(whole.match(/../g), (byte) => Number.parseInt(byte, 16));
}

// Returns the point whose compressed form these bytes are: its sign, then x (SEC 1, section 2.3.4).
function pointOf([sign, ...bytes]) {
  const x = BigInt(`0x${hex(bytes)}`);
  if (![2, 3].includes(sign) || x >= FIELD) return undefined;
  const square = (x ** 3n - 3n * x + B) % FIELD;
  const root = power(square, (FIELD + 1n) / 4n);
  if ((root * root) % FIELD !== square) return undefined;
  const y = root % 2n === BigInt(sign % 2) ? root : FIELD - root;
  const [first, second] = [x, y].map((number) => encode(fromNumber(number, COORDINATE)));
  return { kty: "EC", crv: "P-256", x: first, y: second };
}

function power(base, exponent) {
  let [found, factor] = [1n, base];
  for (let rest = exponent; rest > 0n; rest /= 2n) {
    if (rest % 2n === 1n) found = (found * factor) % FIELD;
    factor = (factor * factor) % FIELD;
  }
  return found;
}
