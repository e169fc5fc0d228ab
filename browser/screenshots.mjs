// Saves a screenshot of each page of `tenure demo`, phone and desktop, light and dark, for review
// by people.
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { demoBatchLink, demoLink, inboxCode } from "./support/demo.mjs";
import { consoleOf, signInToConsole } from "./support/console.mjs";
import { careerHistory, oneJob } from "./support/sample.mjs";
import { freshAddress, Server } from "./support/server.mjs";
import { shareEverything } from "./support/share.mjs";
import { DESKTOP, launch, PHONE } from "./support/stage.mjs";
import { acceptSample, button, enterCode, openLink, signIn, textbox } from "./support/steps.mjs";
import { until } from "./support/until.mjs";

const FOLDER = fileURLToPath(new URL("../target/screenshots/", import.meta.url));
const SHAPES = { phone: PHONE, desktop: DESKTOP };
const LOOKS = ["light", "dark"];
const JOB = { fullName: "Ada Example", organisation: "Northwind Rail", role: "Engineer" };
const REQUEST = { purpose: "To check your experience", claims: ["full_name", "employment"] };

async function walk(browser, server) {
  const context = await browser.newContext({ baseURL: server.base, reducedMotion: "reduce" });
  const page = await context.newPage();
  const address = freshAddress();
  const visit = async (path, name) => {
    await page.goto(path);
    await picture(page, name);
  };

  await visit("/", "01-front");
  await visit("/partner/add/careerHistory", "02-link-without-fragment");
  await visit("/docs", "03-docs");
  await visit("/docs/operations/addCareerHistory", "03-docs-operation");
  await visit("/docs/errors", "03-docs-errors");
  await visit("/docs/guides/limits", "03-docs-guide");
  await visit("/verify", "26-verify-token");
  await page.goto(await demoLink(server));
  await textbox(page, "Email").fill(address);
  await picture(page, "04-sign-in");
  await button(page, "Email me a code").click();
  await textbox(page, "Code").waitFor();
  await picture(page, "05-code");
  const inbox = await context.newPage();
  const code = await inboxCode(inbox, server, address);
  await picture(inbox, "06-inbox");
  await inbox.close();
  await enterCode(page, "000000");
  await page.getByRole("alert").first().waitFor();
  await picture(page, "07-wrong-code");
  await enterCode(page, code);
  await button(page, "Decline").waitFor();
  await picture(page, "08-consent");
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await picture(page, "09-wallet");
  const record = await page.locator("a[href*='/wallet/credentials/']").first().getAttribute("href");
  const credential = record.split("/").slice(0, 4).join("/");
  await visit(credential, "10-credential");
  await visit(`${credential}/delete`, "11-delete-credential");
  await share(page, browser, server);
  await page.goto(await demoBatchLink(server));
  await page.getByRole("heading", { level: 1, name: /7 credentials/ }).waitFor();
  await picture(page, "15-batch");
  // The career needs a choice, since the wallet has one already, so each is added by itself.
  for (let left = 7; left > 0; left -= 1) {
    await page.getByRole("button", { name: /^Add to my wallet/ }).first().click();
    await page.waitForURL(left > 1 ? "**/requests/**" : "**/wallet");
  }
  await picture(page, "16-wallet-of-everything");
  await visit("/account", "12-account");
  await visit("/account/delete", "13-delete-account");
  await visit("/no-such-page", "14-not-found");
}

