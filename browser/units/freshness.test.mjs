// When a shared page checks again, and when it may say "just now".
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { isAnswered, isDue, isJustNow } = await load("freshness.js");
const SECOND = 1000;

test("a visible page checks every minute", () => {
  const due = [0, 10, 59, 60, 600, Infinity].map((seconds) => isDue(seconds * SECOND));
  assert.deepEqual(due, [false, false, false, true, true, true]);
});

test("a page that becomes visible checks unless just checked", () => {
  assert.deepEqual([0, 9, 10, 59].map((seconds) => isDue(seconds * SECOND, true)), [false, false, true, true]);
});

test("just now is two minutes", () => {
  assert.deepEqual([0, 60, 120, 121, 86_400].map((seconds) => isJustNow(seconds * SECOND)), [true, true, true, false, false]);
});

test("after the clock was set back the page checks again", () => {
  assert.deepEqual([isDue(-1), isDue(-1, true), isJustNow(-1)], [true, true, false]);
});

test("a check without a response is not a complete one", () => {
  const verdict = (outcome, code) => ({ outcome, code });
  assert.ok(isAnswered([verdict("passed", "status"), verdict("unchecked", "no_status"), verdict("failed", "revoked")]));
  assert.ok(!isAnswered([verdict("passed", "signature"), verdict("unchecked", "unanswered")]));
});
