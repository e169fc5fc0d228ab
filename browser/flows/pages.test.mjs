// Pages that need no account, and error pages.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { stage } from "../support/stage.mjs";
import { textbox } from "../support/steps.mjs";

const scene = stage();

for (const path of ["/", "/sign-in"]) {
  test(`${path} passes the page checks`, async () => {
    const page = await scene.visitor();
    await page.goto(path);
    await checkPage(page);
  });
}

test("an unknown page is not found", async () => {
  const page = await scene.visitor();
  await page.goto("/no-such-page");
  await checkPage(page, { status: 404 });
});

test("a link without its fragment explains itself", async () => {
  const page = await scene.visitor();
  await page.goto("/partner/add/careerHistory");
  await page.locator("input[name='link']").waitFor();
  await checkPage(page);
});

test("an unknown link is not found", async () => {
  const page = await scene.visitor();
  const content = "00000000-0000-4000-8000-000000000000";
  await page.goto(`/partner/add/careerHistory#clientId=${content}&documentType=none&content=${content}`);
  await page.waitForURL((url) => url.hash === "");
  assert.equal(await textbox(page, "Code").count(), 0);
});

test("the wallet is behind the sign-in", async () => {
  const page = await scene.visitor();
  await page.goto("/wallet");
  await textbox(page, "Email").waitFor();
  await checkPage(page);
});

test("the demonstration's mailbox does not exist here", async () => {
  const page = await scene.visitor();
  await page.goto("/dev/inbox");
  await checkPage(page, { status: 404 });
});
