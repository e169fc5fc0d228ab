// Sign-up for a sandbox partner by email.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { button, textbox } from "../support/steps.mjs";

const scene = stage({ settings: { TENURE_SANDBOX__SIGN_UP: "true" } });

// The smallest phone that we support.
const SMALL = { width: 320, height: 640 };

for (const javaScriptEnabled of [true, false]) {
  test(`sign-up works ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await scene.visitor({ javaScriptEnabled, viewport: SMALL });
    const check = (options) => javaScriptEnabled && checkPage(page, options);
    await page.goto("/sandbox");
    await check();
    await button(page, "Email me a link").click();
    await page.getByText("Enter an email address").waitFor();
    await check({ status: 422 });

    const address = freshAddress();
    await textbox(page, "Name of your sandbox partner").fill("Dana Payroll");
    await textbox(page, "Email").fill(address);
    await button(page, "Email me a link").click();
    await page.getByRole("heading", { name: "Check your email" }).waitFor();
    await check();

    const link = await scene.server.nextLink(address, "/sandbox/create/");
    await page.goto(link);
    await page.getByText("Dana Payroll (sandbox)").waitFor();
    await check();
    await button(page, "Create sandbox partner").click();
    await page.getByRole("heading", { name: "Your sandbox partner" }).waitFor();
    await check();
    const isWhole = await page.locator("#new-secret").evaluate(({ clientWidth, scrollWidth }) => scrollWidth <= clientWidth);
    assert.ok(isWhole, "the secret is not cut");
    const [id, secret] = await Promise.all(["#new-id", "#new-secret"].map((part) => page.textContent(part)));
    const form = { grant_type: "client_credentials", client_id: id, client_secret: secret };
    const answer = await fetch(`${scene.server.base}/api/partner/v1/oauth/token`, { method: "POST", body: new URLSearchParams(form) });
    assert.equal(answer.status, 200);

    await page.goto(link);
    await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
    await check({ status: 410 });
  });
}
