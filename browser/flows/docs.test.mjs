// The documentation: its layout, its search, and addresses of earlier releases.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { checkPage } from "../support/check.mjs";
import { DESKTOP, stage } from "../support/stage.mjs";

const scene = stage();
const PAGES = [
  "/docs",
  "/docs/clients",
  "/docs/errors",
  "/docs/events",
  "/docs/guides/contract",
  "/docs/guides/changelog",
  "/docs/operations/addBatch",
  "/docs/operations/getVerificationResult",
];
const search = (page) => page.getByRole("searchbox", { name: "Search the documentation", exact: true });

for (const path of PAGES) {
  test(`${path} passes the page checks`, async () => {
    for (const viewport of [undefined, DESKTOP]) {
      const page = await scene.visitor(viewport ? { viewport } : {});
      await page.goto(path);
      await checkPage(page);
    }
  });
}

test("no cell of a table is cut on a phone", async () => {
  const page = await scene.visitor({ viewport: { width: 320, height: 640 } });
  for (const path of ["/docs/guides/contract", "/docs/guides/limits", "/docs/events"]) {
    await page.goto(path);
    const cut = await page.locator(".content td").evaluateAll((cells) => {
      const reaches = (cell) => {
        const area = cell.closest(".scroll") ?? cell.closest(".content");
        return cell.getBoundingClientRect().right <= area.getBoundingClientRect().left + area.scrollWidth + 1;
      };
      return cells.filter((cell) => !reaches(cell) || cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent);
    });
    assert.deepEqual(cut, [], path);
  }
});

test("the search works with the keyboard", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await page.goto("/docs");
  await search(page).focus();
  await page.keyboard.type("date.form");
  const hit = page.locator("#search-results a").first();
  await hit.waitFor();
  assert.equal(await hit.textContent(), "date.format");
  assert.match(await page.locator("#search-status").textContent(), /^\d+ results$/);
  await page.keyboard.press("ArrowDown");
  assert.ok(await hit.evaluate((link) => link === document.activeElement));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/docs/errors#code-date.format");
  await checkPage(page);
});

test("an empty search result has a text, and Escape clears it", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await page.goto("/docs/errors");
  await search(page).fill("zzzzzz");
  await page.getByText("Nothing was found.", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await search(page).inputValue(), "");
  assert.equal(await page.locator("#search-results a").count(), 0);
});

test("the documentation is complete without JavaScript", async () => {
  const page = await scene.visitor({ javaScriptEnabled: false });
  await page.goto("/docs#error-invalid");
  assert.ok(!(await page.locator("#search").isVisible()));
  await page.locator("#error-invalid a").click();
  await page.waitForURL("**/docs/errors#error-invalid");
  assert.ok(await page.locator("#error-invalid").getByText("What to do:").isVisible());
  await page.locator(".all-pages > summary").click();
  await page.locator("summary", { hasText: "Guides" }).click();
  await page.getByRole("link", { name: "Webhooks", exact: true }).click();
  await page.getByRole("heading", { name: "Webhooks", level: 1 }).waitFor();
});

test("URLs of earlier releases redirect to the content", async () => {
  const page = await scene.visitor();
  for (const [earlier, now] of [
    ["/docs#error-invalid", "/docs/errors#error-invalid"],
    ["/docs#code-date.format", "/docs/errors#code-date.format"],
    ["/docs#addBatch", "/docs/operations/addBatch"],
    ["/docs#webhook-deliveries", "/docs/events"],
  ]) {
    await page.goto("about:blank");
    await page.goto(earlier);
    await page.waitForURL(`**${now}`);
  }
  await page.goto("/docs#sandbox");
  assert.ok(await page.getByText("consents@sandbox.invalid").first().isVisible());
});

test("search and page list are above the content on a phone", async () => {
  const page = await scene.visitor();
  await page.goto("/docs/errors");
  const heading = await page.getByRole("heading", { level: 1 }).boundingBox();
  assert.ok((await search(page).boundingBox()).y < heading.y);
  const guides = page.locator("summary", { hasText: "Guides" });
  assert.ok(!(await guides.isVisible()));
  await page.locator(".all-pages > summary").click();
  assert.ok(await guides.isVisible());
  await checkPage(page);
  const wide = await scene.visitor({ viewport: DESKTOP });
  await wide.goto("/docs/errors");
  assert.ok(await wide.locator("summary", { hasText: "Guides" }).isVisible(), "open beside the content");
});

test("the search finds words in the text of guides", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await page.goto("/docs");
  await search(page).fill("429");
  await page.locator("#search-results a", { hasText: "Limits: Rates" }).waitFor();
});

test("the quick start works as written", async () => {
  const page = await scene.visitor();
  await page.goto("/docs");
  const { client_id, client_secret } = await scene.server.addPartner({ sandbox: true });
  const commands = [];
  for (const id of ["start-values", "start-token", "start-push", "start-status"]) {
    commands.push(await page.locator(`#${id}`).textContent());
  }
  const script = commands.join("\n").replace("YOUR_CLIENT_ID", client_id).replace("YOUR_CLIENT_SECRET", client_secret);
  const { stdout } = await promisify(execFile)("bash", ["-c", script]);
  assert.match(stdout, /"redirect_uri":"http/);
  assert.match(stdout, /"status":"incomplete"/);
});

test("headings and the sidebar stay in view on a wide screen", async () => {
  const page = await scene.visitor({ viewport: DESKTOP });
  await page.goto("/docs/errors");
  await page.locator("#code-date\\.format").evaluate((element) => element.scrollIntoView());
  await page.waitForFunction(() => window.scrollY > 500);
  const top = (selector) => page.locator(selector).evaluate((element) => element.getBoundingClientRect().top);
  assert.ok(Math.abs(await top("#codes")) <= 1, "the heading of the section");
  assert.ok(Math.abs(await top("#pages")) <= 1, "the sidebar");
});
