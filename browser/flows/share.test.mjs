// A link for a hirer: created in the wallet, opened by a stranger, verified in the stranger's
// browser, revoked.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { SECRETS } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { verdicts } from "../support/share.mjs";
import { DESKTOP, PHONE, stage } from "../support/stage.mjs";
import { acceptSample, assertTellsNothing, button, textbox, timeline } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();

/** Creates a link as a person who has the sample; returns their page and the link. */
async function makeLink({ passcode, without } = {}) {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.getByRole("link", { name: "Share with a hirer", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Share with a hirer" }).waitFor();
  if (without) {
    await page.getByRole("radio", { name: "Choose jobs" }).check();
    await page.getByRole("checkbox", { name: without }).uncheck();
  }
  await textbox(page, "Purpose").fill("Your opening for an engineer");
  if (passcode) await textbox(page, "Passcode").fill(passcode);
  await checkPage(page);
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  return { page, link: await page.locator("#share-link").textContent() };
}

test("a double click creates one link", async () => {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.goto("/wallet/share");
  await button(page, "Create link").dblclick();
  await page.waitForURL("**/wallet/shares/*");
  await page.goto("/wallet/shares");
  assert.equal(await page.locator("main a[href^='/wallet/shares/']").count(), 1);
});

test("a passcode that is too short is reported at its field", async () => {
  const page = await scene.visitor({ viewport: PHONE });
  await acceptSample(page, scene.server, freshAddress());
  await page.goto("/wallet/share");
  const passcode = textbox(page, "Passcode");
  await passcode.pressSequentially("abc");
  await button(page, "Create link").click();
  assert.ok(await passcode.evaluate((field) => field.validity.tooShort), "the browser says so before the server");
  await page.locator("form.share-form").evaluate((form) => form.setAttribute("novalidate", ""));
  await button(page, "Create link").click();
  const message = page.getByRole("alert");
  await message.waitFor();
  await page.locator("#passcode:focus").waitFor();
  assert.equal(await message.innerText(), "Enter a passcode of 6 to 64 characters, or leave it empty.");
  assert.match(await page.title(), /^Error: /);
  for (const part of [message, passcode]) {
    const { y, height } = await part.boundingBox();
    assert.ok(y >= 0 && y + height <= PHONE.height, `it is at ${y}`);
  }
  await checkPage(page, { status: 422 });
});

test("a hirer sees what was chosen, verified in their browser", async () => {
  const { page, link } = await makeLink({ without: /Northwind Rail/ });
  await checkPage(page);
  await page.getByRole("img", { name: "QR code for this link" }).waitFor();
  const hirer = await scene.visitor();
  await hirer.goto(link);
  const found = await verdicts(hirer);
  assert.deepEqual(found.map((verdict) => verdict.split(":")[0]), [
    "signature passed",
    "issuer passed",
    "holder passed",
    "status passed",
    "dates passed",
    "schema passed",
  ]);
  await checkPage(hirer);
  assert.equal(await timeline(hirer).filter({ visible: true }).count(), 1);
  const said = await hirer.textContent("main");
  for (const words of ["Ada Example", "Harbour Analytics", "Confirmed by Acme Payroll · data to May 2024", "Your opening for an engineer", "1 job not shown.", "of experience in the jobs shown.", "All checks passed.", "Checked again in your browser on"]) {
    assert.ok(said.includes(words), words);
  }
  assert.ok(!(await hirer.content()).includes("Northwind Rail"), "what was left out is not there");
  await page.reload();
  assert.ok((await page.textContent("main")).includes("Viewed once."));
});

test("the name of a check comes first on a phone and no outcome wraps", async () => {
  const { link } = await makeLink();
  const hirer = await scene.visitor({ viewport: PHONE });
  await hirer.goto(link);
  await verdicts(hirer);
  const row = hirer.locator("[data-token] .verdicts li").first();
  const [name, outcome] = [row.locator("strong"), row.locator(".outcome")];
  await outcome.evaluate((place) => (place.textContent = "Not checked"));
  const boxes = () => Promise.all([name.boundingBox(), outcome.boundingBox()]);
  const [nameOnPhone, outcomeOnPhone] = await boxes();
  assert.ok(nameOnPhone.y + nameOnPhone.height <= outcomeOnPhone.y + 1, JSON.stringify([nameOnPhone, outcomeOnPhone]));
  await hirer.setViewportSize(DESKTOP);
  const [nameBeside, outcomeBeside] = await boxes();
  assert.ok(outcomeBeside.x + outcomeBeside.width <= nameBeside.x, JSON.stringify([nameBeside, outcomeBeside]));
  const lines = await outcome.evaluate((place) => {
    const range = document.createRange();
    range.selectNodeContents(place);
    return range.getClientRects().length;
  });
  assert.equal(lines, 1, "one line");
});

test("a token that was changed in transit fails the checks", async () => {
  const { link } = await makeLink();
  const mistakes = {
    // Changes the first letter of the first disclosure, after the salt's bracket and quote.
    "signature failed": (token) => token.replace(/~(.{10})(.)/, (_, start, letter) => `~${start}${letter === "A" ? "B" : "A"}`),
    "holder failed": (token) => token.replace(/\.[^.~]*$/, `.${"A".repeat(86)}`),
  };
  for (const [expected, change] of Object.entries(mistakes)) {
    const hirer = await scene.visitor();
    await hirer.route(link, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/(<pre id="token-1"[^>]*>)([^<]*)/, (_, tag, token) => tag + change(token));
      await route.fulfill({ response: answer, body });
    });
    await hirer.goto(link);
    const found = await verdicts(hirer);
    assert.ok(found.some((verdict) => verdict.startsWith(expected)), found.join("\n"));
    assert.ok((await hirer.textContent("main")).includes("A check failed. Do not rely on this."));
    await checkPage(hirer);
  }
});

