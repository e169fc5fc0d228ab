// A shared page that is open while what it shows is updated: it follows its link before it raises a
// doubt, on the screen and on paper.
import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, monthBefore } from "../support/months.mjs";
import { oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { conclusion } from "../support/share.mjs";
import { stage } from "../support/stage.mjs";
import { button, openLink } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();
const PATH = "/api/partner/v2/add/requests/career_history";
const careerTo = (dataTo) => oneJob({ fullName: "Ada Example", organisation: "Northwind Rail", role: "Porter", dataTo });

/** Returns a career that its holder accepted and lets the partner update, and their page. */
async function accepted() {
  const career = careerTo(monthBefore(1));
  const holder = await scene.visitor();
  await openLink(holder, scene.server, await scene.server.push(career), freshAddress());
  await holder.getByLabel("Let Acme Payroll keep this up to date").check();
  await button(holder, "Add to my wallet").click();
  await holder.waitForURL("**/wallet");
  return { career, holder };
}

/** Returns the signed status list of the first token on the page. */
const statusList = (hirer) =>
  hirer.evaluate(async () => {
    const payload = document.querySelector("#token-1").textContent.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { uri } = JSON.parse(atob(payload)).status.status_list;
    return (await fetch(uri, { cache: "no-store" })).text();
  });

/** Runs `change`, and waits until the status list is signed anew, which takes up to a second. */
async function listed(hirer, change) {
  const before = await statusList(hirer);
  await change();
  await until("the status list", async () => (await statusList(hirer)) !== before);
}

/** Pushes the next month of `career`; returns the id of the newer version. */
async function update(career) {
  const made = await scene.server.call("POST", PATH, { ...careerTo(monthBefore(0)), replaces: career.credential_id });
  assert.equal(made.status, "verified");
  return made.request_id;
}

/** Creates a link to everything in the wallet; returns it. */
async function share(holder, { isKeptCurrent }) {
  await holder.goto("/wallet/share");
  for (const box of await holder.locator("input[name=credential][type=checkbox]").all()) await box.check();
  await holder.getByLabel("Keep this link current").setChecked(isKeptCurrent);
  await button(holder, "Create link").click();
  await holder.waitForURL("**/wallet/shares/*");
  return holder.locator("#share-link").textContent();
}

/**
 * Opens `link` as a hirer, whose page notes in its session each load, the level after each change
 * of the verdict, and the verdict on each print.
 */
async function opened(link) {
  const hirer = await scene.visitor();
  await hirer.clock.install();
  await hirer.addInitScript(() => {
    const note = (key, value) => {
      const noted = JSON.parse(sessionStorage.getItem(key) ?? "[]");
      if (key !== "levels" || noted.at(-1) !== value) sessionStorage.setItem(key, JSON.stringify([...noted, value]));
    };
    note("loads", location.pathname);
    window.print = () => note("prints", document.querySelector(".verdict").textContent);
    document.addEventListener("DOMContentLoaded", () => {
      const look = () => note("levels", document.querySelector(".verdict")?.dataset.level);
      look();
      new MutationObserver(look).observe(document.querySelector("main"), { subtree: true, childList: true, attributes: true });
    });
  });
  await hirer.goto(link);
  assert.equal((await conclusion(hirer)).level, "confirmed");
  return hirer;
}

/** Returns what the page noted; undefined while it loads again. */
const noted = (hirer, key) =>
  hirer.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? "[]"), key).catch(() => undefined);

/** Waits until the page was loaded `count` times and has checked itself. */
async function loaded(hirer, count) {
  await until(`load ${count}`, async () => (await noted(hirer, "loads"))?.length === count);
  return conclusion(hirer);
}

const printed = (hirer) => until("the print", async () => (await noted(hirer, "prints"))?.at(-1));

