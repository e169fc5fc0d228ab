// Checks that apply to every page.
import assert from "node:assert/strict";

import axe from "axe-core";

const records = new WeakMap();

/** Records problems on this page from now on; `checkPage` reports them. */
export function watch(page, base) {
  const record = { problems: [], document: undefined, origins: new Set() };
  records.set(page, record);
  record.origins.add(new URL(base).origin);
  page.on("pageerror", (error) => record.problems.push(`script error: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && !record.origins.has(url.origin)) record.problems.push(`request to ${url.origin}`);
  });
  page.on("response", (response) => {
    const request = response.request();
    const redirected = response.status() >= 300 && response.status() < 400;
    if (request.isNavigationRequest() && request.frame() === page.mainFrame() && !redirected) record.document = response;
  });
  // Chromium reports violations of the content security policy here too.
  page.on("console", (message) => {
    if (message.type() !== "error" || isErrorPage(message)) return;
    record.problems.push(`console: ${message.text()} (${message.location().url})`);
  });

  // Chromium logs an error page's own status as an error; `status` in `checkPage` covers that. An
  // open page of a link that has ended asks it for its token.
  function isErrorPage(message) {
    const { url } = message.location();
    const isOwn = url === page.url() || (url.startsWith(`${page.url()}/token/`) && message.text().includes("410"));
    return message.text().startsWith("Failed to load resource") && isOwn;
  }
}

/** Allows this page to send requests to another site from now on. */
export function allowRequestsTo(page, origin) {
  records.get(page).origins.add(origin);
}

/**
 * Asserts the expected status, a title and a strict content security policy; no error and no
 * request to other sites; no accessibility violation in light or dark; no label that falls apart;
 * no horizontal scrolling on the narrowest phone.
 */
export async function checkPage(page, { status = 200 } = {}) {
  await page.waitForLoadState("load");
  const { document, problems } = records.get(page);
  assert.equal(document.status(), status, `status of ${page.url()}`);
  assert.notEqual(await page.title(), "", `title of ${page.url()}`);
  await checkPolicy(document);
  await checkAccessibility(page);
  await checkLabels(page);
  await checkNarrow(page);
  assert.deepEqual(problems, [], `problems on ${page.url()}`);
}

async function checkPolicy(document) {
  const policy = (await document.allHeaders())["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'|default-src 'self'/, "a content security policy");
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/, "a strict content security policy");
}

// Rules about colours run in both schemes, all others once. Reporting only violations is faster,
// because axe otherwise describes every passed check.
const COLOURS = { runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations"] };
const EVERYTHING = { resultTypes: ["violations"] };

async function checkAccessibility(page) {
  await page.evaluate(axe.source);
  for (const [colorScheme, rules] of [
    ["dark", COLOURS],
    ["light", EVERYTHING],
  ]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), rules);
    const found = violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((node) => node.html) }));
    assert.deepEqual(found, [], `accessibility of ${page.url()} in ${colorScheme}`);
  }
}

// A flex container makes a column of each piece of a label that has a name in it.
async function checkLabels(page) {
  const apart = await page.locator("button, .button, .actions a, .documents a").evaluateAll((labels) => {
    const isInFlow = (element) => !["absolute", "fixed"].includes(getComputedStyle(element).position);
    return labels.filter((label) => {
      const hasText = [...label.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
      const hasElement = [...label.children].some(isInFlow);
      return hasText && hasElement && /flex|grid/.test(getComputedStyle(label).display);
    }).map((label) => label.outerHTML);
  });
  assert.deepEqual(apart, [], `labels on ${page.url()}`);
}

// 320 CSS pixels: WCAG 2.2, success criterion 1.4.10 (reflow).
async function checkNarrow(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.setViewportSize(before);
  assert.ok(width <= 320, `${page.url()} is ${width} px wide on a phone of 320`);
}