// The holder's pages of a link for a hirer, and the hirer's page.
async function share(page, browser, server) {
  await page.goto("/wallet/share");
  await picture(page, "17-share");
  await textbox(page, "Purpose").fill("Your opening for an engineer");
  await textbox(page, "Passcode").fill("open sesame");
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  await picture(page, "18-shared-link");
  const link = await page.locator("#share-link").textContent();
  const context = await browser.newContext({ baseURL: server.base, reducedMotion: "reduce" });
  const hirer = await context.newPage();
  await hirer.goto(link);
  await picture(hirer, "19-passcode");
  await hirer.getByLabel("Passcode").fill("open sesame");
  await button(hirer, "Open").click();
  await hirer.locator(".checks[data-done]").first().waitFor();
  await picture(hirer, "20-hirer");
  const token = await hirer.locator("#token-1").textContent();
  const verifier = await context.newPage();
  await verifier.goto("/verify");
  await textbox(verifier, "Token").fill(token);
  await button(verifier, "Verify").click();
  await verifier.locator("#token-verdict strong").waitFor();
  await picture(verifier, "27-verified-token");
  await printPicture(hirer, "21-hirer-print");
  await page.goto("/wallet/print");
  await picture(page, "25-wallet-print");
  await page.goto("/wallet/shares");
  await picture(page, "22-shares");
  await button(page, "Revoke link").or(page.getByRole("link", { name: /^Details/ })).first().click();
  await button(page, "Revoke link").click();
  await page.waitForURL("**/wallet/shares");
  await picture(page, "23-share-revoked");
  await hirer.goto(link);
  await picture(hirer, "24-share-ended");
  await context.close();
}

// A person's pages beside other wallets, verification requests, other names and newer versions.
async function otherCases(browser) {
  const server = await Server.start();
  const visitor = () => freshPage(browser, server);
  try {
    const page = await visitor();
    await acceptSample(page, server, freshAddress());
    await page.locator('a[href^="/wallet/credentials/"]').first().click();
    await button(page, "Add to another wallet").click();
    await page.locator('a[href^="openid-credential-offer:"]').waitFor();
    await picture(page, "28-offer");
    const request = await server.ask(REQUEST);
    await page.goto(request.redirect_uri);
    await page.waitForURL("**/verifications/*");
    await picture(page, "29-verification-request");
    const stranger = await visitor();
    await stranger.goto((await server.ask(REQUEST)).redirect_uri);
    await stranger.waitForURL("**/sign-in");
    await stranger.getByRole("link", { name: "Use another wallet" }).click();
    await button(stranger, "On this device").waitFor();
    await picture(stranger, "30-verification-other-wallet");
    await page.goto(await server.push(oneJob({ ...JOB, fullName: "Jane Roe" })));
    await page.getByLabel("This is also me").waitFor();
    await picture(page, "31-names");
    await replacedAndWithdrawn(server, visitor);
  } finally {
    await server.stop();
  }
}

