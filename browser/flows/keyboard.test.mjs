// The main flow with the keyboard only: every control is reachable by Tab, shows its focus, and
// works with Enter or Space.
import assert from "node:assert/strict";
import { test } from "node:test";

import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { button, textbox, timeline } from "../support/steps.mjs";

const MAX_TABS = 40;
const scene = stage();

async function tabTo(page, control) {
  await control.waitFor();
  for (let tabs = 0; tabs < MAX_TABS; tabs += 1) {
    if (await control.evaluate((element) => element === document.activeElement)) return assertShowsFocus(control);
    await page.keyboard.press("Tab");
  }
  assert.fail(`${control} is not reached by ${MAX_TABS} tabs`);
}

async function assertShowsFocus(control) {
  const visible = await control.evaluate((element) => {
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    return outlineStyle !== "none" || boxShadow !== "none";
  });
  assert.ok(visible, `${control} does not show that it has the focus`);
}

test("link, sign-in, consent and sign-out by keyboard", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await page.goto(await scene.server.push());
  await tabTo(page, textbox(page, "Email"));
  await page.keyboard.type(address);
  await tabTo(page, button(page, "Email me a code"));
  await page.keyboard.press("Enter");

  await textbox(page, "Code").waitFor();
  const code = await scene.server.nextCode(address);
  await tabTo(page, textbox(page, "Code"));
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");

  await tabTo(page, button(page, "Add to my wallet"));
  await page.keyboard.press("Space");
  await page.waitForURL("**/wallet");
  await timeline(page).waitFor();

  await tabTo(page, button(page, "Sign out"));
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/wallet"));
});

test("the first Tab offers to skip to the content", async () => {
  const page = await scene.visitor();
  await page.goto("/sign-in");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Tab");
  const target = await page.evaluate(() => document.activeElement.getAttribute("href"));
  assert.match(target ?? "", /^#/);
  assert.equal(await page.locator(target).count(), 1);
});
