// The search of the documentation.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { find } = await load("reference.js");
const INDEX = [
  { t: "Push", u: "/a" },
  { t: "POST Push a career history", u: "/b", w: "addCareerHistory start_date" },
  { t: "date.format", u: "/c", w: "The date has the wrong format." },
];
const found = (text) => find(INDEX, text).map(({ u }) => u);

test("every word must occur, in any case", () => {
  assert.deepEqual(found("push CAREER"), ["/b"]);
  assert.deepEqual(found("push salary"), []);
  assert.deepEqual(found("  "), []);
});

test("titles come before other words", () => {
  assert.deepEqual(found("push"), ["/a", "/b"]);
  assert.deepEqual(found("date"), ["/c", "/b"]);
});
