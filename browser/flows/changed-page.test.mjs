// A shared page that was changed in transit, although its scripts were not.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { lastMonth, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { changePage, conclusion, shareEverything, verdicts } from "../support/share.mjs";
import { stage } from "../support/stage.mjs";
import { button, openLink } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();
const PATH = "/api/partner/v2/add/requests/career_history";

/** Returns a career with two jobs. */
function twoJobs(dataTo = lastMonth()) {
  const career = oneJob({ fullName: "Ada Example", organisation: "Northwind Rail", role: "Porter", dataTo });
  const ended = { organisation: "Harbour Hospital", role_title: "Surgeon", start_date: "2015-01", end_date: "2016-02", last_processed_month: "2016-02" };
  career.fields.employment.push(ended);
  return career;
}

/** Returns the page of a person who accepts `career`, and keeps it up to date. */
async function holderOf(career) {
  const page = await scene.visitor();
  await openLink(page, scene.server, await scene.server.push(career), freshAddress());
  await page.getByLabel("Let Acme Payroll keep this up to date").check();
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  return page;
}

/** Opens the page behind `link` with this change; returns the visitor. */
async function opened(link, change) {
  const hirer = await scene.visitor();
  await changePage(hirer, link, (page) => {
    const changed = change(page);
    assert.notEqual(changed, page, `${change}`);
    return changed;
  });
  // The script may load the page again.
  await hirer.goto(link, { waitUntil: "commit" });
  return hirer;
}

const newJob = '<li><h3><bdi>Director</bdi></h3><p class="organisation"><bdi>Northwind Rail</bdi></p></li>';

test("a page that lacks what the checks need is not confirmed", async () => {
  const link = await shareEverything(await holderOf(twoJobs()));
  const decoy = '<div class="verdict" hidden data-level="confirmed"><h1><bdi>Ada Example</bdi></h1></div>';
  for (const change of [
    (page) => page.replace(/<pre id="token-1".*?<\/pre>/s, ""),
    (page) => page.replace(/<template id="words">.*?<\/template>/s, ""),
    (page) => page.replace(/<p data-key="sentence-confirmed">.*?<\/p>/s, ""),
    (page) => page.replace(" data-sentence", ""),
    (page) => page.replace('data-token="token-1"', ""),
    (page) => page.replace('<div class="verdict"', `${decoy}<div class="verdict"`),
  ]) {
    const hirer = await opened(link, change);
    const { level, sentence } = await conclusion(hirer);
    assert.equal(level, "doubtful", `${change}`);
    assert.ok(sentence.startsWith("Your browser could not check this page."), sentence);
    const said = await hirer.textContent("main");
    for (const words of ["All checks passed", "Checked by this site just now"]) assert.ok(!said.includes(words), said);
    await checkPage(hirer);
  }
});

test("a token is only accepted for the link of its page", async () => {
  const [one, other] = await Promise.all([twoJobs(), twoJobs()].map(async (career) => shareEverything(await holderOf(career))));
  const otherPage = await (await fetch(other)).text();
  const [token, binding] = [/<pre id="token-1"[^>]*>[^<]*/, / data-audience="[^"]*" data-nonce="[^"]*"/];
  for (const change of [
    (page) => page.replace(/ data-audience="[^"]*"/, ""),
    (page) => page.replace(/ data-nonce="[^"]*"/, ""),
    (page) => page.replace(binding, ""),
    (page) => page.replace(token, otherPage.match(token)[0]).replace(binding, otherPage.match(binding)[0]),
  ]) {
    const hirer = await opened(one, change);
    assert.equal((await conclusion(hirer)).level, "failed", `${change}`);
    const holder = (await verdicts(hirer)).find((verdict) => verdict.startsWith("holder"));
    assert.match(holder, /^holder failed: It was made for another/);
  }
});

test("missing, added and exchanged texts are found", async () => {
  const link = await shareEverything(await holderOf(twoJobs()));
  const [notSigned, notShown] = [/in what was signed: (.*)\. Ask/, /did not find: (.*)\. Ask/];
  const exchanged = { Porter: "Surgeon", Surgeon: "Porter" };
  for (const [change, said, texts] of [
    [(page) => page.replace(/<h3 data-signed><bdi>(Porter|Surgeon)/g, (all, title) => all.replace(title, exchanged[title])), notSigned, /Surgeon, Northwind Rail/],
    [(page) => page.replace("<bdi>Porter</bdi>", "<bdi>Porter</bdi>, later Director"), notSigned, /Porter, later Director/],
    [(page) => page.replace('<ol class="jobs">', `<ol class="jobs">${newJob}`), notSigned, /Director/],
    [(page) => page.replace("<h3 data-signed><bdi>Porter", "<h3><bdi>Director"), notSigned, /Director/],
    [(page) => page.replace(/<h1>.*?<\/h1>/s, "<h1>Jane Roe</h1>"), notSigned, /^Jane Roe$/],
    [(page) => page.replace(/<li data-by=.*?<\/li>/s, ""), notShown, /^Porter, Northwind Rail$/],
    [(page) => page.replaceAll(" data-signed", "").replace('class="jobs"', 'class="list"'), notShown, /^Acme Payroll, /],
  ]) {
    const hirer = await opened(link, change);
    const { level, reasons } = await conclusion(hirer);
    assert.equal(level, "doubtful", `${change}`);
    assert.match(reasons.join().match(said)?.[1] ?? reasons.join(), texts);
    const row = hirer.locator('[data-step="shown"]');
    assert.deepEqual([await row.getAttribute("class"), await row.locator("[data-reason]").textContent()], ["outcome-doubtful", reasons[0]]);
  }
});

