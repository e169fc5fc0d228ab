// An issuer and a holder implemented with Node's cryptography, independent of the page's code.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { deflateSync } from "node:zlib";

export const ORIGIN = "https://passport.example";
export const AUDIENCE = `${ORIGIN}/share/0190a7c8-0000-7000-8000-000000000001`;
export const NONCE = "a-nonce";
export const NOW = 1_795_000_000;

const text = (value) => Buffer.from(value).toString("base64url");
const json = (value) => text(JSON.stringify(value));
export const digest = (value) => createHash("sha256").update(value).digest("base64url");

/** Returns a new key pair with its public JWK. */
export function newKey(alg = "ES256") {
  const pair = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  return { alg, private: pair.privateKey, jwk: pair.publicKey.export({ format: "jwk" }) };
}

export const jws = (header, payload, key) => signed(header, JSON.stringify(payload), key);

/** Signs a payload as it is written. */
export function signed(header, payload, key) {
  const input = `${json({ alg: key.alg, ...header })}.${text(payload)}`;
  const options = { key: createPrivateKey(key.private.export({ format: "pem", type: "pkcs8" })), dsaEncoding: "ieee-p1363" };
  return `${input}.${sign(key.alg === "ES256" ? "sha256" : null, Buffer.from(input), options).toString("base64url")}`;
}

/** Returns a disclosure of an object property, or of an array element if there is no name. */
export function disclosure(value, name) {
  const salt = randomBytes(16).toString("base64url");
  return json(name === undefined ? [salt, value] : [salt, name, value]);
}

export const METADATA = JSON.stringify({
  vct: `${ORIGIN}/credentials/career_history`,
  claims: ["full_name", "employment", "attested_by", "attested_at"].map((name) => ({ path: [name] })),
});

/** Returns a presentation and the issuer's responses; `change` modifies any part before signing. */
export function present(change = {}) {
  const issuer = newKey(change.alg);
  const holder = newKey();
  const job = disclosure({ organisation: "Company A", role_title: "Engineer" });
  const left = disclosure({ organisation: "Company B", role_title: "Baker" });
  const jobs = disclosure([{ "...": digest(job) }, { "...": digest(left) }, { "...": digest("decoy") }], "employment");
  const name = disclosure("Ada Example", "full_name");
  const parts = {
    header: { typ: "dc+sd-jwt", kid: "key-1" },
    payload: {
      iss: ORIGIN,
      iat: NOW - 10,
      exp: NOW + 1000,
      vct: `${ORIGIN}/credentials/career_history`,
      "vct#integrity": `sha256-${createHash("sha256").update(METADATA).digest("base64")}`,
      attested_by: { name: "Acme Payroll" },
      attested_at: "2026-11-23",
      cnf: { jwk: holder.jwk },
      status: { status_list: { uri: `${ORIGIN}/status/1`, idx: 9 } },
      _sd: [digest(name), digest(jobs), digest("another decoy")],
      _sd_alg: "sha-256",
    },
    disclosures: [name, jobs, job],
    issuer,
    holder,
    list: { header: { typ: "statuslist+jwt", kid: "key-1" }, revoked: [], payload: {} },
    binding: { header: { typ: "kb+jwt" }, payload: {} },
  };
  change.parts?.(parts);
  const bound = [jws(parts.header, parts.payload, parts.issuer), ...parts.disclosures].join("~") + "~";
  const answer = { iat: NOW, aud: AUDIENCE, nonce: NONCE, sd_hash: digest(bound), ...parts.binding.payload };
  const token = bound + jws(parts.binding.header, answer, parts.holder);
  return { token: change.token ? change.token(token) : token, answers: answers(issuer, parts, change) };
}

function answers(issuer, parts, change) {
  const bits = Buffer.alloc(2);
  for (const place of parts.list.revoked) bits[place >> 3] |= 1 << (place & 7);
  const status_list = { bits: 1, lst: deflateSync(bits).toString("base64url") };
  const list = { sub: `${ORIGIN}/status/1`, iat: NOW - 5, exp: NOW + 500, ttl: 300, status_list, ...parts.list.payload };
  return {
    [`${ORIGIN}/.well-known/jwt-vc-issuer`]: JSON.stringify({ issuer: ORIGIN, jwks_uri: `${ORIGIN}/.well-known/jwks.json` }),
    [`${ORIGIN}/.well-known/jwks.json`]: JSON.stringify({ keys: [{ ...newKey().jwk, kid: "key-0" }, { ...issuer.jwk, kid: "key-1" }] }),
    [`${ORIGIN}/status/1`]: jws(parts.list.header, list, issuer),
    [`${ORIGIN}/credentials/career_history`]: METADATA,
    ...change.answers,
  };
}
