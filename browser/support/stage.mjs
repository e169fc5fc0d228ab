// What every file of flows stands on: a server, a browser, and people who visit.
import { after, before } from "node:test";

import { chromium } from "playwright-core";

import { watch } from "./check.mjs";
import { Server } from "./server.mjs";

// Debian's Chromium without its windows, which takes a third less of the processor. The sandbox needs rights that a container
// does not have; the rest keeps it from talking to anybody but the server.
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

/** Registers a server and a browser for the file's tests; `visitor()` is a page of a person with cookies of their own. */
export function stage({ demo = false } = {}) {
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
    stage.server = await Server.start({ demo });
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
