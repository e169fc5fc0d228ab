// wwWallet's own library, which its browser wallet runs, with a client of HTTP and a signer of key
// bindings. scripts/install fetches it; without it, `common` is undefined.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import * as jose from "jose";

const source = new URL("../../wallet-common/source/src/index.ts", import.meta.url);
const bundle = new URL("../../wallet-common/dist/index.js", import.meta.url);

async function bundled() {
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile: fileURLToPath(bundle),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    // The library prints the credentials that it compares.
    define: { "console.log": "Boolean" },
  });
  return import(bundle.href);
}

export const common = existsSync(source) ? await bundled() : undefined;

async function get(address, headers = {}) {
  const answer = await fetch(address, { headers });
  const type = answer.headers.get("content-type") ?? "";
  const data = /[/+]json/.test(type) ? await answer.json() : await answer.text();
  return { status: answer.status, headers: Object.fromEntries(answer.headers), data };
}

export const httpClient = { get };

const CONTEXT = { clockTolerance: 60, lang: "en", subtle: crypto.subtle };
const contextWith = (trustedCertificates) => ({ ...CONTEXT, trustedCertificates });

/** Returns the wallet's parser of credentials. */
export function parser() {
  const engine = common.ParsingEngine();
  engine.register(common.SDJWTVCParser({ context: contextWith([]), httpClient }));
  return engine;
}

/** Returns its verifier, which trusts these authorities. */
export function verifier(trusted) {
  const engine = common.VerifyingEngine();
  const pkResolverEngine = common.PublicKeyResolverEngine();
  engine.register(common.SDJWTVCVerifier({ context: contextWith(trusted), pkResolverEngine, httpClient }));
  return engine;
}

/** The half of wwWallet that answers verification requests, with one credential in its store. */
export class WwWallet {
  #state;
  #held;

  constructor({ credential, wallet, key }) {
    this.#held = [{ format: "dc+sd-jwt", data: credential, batchId: 1, instanceId: 0, credentialId: 1 }];
    const parse = async ({ data }) => {
      const parsed = await parser().parse({ rawCredential: data });
      return parsed.success ? parsed.value : null;
    };
    this.api = new common.OpenID4VPServerAPI({
      httpClient,
      rpStateStore: { store: async (state) => void (this.#state = state), retrieve: async () => this.#state },
      parseCredential: parse,
      selectCredentialForBatch: async (batch, list) => list.find(({ batchId }) => batchId === batch),
      keystore: { signJwtPresentation: (nonce, aud, [token]) => bound(token, { nonce, aud }, wallet.privateKey(key)) },
      strings: { purposeNotSpecified: "not specified", allClaimsRequested: "all" },
      subtle: crypto.subtle,
    });
  }

  /** Returns the credentials that match the request of this link, by the id of their query. */
  async question(link) {
    const answer = await this.api.handleAuthorizationRequest(link, this.#held);
    if (answer.error) throw new Error(`wwWallet refuses the request: ${answer.error}`);
    return answer.conformantCredentialsMap;
  }

  /** Presents the first match of each query; returns the server's response. */
  async present(matches) {
    const selected = new Map([...matches].map(([id, { credentials }]) => [id, credentials[0]]));
    const { formData, response_uri } = await this.api.createAuthorizationResponse(selected, this.#held);
    const answer = await fetch(response_uri, { method: "POST", body: formData });
    return { status: answer.status, body: await answer.json() };
  }
}

async function bound(token, claims, key) {
  const sd_hash = createHash("sha256").update(token).digest("base64url");
  const jwt = new jose.SignJWT({ ...claims, sd_hash }).setIssuedAt().setProtectedHeader({ alg: "ES256", typ: "kb+jwt" });
  return { vpjwt: token + (await jwt.sign(await key)) };
}
