// Declining deletes the submission.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { assertTellsNothing, button, openLink, timeline } from "../support/steps.mjs";

const scene = stage();

test("a declined submission is deleted from wallet and server", async () => {
  const page = await scene.visitor();
  const sample = careerHistory();
  const link = await scene.server.push(sample);
  await openLink(page, scene.server, link, freshAddress());
  const consent = page.url();
  await button(page, "Decline").click();
  await button(page, "Add to my wallet").waitFor({ state: "detached" });
  await checkPage(page);
  await assertTellsNothing(page);
  assert.equal(await scene.server.status(sample.credential_id), "canceled");

  await page.goto("/wallet");
  await checkPage(page);
  assert.equal(await timeline(page).count(), 0);

  await page.goto(consent);
  await assertTellsNothing(page);
  assert.equal(await button(page, "Add to my wallet").count(), 0);
});
