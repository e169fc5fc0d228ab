// The main flow: link, email address, code, consent, wallet.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory, SECRETS } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { DESKTOP, stage } from "../support/stage.mjs";
import { acceptSample, askForCode, button, enterCode, openLink, textbox, timeline } from "../support/steps.mjs";

const scene = stage();

test("a person accepts a push and sees the career in the wallet", async () => {
  const page = await scene.visitor();
  const sample = careerHistory();
  await page.goto(await scene.server.push(sample));
  await textbox(page, "Email").waitFor();
  await checkPage(page);
  assert.match(await page.textContent("main"), /Acme Payroll/);

  const code = await askForCode(page, scene.server, freshAddress());
  await checkPage(page);
  assert.match(code, /^\d{6}$/);

  await enterCode(page, code);
  await button(page, "Decline").waitFor();
  await checkPage(page);
  const consent = await page.textContent("main");
  for (const words of [...SECRETS, "Acme Payroll", "Payroll Bureau South"]) assert.ok(consent.includes(words), words);
  assert.equal(await scene.server.status(sample.credential_id), "incomplete");

  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await checkPage(page);
  const wallet = await page.textContent("main");
  for (const words of SECRETS) assert.ok(wallet.includes(words), words);
  assert.equal(await scene.server.status(sample.credential_id), "verified");
});

test("one career timeline is exposed at every width", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await acceptSample(page, scene.server, freshAddress());
  await checkPage(page);
  for (const width of [320, 390, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await timeline(page).count(), 1, `at ${width} px`);
    assert.ok(await timeline(page).isVisible());
  }
});

test("a double click adds it once", async () => {
  const page = await scene.visitor();
  await openLink(page, scene.server, await scene.server.push(), freshAddress());
  await button(page, "Add to my wallet").dblclick();
  await page.waitForURL("**/wallet");
  await checkPage(page);
  const credentials = await page.locator("a[href*='/wallet/credentials/']").evaluateAll((links) => {
    return new Set(links.map((link) => link.pathname.split("/")[3])).size;
  });
  assert.equal(credentials, 1);
});

test("the back button after accepting does not ask again", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goBack();
  await page.waitForLoadState();
  assert.equal(await button(page, "Add to my wallet").count(), 0);
  await checkPage(page);
});

test("the link leads to the credential once it has been accepted", async () => {
  const page = await scene.visitor();
  const link = await scene.server.push();
  await openLink(page, scene.server, link, freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await page.goto("/");
  await page.goto(link);
  await page.waitForURL("**/wallet/credentials/*");
  await timeline(page).waitFor();
  await checkPage(page);
});

test("the link asks again as long as nothing was chosen", async () => {
  const page = await scene.visitor();
  const link = await scene.server.push();
  await openLink(page, scene.server, link, freshAddress());
  await page.goto("/");
  await page.goto(link);
  await button(page, "Add to my wallet").waitFor();
});
