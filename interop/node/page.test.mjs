// A wallet in a web page of another origin, in Chromium: @openid4vc and jose with the browser's own
// fetch() and Web Crypto.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { launch } from "../../browser/support/stage.mjs";
import { offered } from "./support/issued.mjs";
import { scene as newScene } from "./support/scene.mjs";

const WALLET = fileURLToPath(new URL("support/page-wallet.mjs", import.meta.url));
const scene = newScene();
let browser;
let site;

before(async () => {
  const options = { bundle: true, format: "esm", platform: "browser", write: false };
  const { outputFiles } = await build({ entryPoints: [WALLET], ...options });
  site = createServer((request, response) => {
    const isScript = request.url === "/wallet.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? outputFiles[0].text : '<!doctype html><script type="module" src="/wallet.js"></script>');
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  site?.close();
});

// Conforms: Fetch CORS; OpenID4VCI 6; OpenID4VCI 8; RFC 9449 8
test("a wallet in a page of another origin redeems an offer", async () => {
  const { link, txCode } = await offered(scene, (await scene.held("career_history")).id);
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`http://localhost:${site.address().port}/`);
  await page.waitForFunction(() => globalThis.redeem);
  const read = await page
    .evaluate((offer) => globalThis.redeem(offer), { link, txCode, id: "career_history_dc+sd-jwt" })
    .catch((error) => assert.fail(`${error.message}\n${errors.join("\n")}`));
  const { base } = scene.server;
  assert.deepEqual(read, { tokenType: "DPoP", bound: true, vct: read.vct, iss: base });
  assert.match(read.vct, new RegExp(`^${base}/credentials/career_history/`));
  await page.close();
});
