// Reloads of a shared page that is behind its link.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

/** Loads a page with these details in the same tab; returns its module. */
async function page(tab, details) {
  Object.assign(globalThis, {
    history: tab,
    location: { reload: () => (tab.loads += 1) },
    document: { querySelectorAll: () => details },
    scrollY: tab.scrolled,
    scrollTo: ({ top }) => (tab.scrolled = top),
  });
  return load("reload.js");
}

function newTab() {
  const tab = { state: null, loads: 0, scrolled: 0 };
  tab.replaceState = (state) => (tab.state = structuredClone(state));
  return tab;
}

test("a page that stays behind reloads three times", async () => {
  const tab = newTab();
  const reloaded = [];
  for (let at = 0; at < 5; at += 1) {
    const { reload, restoreReader } = await page(tab, []);
    restoreReader();
    reloaded.push(reload(false));
  }
  assert.deepEqual([reloaded, tab.loads], [[true, true, true, false, false], 3]);
  const { forgetReloads, reload } = await page(tab, []);
  forgetReloads();
  assert.equal(tab.state, null);
  assert.ok(reload(false), "after it was current");
});

test("a reload keeps the reader's place and opened details", async () => {
  const tab = newTab();
  tab.scrolled = 1234;
  const { reload } = await page(tab, [{ open: false }, { open: true }]);
  assert.ok(reload(false));
  tab.scrolled = 0;
  const after = [{ open: false }, { open: false }, { open: true }];
  const { restoreReader, wasPrinting } = await page(tab, after);
  restoreReader();
  assert.deepEqual(after.map(({ open }) => open), [false, true, true]);
  assert.deepEqual([tab.scrolled, wasPrinting], [1234, false]);
  // The reader's own reload is their browser's affair.
  tab.scrolled = 7;
  const fresh = [{ open: false }, { open: false }];
  (await page(tab, fresh)).restoreReader();
  assert.deepEqual([fresh.map(({ open }) => open), tab.scrolled], [[false, false], 7]);
});

test("a page is printed once after its reload", async () => {
  const tab = newTab();
  const first = await page(tab, []);
  assert.equal(first.wasPrinting, false);
  first.reload(true);
  const second = await page(tab, []);
  second.restoreReader();
  assert.equal(second.wasPrinting, true);
  assert.equal((await page(tab, [])).wasPrinting, false);
});
