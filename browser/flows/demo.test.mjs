// `tenure demo`: the printed link, and the mailbox in the browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { demoLink, inboxCode } from "../support/demo.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { button, enterCode, textbox, timeline } from "../support/steps.mjs";

const scene = stage({ demo: true });

test("the printed link and a code from /dev/inbox open a wallet", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  await page.goto(await demoLink(scene.server));
  await textbox(page, "Email").fill(address);
  await button(page, "Email me a code").click();
  await textbox(page, "Code").waitFor();

  const inbox = await page.context().newPage();
  const code = await inboxCode(inbox, scene.server, address);
  await inbox.close();
  await enterCode(page, code);
  await button(page, "Add to my wallet").click();
  await timeline(page).waitFor();
  await checkPage(page);
});

test("every page says that this is a demonstration", async () => {
  const page = await scene.visitor();
  for (const path of ["/dev/inbox", "/", "/sign-in"]) {
    await page.goto(path);
    await checkPage(page);
    assert.match(await page.textContent("body"), /demonstration/i);
  }
});
