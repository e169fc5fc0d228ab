// Waiting for something that happens outside the page, which Playwright therefore cannot wait for itself.
import { setTimeout as sleep } from "node:timers/promises";

/** Calls `check` until it gives something truthy, which is returned. */
export async function until(what, check, { withinMs = 15_000 } = {}) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(50);
  }
}
