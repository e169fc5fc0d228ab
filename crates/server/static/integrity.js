// Digests of fetched documents, in the format of Subresource Integrity. The rules are those of
// crates/credential/src/verification/integrity.rs.

// The strongest first.
const ALGORITHMS = [
  ["sha512", "SHA-512"],
  ["sha384", "SHA-384"],
  ["sha256", "SHA-256"],
];

/**
 * Returns whether a document has one of the digests in `integrity`. Those of the strongest known
 * algorithm count. Undefined if there is none of a known algorithm.
 */
export async function hasDigest(integrity, bytes) {
  if (typeof integrity !== "string") return undefined;
  const listed = integrity.split(/[ \t\n\f\r]+/).filter((one) => one.includes("-"));
  const parts = listed.map((one) => [one.slice(0, one.indexOf("-")), one.slice(one.indexOf("-") + 1)]);
  const strongest = ALGORITHMS.find(([name]) => parts.some(([found]) => found === name));
  if (!strongest) return undefined;
  const [name, algorithm] = strongest;
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  const expected = withoutOptions(btoa(String.fromCharCode(...digest)));
  return parts.some(([found, text]) => found === name && withoutOptions(text) === expected);
}

// Some issuers write the digest in base64url.
const withoutOptions = (text) => text.split("?")[0].replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
