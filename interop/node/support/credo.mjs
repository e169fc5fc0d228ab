// A wallet by Credo (OpenWallet Foundation), in memory.
import { EventEmitter } from "node:events";
import { tmpdir } from "node:os";

import {
  Agent,
  DidDocument,
  DidsModule,
  InjectionSymbols,
  JsonTransformer,
  JwkDidRegistrar,
  JwkDidResolver,
  Kms,
  StorageVersionRecord,
  X509Module,
} from "@credo-ts/core";
import { OpenId4VcModule } from "@credo-ts/openid4vc";

import { authorityOf } from "./authority.mjs";
import { MemoryKeys, MemoryStorage } from "./credo-memory.mjs";
import { REDIRECT } from "./wallet.mjs";

const CLIENT_ID = "https://wallet.example";
// Credo requires a folder, and does not use it for credentials.
const Files = class {
  dataPath = tmpdir();
  cachePath = tmpdir();
  tempPath = tmpdir();
};

// Credo resolves did:web through https only, and this server is at a plain address of this machine.
const localDids = (base) => ({
  supportedMethods: ["web"],
  allowsCaching: false,
  async resolve() {
    const document = await (await fetch(`${base}/.well-known/did.json`)).json();
    return {
      didDocument: JsonTransformer.fromJSON(document, DidDocument),
      didDocumentMetadata: {},
      didResolutionMetadata: { contentType: "application/did+ld+json" },
    };
  },
});

const memory = () => ({
  register(dependencies) {
    dependencies.registerInstance(InjectionSymbols.StorageService, new MemoryStorage());
    dependencies.resolve(Kms.KeyManagementModuleConfig).registerBackend(new MemoryKeys());
  },
});

// Node prints Credo's errors as an empty object.
function readable(error) {
  throw new Error(`Credo: ${error.message}`, { cause: error.stack });
}

/** A wallet that trusts the authorities in these certificates. */
export class CredoWallet {
  static async start(base, { trusted } = {}) {
    const wallet = new CredoWallet();
    wallet.agent = new Agent({
      config: { allowInsecureHttpUrls: true },
      dependencies: { FileSystem: Files, EventEmitterClass: EventEmitter, fetch, WebSocketClass: class {} },
      modules: {
        memory: memory(),
        dids: new DidsModule({ resolvers: [localDids(base), new JwkDidResolver()], registrars: [new JwkDidRegistrar()] }),
        x509: new X509Module({ trustedCertificates: trusted ?? [await authorityOf(base)] }),
        openid4vc: new OpenId4VcModule(),
      },
    });
    const storage = wallet.agent.dependencyManager.resolve(InjectionSymbols.StorageService);
    const { frameworkStorageVersion: storageVersion } = StorageVersionRecord;
    await storage.save(wallet.agent.context, new StorageVersionRecord({ storageVersion }));
    await wallet.agent.initialize();
    wallet.holder = wallet.agent.openid4vc.holder;
    return wallet;
  }

  stop() {
    return this.agent.shutdown();
  }

  open(link) {
    return this.holder.resolveCredentialOffer(link);
  }

  /** Returns a token for the transaction code. */
  token(resolvedCredentialOffer, txCode) {
    return this.holder.requestToken({ resolvedCredentialOffer, txCode });
  }

  /** Returns a token by an authorization that `allow` gives; it returns where the browser ends. */
  async authorizedToken(resolvedCredentialOffer, scope, allow) {
    const options = { clientId: CLIENT_ID, redirectUri: REDIRECT, scope: [scope] };
    const started = await this.holder.resolveOpenId4VciAuthorizationRequest(resolvedCredentialOffer, options);
    const { authorizationCode } = await this.holder.parseAuthorizationCodeFromAuthorizationResponse({
      authorizationResponseRedirectUrl: await allow(started.authorizationRequestUrl),
      resolvedCredentialOffer,
    });
    const { codeVerifier, dpop } = started;
    const grant = { code: authorizationCode, codeVerifier, dpop, clientId: CLIENT_ID, redirectUri: REDIRECT };
    return this.holder.requestToken({ resolvedCredentialOffer, ...grant });
  }

  /** Requests a credential for each of `count` new keys; Credo verifies and stores it. */
  async receive(resolvedCredentialOffer, token, id, { count = 1 } = {}) {
    const asked = { resolvedCredentialOffer, ...token, credentialConfigurationIds: [id] };
    const bind = (options) => this.#binding(options, count);
    const request = this.holder.requestCredentials({ ...asked, credentialBindingResolver: bind });
    const { credentials } = await request.catch(readable);
    const [{ record, notificationId }] = credentials;
    return { record: await this.#store(record), notificationId };
  }

  // Credo binds SD-JWT VCs to keys, and W3C's credentials to DIDs.
  async #binding({ credentialFormat, supportedDidMethods }, count) {
    const created = await Promise.all(
      Array.from({ length: count }, () => this.agent.kms.createKeyForSignatureAlgorithm({ algorithm: "ES256" })),
    );
    if (credentialFormat === "dc+sd-jwt")
      return { method: "jwk", keys: created.map(({ publicJwk }) => Kms.PublicJwk.fromPublicJwk(publicJwk)) };
    if (!supportedDidMethods?.includes("did:jwk")) throw new Error(`no did:jwk among ${supportedDidMethods}`);
    const dids = await Promise.all(
      created.map(({ keyId }) => this.agent.dids.create({ method: "jwk", options: { keyId } })),
    );
    return { method: "did", didUrls: dids.map(({ didState }) => didState.didDocument.verificationMethod[0].id) };
  }

  async #store(record) {
    const { sdJwtVc, w3cCredentials } = this.agent;
    const api = record.type === "SdJwtVcRecord" ? sdJwtVc : w3cCredentials;
    return api.store({ record });
  }

  notify({ metadata }, { accessToken, dpop }, notificationId) {
    const event = { notificationId, notificationEvent: "credential_accepted" };
    return this.holder.sendNotification({ metadata, accessToken, dpop, ...event });
  }

  /** Opens a verification request, and returns which of the wallet's credentials answer it. */
  question(link) {
    return this.holder.resolveOpenId4VpAuthorizationRequest(link);
  }

  /** Presents what the request asks for; returns the server's response. */
  async present({ authorizationRequestPayload, dcql }) {
    const credentials = this.holder.selectCredentialsForDcqlRequest(dcql.queryResult);
    const { serverResponse } = await this.holder.acceptOpenId4VpAuthorizationRequest({
      authorizationRequestPayload,
      dcql: { credentials },
    });
    return serverResponse;
  }
}
