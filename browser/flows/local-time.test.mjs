// Moments are in the reader's time zone; without scripts and on paper they are in UTC.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { consoleOf } from "../support/console.mjs";
import { acceptSample, openLink, signIn } from "../support/steps.mjs";

const scene = stage();
const moments = (page) => page.locator("time[data-local]");

test("the time to decide is relative and local, and UTC on paper", async () => {
  const page = await scene.visitor({ timezoneId: "Asia/Singapore" });
  await openLink(page, scene.server, await scene.server.push(), freshAddress());
  const last = moments(page).last();
  assert.match(await last.innerText(), /^[A-Z][a-z]{2} \d+ [A-Z][a-z]+( \d{4})?, \d\d:\d\d, your time$/);
  const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Singapore" });
  const shown = hour.format(Date.parse(await last.getAttribute("datetime")));
  assert.ok((await last.innerText()).includes(`, ${shown}, your time`));
  assert.match(await page.locator("time[data-left]").first().innerText(), /^2 days left$/);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.match(await last.innerText(), / UTC$/);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.match(await last.innerText(), /, your time$/);
  await checkPage(page);
});

test("days are in the reader's time zone, and in UTC on paper", async () => {
  // One of the two zones has another date than UTC at any time.
  for (const timezoneId of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
    const page = await scene.visitor({ timezoneId });
    await acceptSample(page, scene.server, freshAddress());
    await page.goto("/account");
    const created = page.locator("time[data-local='day']").first();
    const at = Date.parse(await created.getAttribute("datetime"));
    const dayIn = (timeZone) =>
      new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone }).format(at);
    assert.equal(await created.innerText(), dayIn(timezoneId));
    assert.match(await created.getAttribute("title"), /, your time$/);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await created.innerText(), dayIn("UTC"));
    await checkPage(page);
  }
});

test("the console's moments are in the reader's time zone", async () => {
  const { page, server } = await consoleOf(scene, { timezoneId: "Asia/Singapore" });
  await server.push();
  for (const path of ["/console/submissions", "/console/credentials"]) {
    await page.goto(path);
    assert.match(await moments(page).first().innerText(), /, \d\d:\d\d, your time$/);
    assert.doesNotMatch(await page.locator("main").innerText(), /\d\d:\d\d UTC/);
    await checkPage(page);
  }
});

test("without JavaScript moments are in UTC", async () => {
  const page = await scene.visitor({ javaScriptEnabled: false });
  const link = await scene.server.push();
  await page.goto(link);
  await page.locator("input[name='link']").fill(link);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("has sent your career history").waitFor();
  await signIn(page, scene.server, freshAddress());
  assert.match(await moments(page).last().innerText(), /^\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC$/);
});

test("links in a line of their own are at least 24 pixels high", async () => {
  const page = await scene.visitor();
  for (const path of ["/", "/sign-in"]) {
    await page.goto(path);
    const heights = await page.locator("main a:visible, footer a:visible").evaluateAll((links) => links.map((link) => link.getBoundingClientRect().height));
    assert.ok(heights.length > 0 && heights.every((height) => height >= 24), `${path}: ${heights}`);
  }
});
