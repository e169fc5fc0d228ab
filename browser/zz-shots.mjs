import { launch, PHONE, DESKTOP } from "./support/stage.mjs";
import { mkdir } from "node:fs/promises";
const [base, id, secret, out, only] = process.argv.slice(2);
await mkdir(out, { recursive: true });
const b = await launch();
const ctx = await b.newContext({ baseURL: base, reducedMotion: "reduce" });
const page = await ctx.newPage();
page.on("console", (m) => m.type() === "error" && console.log("ERR", m.text(), page.url()));
const pic = async (name) => {
  for (const [shape, size] of Object.entries({ phone: { width: 320, height: 700 }, desk: DESKTOP })) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const w = await page.evaluate(() => document.documentElement.scrollWidth);
      if (w > size.width) console.log("WIDE", name, shape, w);
      await page.screenshot({ path: `${out}/${name}-${shape}-${colorScheme}.png`, fullPage: true });
    }
  }
};
await page.goto("/console/sign-in?to=/console");
await pic("sign-in");
await page.fill("#client-id", id); await page.fill("#client-secret", "x");
await page.click("main button:has-text('Sign in')"); await page.waitForLoadState(); await pic("sign-in-wrong");
await page.fill("#client-secret", secret); await page.click("main form button"); await page.waitForURL("**/console");
const go = async (path, name) => { await page.goto(path); await pic(name); };
await go("/console", "overview");
await go("/console/submissions", "submissions");
await page.click(".rows li:nth-child(4) a"); await page.waitForLoadState(); await pic("submission");
await go("/console/credentials", "credentials");
await go("/console/credentials/rotate", "rotate");
await go("/console/webhooks", "webhooks-none");
await go("/console/webhooks/new", "webhook-new");
await page.fill("#url", "https://hooks.invalid/tenure"); await page.fill("#name", "Production"); await page.check("#event-3"); await page.check("#event-6"); await page.click("main form button"); await page.waitForLoadState(); await pic("webhook-secret");
await page.click("main a.button"); await page.waitForLoadState(); await page.click("main .hook-actions button"); await page.waitForTimeout(1500); await page.reload(); 
await page.locator("details summary").first().click(); await pic("webhook");
await go("/console/webhooks", "webhooks");
await go("/console/explorer", "explorer");
await page.click("main form.fields button"); await page.waitForLoadState(); await pic("explorer-sent");
await page.fill("#body", '{\n  "credential_id": "x",\n  "fields": { "full_name": 7, "employment": [] }\n}'); await page.click("main form.fields button"); await page.waitForLoadState(); await pic("explorer-faults");
await go("/console/nothing", "not-found");
await b.close();