// The hirer's page of a record that was replaced, then withdrawn.
async function replacedAndWithdrawn(server, visitor) {
  const [page, hirer] = [await visitor(), await visitor()];
  await openLink(page, server, await server.push(oneJob(JOB)), freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await page.goto("/wallet/share");
  await page.getByLabel("Keep this link current").uncheck();
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  const link = await page.locator("#share-link").textContent();
  const newer = oneJob({ ...JOB, role: "Lead" });
  await page.goto(await server.push(newer));
  await picture(page, "32-newer-version");
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  await hirer.goto(link);
  await hirer.locator(".checks[data-done]").first().waitFor();
  await picture(hirer, "33-hirer-replaced");
  const current = await shareEverything(page);
  await server.call("DELETE", `/api/partner/v2/add/requests/career_history/${newer.credential_id}`, { reason: "Sent by mistake" });
  await page.goto("/wallet");
  await picture(page, "34-wallet-withdrawn");
  await hirer.goto(current);
  await hirer.locator(".checks[data-done]").first().waitFor();
  await picture(hirer, "35-hirer-revoked");
}

// The partner's pages: a console with some activity.
async function partnerConsole(browser) {
  const server = await Server.start();
  try {
    const scene = { server, visitor: () => freshPage(browser, server) };
    const partner = await server.addPartner({ sandbox: true });
    const page = await scene.visitor();
    await page.goto("/console");
    await picture(page, "40-console-sign-in");
    await signInToConsole(page, { ...partner });
    await picture(page, "41-console-first");
    const visit = async (path, name) => {
      await page.goto(path);
      await picture(page, name);
    };
    await visit("/console/explorer", "42-console-explorer");
    await button(page, "Send request").click();
    await page.getByText("201 Created").waitFor();
    await picture(page, "43-console-explorer-response");
    await page.getByLabel("Body", { exact: true }).fill('{\n  "credential_id": "x",\n  "fields": { "full_name": 7 }\n}');
    await button(page, "Send request").click();
    await page.getByText("422 Unprocessable").waitFor();
    await picture(page, "44-console-explorer-errors");
    const { page: mine } = await consoleOf(scene);
    await happen(scene);
    await mine.goto("/console");
    await picture(mine, "45-console-overview");
    await mine.goto("/console/submissions");
    await picture(mine, "46-console-submissions");
    await mine.locator(".rows a").last().click();
    await mine.getByRole("heading", { name: "What happened" }).waitFor();
    await picture(mine, "47-console-submission");
    await mine.goto("/console/credentials");
    await picture(mine, "48-console-credentials");
    await mine.goto("/console/credentials/rotate");
    await picture(mine, "49-console-rotate");
    await button(mine, "Rotate secret").click();
    await mine.getByText("Copy it now.").waitFor();
    await picture(mine, "50-console-rotated");
    await mine.goto("/console/webhooks/new");
    await picture(mine, "51-console-webhook-new");
    await textbox(mine, "URL").fill("https://hooks.invalid/tenure");
    await textbox(mine, "Name (optional)").fill("Production");
    await button(mine, "Create webhook").click();
    await mine.getByText("whsec_").waitFor();
    await picture(mine, "52-console-webhook-secret");
    await mine.getByRole("link", { name: "Continue to the webhook" }).click();
    const sent = mine.waitForEvent("framenavigated");
    await button(mine, "Send test event").click();
    await sent;
    await mine.waitForLoadState();
    await until("an attempt", async () => {
      await mine.reload();
      return (await mine.textContent("main")).includes("One attempt");
    });
    await mine.getByText(/^One attempt/).click();
    await picture(mine, "53-console-webhook");
    await mine.goto("/console/webhooks");
    await picture(mine, "54-console-webhooks");
    await mine.goto("/console/nothing");
    await picture(mine, "55-console-not-found");
    await mine.goto("/console/requests");
    await picture(mine, "56-console-requests");
    await server.ask(REQUEST);
    await mine.goto("/console/verifications");
    await picture(mine, "57-console-verifications");
  } finally {
    await server.stop();
  }
}

// Some people accept, one declines, some only look, some do nothing.
async function happen(scene) {
  const chains = [undefined, [{ name: "Payroll Bureau South" }], [{ name: "Payroll Bureau South" }, { name: "Branch Office 3" }]];
  for (let number = 0; number < 14; number++) {
    const link = await scene.server.push({ ...careerHistory(), partner_chain: chains[number % 3] });
    if (number % 4 === 3) continue;
    const person = await scene.visitor();
    await person.goto(link);
    await textbox(person, "Email").waitFor();
    if (number % 5 === 1) continue;
    await signIn(person, scene.server, freshAddress());
    await button(person, number === 6 ? "Decline" : "Add to my wallet").click();
    await person.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  }
}

async function freshPage(browser, server) {
  const context = await browser.newContext({ baseURL: server.base, reducedMotion: "reduce" });
  return context.newPage();
}

async function picture(page, name) {
  for (const [shape, size] of Object.entries(SHAPES)) {
    await page.setViewportSize(size);
    for (const colorScheme of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${FOLDER}${name}-${shape}-${colorScheme}.png`, fullPage: true });
    }
  }
}

// As on paper: the page's scripts prepare it, for example with times in UTC.
async function printPicture(page, name) {
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.screenshot({ path: `${FOLDER}${name}.png`, fullPage: true });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: "screen" });
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const server = await Server.start({ demo: true });
const browser = await launch();
try {
  await walk(browser, server);
  await otherCases(browser);
  await partnerConsole(browser);
  console.log(`Pictures are in ${FOLDER}`);
} finally {
  await browser.close();
  await server.stop();
}
