// Sign-in by mailed code, and sign-out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import * as steps from "../support/steps.mjs";

const { acceptSample, askForCode, assertSignedOut, assertTellsNothing, button, enterCode, signIn, signOut, textbox } = steps;
const TRIES = 5;

const scene = stage();
const wrong = (code, shift) => String((Number(code) + shift) % 1_000_000).padStart(6, "0");

// A rejected code is reported on the page with the form, with status 422.
async function checkRefusal(page) {
  await page.getByRole("alert").first().waitFor();
  await checkPage(page, { status: 422 });
}

test("without JavaScript the whole link can be pasted", async () => {
  const page = await scene.visitor({ javaScriptEnabled: false });
  const link = await scene.server.push();
  await page.goto(link);
  const form = page.locator("form", { has: page.locator("input[name='link']") });
  await form.locator("input[name='link']").fill(link);
  await form.getByRole("button").click();
  await signIn(page, scene.server, freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await steps.timeline(page).waitFor();
});

test("after a wrong code the right one still works", async () => {
  const page = await scene.visitor();
  await page.goto("/sign-in");
  await checkPage(page);
  const code = await askForCode(page, scene.server, freshAddress());
  await enterCode(page, wrong(code, 1));
  await checkRefusal(page);
  await enterCode(page, code);
  await page.waitForURL("**/wallet");
  await checkPage(page);
});

test("after five wrong codes the right one is rejected too", async () => {
  const page = await scene.visitor();
  await page.goto("/sign-in");
  const code = await askForCode(page, scene.server, freshAddress());
  for (let shift = 1; shift <= TRIES; shift += 1) {
    await enterCode(page, wrong(code, shift));
    await page.getByRole("alert").first().waitFor();
  }
  await checkRefusal(page);
  if (await textbox(page, "Code").isVisible()) await enterCode(page, code);
  await assertSignedOut(page);
});

test("a new code can be requested and works", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await page.goto("/sign-in");
  const first = await askForCode(page, scene.server, address);
  await button(page, "Send a new code").click();
  const second = await scene.server.nextCode(address);
  await textbox(page, "Code").waitFor();
  await checkPage(page);
  assert.match(first, /^\d{6}$/);
  await enterCode(page, second);
  await page.waitForURL("**/wallet");
});

test("after signing out the back button shows nothing", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await signOut(page);
  await checkPage(page);
  await page.goBack();
  await page.waitForLoadState();
  await assertTellsNothing(page);
  await assertSignedOut(page);
});

test("the same address finds the same wallet again", async () => {
  const address = freshAddress();
  const first = await scene.visitor();
  await acceptSample(first, scene.server, address);
  const second = await scene.visitor();
  await second.goto("/sign-in");
  await signIn(second, scene.server, address);
  await steps.timeline(second).waitFor();
});
