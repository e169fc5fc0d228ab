// Common steps of flows. Controls are found by the names that the pages promise.
import assert from "node:assert/strict";

import { SECRETS } from "./sample.mjs";

export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const textbox = (page, name) => page.getByRole("textbox", { name, exact: true });
export const timeline = (page) => page.getByRole("img", { name: "Career timeline", exact: true });

/** Enters the email address and continues to the page for the code, which is returned. */
export async function askForCode(page, server, address) {
  await textbox(page, "Email").fill(address);
  await button(page, "Email me a code").click();
  await textbox(page, "Code").waitFor();
  return server.nextCode(address);
}

/** Enters the code and waits for the response, which may be the same page. */
export async function enterCode(page, code) {
  await textbox(page, "Code").fill(code);
  await Promise.all([page.waitForEvent("load"), button(page, "Sign in").click()]);
}

/** Signs in by mailed code, from the page for the email address. */
export async function signIn(page, server, address) {
  await enterCode(page, await askForCode(page, server, address));
}

/** Opens a partner's link and signs in, up to the consent page. */
export async function openLink(page, server, link, address) {
  await page.goto(link);
  await signIn(page, server, address);
  await button(page, "Add to my wallet").waitFor();
}

/** Pushes the sample and accepts it as this person, up to the wallet. */
export async function acceptSample(page, server, address) {
  await openLink(page, server, await server.push(), address);
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
}

export async function signOut(page) {
  await button(page, "Sign out").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/wallet"));
}

/** Asserts that the page contains nothing of the sample, hidden or not. */
export async function assertTellsNothing(page) {
  const html = await page.content();
  for (const secret of SECRETS) assert.ok(!html.includes(secret), `the page at ${page.url()} tells "${secret}"`);
}

/** Asserts that this browser is not signed in. */
export async function assertSignedOut(page) {
  await page.goto("/wallet");
  await textbox(page, "Email").waitFor();
  await assertTellsNothing(page);
}