test("a print after an update shows the newer version", async () => {
  const { career, holder } = await accepted();
  const hirer = await opened(await share(holder, { isKeptCurrent: true }));
  await listed(hirer, () => update(career));
  await button(hirer, "Save as PDF").click();
  const said = await printed(hirer);
  assert.ok(said.includes(`data to ${inWords(monthBefore(0))}. Not revoked.`), said);
  assert.ok(!said.includes("newer version"), said);
  await loaded(hirer, 2);
  assert.deepEqual(await noted(hirer, "levels"), ["confirmed"]);
  assert.equal((await noted(hirer, "prints")).length, 1);
  // The next print needs no reload.
  await button(hirer, "Save as PDF").click();
  await until("the second print", async () => (await noted(hirer, "prints"))?.length === 2);
  assert.equal((await noted(hirer, "loads")).length, 2);
});

test("an open page follows without a doubt and keeps its place", async () => {
  const { career, holder } = await accepted();
  const hirer = await opened(await share(holder, { isKeptCurrent: true }));
  await hirer.locator("details.raw > summary").click();
  await hirer.evaluate(() => scrollTo(0, 500));
  await listed(hirer, () => update(career));
  await hirer.clock.fastForward("01:01");
  const { level, sentence } = await loaded(hirer, 2);
  assert.equal(level, "confirmed");
  assert.ok(sentence.includes(`data to ${inWords(monthBefore(0))}`), sentence);
  assert.deepEqual(await noted(hirer, "levels"), ["confirmed"]);
  assert.ok(await hirer.locator("details.raw").evaluate(({ open }) => open), "the details are open");
  const place = await hirer.evaluate(() => scrollY);
  assert.ok(Math.abs(place - 500) < 100, `${place}`);
  assert.deepEqual(await noted(hirer, "prints"), []);
});

test("a link that is not kept current reloads once to say so", async () => {
  const { career, holder } = await accepted();
  const hirer = await opened(await share(holder, { isKeptCurrent: false }));
  await listed(hirer, () => update(career));
  await button(hirer, "Save as PDF").click();
  assert.match(await printed(hirer), /A newer version has been available since /);
  const { level, reasons } = await loaded(hirer, 2);
  assert.equal(level, "doubtful");
  assert.match(reasons.join(), /^A newer version of Career history from Acme Payroll has been available since .*\. Ask Ada Example for a new link\.$/);
  for (let at = 0; at < 3; at += 1) {
    await hirer.clock.fastForward("01:01");
    await button(hirer, "Save as PDF").click();
    await until("the print", async () => (await noted(hirer, "prints"))?.length === at + 2);
  }
  assert.equal((await noted(hirer, "loads")).length, 2);
  assert.ok((await hirer.textContent("main")).includes(inWords(monthBefore(1))), "it still shows its own version");
});

test("a page whose version was undone claims no newer one", async () => {
  const { career, holder } = await accepted();
  const newer = await update(career);
  const hirer = await opened(await share(holder, { isKeptCurrent: false }));
  await holder.goto(`/wallet/credentials/${newer}`);
  await listed(hirer, async () => {
    await button(holder, "Undo this update").click();
    await holder.getByText("Update undone.").waitFor();
  });
  await hirer.clock.fastForward("01:01");
  const { level, sentence, reasons } = await loaded(hirer, 2);
  assert.equal(level, "doubtful");
  assert.match(sentence, /^This version has not been current since /);
  assert.match(reasons.join(), /^Career history from Acme Payroll has not been current since .*\. Ask Ada Example for a new link\.$/);
  assert.ok(!(await hirer.content()).includes("newer version"));
});

test("a page that is offline prints what it knows and stays", async () => {
  const { career, holder } = await accepted();
  const hirer = await opened(await share(holder, { isKeptCurrent: true }));
  await listed(hirer, () => update(career));
  await hirer.context().setOffline(true);
  await button(hirer, "Save as PDF").click();
  const said = await printed(hirer);
  assert.ok(said.includes("could not be checked completely") && !said.includes("newer version"), said);
  assert.equal((await noted(hirer, "loads")).length, 1);
  await hirer.context().setOffline(false);
  await hirer.clock.fastForward("01:01");
  const { sentence } = await loaded(hirer, 2);
  assert.ok(sentence.includes(`data to ${inWords(monthBefore(0))}`), sentence);
});
