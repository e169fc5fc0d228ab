// Open Badges 3.0: achievements are valid by 1EdTech's own JSON Schema (interop/schemas names the
// source), and PyPI's openbadgeslib verifies them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import Ajv2019 from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import * as jose from "jose";

import { until } from "../../browser/support/until.mjs";
import { issued } from "./support/issued.mjs";
import { python } from "./support/python.mjs";
import { EVERY_FORMAT, scene as newScene } from "./support/scene.mjs";

const SCHEMA = new URL("../schemas/ob_v3p0_achievementcredential_schema.json", import.meta.url);
const scene = newScene({ env: EVERY_FORMAT });

for (const type of ["education", "microcredential"]) {
  // Conforms: Open Badges 8.2
  test(`our ${type} is an Open Badge`, async () => {
    const schema = JSON.parse(await readFile(SCHEMA, "utf8"));
    const accepts = addFormats(new Ajv2019({ strict: false, allErrors: true })).compile(schema);
    const { credential } = await issued(scene, await scene.held(type), "vc+jwt");
    const badge = jose.decodeJwt(credential);
    assert.ok(badge.type.includes("OpenBadgeCredential") || badge.type.includes("AchievementCredential"));
    assert.ok(accepts(badge), JSON.stringify(accepts.errors, null, 2));
    const [named] = [badge.credentialSchema].flat().filter((entry) => entry.type === "1EdTechJsonSchemaValidator2019");
    assert.match(named.id, /^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/schema\/json\/.*achievementcredential/);
    const { achievement, ...without } = badge.credentialSubject;
    assert.ok(achievement.criteria.narrative);
    assert.ok(!accepts({ ...badge, credentialSubject: without }), "the schema can refuse");
  });
}

for (const type of ["education", "microcredential"]) {
  // Conforms: Open Badges 8.2; Bitstring Status List 3.2
  test(`openbadgeslib verifies our ${type} until it is withdrawn`, async () => {
    const held = await scene.held(type);
    const { credential } = await issued(scene, held, "vc+jwt");
    const { iss, sub, credentialSubject } = jose.decodeJwt(credential);
    const asked = { token: credential, did: iss, base: scene.server.base };
    const verified = (more) => python("open_badges_verifier.py", { ...asked, ...more });
    const badge = await verified({ recipient: sub });
    assert.deepEqual(badge, { issuer: iss, recipient: sub, achievement: credentialSubject.achievement.name });
    assert.match((await verified({ recipient: "did:example:other" })).error, /Recipient/);
    const [head, payload, signature] = credential.split(".");
    const turned = signature[20] === "A" ? "B" : "A";
    const changed = `${head}.${payload}.${signature.slice(0, 20)}${turned}${signature.slice(21)}`;
    assert.match((await verified({ token: changed })).error, /signature/i);
    await scene.withdraw(held);
    const said = async () => (await verified({})).error;
    await until("the status list to say so", async () => /'revocation' is set/.test(await said()));
  });
}
