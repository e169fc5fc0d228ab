// The client examples on /docs: one language at a time, with or without scripts. pages.test.mjs
// checks the page itself.
import assert from "node:assert/strict";
import { test } from "node:test";

import { stage } from "../support/stage.mjs";

const scene = stage();

test("a language is chosen by a radio button, and its client is the one that is shown", async () => {
  const page = await scene.visitor();
  await page.goto("/docs#clients");
  assert.ok(await page.locator("#client-curl").isVisible(), "the first one");
  assert.ok(!(await page.locator("#client-ruby").isVisible()), "and no other");
  await page.getByRole("radio", { name: "Ruby", exact: true }).check();
  assert.ok(await page.locator("#client-ruby").isVisible());
  assert.ok(!(await page.locator("#client-curl").isVisible()));
  // Arrow keys move through a group of radio buttons.
  await page.keyboard.press("ArrowLeft");
  assert.ok(await page.locator("#client-php").isVisible());
});
