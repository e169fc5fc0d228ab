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

for (const javaScriptEnabled of [true, false]) {
  test(`back returns to a rejected form with JavaScript ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const page = await scene.visitor({ javaScriptEnabled });
    await page.goto("/sign-in");
    await textbox(page, "Email").fill("ada@relay");
    await button(page, "Email me a code").click();
    await page.getByRole("alert").waitFor();
    assert.match(await page.title(), /^Error: /);
    await page.goto("/docs");
    await page.goBack();
    await page.getByRole("alert").waitFor();
    assert.equal(await textbox(page, "Email").inputValue(), "ada@relay");
  });
}

test("after signing out the back button shows no rejected form", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto("/account/delete");
  await page.locator("main form button").click();
  await page.getByRole("alert").waitFor();
  await page.goto("/wallet");
  await signOut(page);
  await page.goBack();
  await page.goBack().catch(() => {});
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("a form sent after the session ended is shown again", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await acceptSample(page, scene.server, address);
  await page.goto("/wallet/share");
  await page.locator("#purpose").fill("A typed purpose");
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name.endsWith("tenure-session"));
  await page.context().clearCookies({ name: session.name });
  await button(page, "Create link").click();
  await page.getByText("so nothing was saved").waitFor();
  await signIn(page, scene.server, address);
  await page.waitForURL("**/wallet/share");
  assert.equal(await page.locator("#purpose").inputValue(), "A typed purpose");
});
