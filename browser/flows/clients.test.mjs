// The client examples on /docs/clients: one language at a time, with or without scripts.
// pages.test.mjs checks the page itself.
import assert from "node:assert/strict";
import { test } from "node:test";

import { stage } from "../support/stage.mjs";

const scene = stage();

test("a radio button shows the client of its language", async () => {
  const page = await scene.visitor();
  await page.goto("/docs/clients");
  assert.ok(await page.locator("#client-curl").isVisible(), "the first one");
  assert.ok(!(await page.locator("#client-ruby").isVisible()), "and no other");
  await page.getByRole("radio", { name: "Ruby", exact: true }).check();
  assert.ok(await page.locator("#client-ruby").isVisible());
  assert.ok(!(await page.locator("#client-curl").isVisible()));
  // Arrow keys move through a group of radio buttons.
  await page.keyboard.press("ArrowLeft");
  assert.ok(await page.locator("#client-php").isVisible());
});

test("radio buttons are small beside labels that are easy to hit", async () => {
  const page = await scene.visitor();
  await page.goto("/docs/clients");
  for (const radio of await page.getByRole("radio").all()) {
    const { width, height } = await radio.boundingBox();
    assert.ok(width <= 24 && height <= 24, `${width} by ${height} px`);
  }
  for (const label of await page.locator(".languages label").all()) {
    assert.ok((await label.boundingBox()).height >= 44);
  }
});
