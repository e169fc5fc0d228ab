// Polling for events outside the page, which Playwright cannot wait for.
import { setTimeout as sleep } from "node:timers/promises";

/** Polls `check` until it returns something truthy; returns that. */
export async function until(what, check, { withinMs = 15_000 } = {}) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(50);
  }
}
