// Actions on a wallet's credentials: view, export, delete.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory, SECRETS } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import * as steps from "../support/steps.mjs";

const { acceptSample, assertSignedOut, assertTellsNothing, button, openLink, signIn, timeline } = steps;
const scene = stage();

// Returns the path of the first credential. Tests use its address, so that the wallet may place the
// link anywhere.
async function credentialPath(page) {
  const paths = await page.locator("a[href*='/wallet/credentials/']").evaluateAll((links) => {
    return links.map((link) => link.pathname);
  });
  return paths[0].split("/").slice(0, 4).join("/");
}

test("the consent record shows what was accepted", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto(await credentialPath(page));
  await checkPage(page);
  const record = await page.textContent("main");
  for (const words of ["Acme Payroll", ...SECRETS]) assert.ok(record.includes(words), words);
});

test("the export contains all data", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await acceptSample(page, scene.server, address);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("a[href='/wallet/export']").first().click(),
  ]);
  assert.match(download.suggestedFilename(), /\.json$/);
  const text = await readFile(await download.path(), "utf8");
  assert.ok(JSON.parse(text));
  for (const words of [address, "Acme Payroll", ...SECRETS]) assert.ok(text.includes(words), words);
});

test("deleting one credential leaves the other", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await acceptSample(page, scene.server, address);
  const first = await credentialPath(page);
  const other = careerHistory({ fullName: "Ada Example-Married" });
  other.fields.employment = [{ ...other.fields.employment[0], organisation: "Lighthouse Books" }];
  await page.goto(await scene.server.push(other));
  await page.getByLabel("This is also me").check();
  await page.getByLabel("Why do the names differ?").selectOption("changed");
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");

  await page.goto(`${first}/delete`);
  await checkPage(page);
  await page.getByRole("main").getByRole("button", { name: /delete/i }).click();
  await page.waitForURL("**/wallet");
  await checkPage(page);
  const wallet = await page.textContent("main");
  assert.ok(wallet.includes("Lighthouse Books"));
  assert.ok(!wallet.includes("Harbour Analytics"));
  await page.goto(first);
  await assertTellsNothing(page);
});

test("a deleted credential's link does not bring it back", async () => {
  const page = await scene.visitor();
  const link = await scene.server.push();
  await openLink(page, scene.server, link, freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await page.goto(`${await credentialPath(page)}/delete`);
  await page.getByRole("main").getByRole("button", { name: /delete/i }).click();
  await page.waitForURL("**/wallet");
  await page.goto("/");
  await page.goto(link);
  await page.waitForURL((url) => !url.pathname.startsWith("/partner/add"));
  await assertTellsNothing(page);
});

test("deleting the account deletes everything", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await acceptSample(page, scene.server, address);
  await page.goto("/account");
  await checkPage(page);
  await page.goto("/account/delete");
  await checkPage(page);
  await page.getByRole("checkbox", { name: "I understand that this cannot be undone" }).check();
  await page.getByRole("main").getByRole("button", { name: /delete/i }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/account"));
  await checkPage(page);
  await assertSignedOut(page);

  await signIn(page, scene.server, address);
  await page.waitForURL("**/wallet");
  assert.equal(await timeline(page).count(), 0);
  await assertTellsNothing(page);
});

test("another account cannot read or delete a credential", async () => {
  const owner = await scene.visitor();
  await acceptSample(owner, scene.server, freshAddress());
  const path = await credentialPath(owner);
  const stranger = await scene.visitor();
  await stranger.goto("/sign-in");
  await signIn(stranger, scene.server, freshAddress());
  await stranger.waitForURL("**/wallet");
  for (const place of [path, `${path}/delete`]) {
    await stranger.goto(place);
    await checkPage(stranger, { status: 404 });
    await assertTellsNothing(stranger);
  }
});
