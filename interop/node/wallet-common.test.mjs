// wwWallet's library, wallet-common: its schemas read our metadata, its engines parse and verify
// our credentials, and its half of OpenID4VP answers our verification requests.
import assert from "node:assert/strict";
import { test } from "node:test";

import { authorityOf } from "./support/authority.mjs";
import { issued, offered } from "./support/issued.mjs";
import { TYPES, scene as newScene } from "./support/scene.mjs";
import { begun } from "./support/verification.mjs";
import { WwWallet, common, parser, verifier } from "./support/wwwallet.mjs";

// The library hashes the metadata as it would write it, with its own order of members, where the
// specification hashes the bytes (Subresource Integrity); `sd-jwt-vc.test.mjs` checks those.
const INTEGRITY = "IntegrityFail";
const skip = common ? false : "wwWallet's library is not installed (scripts/install interop)";
const scene = newScene();
const json = async (path) => (await fetch(scene.server.base + path)).json();

// Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3
test("wwWallet's schemas accept our metadata", { skip }, async () => {
  const given = await json("/.well-known/openid-credential-issuer");
  const metadata = common.OpenidCredentialIssuerMetadataSchema.parse(given);
  for (const [id, { format, vct, credential_metadata }] of Object.entries(given.credential_configurations_supported)) {
    const read = metadata.credential_configurations_supported[id];
    assert.deepEqual([read.format, read.vct], [format, vct], id);
    assert.deepEqual(read.credential_metadata.claims, credential_metadata.claims, id);
  }
  const server = common.OpenidAuthorizationServerMetadataSchema.parse(await json("/.well-known/oauth-authorization-server"));
  assert.equal(server.require_pushed_authorization_requests, true);
});

// Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3
test("wwWallet needs no attestation where no provider is trusted", { skip }, async () => {
  const server = await json("/.well-known/oauth-authorization-server");
  assert.ok(!(server.token_endpoint_auth_methods_supported ?? []).includes("attest_jwt_client_auth"));
  const { credential_configurations_supported } = await json("/.well-known/openid-credential-issuer");
  for (const [id, { proof_types_supported }] of Object.entries(credential_configurations_supported))
    assert.deepEqual(Object.keys(proof_types_supported), ["jwt"], id);
});

// Conforms: OpenID4VCI 4
test("wwWallet's schema reads an offer", { skip }, async () => {
  const { link, txCode } = await offered(scene, (await scene.held("education")).id);
  const given = await fetch(new URL(link).searchParams.get("credential_offer_uri"));
  const offer = common.CredentialOfferSchema.parse(await given.json());
  const { tx_code } = offer.grants[common.GrantType.PRE_AUTHORIZED_CODE];
  assert.deepEqual([tx_code.input_mode, tx_code.length], ["numeric", txCode.length]);
});

for (const type of TYPES) {
  // Conforms: SD-JWT VC 2; SD-JWT VC 5; HAIP 6.1.1
  test(`wwWallet parses our ${type} and verifies it`, { skip }, async () => {
    const held = await scene.held(type);
    const { credential, key } = await issued(scene, held, "dc+sd-jwt");
    const credentialConfigurationId = `${type}_dc+sd-jwt`;
    const credentialIssuer = { credentialIssuerIdentifier: scene.server.base, credentialConfigurationId };
    const parsed = await parser().parse({ rawCredential: credential, credentialIssuer });
    assert.ok(parsed.success, parsed.error);
    const { signedClaims, metadata, warnings } = parsed.value;
    for (const [name, value] of Object.entries(held.fields)) assert.deepEqual(signedClaims[name], value, name);
    assert.deepEqual(warnings.filter(({ code }) => code !== INTEGRITY), []);
    assert.ok((await metadata.credential.name(["en"])).length > 3);
    for (const { path, display } of metadata.credential.TypeMetadata.claims)
      assert.ok(display?.[0]?.label ?? display?.[0]?.name, `no label for ${JSON.stringify(path)}`);

    const verified = await verifier([await authorityOf(scene.server.base)]).verify({ rawCredential: credential, opts: {} });
    assert.ok(verified.success, verified.error);
    assert.equal(verified.value.holderPublicKey.x, key.publicJwk.x);
    const stranger = await verifier([]).verify({ rawCredential: credential, opts: {} });
    assert.deepEqual([stranger.success, stranger.error], [false, "NotTrustedIssuer"]);
  });
}

// Conforms: OpenID4VP 6; OpenID4VP 7; OpenID4VP 8.3; OIDF verifier: happy flow
test("wwWallet presents a whole list, and it is verified", { skip }, async () => {
  const held = await scene.held("career_history");
  const wallet = new WwWallet(await issued(scene, held, "dc+sd-jwt"));
  const { asked, visitor, page } = await begun(scene);
  const { status, body } = await wallet.present(await wallet.question(page.link("openid4vp://")));
  assert.equal(status, 200, JSON.stringify(body));
  await visitor.visit(body.redirect_uri);
  const result = await scene.server.result(asked.request_id);
  assert.equal(result.status, "verified");
  assert.deepEqual(result.credential.employment, held.fields.employment);
});
