// The order of jobs in lists, which is that of the server's pages.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { areJobs, hasBegun, listed } = await load("job-order.js");

const job = (organisation, start_date, end_date, last_processed_month, role_title = "Cook") => ({
  organisation,
  role_title,
  start_date,
  ...(end_date && { end_date }),
  last_processed_month,
});

const JOBS = [
  job("Planned", "2026-12", undefined, "2026-10"),
  job("Current", "2015-02", undefined, "2026-10"),
  job("Ended", "2020-01", "2022-12", "2026-10"),
  job("Stale", "2021-01", undefined, "2022-06"),
];
const employers = (jobs) => jobs.map(({ organisation, role_title: role }) => `${organisation} ${role}`);

test("the job with the latest data is first, in whatever order they were signed", () => {
  const expected = employers(JOBS);
  for (const signed of [JOBS, JOBS.toReversed(), [JOBS[2], JOBS[0], JOBS[3], JOBS[1]]]) {
    assert.deepEqual(employers(listed(signed)), expected);
  }
  assert.deepEqual(JOBS.map(hasBegun), [false, true, true, true]);
});

test("jobs of the same months are listed by employer and title", () => {
  const at = (organisation, role) => job(organisation, "2020-01", null, "2026-10", role);
  const signed = [at("B", "Cook"), at("A", "Waiter"), at("A", "Cook")];
  assert.deepEqual(employers(listed(signed)), ["A Cook", "A Waiter", "B Cook"]);
  const byCategory = signed.map(({ role_title: role_classification, ...rest }) => ({ ...rest, role_classification }));
  assert.deepEqual(listed(byCategory).map((one) => one.role_classification), ["Cook", "Waiter", "Cook"]);
});

test("lists of other things keep their order", () => {
  assert.ok(areJobs(JOBS));
  for (const other of [undefined, "Cook", {}, [], ["Cook"], [null], [...JOBS, { organisation: "A" }]]) {
    assert.equal(areJobs(other), false, JSON.stringify(other));
  }
  assert.equal(areJobs([{ ...JOBS[0], start_date: 2020 }]), false);
  assert.equal(areJobs([{ ...JOBS[0], end_date: "soon" }]), false);
});
