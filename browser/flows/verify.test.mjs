// A partner requests a presentation: the person selects claims, shares or cancels, and returns to
// the partner.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { checkPage, watch } from "../support/check.mjs";
import { careerHistory } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, assertTellsNothing, button, openLink, signIn, signOut } from "../support/steps.mjs";

const scene = stage();

// The partner's site, to which people return.
let partner;
let callback;
before(async () => {
  partner = createServer((_, response) => response.end("Welcome back")).listen(0, "127.0.0.1");
  await new Promise((resolve) => partner.once("listening", resolve));
  callback = `http://127.0.0.1:${partner.address().port}/back?case=7`;
});
after(() => partner.close());

const question = () => ({ callback_url: callback, purpose: "To check your experience", claims: ["employment"] });

/** Opens a request's link as a person who has the sample; returns their page and the request. */
async function opened(asked = question()) {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  const request = await scene.server.ask(asked);
  await page.goto(request.redirect_uri);
  await page.waitForURL("**/verifications/*");
  return { page, request };
}

/** Waits for the redirect to the partner and checks its parameters; returns the status. */
async function backAtThePartner(page, request) {
  await page.waitForURL("http://127.0.0.1:*/back**");
  const { searchParams } = new URL(page.url());
  assert.deepEqual([searchParams.get("case"), searchParams.get("request_id")], ["7", request.request_id]);
  return searchParams.get("status");
}

test("the partner gets only the shared details", async () => {
  const { page, request } = await opened();
  await page.getByRole("heading", { level: 1, name: "Acme Payroll would like to see your career history" }).waitFor();
  await checkPage(page);
  const said = await page.textContent("main");
  for (const words of ["To check your experience", "You return to 127.0.0.1.", "Northwind Rail", "Harbour Analytics"]) {
    assert.ok(said.includes(words), words);
  }
  await page.getByRole("radio", { name: "Choose jobs" }).check();
  await page.getByRole("checkbox", { name: /Northwind Rail/ }).uncheck();
  await checkPage(page);
  await button(page, "Share").click();
  assert.equal(await backAtThePartner(page, request), "verified");
  const result = await scene.server.result(request.request_id);
  const [job, ...others] = result.credential.employment;
  const names = Object.keys(result.credential).sort();
  assert.deepEqual([job.organisation, others, names], ["Harbour Analytics", [], ["employment", "full_name"]]);
  assert.ok(!JSON.stringify(result).includes("Northwind Rail"), "the job was left out");
  assert.ok(result.verification.checks.every(({ outcome }) => outcome === "passed"));
  // Another tab of the same person, which has not left the site.
  const tab = await page.context().newPage();
  watch(tab, scene.server.base);
  await tab.goto("/wallet/shown");
  await checkPage(tab);
  const shown = await tab.textContent("main");
  assert.ok(shown.includes("Harbour Analytics") && !shown.includes("Northwind Rail"), shown);
  assert.ok(shown.includes("Full name: Ada Example") && !/[0-9]{4}-[0-9]{2}/.test(shown), shown);
  await tab.goto(request.redirect_uri);
  await tab.getByRole("heading", { name: "You shared this" }).waitFor();
  await checkPage(tab);
  assert.equal(await tab.getByRole("link", { name: "Back to Acme Payroll" }).count(), 1);
});

test("cancelling returns to the partner and shares nothing", async () => {
  const { page, request } = await opened();
  await button(page, "Cancel").click();
  assert.equal(await backAtThePartner(page, request), "canceled");
  assert.equal((await scene.server.result(request.request_id)).credential, null);
});

test("sharing nothing is rejected", async () => {
  const { page } = await opened();
  await page.getByRole("radio", { name: "No jobs" }).check();
  await button(page, "Share").click();
  await page.getByRole("alert").waitFor();
  await checkPage(page, { status: 422 });
});

test("a request survives signing in, also without JavaScript", async () => {
  const page = await scene.visitor({ javaScriptEnabled: false });
  const request = await scene.server.ask({ purpose: "To check your experience" });
  await page.goto(request.redirect_uri);
  await page.getByLabel("Your link").fill(request.redirect_uri);
  await button(page, "Open").click();
  await page.getByText("Acme Payroll would like to see something from your wallet: Career history.").waitFor();
  await signIn(page, scene.server, freshAddress());
  await page.getByRole("heading", { name: "You have nothing to share" }).waitFor();
  assert.equal(await button(page, "Share").count(), 0);
  await button(page, "Cancel").click();
  await page.getByText("You declined the request from Acme Payroll").waitFor();
});

test("only the chosen of two careers shows its details", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await acceptSample(page, scene.server, address);
  const second = await scene.server.pushAs("Beta Payroll", careerHistory());
  await page.goto(second);
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  const request = await scene.server.ask({ claims: ["full_name", "employment"] });
  await page.goto(request.redirect_uri);
  await page.waitForURL("**/verifications/*");
  await checkPage(page);
  const lists = page.getByRole("radio", { name: "Both jobs" });
  assert.equal(await lists.filter({ visible: true }).count(), 1);
  await page.getByRole("radio", { name: /^Share this one .*Acme Payroll/ }).check();
  assert.equal(await lists.filter({ visible: true }).count(), 1);
  await button(page, "Share").click();
  await page.getByRole("heading", { name: "You shared this" }).waitFor();
  await checkPage(page);
  assert.equal((await scene.server.result(request.request_id)).verification.attested_by, "Acme Payroll");
});

test("another account sees none of the request's data", async () => {
  const { page, request } = await opened();
  const other = await scene.visitor();
  await openLink(other, scene.server, await scene.server.push(careerHistory({ fullName: "Eve Example" })), freshAddress());
  await other.goto(request.redirect_uri);
  await other.waitForURL("**/verifications/*");
  await checkPage(other, { status: 403 });
  await assertTellsNothing(other);
  assert.ok(!(await other.content()).includes("To check your experience"));
  await signOut(page);
  await page.goto(request.redirect_uri);
  await page.getByLabel("Email").waitFor();
  await assertTellsNothing(page);
});
