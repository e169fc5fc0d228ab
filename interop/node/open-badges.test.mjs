// Open Badges 3.0: achievements are valid by 1EdTech's own JSON Schema (interop/schemas names the
// source).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import Ajv2019 from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import * as jose from "jose";

import { issued } from "./support/issued.mjs";
import { scene as newScene } from "./support/scene.mjs";

const SCHEMA = new URL("../schemas/ob_v3p0_achievementcredential_schema.json", import.meta.url);
const scene = newScene();

for (const type of ["education", "microcredential"]) {
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
