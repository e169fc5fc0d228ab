// Accessible names: two careers of one partner are distinct on every page.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { careerHistory, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { shareEverything } from "../support/share.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, button, signIn } from "../support/steps.mjs";

const scene = stage();
const FULL_NAME = "Ada Example";
const OTHER = { fullName: FULL_NAME, organisation: "Lighthouse Books", role: "Editor", start: "2010-01" };

/** Returns the accessible names of the controls with these roles in the main part, in order. */
async function namesOf(page, roles) {
  const tree = await page.getByRole("main").ariaSnapshot();
  const line = /^\s*- '?(\w+) "((?:[^"\\]|\\.)*)"/;
  const found = tree.split("\n").map((text) => text.match(line)).filter((match) => match && roles.includes(match[1]));
  return found.map(([, role, name]) => `${role} ${name}`);
}

/** Asserts that no two controls of the page have the same role and name. */
async function assertDistinct(page, roles, least) {
  const names = await namesOf(page, roles);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  assert.deepEqual(repeated, [], `repeated names on ${page.url()}`);
  assert.ok(names.length >= least, `${page.url()}: ${names.join("; ")}`);
}

/** Returns the page of a person with two careers of one partner. */
async function holderOfTwo() {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto(await scene.server.push(oneJob(OTHER)));
  const keep = page.getByLabel("Keep both");
  if (await keep.isVisible()) await keep.check();
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  return page;
}

test("two careers of one partner have distinct names on all pages", async () => {
  const page = await holderOfTwo();
  const said = await page.locator("main").innerText();
  assert.ok(said.includes("Lighthouse Books") && said.includes("Harbour Analytics"), said);
  await assertDistinct(page, ["link", "button"], 8);
  await checkPage(page);
  await page.goto("/wallet/share");
  await page.getByRole("checkbox", { name: /^Show this one .*Lighthouse Books/ }).waitFor();
  await assertDistinct(page, ["link", "button", "radio", "checkbox", "group", "radiogroup"], 5);
  await checkPage(page);
  const request = await scene.server.ask({ claims: ["full_name", "employment"] });
  await page.goto(request.redirect_uri);
  await page.waitForURL("**/verifications/*");
  await assertDistinct(page, ["link", "button", "radio", "checkbox", "group", "radiogroup"], 4);
  await checkPage(page);
});

test("two links and their credentials have distinct names", async () => {
  const page = await holderOfTwo();
  await shareEverything(page);
  const listed = page.locator("dt", { hasText: "Credentials" }).locator("xpath=following-sibling::dd").locator("bdi");
  const titles = await listed.allInnerTexts();
  assert.equal(new Set(titles).size, 2, titles.join("; "));
  await shareEverything(page);
  await page.goto("/wallet/shares");
  await assertDistinct(page, ["link", "button"], 3);
  await checkPage(page);
});

test("a name without a reason is reported above the page", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto(await scene.server.push(oneJob({ ...OTHER, fullName: "Jane Roe" })));
  await page.getByLabel("This is also me").check();
  await page.locator("form[id^=accept-]").evaluate((form) => form.setAttribute("novalidate", ""));
  await button(page, "Add to my wallet").click();
  await page.locator("#problem:focus").waitFor();
  assert.match(await page.title(), /^Error: /);
  const { y, height } = await page.getByRole("alert").boundingBox();
  assert.ok(y >= 0 && y + height <= page.viewportSize().height, `it is at ${y}`);
  await page.getByRole("link", { name: "Choose why the names differ." }).click();
  const reason = page.getByLabel("Why do the names differ?");
  await page.locator("select:focus").waitFor();
  assert.equal(await reason.evaluate((field) => field === document.activeElement), true);
  assert.equal(await reason.evaluate((field) => getComputedStyle(field).borderTopWidth), "2px");
  await checkPage(page, { status: 422 });
});

test("the items of a batch have distinct names", async () => {
  const page = await scene.visitor();
  const sample = { ...(await microcredential()), assets: undefined };
  const item = (name) => ({ ...sample, credential_id: randomUUID(), fields: { ...sample.fields, microcredential_name: name } });
  const items = [item("Project Management"), item("Data Analysis")];
  const batch = { credential_id: randomUUID(), career_history: careerHistory(), microcredential_items: items };
  await page.goto((await scene.server.pushBatch(batch)).redirect_uri);
  await signIn(page, scene.server, freshAddress());
  await page.getByRole("heading", { level: 1, name: /wants to add 3 credentials/ }).waitFor();
  await assertDistinct(page, ["link", "button", "checkbox"], 8);
  await checkPage(page);
});

/** Returns the sample of a microcredential from the served API reference, for this person. */
async function microcredential() {
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const path = document.paths["/api/partner/v2/add/requests/microcredential"];
  const { example } = path.post.requestBody.content["application/json"];
  return { ...example, fields: { ...example.fields, full_name: FULL_NAME } };
}