test("an open page shows a revocation when it checks again", async () => {
  const { page, link } = await makeLink();
  const hirer = await scene.visitor();
  await hirer.goto(link);
  await verdicts(hirer);
  const saved = await hirer.content();
  await button(page, "Revoke link").click();
  await page.waitForURL("**/wallet/shares");
  await checkPage(page);
  assert.ok((await page.textContent("main")).includes("This deleted nothing from your wallet."));
  await hirer.goto(link);
  await checkPage(hirer, { status: 410 });
  await assertTellsNothing(hirer);
  await until("the status list to say so", async () => {
    // Serves the page that the hirer saved, at its original address.
    await hirer.unrouteAll();
    await hirer.route(link, (route) => route.fulfill({ status: 200, contentType: "text/html", body: saved.replaceAll(" data-done=\"\"", "") }));
    await hirer.goto(link);
    return (await verdicts(hirer)).includes("status failed: It was revoked.");
  });
});

test("a passcode comes first", async () => {
  const { link } = await makeLink({ passcode: "open sesame" });
  const hirer = await scene.visitor();
  await hirer.goto(link);
  await hirer.getByLabel("Passcode").waitFor();
  await checkPage(hirer);
  await assertTellsNothing(hirer);
  await hirer.getByLabel("Passcode").fill("guess");
  await button(hirer, "Open").click();
  await hirer.getByRole("alert").waitFor();
  await checkPage(hirer, { status: 422 });
  await assertTellsNothing(hirer);
  await hirer.getByLabel("Passcode").fill("open sesame");
  await button(hirer, "Open").click();
  assert.ok((await verdicts(hirer)).every((verdict) => verdict.includes(" passed:")));
});

test("without JavaScript the page shows the server's checks", async () => {
  const { link } = await makeLink();
  const hirer = await scene.visitor({ javaScriptEnabled: false });
  await hirer.goto(link);
  const said = await hirer.locator("main").innerText();
  for (const words of [...SECRETS, "All checks passed.", "Checked by this site just now"]) assert.ok(said.includes(words), words);
  assert.equal(await hirer.locator(".verdicts .outcome-passed").count(), 7);
  assert.equal(await button(hirer, "Save as PDF").count(), 0);
  assert.ok(said.includes("open your browser’s print command"), "how to print without a button");
  assert.equal(await button(hirer, "Copy link").count(), 0);
});

test("the link can be copied and the token downloaded", async () => {
  const { page, link } = await makeLink();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(page, "Copy link").click();
  await page.getByText("Copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
  const hirer = await scene.visitor();
  await hirer.goto(link);
  await hirer.getByText("For your own tools").click();
  await checkPage(hirer);
  const [download] = await Promise.all([hirer.waitForEvent("download"), hirer.getByRole("link", { name: "Download token" }).click()]);
  assert.equal(download.suggestedFilename(), "credential.sd-jwt");
  assert.equal(await readFile(await download.path(), "utf8"), await hirer.locator("#token-1").textContent());
});

test("a partner's link can be continued on a phone", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  const link = await scene.server.push();
  await page.goto(link);
  await textbox(page, "Email").waitFor();
  await page.getByText("Continue on your phone").click();
  await page.getByRole("img", { name: "QR code for this link" }).waitFor();
  assert.equal(await page.locator("#phone-link").textContent(), link);
  await checkPage(page);
  const phone = await scene.visitor({ viewport: PHONE });
  await phone.goto(await page.locator("#phone-link").textContent());
  await textbox(phone, "Email").waitFor();
  assert.equal(await phone.getByText("Continue on your phone").isVisible(), false);
});
