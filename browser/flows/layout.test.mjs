// The layout of pages, as a browser measures it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { DESKTOP, stage } from "../support/stage.mjs";
import { acceptSample, openLink, signIn, timeline } from "../support/steps.mjs";

const scene = stage();

/** Pushes a batch with the sample of an education from the served API reference; returns its link. */
async function pushEducation() {
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const { example } = document.paths["/api/partner/v2/add/requests/education"].post.requestBody.content["application/json"];
  const education = { ...example, credential_id: randomUUID(), assets: undefined };
  const batch = { credential_id: randomUUID(), career_history: careerHistory(), education_items: [education] };
  return (await scene.server.pushBatch(batch)).redirect_uri;
}

/** Returns each label of the visible timeline, and the bars below it in its row. */
function measured(page) {
  return timeline(page).evaluate((picture) => {
    const box = (element) => element.getBoundingClientRect();
    const bars = [...picture.querySelectorAll(".timeline-bar")].map(box);
    return [...picture.querySelectorAll(".timeline-label")].map((label) => {
      const { left, right, bottom } = box(label);
      const row = bars.filter((bar) => Math.abs(bar.top - bottom) < 8);
      return { text: label.textContent, left, right, row: row.map(({ left, right }) => ({ left, right })) };
    });
  });
}

test("labels of the timeline stay beside their bars at every width", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  const career = oneJob({ fullName: "Ada Example", organisation: "Northwind Rail", role: "Engineer", start: "2005-01" });
  const [job] = career.fields.employment;
  const end = "2023-01";
  career.fields.employment = [
    { ...job, end_date: end, last_processed_month: end },
    { ...job, organisation: "Harbour Analytics of the North", role_title: "Principal Engineer", start_date: "2023-02" },
  ];
  await openLink(page, scene.server, await scene.server.push(career), freshAddress());
  for (const width of [320, 390, 641, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const labels = await measured(page);
    assert.equal(labels.length, 2, `at ${width} px`);
    for (const { text, left, right, row } of labels) {
      const own = row.filter((bar) => left <= bar.right && bar.left - 9 <= right);
      assert.equal(own.length, 1, `"${text}" at ${width} px: ${left} to ${right}, bars ${JSON.stringify(row)}`);
    }
  }
  await checkPage(page);
});

test("every column of a transcript is visible on a phone", async () => {
  const page = await scene.visitor({ viewport: { width: 320, height: 640 } });
  await page.goto(await pushEducation());
  await signIn(page, scene.server, freshAddress());
  const table = page.getByRole("table", { name: "Transcript" });
  await table.waitFor();
  const cells = await table.getByRole("cell").evaluateAll((all) =>
    all.map((cell) => ({
      right: cell.getBoundingClientRect().right,
      column: getComputedStyle(cell, "::before").content,
      expected: JSON.stringify(cell.dataset.column),
    })),
  );
  assert.ok(cells.length > 0);
  for (const { right, column, expected } of cells) {
    assert.ok(right <= 320, `a cell ends at ${right}`);
    assert.equal(column, expected);
  }
  await checkPage(page);
});

test("legends are inside cards and fields apart from buttons", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto("/wallet/share");
  const inset = await page.locator("fieldset.card > legend").first().evaluate((legend) => {
    return legend.getBoundingClientRect().top - legend.parentElement.getBoundingClientRect().top;
  });
  assert.ok(inset >= 10, `the legend begins ${inset} px below the border`);
  const hirer = await scene.visitor();
  await page.getByRole("textbox", { name: "Passcode", exact: true }).fill("open sesame");
  await page.getByRole("button", { name: "Create link", exact: true }).click();
  await page.waitForURL("**/wallet/shares/*");
  await hirer.goto(await page.locator("#share-link").textContent());
  const space = await hirer.locator("#passcode").evaluate((field) => {
    return field.nextElementSibling.getBoundingClientRect().top - field.getBoundingClientRect().bottom;
  });
  assert.ok(space >= 12, `${space} px between the field and its button`);
});
