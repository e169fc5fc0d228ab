// An outside wallet that responds to verification requests: the protocol by @openid4vc,
// presentations by @sd-jwt, keys and encryption by jose, certificates by Node.
import { createHash, X509Certificate } from "node:crypto";

import { Openid4vpClient } from "@openid4vc/openid4vp";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";

import { hasher } from "./trust.mjs";
import { pem } from "./wallet.mjs";

const METADATA = {
  vp_formats_supported: { "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } },
  client_id_prefixes_supported: ["x509_hash", "x509_san_dns", "decentralized_identifier"],
  request_object_signing_alg_values_supported: ["ES256"],
  authorization_encryption_alg_values_supported: ["ECDH-ES"],
};
const NAMES = { DNS: "sanDnsNames", URI: "sanUriNames" };

export class Presenter {
  #base;

  /**
   * `issued` is a credential with the wallet and the key that it is bound to; `enc` is the content
   * encryption of responses.
   */
  constructor(issued, base, { enc = "A256GCM" } = {}) {
    this.#base = base;
    this.issued = issued;
    this.metadata = { ...METADATA, authorization_encryption_enc_values_supported: [enc] };
    this.client = new Openid4vpClient({ callbacks: this.#callbacks() });
  }

  #callbacks() {
    return {
      ...this.issued.wallet.callbacks(),
      fetch,
      hash: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
      verifyJwt: (signer, jwt) => this.#verify(signer, jwt),
      getX509CertificateMetadata: namesOf,
      encryptJwe,
    };
  }

  async #verify(signer, { compact }) {
    const key = await (signer.method === "did" ? this.#didKey(signer.didUrl) : this.#certified(signer.x5c));
    await jose.compactVerify(compact, key, { algorithms: ["ES256"] });
    return { verified: true, signerJwk: await jose.exportJWK(key) };
  }

  /**
   * Returns the key of a certificate chain, if the server's authority, which this wallet trusts,
   * issued it.
   */
  async #certified(x5c) {
    const authority = new X509Certificate(await (await fetch(`${this.#base}/.well-known/tenure-authority.pem`)).text());
    const leaf = new X509Certificate(Buffer.from(x5c[0], "base64"));
    if (x5c.length !== 1 || leaf.checkIssued(leaf)) throw new Error("the chain holds more than a leaf, or a self-signed one");
    if (!leaf.checkIssued(authority) || !leaf.verify(authority.publicKey)) throw new Error("not by the authority");
    return jose.importX509(pem(x5c[0]), "ES256", { extractable: true });
  }

  async #didKey(name) {
    const document = await (await fetch(`${this.#base}/.well-known/did.json`)).json();
    const method = document.verificationMethod.find(({ id }) => id === name);
    if (!document.authentication.includes(name)) throw new Error(`${name} may not authenticate`);
    return jose.importJWK(method.publicKeyJwk, "ES256", { extractable: true });
  }

  /** Opens a link: fetches the request and authenticates the verifier. */
  async open(link) {
    const { params } = this.client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link });
    const wallet = { metadata: this.metadata };
    return this.client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params, wallet });
  }

  /**
   * Returns a presentation of the requested claims with a key binding; `kb` replaces claims of the
   * key binding JWT.
   */
  async present({ authorizationRequestPayload: { client_id, nonce }, dcql }, { kb = {}, by = this.issued.key } = {}) {
    const privateKey = await this.issued.wallet.privateKey(by);
    const kbSigner = async (data) => {
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, Buffer.from(data));
      return Buffer.from(signature).toString("base64url");
    };
    const holder = new SDJwtVcInstance({ hasher, kbSigner, kbSignAlg: "ES256" });
    const [query] = dcql.query.credentials;
    const frame = Object.fromEntries(query.claims.map(({ path: [name, ...rest] }) => [name, rest.length === 0 || true]));
    const { employment } = await holder.getClaims(this.issued.credential);
    if (frame.employment) frame.employment = Object.fromEntries(employment.map((_, place) => [place, true]));
    const payload = { aud: client_id, nonce, iat: Math.floor(Date.now() / 1000), ...kb };
    return { [query.id]: [await holder.present(this.issued.credential, frame, { kb: { payload } })] };
  }

  /** Sends a response in the requested mode; returns the server's response with its parsed body. */
  async answer({ authorizationRequestPayload }, vpToken) {
    const mode = authorizationRequestPayload.response_mode;
    const made = await this.client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload,
      authorizationResponsePayload: { vp_token: vpToken },
      jarm: mode === "direct_post.jwt" ? { encryption: { nonce: "mdoc" }, serverMetadata: this.metadata } : undefined,
    });
    const { response, responseMode } = await this.client.submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload,
      authorizationResponsePayload: made.authorizationResponsePayload,
      jarm: made.jarm,
    });
    return { mode: responseMode, status: response.status, body: await response.json() };
  }
}

function namesOf(certificate) {
  const { subjectAltName } = new X509Certificate(Buffer.from(certificate, "base64"));
  const names = { sanDnsNames: [], sanUriNames: [] };
  for (const entry of subjectAltName.split(", ")) {
    const [, kind, name] = entry.match(/^(\w+):(.*)$/);
    if (NAMES[kind]) names[NAMES[kind]].push(name);
  }
  return names;
}

async function encryptJwe({ publicJwk, alg, enc, apu, apv }, data) {
  const encrypt = new jose.CompactEncrypt(new TextEncoder().encode(data));
  encrypt.setProtectedHeader({ alg, enc, kid: publicJwk.kid });
  const parties = { apu: apu && jose.base64url.decode(apu), apv: apv && jose.base64url.decode(apv) };
  encrypt.setKeyManagementParameters(parties);
  return { encryptionJwk: publicJwk, jwe: await encrypt.encrypt(await jose.importJWK(publicJwk, alg)) };
}
