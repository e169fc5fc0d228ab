// Walks the pages of `tenure demo` and saves a picture of each, phone and desktop, light and dark, for people to look at.
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { demoBatchLink, demoLink, inboxCode } from "./support/demo.mjs";
import { freshAddress, Server } from "./support/server.mjs";
import { DESKTOP, launch, PHONE } from "./support/stage.mjs";
import { button, enterCode, textbox } from "./support/steps.mjs";

const FOLDER = fileURLToPath(new URL("../target/screenshots/", import.meta.url));
const SHAPES = { phone: PHONE, desktop: DESKTOP };
const LOOKS = ["light", "dark"];

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
  await visit(credential, "10-consent-record");
  await visit(`${credential}/delete`, "11-delete-credential");
  await share(page, browser, server);
  await page.goto(await demoBatchLink(server));
  await page.getByRole("heading", { level: 1, name: /7 credentials/ }).waitFor();
  await picture(page, "15-batch");
  await button(page, "Add all 7").click();
  await page.waitForURL("**/wallet");
  await picture(page, "16-wallet-of-everything");
  await visit("/account", "12-account");
  await visit("/account/delete", "13-delete-account");
  await visit("/no-such-page", "14-not-found");
}

// The wallet's side of a link for a hirer, and the hirer's.
async function share(page, browser, server) {
  await page.goto("/wallet/share");
  await picture(page, "17-share");
  await textbox(page, "Purpose").fill("Your opening for an engineer");
  await textbox(page, "Passcode").fill("open sesame");
  await button(page, "Make the link").click();
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
  await hirer.emulateMedia({ media: "print", colorScheme: "light" });
  await hirer.setViewportSize(DESKTOP);
  await hirer.screenshot({ path: `${FOLDER}21-hirer-print.png`, fullPage: true });
  await page.goto("/wallet/shares");
  await picture(page, "22-shares");
  await button(page, "Take the link back").or(page.getByRole("link", { name: /^Look at it/ })).first().click();
  await button(page, "Take the link back").click();
  await page.waitForURL("**/wallet/shares");
  await picture(page, "23-taken-back");
  await hirer.goto(link);
  await picture(hirer, "24-over");
  await context.close();
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

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const server = await Server.start({ demo: true });
const browser = await launch();
try {
  await walk(browser, server);
  console.log(`Pictures are in ${FOLDER}`);
} finally {
  await browser.close();
  await server.stop();
}
