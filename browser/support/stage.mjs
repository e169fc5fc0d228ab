// The fixture of every flow: a server, a browser, and visitors.
import { after, before } from "node:test";

import { chromium } from "playwright-core";

import { watch } from "./check.mjs";
import { Server } from "./server.mjs";

// Debian's Chromium in headless mode, which uses a third less processor time. Containers lack the
// privileges that its sandbox needs; the other options prevent connections to other hosts than the
// server.
const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

export const launch = () => chromium.launch(CHROMIUM);

/**
 * Registers a server and a browser for the tests of a file; `visitor()` returns a page with its own
 * cookies.
 */
export function stage({ demo = false, settings = {} } = {}) {
  const stage = {
    async visitor(options = {}) {
      const defaults = { baseURL: stage.server.base, viewport: PHONE, reducedMotion: "reduce" };
      const context = await stage.browser.newContext({ ...defaults, ...options });
      context.setDefaultTimeout(10_000);
      const page = await context.newPage();
      watch(page, stage.server.base);
      return page;
    },
  };
  before(async () => {
    stage.server = await Server.start({ demo, settings });
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
