// The page that verifies tokens.
import { button, textbox } from "./steps.mjs";

/** Opens the page as a new visitor and records every later request. */
export async function openVerify(scene, options) {
  const page = await scene.visitor(options);
  await page.goto("/verify");
  await textbox(page, "Token").waitFor();
  page.sent = [];
  page.on("request", (request) => page.sent.push(`${request.method()} ${request.url()} ${request.postData() ?? ""}`));
  return page;
}

/** Pastes a text; returns the verdict. */
export async function paste(page, text) {
  await textbox(page, "Token").fill(text);
  await button(page, "Verify").click();
  return verdict(page);
}

/** Returns the level and the sentence of the verdict. */
export async function verdict(page) {
  const shown = page.locator("#token-verdict");
  await page.waitForFunction(() => document.getElementById("token-progress").textContent === "");
  await shown.waitFor();
  return `${await shown.getAttribute("data-level")}: ${await shown.locator("strong").textContent()}`;
}

/** Returns the steps with their outcomes. */
export const rows = (page) =>
  page.locator(".verdicts li").evaluateAll((all) => all.map((row) => `${row.dataset.step} ${row.className.replace("outcome-", "")}`));
