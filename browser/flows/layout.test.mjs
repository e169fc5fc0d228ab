// The layout of pages, as a browser measures it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { DESKTOP, stage } from "../support/stage.mjs";
import { acceptSample, button, openLink, signIn, timeline } from "../support/steps.mjs";

const scene = stage();

/** Pushes a batch with the sample education of the served API reference; returns its link. */
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
  for (const width of [320, 390, 641, 759, 761, 768, 1280]) {
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

test("the header marks the page that is open", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  const underlined = (name) =>
    page.getByRole("link", { name, exact: true }).evaluate((link) => getComputedStyle(link).textDecorationLine === "underline");
  for (const [path, isWallet] of [["/wallet", true], ["/account", false]]) {
    await page.goto(path);
    assert.deepEqual([await underlined("Wallet"), await underlined("Account")], [isWallet, !isWallet], path);
  }
});

test("labels of a long career begin or end with their bars, or are centred", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  const career = oneJob({ fullName: "Ada Example", organisation: "Employer", role: "Job" });
  const [job] = career.fields.employment;
  career.fields.employment = Array.from({ length: 14 }, (_, index) => {
    const month = (count) => new Date(Date.UTC(2004, index * 13 + count)).toISOString().slice(0, 7);
    const [start_date, end_date] = [month(0), month(12)];
    const names = { organisation: `Employer Number ${index + 1}`, role_title: `Job ${index + 1}` };
    return { ...job, ...names, start_date, end_date, last_processed_month: end_date };
  });
  await openLink(page, scene.server, await scene.server.push(career), freshAddress());
  for (const width of [320, 390, 759, 761, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const labels = await measured(page);
    assert.equal(labels.length, 14, `at ${width} px`);
    for (const { text, left, right, row } of labels) {
      const offsets = (bar) => [left - bar.left, right - bar.right, (left - bar.left + right - bar.right) / 2];
      const own = row.filter((bar) => offsets(bar).some((offset) => Math.abs(offset) < 3));
      assert.equal(own.length, 1, `"${text}" at ${width} px: ${left} to ${right}, bars ${JSON.stringify(row)}`);
    }
  }
  await checkPage(page);
});

/** Returns the words of a part that a line break splits. */
function splitWords(part) {
  return part.evaluate((root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const split = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const word of node.data.matchAll(/\p{L}+/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) split.push(word[0]);
      }
    }
    return split;
  });
}

test("every column of a transcript is visible on a phone", async () => {
  const page = await scene.visitor({ viewport: { width: 320, height: 640 } });
  await page.goto(await pushEducation());
  await signIn(page, scene.server, freshAddress());
  const table = page.getByRole("table", { name: "Subjects and results" });
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
  assert.deepEqual(await splitWords(page.locator("main")), []);
  const columns = await table.getByRole("cell").first().evaluate((cell) => getComputedStyle(cell).gridTemplateColumns);
  assert.equal(columns.split(" ").length, 1, "names of columns have the whole width");
  const space = await page.locator(".choice > .choices").evaluate((choices) => {
    return choices.parentElement.nextElementSibling.getBoundingClientRect().top - choices.getBoundingClientRect().bottom;
  });
  assert.ok(space >= 12, `${space} px between the buttons and the time left`);
  await checkPage(page);
});

test("a button with a name in it is one sentence at every width", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.getByRole("link", { name: /^View details/ }).click();
  const allow = page.locator("form[action$='/updates/allow'] button");
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await allow.innerText(), "Let Acme Payroll keep this up to date", `at ${width} px`);
  }
  const tops = await allow.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].map(({ top }) => top);
  });
  assert.ok(Math.max(...tops) - Math.min(...tops) < 8, `one line: ${tops}`);
  await checkPage(page);
});

test("adding comes first, beside declining, below the permission", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await openLink(page, scene.server, await scene.server.push(), freshAddress());
  const [add, decline] = [await button(page, "Add to my wallet").boundingBox(), await button(page, "Decline").boundingBox()];
  const permission = await page.getByLabel("Let Acme Payroll keep this up to date").boundingBox();
  assert.ok(Math.abs(add.y - decline.y) < 2 && add.x < decline.x, JSON.stringify({ add, decline }));
  assert.ok(permission.y < add.y, JSON.stringify({ permission, add }));
  await page.getByLabel("Let Acme Payroll keep this up to date").check();
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await page.getByRole("link", { name: /^View details/ }).click();
  await button(page, "Stop updates").waitFor();
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
  await hirer.locator("#passcode").fill("open sesame");
  await button(hirer, "Open").click();
  const below = await hirer.getByRole("heading", { name: "Save it or verify it yourself" }).evaluate((heading) => {
    return heading.nextElementSibling.getBoundingClientRect().top - heading.getBoundingClientRect().bottom;
  });
  assert.ok(below >= 8, `${below} px between the heading and its button`);
});
