// OAuth clients of other projects find the partners' token endpoint by its issuer, and get tokens:
// oauth4webapi and openid-client.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

import { careerHistory } from "../../browser/support/sample.mjs";
import { scene as newScene } from "./support/scene.mjs";

const SCOPE = "write.career_history";
const scene = newScene();

/** Returns the status of a push with this token. */
async function pushed(token) {
  const answer = await fetch(`${scene.server.base}/api/partner/v2/add/requests/career_history`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(careerHistory()),
  });
  return answer.status;
}

describe("a partner that knows only the issuer", () => {
  let issuer, partner;
  before(async () => {
    issuer = new URL(`${scene.server.base}/api/partner`);
    partner = await scene.server.partner();
  });

  for (const [name, authenticate] of [
    ["HTTP Basic", oauth.ClientSecretBasic],
    ["the form", oauth.ClientSecretPost],
  ]) {
    // Conforms: RFC 8414 3
    test(`gets a token with oauth4webapi and ${name}`, async () => {
      const insecure = { [oauth.allowInsecureRequests]: true };
      const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
      const server = await oauth.processDiscoveryResponse(issuer, discovered);
      const client = { client_id: partner.client_id };
      const answer = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authenticate(partner.client_secret),
        { scope: SCOPE },
        insecure,
      );
      const granted = await oauth.processClientCredentialsResponse(server, client, answer);
      assert.equal(granted.scope, SCOPE);
      assert.equal(await pushed(granted.access_token), 201);
    });
  }

  // Conforms: RFC 8414 3
  test("gets a token with openid-client", async () => {
    const config = await openid.discovery(issuer, partner.client_id, partner.client_secret, undefined, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    const granted = await openid.clientCredentialsGrant(config, { scope: SCOPE });
    assert.equal(await pushed(granted.access_token), 201);
  });

  // Conforms: RFC 6749 5.2
  test("gets invalid_scope for a scope that it lacks", async () => {
    const config = await openid.discovery(issuer, partner.client_id, partner.client_secret, undefined, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    await assert.rejects(openid.clientCredentialsGrant(config, { scope: "write.everything" }), (error) => {
      assert.equal(error.error, "invalid_scope");
      return true;
    });
  });

  // Conforms: RFC 8414 3; RFC 9728 3; RFC 9728 5.1
  test("finds the issuer from a 401 response", async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const path = new URL(`${issuer}/v1/submissions/none/status`);
    const refused = await oauth
      .protectedResourceRequest("wrong", "GET", path, undefined, undefined, insecure)
      .catch((error) => error);
    assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError);
    const [challenge] = refused.cause;
    assert.equal(challenge.scheme, "bearer");
    assert.equal(challenge.parameters.error, "invalid_token");
    const metadata = new URL(challenge.parameters.resource_metadata);
    assert.equal(metadata.pathname, "/.well-known/oauth-protected-resource/api/partner");
    const answer = await oauth.resourceDiscoveryRequest(issuer, insecure);
    assert.equal(answer.url, metadata.href);
    const resource = await oauth.processResourceDiscoveryResponse(issuer, answer);
    assert.deepEqual(resource.authorization_servers, [issuer.href]);
  });
});
