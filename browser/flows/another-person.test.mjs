// A link belongs to the first account that signs in with it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { assertTellsNothing, button, openLink, signIn } from "../support/steps.mjs";

const scene = stage();

test("another person who opens the link sees none of its data", async () => {
  const owner = await scene.visitor();
  const link = await scene.server.push();
  await openLink(owner, scene.server, link, freshAddress());
  const consent = new URL(owner.url()).pathname;

  const stranger = await scene.visitor();
  await stranger.goto(link);
  await signIn(stranger, scene.server, freshAddress());
  await stranger.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  await checkPage(stranger, { status: 403 });
  await assertTellsNothing(stranger);
  assert.equal(await button(stranger, "Add to my wallet").count(), 0);

  await stranger.goto(consent);
  await assertTellsNothing(stranger);

  await button(owner, "Add to my wallet").click();
  await owner.waitForURL("**/wallet");
});

test("the consent page requires signing in", async () => {
  const owner = await scene.visitor();
  await openLink(owner, scene.server, await scene.server.push(), freshAddress());
  const passerby = await scene.visitor();
  await passerby.goto(owner.url());
  await assertTellsNothing(passerby);
  assert.equal(await button(passerby, "Add to my wallet").count(), 0);
});
