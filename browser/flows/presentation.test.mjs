// A verification request is answered from an outside wallet: on this device, on another one, and
// never by another person.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { OutsideWallet } from "../support/outside-wallet.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, assertTellsNothing, button, textbox } from "../support/steps.mjs";

const scene = stage();
const QUESTION = { purpose: "To check your experience", claims: ["full_name"] };

let filled;

/** Returns an outside wallet that has the sample. */
const outside = () => (filled ??= fill(new OutsideWallet()));

async function fill(wallet) {
  const page = await scene.visitor();
  await acceptSample(page, scene.server, freshAddress());
  await page.locator('a[href^="/wallet/credentials/"]').first().click();
  await button(page, "Add to another wallet").click();
  const link = await page.locator('a[href^="openid-credential-offer:"]').getAttribute("href");
  await wallet.take(link, (await page.textContent("#transaction-code")).trim());
  await page.context().close();
  return wallet;
}

/** A visitor without an account opens a verification request and chooses another wallet. */
async function begun(where, options) {
  const page = await scene.visitor(options);
  const request = await scene.server.ask(QUESTION);
  await page.goto(request.redirect_uri);
  await page.waitForURL("**/sign-in");
  await checkPage(page);
  await page.getByRole("link", { name: "Use another wallet" }).click();
  await page.getByText("To check your experience").waitFor();
  await checkPage(page);
  await button(page, where).click();
  await page.waitForURL("**/presentations/*");
  await checkPage(page);
  return { page, request };
}

const status = async ({ request_id }) => (await scene.server.result(request_id)).status;

test("a response from a wallet on this device is shared", async () => {
  const { page, request } = await begun("On this device");
  const link = await page.getByRole("link", { name: "Open my wallet" }).getAttribute("href");
  const back = await (await outside()).answer(link);
  assert.equal(await status(request), "incomplete");
  await page.goto(back);
  await page.getByText("You shared this with Acme Payroll").waitFor();
  await checkPage(page);
  await assertTellsNothing(page);
  const { credential } = await scene.server.result(request.request_id);
  assert.deepEqual(credential, { full_name: "Ada Example" });
});

test("a response returned to another browser is rejected", async () => {
  const { page, request } = await begun("On this device");
  const back = await (await outside()).answer(await page.getByRole("link", { name: "Open my wallet" }).getAttribute("href"));
  const other = await scene.visitor();
  await other.goto(back);
  await checkPage(other, { status: 403 });
  await assertTellsNothing(other);
  await page.reload();
  await page.getByText("This attempt was stopped").waitFor();
  await checkPage(page);
  assert.equal(await status(request), "incomplete");
});

test("a response from another device needs its 6-digit code", async () => {
  const { page, request } = await begun("On another device");
  assert.equal(await page.getByRole("img", { name: /QR code/ }).count(), 1);
  const phone = await scene.visitor();
  await phone.goto(await (await outside()).answer(await page.textContent("#presentation-link")));
  await checkPage(phone);
  await assertTellsNothing(phone);
  const digits = await phone.textContent("#carried-code");
  await textbox(page, "6-digit code from your other device").fill(digits === "000000" ? "000001" : "000000");
  await button(page, "Share").click();
  await page.getByRole("alert").waitFor();
  await page.locator("#code:focus").waitFor();
  const [message, field] = [await page.getByRole("alert").boundingBox(), await page.locator("#code").boundingBox()];
  const between = field.y - message.y - message.height;
  assert.ok(message.y >= 0 && between >= 0 && between < 80, `it is at ${message.y}, ${between} above the field`);
  await checkPage(page, { status: 422 });
  await textbox(page, "6-digit code from your other device").fill(digits);
  await button(page, "Share").click();
  await page.getByText("You shared this with Acme Payroll").waitFor();
  assert.equal(await status(request), "verified");
  await phone.reload();
  await checkPage(phone, { status: 410 });
});

test("a person can reject a response that they did not begin", async () => {
  const { page, request } = await begun("On another device");
  const phone = await scene.visitor();
  await phone.goto(await (await outside()).answer(await page.textContent("#presentation-link")));
  await button(phone, "This was not me").click();
  await phone.getByRole("heading", { level: 1, name: "Nothing was shared" }).waitFor();
  await phone.getByText("You selected “This was not me”").waitFor();
  await checkPage(phone, { status: 403 });
  await page.reload();
  await page.getByText("This attempt was stopped").waitFor();
  assert.equal(await status(request), "incomplete");
});

test("a decline in the wallet leaves the request open", async () => {
  const { page, request } = await begun("On this device");
  await page.goto(await (await outside()).decline(await page.getByRole("link", { name: "Open my wallet" }).getAttribute("href")));
  await page.getByText("You declined in your wallet").waitFor();
  await checkPage(page);
  await page.getByRole("link", { name: "Try again" }).click();
  await button(page, "On this device").waitFor();
  assert.equal(await status(request), "incomplete");
});
