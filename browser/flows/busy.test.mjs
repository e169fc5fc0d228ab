// Buttons that are busy while their form is sent.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, button } from "../support/steps.mjs";

const scene = stage();

/** Returns the paths that forms of this page are sent to from now on. */
function sentForms(page) {
  const paths = [];
  page.on("request", (request) => {
    if (request.method() === "POST") paths.push(new URL(request.url()).pathname);
  });
  return paths;
}

async function shareForm() {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto("/wallet/share");
  return page;
}

test("a busy button blocks other forms until the response", async () => {
  const page = await shareForm();
  const sent = sentForms(page);
  const attributes = await page.evaluate(() => {
    const create = document.querySelector(".share-form button");
    create.click();
    create.click();
    document.querySelector("form[action='/sign-out'] button").click();
    return ["aria-busy", "aria-disabled"].map((name) => create.getAttribute(name));
  });
  assert.deepEqual(attributes, ["true", "true"]);
  await page.waitForURL("**/wallet/shares/*");
  assert.deepEqual(sent, ["/wallet/share"]);
  await checkPage(page);
});

test("a page that is shown again has no busy button", async () => {
  const page = await shareForm();
  // A response without content leaves the page as it is.
  await page.route("**/wallet/share", (route) => route.fulfill({ status: 204 }));
  const sent = sentForms(page);
  await button(page, "Create link").click();
  assert.equal(await page.locator("button[aria-busy=true]").count(), 1);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  assert.equal(await page.locator("[aria-busy], [aria-disabled]").count(), 0);
  const again = page.waitForRequest((request) => request.method() === "POST");
  await button(page, "Create link").click();
  await again;
  assert.deepEqual(sent, ["/wallet/share", "/wallet/share"]);
});

test("forms work without scripts", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  const context = await scene.browser.newContext({
    baseURL: scene.server.base,
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  const plain = await context.newPage();
  await plain.goto("/wallet/share");
  await button(plain, "Create link").click();
  await plain.waitForURL("**/wallet/shares/*");
  await context.close();
});
