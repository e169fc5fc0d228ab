// What must not compile. tsc checks this file; the test only runs so that it is not forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";

import type { TenurePartner } from "../src/index.js";
import { CAREER } from "./support.js";

export async function refused(tenure: TenurePartner): Promise<void> {
  // @ts-expect-error: the fields of another type
  await tenure.submissions.push("education", { credential_id: "EMP-1", fields: CAREER });
  // @ts-expect-error: an unknown type
  await tenure.submissions.push("career", { credential_id: "EMP-1", fields: CAREER });
  // @ts-expect-error: an unknown field
  await tenure.submissions.push("career_history", { credential_id: "EMP-1", fields: { ...CAREER, nmae: "Ada" } });
  // @ts-expect-error: a missing field
  await tenure.submissions.push("career_history", { fields: CAREER });
  // @ts-expect-error: a claim of another type
  await tenure.verifications.create("career_history", { claims: ["course_name"] });
  // @ts-expect-error: an unknown status
  tenure.submissions.list({ status: "cancelled" });
  // @ts-expect-error: an unknown type of event
  await tenure.webhooks.create({ url: "https://hooks.example", events: ["atsp_request.accepted"] });
}

test("wrong bodies do not compile", () => {
  assert.equal(typeof refused, "function");
});
