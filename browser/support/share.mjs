// Links for hirers: made in the wallet, read by a stranger, and printed.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { button } from "./steps.mjs";

/** Shares everything in the wallet of `page`, as the form offers it; gives the link. */
export async function shareEverything(page) {
  await page.goto("/wallet/share");
  for (const box of await page.locator("input[name=credential][type=checkbox]").all()) await box.check();
  await button(page, "Make the link").click();
  await page.waitForURL("**/wallet/shares/*");
  return page.locator("#share-link").textContent();
}

/** Shares as little of everything in the wallet of `page` as its form allows; gives the link. */
export async function shareLeast(page) {
  await page.goto("/wallet/share");
  for (const box of await page.locator("input[name=part][type=checkbox]").all()) await box.setChecked(false, { force: true });
  for (const none of await page.locator("input[type=radio][value=none]").all()) await none.check();
  await button(page, "Make the link").click();
  await page.waitForURL("**/wallet/shares/*");
  return page.locator("#share-link").textContent();
}

/** The rows of all checks once the browser has made its own: step, outcome and reason of each. */
export async function verdicts(page) {
  await page.locator(".checks[data-done]").first().waitFor();
  const rows = page.locator("[data-token] .verdicts li");
  return rows.evaluateAll((all) =>
    all.map((row) => `${row.dataset.step} ${row.className.replace("outcome-", "")}: ${row.querySelector("p").textContent}`),
  );
}

/** The verdict on top once the browser has made its checks: its level, its sentence, and the reasons. */
export async function conclusion(page) {
  await page.locator(".checks[data-done]").first().waitFor();
  return page.locator(".verdict").evaluate((box) => ({
    level: box.dataset.level,
    sentence: box.querySelector("[role=status] > p").textContent,
    reasons: [...box.querySelectorAll("[data-reasons] li")].map((item) => item.textContent),
  }));
}

/** Prints the page and gives the text of the PDF, its white space as single spaces. */
export async function printed(page) {
  const folder = await mkdtemp(join(tmpdir(), "tenure-print-"));
  try {
    const path = join(folder, "page.pdf");
    await writeFile(path, await page.pdf({ format: "A4" }));
    const { stdout } = await promisify(execFile)("pdftotext", ["-layout", path, "-"]);
    return stdout.replace(/\s+/g, " ");
  } finally {
    await rm(folder, { recursive: true });
  }
}
