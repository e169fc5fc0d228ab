// Every type of credential, in a batch, with documents.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { checkPage } from "../support/check.mjs";
import { careerHistory } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { button, signIn, timeline } from "../support/steps.mjs";

const scene = stage();
const CERTIFICATE = new URL("../../crates/credential/tests/opencerts/single.json", import.meta.url);

/** Returns the sample of every type from the served API reference. */
async function everyType() {
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const career = careerHistory();
  // One name for all: another name would need a confirmation.
  const sample = (type) => {
    const { example } = document.paths[`/api/partner/v2/add/requests/${type}`].post.requestBody.content["application/json"];
    const fields = { ...example.fields, full_name: career.fields.full_name };
    return { ...example, fields, credential_id: randomUUID() };
  };
  const asset = (type) => [{ asset_id: type, asset_type: type, asset_data: null }];
  return {
    credential_id: randomUUID(),
    career_history: career,
    digital_identity: sample("digital_identity"),
    education_items: [{ ...sample("education"), assets: [...asset("pdf"), ...asset("open_cert")] }],
    microcredential_items: [{ ...sample("microcredential"), assets: asset("png") }],
    english_proficiency_items: [sample("english_proficiency")],
    right_to_work_items: [sample("right_to_work")],
    universal_credential_items: [sample("universal_credential")],
  };
}

/** Returns a grey picture of 64 by 64 pixels (PNG, second edition). */
function picture() {
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  const crc = (bytes) => ~bytes.reduce((sum, byte) => table[(sum ^ byte) & 255] ^ (sum >>> 8), ~0) >>> 0;
  const number = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((part) => part & 255));
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    return Buffer.concat([number(data.length), body, number(crc(body))]);
  };
  const header = Buffer.concat([number(64), number(64), Buffer.from([8, 0, 0, 0, 0])]);
  const rows = Buffer.concat(Array.from({ length: 64 }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 128)])));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

async function openBatch(page, batch) {
  const answer = await scene.server.pushBatch(batch);
  await page.goto(answer.redirect_uri);
  await checkPage(page);
  await signIn(page, scene.server, freshAddress());
  await page.getByRole("heading", { level: 1, name: /wants to add 7 credentials/ }).waitFor();
  return answer;
}

test("each item of a batch of every type is decided separately", async () => {
  const page = await scene.visitor();
  const batch = await everyType();
  const answer = await openBatch(page, batch);
  await checkPage(page);
  assert.equal(await page.getByRole("button", { name: /^Add to my wallet / }).count(), 7);
  assert.equal(await timeline(page).count(), 1);
  assert.equal(await page.getByRole("table", { name: "Subjects and results" }).count(), 1);
  assert.match(await page.textContent("main"), /B2\+/);

  const links = Object.fromEntries(answer.assets.map((link) => [link.asset_id, link]));
  await scene.server.upload(links.png, picture());
  await scene.server.upload(links.open_cert, await readFile(CERTIFICATE));
  await page.reload();
  await checkPage(page);
  const image = page.getByRole("img", { name: /Image/ });
  await image.scrollIntoViewIfNeeded();
  await page.waitForFunction((element) => element.complete && element.naturalWidth === 64, await image.elementHandle());
  assert.match(await page.textContent("main"), /This document is intact/);
  assert.match(await page.textContent("main"), /has not sent this yet/);

  const item = (name) => page.getByRole("region", { name });
  await item(/^Right to work/).getByRole("button", { name: /^Decline Right to work/ }).click();
  await page.getByText("Right to work: declined and deleted.").waitFor();
  await item(/^Microcredential/).getByRole("button", { name: /^Add to my wallet Microcredential/ }).click();
  await page.getByText("Microcredential: added to your wallet.").waitFor();
  await checkPage(page);
  assert.equal(await scene.server.status(batch.credential_id), "incomplete");
  await button(page, "Add all 5").click();
  await page.waitForURL("**/wallet");
  await checkPage(page);
  assert.equal(await scene.server.status(batch.credential_id), "verified");
  assert.equal(await scene.server.status(batch.right_to_work_items[0].credential_id), "canceled");
  assert.equal(await page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3 }) }).count() >= 6, true);

  await page.goto(answer.redirect_uri);
  await page.getByRole("heading", { name: "You have decided" }).waitFor();
  await checkPage(page);
});

test("a document opens on a page with an opaque origin", async () => {
  const page = await scene.visitor();
  const answer = await openBatch(page, await everyType());
  const links = Object.fromEntries(answer.assets.map((link) => [link.asset_id, link]));
  await scene.server.upload(links.png, picture());
  await page.reload();
  const path = await page.getByRole("link", { name: /Image/ }).getAttribute("href");
  const response = await page.goto(path);
  assert.equal(response.headers()["content-security-policy"], "default-src 'none'; sandbox; frame-ancestors 'none'");
  assert.equal(await page.evaluate(() => window.origin), "null", "an origin of its own");
  const stranger = await scene.visitor();
  await stranger.goto(path);
  await stranger.getByRole("textbox", { name: "Email" }).waitFor();
});

test("a double click declines a whole batch once", async () => {
  const page = await scene.visitor();
  const batch = await everyType();
  await openBatch(page, batch);
  await button(page, "Decline all 7").dblclick();
  await page.getByRole("heading", { name: "You have decided" }).waitFor();
  await checkPage(page);
  assert.equal(await scene.server.status(batch.credential_id), "canceled");
});

test("the consent record of every type passes the page checks", async () => {
  const page = await scene.visitor();
  await openBatch(page, await everyType());
  await button(page, "Add all 7").click();
  await page.waitForURL("**/wallet");
  const records = await page.getByRole("link", { name: /^View details/ }).evaluateAll((all) => all.map((a) => a.pathname));
  assert.equal(records.length, 7);
  for (const record of records) {
    await page.goto(record);
    await checkPage(page);
  }
});
