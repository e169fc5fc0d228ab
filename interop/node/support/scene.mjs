// The fixture of every interop test: a server, and a person with a credential of every type.
import { randomUUID } from "node:crypto";
import { after, before } from "node:test";

import { careerHistory } from "../../../browser/support/sample.mjs";
import { Server } from "../../../browser/support/server.mjs";
import { Person } from "./person.mjs";

const SINGLE = ["career_history", "digital_identity"];
export const TYPES = [
  ...SINGLE,
  "education",
  "microcredential",
  "english_proficiency",
  "right_to_work",
  "universal_credential",
];

const FORMATS = "dc+sd-jwt,jwt_vc_json,vc+jwt";
/** Settings of a server whose metadata and offers list every format, as they do not by default. */
export const EVERY_FORMAT = { TENURE_OID4VCI__FORMATS: FORMATS, TENURE_OID4VCI__OFFERED_FORMATS: FORMATS };

/**
 * Registers a server and a holder for the tests of a file or a suite. `env` applies to this server
 * only.
 */
export function scene({ env = {} } = {}) {
  const scene = {
    /**
     * Pushes a credential of this type and accepts it; returns its fields, the partner's id of it
     * and its id in the wallet.
     */
    async held(type, { person = scene.holder } = {}) {
      const pushed = type === "career_history" ? careerHistory() : await sample(scene.server, type);
      const batch = SINGLE.includes(type) ? { [type]: pushed } : { [`${type}_items`]: [pushed] };
      const answer = await scene.server.pushBatch({ credential_id: randomUUID(), ...batch });
      const page = await person.openLink(answer.redirect_uri);
      const accepted = page.form("Add to my wallet").action;
      await person.visit(accepted, {});
      const credentialId = pushed.credential_id;
      return { type, fields: pushed.fields, credentialId, id: accepted.match(/\/requests\/([^/]+)\/accept$/)[1] };
    },
    /** Withdraws a credential as its partner, which revokes it wherever it was issued to. */
    withdraw({ type, credentialId }) {
      const path = `/api/partner/v2/add/requests/${type}/${credentialId}/withdraw`;
      return scene.server.call("POST", path, { reason: "issued_in_error" });
    },
  };
  before(async () => {
    const kept = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
    Object.assign(process.env, env);
    scene.server = await Server.start();
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    scene.holder = new Person(scene.server);
  });
  after(() => scene.server?.stop());
  return scene;
}

async function sample(server, type) {
  const document = await (await fetch(`${server.base}/api/partner/openapi.json`)).json();
  const { example } =
    document.paths[`/api/partner/v2/add/requests/${type}`].post.requestBody.content["application/json"];
  // One name for all: another name would need a confirmation.
  return { credential_id: randomUUID(), fields: { ...example.fields, full_name: careerHistory().fields.full_name } };
}
