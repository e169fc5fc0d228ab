// Moments and the time left, in the reader's time zone.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { dayInWords, leftInWords, momentInWords } = await load("moments.js");
const MINUTE = 60_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 9, 0);

test("moments are shown in the reader's time zone", () => {
  const at = Date.UTC(2026, 10, 29, 22, 29);
  const shown = ["UTC", "Asia/Singapore"].map((zone) => momentInWords(at, NOW, "en", zone));
  assert.deepEqual(shown, ["Sun 29 Nov, 22:29", "Mon 30 Nov, 06:29"]);
});

test("days are those of the reader's time zone, with the year", () => {
  const at = Date.UTC(2026, 10, 29, 22, 29);
  const shown = ["UTC", "Asia/Singapore"].map((zone) => dayInWords(at, "en", zone));
  assert.deepEqual(shown, ["29 November 2026", "30 November 2026"]);
});

test("a moment of another year shows the year", () => {
  assert.equal(momentInWords(Date.UTC(2027, 0, 1, 0, 5), NOW, "en", "UTC"), "Fri 1 Jan 2027, 00:05");
});

test("the time left is rounded as on the server", () => {
  const left = [0.9, 1, 1.4, 23.4, 23.9, 24, 35.9, 36, 48].map((hours) => leftInWords(hours * HOUR, "en"));
  const expected = ["54 minutes", "1 hour", "1 hour", "23 hours", "1 day", "1 day", "1 day", "2 days", "2 days"];
  assert.deepEqual(left, expected);
  const minutes = [0.9, 1, 14.4, 14.9, 59.9].map((minutes) => leftInWords(minutes * MINUTE, "en"));
  assert.deepEqual(minutes, [undefined, "1 minute", "14 minutes", "15 minutes", "1 hour"]);
  assert.equal(leftInWords(-HOUR, "en"), undefined);
});