test("headings are compared without marks", async () => {
  const page = await holderOf(twoJobs());
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const path = "/api/partner/v2/add/requests/universal_credential";
  const { example } = document.paths[path].post.requestBody.content["application/json"];
  const licence = { credential_id: randomUUID(), fields: { ...example.fields, full_name: "Ada Example" } };
  await page.goto((await scene.server.call("POST", path, licence)).redirect_uri);
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  const link = await shareEverything(page);
  const genuine = await scene.visitor();
  await genuine.goto(link);
  assert.equal((await conclusion(genuine)).level, "confirmed");
  assert.equal(await genuine.locator('[data-step="shown"]').getAttribute("class"), "outcome-passed");
  const heading = /(?<=<div class="card record"[^>]*>\s*)<h2[^>]*>(.*?)<\/h2>/s;
  for (const [change, texts] of [
    [(html) => html.replace(/(?<=<p class="lead">).*?(?=<\/p>)/s, "Jane Roe shared these records with you."), /^Jane Roe shared these records with you\.$/],
    [(html) => html.replace(heading, "<h2>Chief Surgeon</h2>"), /^Chief Surgeon$/],
    [(html) => html.replace(heading, "<h2>$1, Director</h2>"), /, Director$/],
    [(html) => html.replace(/(?<=<h2 id="career-1">)Career/, "Career at Harvard"), /^Career at Harvard$/],
  ]) {
    const hirer = await opened(link, change);
    const { level, reasons } = await conclusion(hirer);
    assert.equal(level, "doubtful", `${change}`);
    assert.match(reasons.join().match(/in what was signed: (.*)\. Ask/)?.[1] ?? reasons.join(), texts);
  }
});

test("old data that the page does not mention is found", async () => {
  const link = await shareEverything(await holderOf(twoJobs("2024-05")));
  const hirer = await opened(link, (page) => page.replace(/<li data-level="doubtful" data-cause="old-data".*?<\/li>/s, ""));
  const { level, reasons } = await conclusion(hirer);
  assert.equal(level, "doubtful");
  assert.deepEqual(reasons, [
    "Acme Payroll has no data on Northwind Rail after May 2024, so the job may have ended since. Ask Ada Example for an update.",
  ]);
  await checkPage(hirer);
});

/** Pushes the next version of `career`, which standing consent accepts. */
async function update(career) {
  const newer = { ...twoJobs(), replaces: career.credential_id };
  assert.equal((await scene.server.call("POST", PATH, newer)).status, "verified");
}

test("a page loaded just before an update shows the update", async () => {
  const career = twoJobs("2024-05");
  const link = await shareEverything(await holderOf(career));
  const hirer = await scene.visitor();
  let isUpdated = false;
  await hirer.route(link, async (route) => {
    const answer = await route.fetch();
    if (!isUpdated) {
      isUpdated = true;
      await update(career);
    }
    await route.fulfill({ response: answer });
  });
  await hirer.goto(link, { waitUntil: "commit" });
  await until("the page to show the update", async () => {
    // The page may load again meanwhile.
    const found = await conclusion(hirer).catch(() => undefined);
    return found?.level === "confirmed";
  });
  assert.ok((await hirer.textContent("main")).includes("Updated"));
});

test("a link that is not kept current names the newer version", async () => {
  const career = twoJobs();
  const page = await holderOf(career);
  await page.goto("/wallet/share");
  for (const box of await page.locator("input[name=credential][type=checkbox]").all()) await box.check();
  await page.getByLabel("Keep this link current").uncheck();
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  const link = await page.locator("#share-link").textContent();
  await update(career);
  const hirer = await scene.visitor();
  await hirer.goto(link);
  const { level, sentence, reasons } = await conclusion(hirer);
  assert.equal(level, "doubtful");
  assert.match(sentence, /^A newer version has been available since /);
  assert.match(reasons.join(), /^A newer version of Career history from Acme Payroll has been available since .*\. Ask Ada Example for a new link\.$/);
  await checkPage(hirer);
});
