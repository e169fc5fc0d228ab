// A minimal outside wallet: it fetches a career history and presents it on request.
import { createCipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (text) => JSON.parse(Buffer.from(text, "base64url"));
const sha256 = (data) => createHash("sha256").update(data).digest();
const now = () => Math.floor(Date.now() / 1000);
const freshKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

async function json(address, body, headers) {
  const answer = await fetch(address, body === undefined ? {} : { method: "POST", body, headers });
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Returns a parameter of a link to a wallet. */
const parameter = (link, name) => new URL(link).searchParams.get(name);

export class OutsideWallet {
  #key = freshKey();
  #credential;

  #sign(header, payload) {
    const input = `${encoded({ alg: "ES256", ...header })}.${encoded(payload)}`;
    const key = { key: this.#key.privateKey, dsaEncoding: "ieee-p1363" };
    return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
  }

  /** Redeems an offer from the wallet page (OpenID4VCI 1.0). */
  async take(link, txCode) {
    const offer = await json(parameter(link, "credential_offer_uri"));
    const base = offer.credential_issuer;
    const code = offer.grants[PRE_AUTHORIZED]["pre-authorized_code"];
    const form = { grant_type: PRE_AUTHORIZED, "pre-authorized_code": code, tx_code: txCode };
    const { access_token } = await json(`${base}/oid4vci/token`, new URLSearchParams(form));
    const { c_nonce } = await json(`${base}/oid4vci/nonce`, "");
    const header = { typ: "openid4vci-proof+jwt", jwk: this.#key.publicKey.export({ format: "jwk" }) };
    const proofs = { jwt: [this.#sign(header, { aud: base, iat: now(), nonce: c_nonce })] };
    const body = JSON.stringify({ credential_configuration_id: "career_history_dc+sd-jwt", proofs });
    const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
    const answer = await json(`${base}/oid4vci/credential`, body, headers);
    this.#credential = answer.credentials[0].credential;
  }

  /**
   * Reads a presentation request and discloses everything; returns the redirect URI for the person.
   */
  async answer(link) {
    const question = await this.#read(link);
    const { client_id: aud, nonce, state, dcql_query, client_metadata, response_uri } = question;
    const sd_hash = sha256(this.#credential).toString("base64url");
    const shown = this.#credential + this.#sign({ typ: "kb+jwt" }, { iat: now(), aud, nonce, sd_hash });
    const answer = { vp_token: { [dcql_query.credentials[0].id]: [shown] }, state };
    const response = sealed(JSON.stringify(answer), client_metadata.jwks.keys[0]);
    return (await json(response_uri, new URLSearchParams({ response }))).redirect_uri;
  }

  /** Declines a presentation request; returns the redirect URI for the person. */
  async decline(link) {
    const { state, response_uri } = await this.#read(link);
    return (await json(response_uri, new URLSearchParams({ error: "access_denied", state }))).redirect_uri;
  }

  async #read(link) {
    const object = await (await fetch(parameter(link, "request_uri"))).text();
    return decoded(object.split(".")[1]);
  }
}

/** Encrypts as a compact JWE with ECDH-ES and A256GCM (RFC 7518, sections 4.6 and 5.3). */
function sealed(plain, { kid, ...jwk }) {
  const own = freshKey();
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  const agreed = diffieHellman({ privateKey: own.privateKey, publicKey });
  const counted = (bytes) => Buffer.concat([number(bytes.length), Buffer.from(bytes)]);
  const parts = [number(1), agreed, counted("A256GCM"), counted(""), counted(""), number(256)];
  const epk = own.publicKey.export({ format: "jwk" });
  const header = encoded({ alg: "ECDH-ES", enc: "A256GCM", kid, epk });
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sha256(Buffer.concat(parts)), nonce).setAAD(Buffer.from(header));
  const content = Buffer.concat([cipher.update(plain), cipher.final()]);
  const rest = [nonce, content, cipher.getAuthTag()].map((bytes) => bytes.toString("base64url"));
  return [header, "", ...rest].join(".");
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
