// A partner's console: the request log and verification requests, in light and dark, on the
// narrowest phone, by keyboard and without JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { consoleOf } from "../support/console.mjs";
import { careerHistory } from "../support/sample.mjs";
import { stage } from "../support/stage.mjs";
import { assertTellsNothing, button, textbox } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();

test("the request log links a failed request to its error code", async () => {
  const { page, server } = await consoleOf(scene);
  await page.goto("/console/requests");
  await checkPage(page);
  const wrong = careerHistory();
  wrong.fields.employment[0].start_date = "January 2020";
  await assert.rejects(server.push(wrong), /422/);
  await until("the request in the log", async () => {
    await page.goto("/console/requests");
    return (await page.textContent("main")).includes("date.format");
  });
  await checkPage(page);
  await assertTellsNothing(page);
  await page.getByLabel("Route").selectOption("/api/partner/v2/add/requests/{type}");
  await page.getByRole("link", { name: "Your errors (4xx)" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**state=4xx");
  await page.getByLabel("Route").selectOption("/api/partner/v2/add/requests/{type}");
  await button(page, "Show").click();
  await page.waitForURL("**state=4xx&route=**");
  await checkPage(page);
  await textbox(page, "Error code").fill("date.format");
  await button(page, "Show").click();
  await page.waitForURL("**code=date.format");
  await page.getByRole("link", { name: "date.format" }).first().waitFor();
  await checkPage(page);
  await page.getByRole("link", { name: "Our errors (5xx)" }).click();
  await page.getByText("No failed requests match these filters.").waitFor();
  await checkPage(page);
  await page.goto("/console/requests");
  await page.getByRole("link", { name: "date.format" }).first().click();
  await page.waitForURL("**/docs/errors#code-date.format");
});

test("verification requests are shown without personal data", async () => {
  const { page, server } = await consoleOf(scene, { javaScriptEnabled: false });
  await page.goto("/console/verifications");
  const asked = await server.ask({});
  await page.goto("/console/verifications");
  await page.getByRole("link", { name: asked.request_id }).click();
  await page.getByText("The person has not responded yet.").waitFor();
  assert.ok(!page.url().includes(asked.request_id), "an address holds no id of the partner's");
  await page.goto("/console/verifications");
  await textbox(page, "Find by request ID").fill("nothing of ours");
  await button(page, "Find").click();
  await page.getByRole("alert").waitFor();
  const { page: checked } = await consoleOf(scene);
  for (const path of ["/console/verifications", "/console/verifications?state=verified&type=education"]) {
    await checked.goto(path);
    await checkPage(checked);
  }
  await checked.goto("/console/verifications");
  await checked.getByRole("link", { name: asked.request_id }).click();
  await checked.getByText("The person has not responded yet.").waitFor();
  await checkPage(checked);
  await checked.getByRole("link", { name: "Documentation", exact: true }).click();
  await checked.waitForURL("**/docs/guides/verify");
});
