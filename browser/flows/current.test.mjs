// The conclusion for a hirer about credentials that have expired, are not valid yet, or are
// current.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { inWords, monthBefore } from "../support/months.mjs";
import { oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { conclusion, printed, shareEverything, shareLeast } from "../support/share.mjs";
import { stage } from "../support/stage.mjs";
import { button, openLink } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();

/** Pushes the sample of `type` with these fields changed; returns its link. */
async function pushSample(type, fields) {
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const path = `/api/partner/v2/add/requests/${type}`;
  const { example } = document.paths[path].post.requestBody.content["application/json"];
  const body = { credential_id: randomUUID(), fields: { ...example.fields, full_name: "Ada Example", ...fields } };
  return (await scene.server.call("POST", path, body)).redirect_uri;
}

/** Shares only the claims that are always shown; returns the hirer's page. */
async function leastOf(link) {
  const page = await scene.visitor();
  await openLink(page, scene.server, link, freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  const hirer = await scene.visitor();
  await hirer.goto(await shareLeast(page));
  return hirer;
}

test("a lapsed licence is expired whatever its holder leaves out", async () => {
  const hirer = await leastOf(await pushSample("universal_credential", { expiry_date: "2024-05-03" }));
  const { level, sentence, reasons } = await conclusion(hirer);
  assert.equal(level, "failed");
  assert.ok(sentence.startsWith("Do not rely on this"), sentence);
  assert.match(reasons.join(), /3 May 2024/);
  assert.ok((await printed(hirer)).includes("3 May 2024"), "paper says it too");
});

test("a degree is not conferred whatever its holder leaves out", async () => {
  const hirer = await leastOf(await pushSample("education", { awaiting_graduation: true, conferral_year: null }));
  const { level, reasons } = await conclusion(hirer);
  assert.equal(level, "doubtful");
  assert.match(reasons.join(), /not (been )?conferred/);
  assert.match(await printed(hirer), /not (been )?conferred/);
});

test("monthly updates show no failed check on an open page", async () => {
  const month = (organisation, count) =>
    oneJob({ fullName: "Ada Example", organisation, role: "Engineer", dataTo: monthBefore(count) });
  const [rail, hospital] = [month("Northwind Rail", 5), month("Harbour Hospital", 5)];
  const page = await scene.visitor();
  const address = freshAddress();
  for (const [at, career] of [rail, hospital].entries()) {
    const link = await scene.server.push(career);
    if (at === 0) await openLink(page, scene.server, link, address);
    else await page.goto(link);
    await page.getByLabel("Let Acme Payroll keep this up to date").check();
    await button(page, "Add to my wallet").click();
    await page.waitForURL("**/wallet");
  }
  const hirer = await scene.visitor();
  await hirer.clock.install();
  await hirer.goto(await shareEverything(page));
  assert.equal((await conclusion(hirer)).level, "confirmed");
  let held = [rail, hospital];
  for (let count = 4; count >= 0; count -= 1) {
    const updates = held.map((career) => ({
      ...month(career.fields.employment[0].organisation, count),
      replaces: career.credential_id,
    }));
    for (const update of updates) {
      const path = "/api/partner/v2/add/requests/career_history";
      assert.equal((await scene.server.call("POST", path, update)).status, "verified");
    }
    held = updates;
    const seen = [];
    await until(`the open page to show ${monthBefore(count)}`, async () => {
      await hirer.clock.fastForward("01:01");
      // The page may reload meanwhile.
      const found = await conclusion(hirer).catch((error) => {
        if (/navigation/.test(error.message)) return undefined;
        throw error;
      });
      if (!found) return false;
      seen.push(found);
      return found.sentence.includes(`data to ${inWords(monthBefore(count))}`);
    });
    assert.deepEqual(seen.filter(({ level }) => level === "failed"), []);
    assert.equal(seen.at(-1).level, "confirmed");
  }
  const said = await hirer.locator("main").innerText();
  for (const words of ["Northwind Rail", "Harbour Hospital", "Updated"]) assert.ok(said.includes(words), `${words}: ${said}`);
});
