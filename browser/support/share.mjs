// Links for hirers: created in the wallet, opened by a stranger, and printed.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { button } from "./steps.mjs";

/** Shares everything in the wallet of `page` with the form's defaults; returns the link. */
export async function shareEverything(page) {
  await page.goto("/wallet/share");
  for (const box of await page.locator("input[name=credential][type=checkbox]").all()) await box.check();
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  return page.locator("#share-link").textContent();
}

/** Shares as little from the wallet of `page` as the form allows; returns the link. */
export async function shareLeast(page) {
  await page.goto("/wallet/share");
  for (const box of await page.locator("input[name=part][type=checkbox]").all()) await box.setChecked(false, { force: true });
  for (const none of await page.locator("input[type=radio][value=none]").all()) await none.check();
  await button(page, "Create link").click();
  await page.waitForURL("**/wallet/shares/*");
  return page.locator("#share-link").textContent();
}

/** Changes the page behind `link` for this visitor. */
export async function changePage(hirer, link, change) {
  await hirer.route(link, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: change(await answer.text()) });
  });
}

/** Waits for the browser's checks; returns the step, outcome and reason of each. */
export async function verdicts(page) {
  await page.locator(".checks[data-done]").first().waitFor();
  const rows = page.locator("[data-token] .verdicts li");
  return rows.evaluateAll((all) =>
    all.map((row) => `${row.dataset.step} ${row.className.replace("outcome-", "")}: ${row.querySelector("p").textContent}`),
  );
}

/**
 * Waits for the browser's checks; returns the level, the sentence and the reasons of the
 * conclusion.
 */
export async function conclusion(page) {
  await page.locator(".checks[data-done]").first().waitFor();
  return page.locator(".verdict").evaluate((box) => ({
    level: box.dataset.level,
    sentence: box.querySelector("[role=status] > p").textContent,
    reasons: [...box.querySelectorAll("[data-reasons] li")].map((item) => item.textContent),
  }));
}

/** Prints the page; returns the text of the PDF with normalized white space. */
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
